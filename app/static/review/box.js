// The box in which keys travel: NaCl's Curve25519-XSalsa20-Poly1305, which browsers do not have of their own.

import "./vendor/tweetnacl/nacl-fast.min.js";
import { random } from "./bytes.js";

const { box } = self.nacl;

export const PUBLIC_KEY_BYTES = box.publicKeyLength;
export const NONCE_BYTES = box.nonceLength;

export function newKeyPair() {
  const { publicKey, secretKey } = box.keyPair();
  return { publicKey, privateKey: secretKey };
}

// Returns the tag of 16 bytes and then the ciphertext; the nonce is sent beside it, and never used twice.
export function seal(plaintext, serverPublicKey, privateKey, nonce = random(NONCE_BYTES)) {
  return { nonce, payload: box(plaintext, nonce, serverPublicKey, privateKey) };
}
