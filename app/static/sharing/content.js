// What an envelope holds: a text, or a file with its name. See docs/sharing.md.

import { concatenate, fromUtf8, toUtf8 } from "./bytes.js";

export const TEXT = 1;
export const FILE = 2;
export const MAX_BYTES = { [TEXT]: 64_000, [FILE]: 1_000_000 };
const MAX_NAME_BYTES = 255;
const BLOCK_BYTES = 256; // the length of a content is hidden up to this number
const NAME_PREFIX = 2;
const DATA_PREFIX = 4;

export class ContentError extends Error {}

export function encodeContent({ kind, name, data }) {
  const encodedName = toUtf8(name);
  if (!(data.length <= MAX_BYTES[kind]) || encodedName.length > MAX_NAME_BYTES) throw new ContentError("too long");
  const lengths = [new DataView(new ArrayBuffer(NAME_PREFIX)), new DataView(new ArrayBuffer(DATA_PREFIX))];
  lengths[0].setUint16(0, encodedName.length);
  lengths[1].setUint32(0, data.length);
  const [nameLength, dataLength] = lengths.map((view) => new Uint8Array(view.buffer));
  const used = NAME_PREFIX + encodedName.length + DATA_PREFIX + data.length;
  const padding = new Uint8Array((BLOCK_BYTES - (used % BLOCK_BYTES)) % BLOCK_BYTES);
  return concatenate(nameLength, encodedName, dataLength, data, padding);
}

export function decodeContent(kind, encoded) {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  try {
    const nameEnd = NAME_PREFIX + view.getUint16(0);
    const start = nameEnd + DATA_PREFIX;
    const end = start + view.getUint32(nameEnd);
    if (end > encoded.length || encoded.subarray(end).some((each) => each !== 0)) throw new ContentError("malformed");
    const name = fromUtf8(encoded.subarray(NAME_PREFIX, nameEnd));
    const data = encoded.slice(start, end);
    if (kind === TEXT) fromUtf8(data);
    return { kind, name, data };
  } catch {
    throw new ContentError("malformed");
  }
}

// The name of a file without control characters and marks that could hide its ending, or lead to another folder.
export function safeName(name) {
  const shown = name.replaceAll(/\p{C}/gu, "").replaceAll(/[/\\:]/g, "_");
  return shown.replace(/^[ .]+|[ .]+$/g, "") || "secret";
}
