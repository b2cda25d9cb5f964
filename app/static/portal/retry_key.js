// The key from which the identifiers of lines are derived. It is kept in this browser, and the server never gets it.

const NAME = "portal-list-key";
const HEXADECIMAL = /^[0-9a-f]{64}$/;

export function currentKey() {
  const stored = localStorage.getItem(NAME);
  if (stored && HEXADECIMAL.test(stored)) return stored;
  const key = toHexadecimal(crypto.getRandomValues(new Uint8Array(32)));
  localStorage.setItem(NAME, key);
  return key;
}

// Keeps the key of a file; returns whether it is one.
export function useKey(text) {
  const key = text.trim();
  if (!HEXADECIMAL.test(key)) return false;
  localStorage.setItem(NAME, key);
  return true;
}

// Returns the identifier of a line: HMAC-SHA-256, 64 hexadecimal digits.
export async function identify(key, line) {
  const bytes = Uint8Array.from(key.match(/../g), (digits) => Number.parseInt(digits, 16));
  const imported = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return toHexadecimal(new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(line))));
}

function toHexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
