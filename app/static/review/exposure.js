// The cryptography of Exposure Notification, version 1.2, with the browser's own HKDF and AES.
//
// A temporary exposure key (TEK) is valid for a day. The key of the rolling proximity identifiers (RPI) and the key of
// their associated encrypted metadata (AEM) are derived from it. An identifier is valid for ten minutes.
//
// All functions with `data` take the 16 bytes of a TEK.

import { concat, fromText, random } from "./bytes.js";
import { DAY_INTERVALS } from "./clock.js";

export const KEY_BYTES = 16;
const METADATA_VERSION = 0x40; // major version 1 in the two highest bits
const NO_BYTES = new Uint8Array();

export function newKey(day) {
  return { data: random(KEY_BYTES), start: day * DAY_INTERVALS, period: DAY_INTERVALS };
}

// RPIK = HKDF(TEK, no salt, "EN-RPIK", 16 bytes)
export function identifierKey(data) {
  return derive(data, "EN-RPIK");
}

// AEMK = HKDF(TEK, no salt, "EN-AEMK", 16 bytes)
export function metadataKey(data) {
  return derive(data, "EN-AEMK");
}

async function derive(data, info) {
  const key = await crypto.subtle.importKey("raw", data, "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: NO_BYTES, info: fromText(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, KEY_BYTES * 8));
}

// RPI = AES-128(RPIK, "EN-RPI" ‖ six zero bytes ‖ interval number as 4 bytes, little-endian), for each interval.
// Browsers do not offer AES without a mode. In counter mode, the ciphertext of zeros is the encrypted counter.
export async function identifiers(data, intervals) {
  const key = await counterKey(await identifierKey(data));
  return Promise.all(intervals.map((interval) => counterMode(key, paddedInterval(interval), new Uint8Array(16))));
}

function paddedInterval(interval) {
  const block = concat(fromText("EN-RPI"), new Uint8Array(10));
  new DataView(block.buffer).setUint32(12, interval, true);
  return block;
}

// AEM = AES-128-CTR(AEMK, initial counter = RPI, metadata). Encryption and decryption are the same.
export async function cryptMetadata(data, identifier, metadata) {
  return counterMode(await counterKey(await metadataKey(data)), identifier, metadata);
}

function counterKey(bytes) {
  return crypto.subtle.importKey("raw", bytes, "AES-CTR", false, ["encrypt"]);
}

async function counterMode(key, counter, text) {
  return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 128 }, key, text));
}

export function metadata(transmitPower) {
  return Uint8Array.of(METADATA_VERSION, transmitPower & 0xff, 0, 0);
}

// Returns the transmit power in dBm, which is a signed byte.
export function transmitPower(bytes) {
  return new Int8Array(bytes.slice(1, 2).buffer)[0];
}
