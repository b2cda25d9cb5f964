// Fetch, verify and read the keys of a day:  node fetch-day.mjs [YYYY-MM-DD]
//
// The day is a UTC day, today if none is given; the last 15 can be fetched. Prints one line for each key:
// key (hexadecimal), first interval (unix time / 600 s), number of intervals, transmission risk.
//
// Environment: RETRIEVAL_URL, RETRIEVE_HMAC_KEY (hexadecimal), EXPORT_PUBLIC_KEY (PEM, or the base64 inside it).
// Needs: Node 20, `npm ci` for fflate (zip) and protobufjs.
import { createHmac, createPublicKey, verify } from "node:crypto";
import { fileURLToPath } from "node:url";

import { unzipSync } from "fflate";
import protobuf from "protobufjs";

import { send, setting, stop } from "./send.mjs";

const HEADER = "EK Export v1    ";
const REASONS = {
  401: "the address is not accepted; check RETRIEVE_HMAC_KEY and this machine's clock",
  404: "the day is not published yet, or RETRIEVAL_URL is wrong",
  410: "the day is too long ago",
};

const messages = await protobuf.load(fileURLToPath(new URL("exposure.proto", import.meta.url)));
const SignatureList = messages.lookupType("exposure.TEKSignatureList");
const Export = messages.lookupType("exposure.TemporaryExposureKeyExport");

const [date] = process.argv.slice(2);
for (const key of verified(await download(dayNumber(date))).keys) {
  const hex = Buffer.from(key.keyData).toString("hex");
  console.log(hex, key.rollingStartIntervalNumber, key.rollingPeriod, key.transmissionRiskLevel);
}

/** Return the UTC day number of a date, or of today. */
function dayNumber(date) {
  const day = Math.floor((date === undefined ? Date.now() : Date.parse(date)) / 86_400_000);
  // Date.parse takes 31 February for 3 March, and other forms of a date.
  const isDate = !Number.isNaN(day) && new Date(day * 86_400_000).toISOString().slice(0, 10) === date;
  if (date !== undefined && !isDate) stop("the day must be YYYY-MM-DD");
  return day;
}

/** Return the zip file of a day. The MAC in its address covers the day and the hour, so it is made just before. */
async function download(day) {
  const period = String(day).padStart(5, "0");
  const hour = Math.floor(Date.now() / 3_600_000);
  const key = setting("RETRIEVE_HMAC_KEY");
  if (!/^([0-9a-f]{2})+$/i.test(key)) stop("RETRIEVE_HMAC_KEY is not hexadecimal");
  const hmac = createHmac("sha256", Buffer.from(key, "hex"));
  const mac = hmac.update(`302:${period}:${hour}`).digest("hex");
  const answer = await send(`${setting("RETRIEVAL_URL").replace(/\/$/, "")}/retrieve/302/${period}/${mac}`);
  if (answer.status !== 200) {
    stop(`${answer.status}: ${REASONS[answer.status] ?? "the server has a problem; try again later"}`);
  }
  return answer.body;
}

/** Return the export once its signature is verified: never use keys that the server did not sign. */
function verified(archive) {
  const key = publicKey();
  try {
    const files = unzipSync(archive);
    const exported = Buffer.from(files["export.bin"]);
    const [{ signature }] = SignatureList.decode(files["export.sig"]).signatures;
    // The signature (ASN.1 DER) is over the whole file, its header included.
    if (!verify("sha256", exported, key, signature)) throw new Error("the signature is wrong");
    if (exported.toString("latin1", 0, HEADER.length) !== HEADER) throw new Error("the header is missing");
    return Export.decode(exported.subarray(HEADER.length));
  } catch (error) {
    return stop(`the archive is not genuine: ${error.message}`);
  }
}

function publicKey() {
  const base64 = setting("EXPORT_PUBLIC_KEY").replace(/-----.*-----/g, "");
  try {
    return createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
  } catch {
    return stop("EXPORT_PUBLIC_KEY is not a public key");
  }
}
