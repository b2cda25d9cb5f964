// Encoding and decoding of protocol buffers by a schema (schema.js), as far as this protocol needs them.
//
// A message is an object with the schema's field names. An absent field is absent in the object.

import { concat, fromText, toText } from "./bytes.js";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

export class DecodeError extends Error {}

export function isMessage(type) {
  return typeof type === "object" && "fields" in type;
}

export function isEnum(type) {
  return typeof type === "object" && "values" in type;
}

export function encode(schema, message) {
  const parts = [];
  for (const field of schema.fields) {
    const value = message[field.name];
    if (value === undefined) continue;
    for (const one of field.repeated ? value : [value]) parts.push(encodeField(field, one));
  }
  return concat(...parts);
}

function encodeField({ number, type }, value) {
  const wire = wireType(type);
  const tag = varint(BigInt(number * 8 + wire));
  if (wire === VARINT) return concat(tag, varint(type === "sint32" ? zigzag(value) : BigInt(value)));
  if (wire === FIXED64) {
    const eight = new Uint8Array(8);
    new DataView(eight.buffer).setBigUint64(0, BigInt(value), true);
    return concat(tag, eight);
  }
  const bytes = isMessage(type) ? encode(type, value) : type === "string" ? fromText(value) : value;
  return concat(tag, varint(BigInt(bytes.length)), bytes);
}

function wireType(type) {
  if (type === "fixed64") return FIXED64;
  return type === "bytes" || type === "string" || isMessage(type) ? LENGTH : VARINT;
}

function zigzag(value) {
  return value < 0 ? BigInt(-value) * 2n - 1n : BigInt(value) * 2n;
}

function varint(value) {
  let left = BigInt.asUintN(64, value); // a negative number is ten bytes long
  const bytes = [];
  while (left > 127n) {
    bytes.push(Number(left & 127n) | 128);
    left >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(left)]);
}

export function decode(schema, bytes) {
  const reader = new Reader(bytes);
  const fields = new Map(schema.fields.map((field) => [field.number, field]));
  const message = {};
  while (!reader.isAtEnd) {
    const tag = Number(reader.varint());
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    const raw = reader.value(wire);
    const field = fields.get(number);
    // Unknown fields are skipped, so that servers can add fields.
    if (field === undefined || wire !== wireType(field.type)) continue;
    const value = decodeValue(field.type, raw);
    if (field.repeated) (message[field.name] ??= []).push(value);
    else message[field.name] = value;
  }
  return message;
}

function decodeValue(type, raw) {
  if (isMessage(type)) return decode(type, raw);
  if (type === "bytes") return raw;
  if (type === "string") return toText(raw);
  if (type === "fixed64") return Number(raw);
  if (type === "sint32") return Number(raw & 1n ? -((raw + 1n) >> 1n) : raw >> 1n);
  return Number(type === "uint32" ? raw : BigInt.asIntN(64, raw));
}

class Reader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get isAtEnd() {
    return this.#at === this.#bytes.length;
  }

  varint() {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte] = this.#take(1);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new DecodeError("varint too long");
  }

  value(wire) {
    if (wire === VARINT) return this.varint();
    if (wire === LENGTH) return this.#take(Number(this.varint()));
    if (wire === FIXED32) return this.#take(4);
    if (wire !== FIXED64) throw new DecodeError(`unknown wire type ${wire}`);
    const eight = this.#take(8);
    return new DataView(eight.buffer, eight.byteOffset).getBigUint64(0, true);
  }

  #take(count) {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new DecodeError("truncated message");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
