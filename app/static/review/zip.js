// Reading of zip files. The sizes come from the central directory at the end: archives are written as a stream, so the
// local headers do not contain them.

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const STORED = 0;
const DEFLATED = 8;
const MAX_BYTES = 64 * 1024 * 1024;

export class ZipError extends Error {}

// Returns a map of names to contents.
export async function unzip(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map();
  try {
    for (const entry of entries(view)) files.set(entry.name, await content(view, entry));
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw new ZipError("truncated or damaged");
    throw error;
  }
  return files;
}

function entries(view) {
  const end = endOfDirectory(view);
  const found = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (view.getUint32(at, true) !== ENTRY_SIGNATURE) throw new ZipError("damaged central directory");
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    found.push({
      method: view.getUint16(at + 10, true),
      size: view.getUint32(at + 20, true),
      offset: view.getUint32(at + 42, true),
      name: new TextDecoder().decode(slice(view, at + 46, nameBytes)),
    });
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return found;
}

function endOfDirectory(view) {
  for (let at = view.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at;
  }
  throw new ZipError("not a zip file");
}

async function content(view, { method, size, offset }) {
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const packed = slice(view, start, size);
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw new ZipError(`unknown compression method ${method}`);
  return inflate(packed);
}

async function inflate(packed) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const chunks = [];
  let size = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > MAX_BYTES) throw new ZipError("content too large");
    chunks.push(read.value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function slice(view, start, size) {
  return new Uint8Array(view.buffer, view.byteOffset + start, size);
}
