// Sealing and opening envelopes with the cryptography of the browser, as docs/sharing.md specifies them.

import { concatenate, random, toUtf8 } from "./bytes.js";
import { decodeContent, encodeContent } from "./content.js";

const VERSION = 1;
export const BY_LINK = 0;
export const BY_PASSPHRASE = 1;
export const FOR_REQUEST = 2;

export const SECRET_BYTES = 32;
const HEADER_BYTES = 35;
const PUBLIC_KEY_BYTES = 65;
const SALT = [7, 23];
const NONCE = [23, 35];
export const PASSPHRASE_ROUNDS = 600_000;
const LABEL = toUtf8("exposure-alert sharing v1 ");
export const CURVE = { name: "ECDH", namedCurve: "P-256" };
const NOTHING = new Uint8Array();

// The envelope was altered, or the key or the passphrase is another.
export class EnvelopeError extends Error {}

// What a sender draws for each envelope. Tests give fixed values.
export const newChoices = (lifetime) => ({ lifetime, salt: random(16), nonce: random(12) });

// What the reader sends to the server instead of the secret of the link.
export const locator = async (secret) => bits(secret, NOTHING, toUtf8("locator"));

// What the server stores instead of a locator or a receipt's token.
export const digest = async (token) => new Uint8Array(await crypto.subtle.digest("SHA-256", token));

export async function seal(content, secret, choices, passphrase = "") {
  const header = makeHeader(content.kind, passphrase ? BY_PASSPHRASE : BY_LINK, choices);
  return encrypt(await linkKey(secret, header, passphrase), header, content);
}

export async function sealFor(content, receiverPoint, choices, own) {
  const pair = own ?? (await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]));
  const ownPoint = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const header = concatenate(makeHeader(content.kind, FOR_REQUEST, choices), ownPoint);
  const receiver = await crypto.subtle.importKey("raw", receiverPoint, CURVE, false, []);
  return encrypt(await sharedKey(pair.privateKey, receiver, header, receiverPoint), header, content);
}

export async function open(envelope, secret, passphrase = "") {
  const header = checkedHeader(envelope, passphrase ? BY_PASSPHRASE : BY_LINK);
  return decrypt(await linkKey(secret, header, passphrase), header, envelope);
}

export async function openAnswer(envelope, privateKey, ownPoint) {
  const header = checkedHeader(envelope, FOR_REQUEST);
  try {
    const sender = await crypto.subtle.importKey("raw", header.slice(HEADER_BYTES), CURVE, false, []);
    return await decrypt(await sharedKey(privateKey, sender, header, ownPoint), header, envelope);
  } catch {
    throw new EnvelopeError();
  }
}

function makeHeader(kind, protection, { lifetime, salt, nonce }) {
  const start = new DataView(new ArrayBuffer(SALT[0]));
  start.setUint8(0, VERSION);
  start.setUint8(1, kind);
  start.setUint8(2, protection);
  start.setUint32(3, lifetime);
  return concatenate(new Uint8Array(start.buffer), salt, nonce);
}

function checkedHeader(envelope, protection) {
  const length = HEADER_BYTES + (protection === FOR_REQUEST ? PUBLIC_KEY_BYTES : 0);
  if (envelope.length <= length || envelope[0] !== VERSION || envelope[2] !== protection) throw new EnvelopeError();
  return envelope.slice(0, length);
}

async function linkKey(secret, header, passphrase) {
  const salt = header.slice(...SALT);
  if (!passphrase) return aesKey(await bits(secret, salt, toUtf8("key")));
  const text = await crypto.subtle.importKey("raw", toUtf8(passphrase.normalize("NFC")), "PBKDF2", false, ["deriveBits"]);
  const stretching = { name: "PBKDF2", hash: "SHA-256", salt, iterations: PASSPHRASE_ROUNDS };
  const stretched = new Uint8Array(await crypto.subtle.deriveBits(stretching, text, 256));
  return aesKey(await bits(concatenate(secret, stretched), salt, toUtf8("key with passphrase")));
}

async function sharedKey(privateKey, publicKey, header, receiverPoint) {
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: publicKey }, privateKey, 256));
  const purpose = concatenate(toUtf8("answer"), header.slice(HEADER_BYTES), receiverPoint);
  return aesKey(await bits(shared, header.slice(...SALT), purpose));
}

async function bits(key, salt, purpose) {
  const derivation = { name: "HKDF", hash: "SHA-256", salt, info: concatenate(LABEL, purpose) };
  const imported = await crypto.subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, imported, 256));
}

const aesKey = (raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

const algorithm = (header) => ({ name: "AES-GCM", iv: header.slice(...NONCE), additionalData: header });

async function encrypt(key, header, content) {
  const encrypted = await crypto.subtle.encrypt(algorithm(header), key, encodeContent(content));
  return concatenate(header, new Uint8Array(encrypted));
}

async function decrypt(key, header, envelope) {
  let encoded;
  try {
    encoded = await crypto.subtle.decrypt(algorithm(header), key, envelope.slice(header.length));
  } catch {
    throw new EnvelopeError();
  }
  return decodeContent(header[1], new Uint8Array(encoded));
}
