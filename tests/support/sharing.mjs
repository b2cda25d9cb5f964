// A second implementation of docs/sharing.md, with the cryptography of Node instead of that of browsers.
//
// Reads one request as JSON from standard input, {"do": "seal" | "open" | "seal_for" | "open_answer" | "links", …}, and
// writes the result as JSON. Bytes are in hexadecimal.

import {
  createCipheriv, createDecipheriv, createECDH, createHash, hkdfSync, pbkdf2Sync, randomBytes,
} from "node:crypto";
import { readFileSync } from "node:fs";

const hex = (text) => Buffer.from(text, "hex");
const derive = (key, salt, purpose) =>
  Buffer.from(hkdfSync("sha256", key, salt, Buffer.concat([Buffer.from("exposure-alert sharing v1 "), purpose]), 32));
const locator = (secret) => derive(secret, Buffer.alloc(0), Buffer.from("locator"));

function header({ kind, lifetime, salt, nonce }, protection) {
  const start = Buffer.alloc(7);
  start.set([1, kind, protection]);
  start.writeUInt32BE(lifetime, 3);
  return Buffer.concat([start, salt ? hex(salt) : randomBytes(16), nonce ? hex(nonce) : randomBytes(12)]);
}

function encode({ name, data }) {
  const [title, content, lengths] = [Buffer.from(name), hex(data), Buffer.alloc(6)];
  lengths.writeUInt16BE(title.length, 0);
  lengths.writeUInt32BE(content.length, 2);
  const used = Buffer.concat([lengths.subarray(0, 2), title, lengths.subarray(2), content]);
  return Buffer.concat([used, Buffer.alloc((256 - (used.length % 256)) % 256)]);
}

function decode(kind, encoded) {
  const start = 2 + encoded.readUInt16BE(0);
  const end = start + 4 + encoded.readUInt32BE(start);
  if (end > encoded.length || encoded.subarray(end).some((each) => each !== 0)) throw new Error("malformed");
  return { kind, name: encoded.subarray(2, start).toString(), data: encoded.subarray(start + 4, end).toString("hex") };
}

function linkKey(secret, head, passphrase) {
  const salt = head.subarray(7, 23);
  if (!passphrase) return derive(secret, salt, Buffer.from("key"));
  const stretched = pbkdf2Sync(passphrase.normalize("NFC"), salt, 600_000, 32, "sha256");
  return derive(Buffer.concat([secret, stretched]), salt, Buffer.from("key with passphrase"));
}

function sharedKey(own, other, head, receiver) {
  const purpose = Buffer.concat([Buffer.from("answer"), head.subarray(35), receiver]);
  return derive(own.computeSecret(other), head.subarray(7, 23), purpose);
}

function encrypt(key, head, content) {
  const cipher = createCipheriv("aes-256-gcm", key, head.subarray(23, 35)).setAAD(head);
  return Buffer.concat([head, cipher.update(encode(content)), cipher.final(), cipher.getAuthTag()]).toString("hex");
}

function decrypt(key, head, envelope) {
  const decipher = createDecipheriv("aes-256-gcm", key, head.subarray(23, 35)).setAAD(head);
  decipher.setAuthTag(envelope.subarray(-16));
  const encoded = Buffer.concat([decipher.update(envelope.subarray(head.length, -16)), decipher.final()]);
  return decode(head[1], encoded);
}

function pairOf(privateKey) {
  const pair = createECDH("prime256v1");
  if (privateKey) pair.setPrivateKey(hex(privateKey));
  else pair.generateKeys();
  return pair;
}

const actions = {
  tokens: ({ secret, receipt }) => ({
    locator: locator(hex(secret)).toString("hex"),
    digest: createHash("sha256").update(locator(hex(secret))).digest("hex"),
    receipt_digest: createHash("sha256").update(hex(receipt)).digest("hex"),
  }),
  seal(given) {
    const head = header(given, given.passphrase ? 1 : 0);
    return { envelope: encrypt(linkKey(hex(given.secret), head, given.passphrase), head, given) };
  },
  open({ envelope, secret, passphrase }) {
    const sealed = hex(envelope);
    const head = sealed.subarray(0, 35);
    return decrypt(linkKey(hex(secret), head, passphrase), head, sealed);
  },
  seal_for(given) {
    const [own, receiver] = [pairOf(given.sender_private_key), hex(given.receiver_public_key)];
    const head = Buffer.concat([header(given, 2), own.getPublicKey()]);
    return { envelope: encrypt(sharedKey(own, receiver, head, receiver), head, given) };
  },
  open_answer({ envelope, receiver_private_key: privateKey }) {
    const [sealed, own] = [hex(envelope), pairOf(privateKey)];
    const head = sealed.subarray(0, 100);
    return decrypt(sharedKey(own, head.subarray(35), head, own.getPublicKey()), head, sealed);
  },
};

const request = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(actions[request.do](request)));
