// NaCl's crypto_box (Curve25519-XSalsa20-Poly1305), which browsers do not offer. It encrypts uploads.

import "./vendor/tweetnacl/nacl-fast.min.js";
import { random } from "./bytes.js";

const { box } = self.nacl;

export const PUBLIC_KEY_BYTES = box.publicKeyLength;
export const NONCE_BYTES = box.nonceLength;

export function newKeyPair() {
  const { publicKey, secretKey } = box.keyPair();
  return { publicKey, privateKey: secretKey };
}

// Returns the nonce, and as payload the tag of 16 bytes and the ciphertext. A nonce must not be used twice.
export function seal(plaintext, serverPublicKey, privateKey, nonce = random(NONCE_BYTES)) {
  return { nonce, payload: box(plaintext, nonce, serverPublicKey, privateKey) };
}
