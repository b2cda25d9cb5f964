// Export archives: export.bin contains the keys, export.sig its signatures. Phones discard an archive without a valid
// signature.

import { concat, equal, fromText } from "./bytes.js";
import { decode } from "./protobuf.js";
import { TEKSignatureList, TemporaryExposureKeyExport } from "./schema.js";
import { unzip } from "./zip.js";

export const HEADER = fromText("EK Export v1    ");
const ALGORITHM = "1.2.840.10045.4.3.2"; // ECDSA with SHA-256
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const HALF_BYTES = 32;

export class ArchiveError extends Error {}

// Imports the server's public key from DER.
export function loadPublicKey(der) {
  return crypto.subtle.importKey("spki", der, CURVE, false, ["verify"]);
}

// Returns the two files and their messages. It does not verify the signature.
export async function open(bytes) {
  const files = await unzip(bytes);
  const [bin, sig] = [files.get("export.bin"), files.get("export.sig")];
  if (bin === undefined || sig === undefined) throw new ArchiveError("export.bin or export.sig is missing");
  if (!equal(bin.subarray(0, HEADER.length), HEADER)) throw new ArchiveError("export.bin has no header");
  return {
    bin,
    sig,
    content: decode(TemporaryExposureKeyExport, bin.subarray(HEADER.length)),
    signatures: decode(TEKSignatureList, sig),
  };
}

// Returns whether one of the signatures is valid for the key. There are two while a server changes its key.
export async function verifies({ bin, signatures }, publicKey) {
  for (const { signature, signature_info: info } of signatures.signatures ?? []) {
    if (info?.signature_algorithm !== ALGORITHM || signature === undefined) continue;
    const raw = rawSignature(signature);
    if (raw && (await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, publicKey, raw, bin))) return true;
  }
  return false;
}

// Returns the two integers of an ASN.1 signature, 32 bytes each, as browsers require. Returns null if it is malformed.
function rawSignature(der) {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return null;
  const [first, next] = integer(der, 2) ?? [];
  const [second, end] = (next && integer(der, next)) ?? [];
  return end === der.length ? concat(first, second) : null;
}

function integer(der, at) {
  if (der[at] !== 0x02) return null;
  const [start, end] = [at + 2, at + 2 + der[at + 1]];
  const number = der.subarray(start + (der[start] === 0 ? 1 : 0), end);
  if (number.length > HALF_BYTES || end > der.length) return null;
  return [concat(new Uint8Array(HALF_BYTES - number.length), number), end];
}
