// Request a one-time code:  node request-code.mjs [CASE]
//
// CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
// not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
//
// Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a constant secret of your own.
// Needs: Node 20, no packages. Prints the code alone; exit status 0 a code, 1 none.
import { createHmac } from "node:crypto";

import { send, setting, stop } from "./send.mjs";

const REASONS = {
  401: "the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)",
  403: "the patient has already used a code; no new one is given for this CASE",
  404: "check SUBMISSION_URL",
  429: "too many requests; try again later",
};

// 128 characters that reveal nothing of the case without the key.
const hashId = (name) => createHmac("sha512", setting("HASH_ID_KEY")).update(name).digest("hex");

const [name] = process.argv.slice(2);
const path = name ? `/new-key-claim/${hashId(name)}` : "/new-key-claim";

// Trying again does no harm: a code that is not used expires.
const answer = await send(setting("SUBMISSION_URL").replace(/\/$/, "") + path, {
  method: "POST",
  headers: { Authorization: `Bearer ${setting("KEY_CLAIM_TOKEN")}` },
});
if (answer.status !== 200) {
  stop(`${answer.status}: ${REASONS[answer.status] ?? "the server has a problem; try again later"}`);
}

const code = new TextDecoder().decode(answer.body).trim();
// Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
if (!/^[A-Z0-9]{10}$/.test(code)) stop("the server's answer is not a code");
console.log(code);
