// Claim a one-time code and upload keys:  node claim-and-upload.mjs CODE
//
// The keys are invented, one for each of the last 14 days: an app sends those of its phone.
//
// Environment: SUBMISSION_URL.  Needs: Node 20, `npm ci` for tweetnacl (NaCl box) and protobufjs.
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";

import protobuf from "protobufjs";
import nacl from "tweetnacl";

import { codeOf, send, setting, stop } from "./send.mjs";

const DAY = 144; // intervals of 10 minutes
const messages = await protobuf.load(fileURLToPath(new URL("exposure.proto", import.meta.url)));
const type = (name) => messages.lookupType(`exposure.${name}`);

const [code] = process.argv.slice(2);
if (!code) stop("usage: node claim-and-upload.mjs CODE");
const appKeys = nacl.box.keyPair();
await upload(appKeys, await claim(codeOf(code), appKeys));
console.log("14 keys accepted");

/** Return the server's public key. A code can be claimed once, so a lost answer needs a new code: no other try. */
async function claim(code, { publicKey }) {
  const request = { oneTimeCode: code, appPublicKey: publicKey };
  const [status, answer] = await post("/claim-key", "KeyClaimRequest", request, "KeyClaimResponse", []);
  const { TEMPORARY_BAN, INVALID_ONE_TIME_CODE } = type("KeyClaimResponse").lookupEnum("ErrorCode").values;
  if (answer.error === TEMPORARY_BAN) {
    // status 429, after too many wrong codes
    const seconds = Number(answer.remainingBanDuration?.seconds ?? 0);
    stop(`too many wrong codes: try again in ${Math.floor(seconds / 60) + 1} minutes`);
  }
  if (answer.error === INVALID_ONE_TIME_CODE) {
    // status 401
    stop(`the code is wrong, used or older than a day; ${answer.triesRemaining ?? 0} tries left`);
  }
  if (status !== 200 || answer.error || answer.serverPublicKey?.length !== 32) {
    stop(`the code was not accepted: ${status}, error ${answer.error ?? "none"}`);
  }
  return answer.serverPublicKey;
}

/** Send keys. The server skips those it has, so trying again after a lost answer does no harm. */
async function upload({ publicKey, secretKey }, serverKey) {
  const now = Math.floor(Date.now() / 1_000);
  const today = Math.floor(now / 600 / DAY) * DAY;
  const keys = Array.from({ length: 14 }, (_, index) => ({
    keyData: randomBytes(16),
    rollingStartIntervalNumber: today - (index + 1) * DAY,
    rollingPeriod: DAY,
    transmissionRiskLevel: 1,
  }));
  // The server allows an hour of difference between its clock and the timestamp.
  const plain = type("Upload").encode({ timestamp: { seconds: now }, keys }).finish();
  // With a key of low order the shared secret is zero, the same for everyone. The library does not refuse it.
  if (nacl.scalarMult(secretKey, serverKey).every((byte) => byte === 0)) {
    stop("the server's public key protects nothing; do not upload");
  }
  const nonce = randomBytes(nacl.box.nonceLength);
  const payload = nacl.box(plain, nonce, serverKey, secretKey);
  const request = { serverPublicKey: serverKey, appPublicKey: publicKey, nonce, payload };
  const [status, answer] = await post("/upload", "EncryptedUploadRequest", request, "EncryptedUploadResponse");
  if (status !== 200 || answer.error !== 0) {
    stop(`the keys were not accepted: ${status}, error ${answer.error ?? "none"}`);
  }
}

/** Return the status and the message of an answer, or stop. */
async function post(path, requestType, request, answerType, retryOn) {
  const headers = { "Content-Type": "application/x-protobuf" };
  const body = type(requestType).encode(request).finish();
  const url = setting("SUBMISSION_URL").replace(/\/$/, "") + path;
  const answer = await send(url, { method: "POST", headers, body }, retryOn);
  try {
    return [answer.status, type(answerType).decode(answer.body)];
  } catch {
    return stop(`${answer.status}: the server did not answer with a message`); // a page of HTML, for example
  }
}
