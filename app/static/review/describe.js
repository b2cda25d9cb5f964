// A decoded message as lines of text, one for each field, in the text format of protocol buffers with notes.

import { toHex } from "./bytes.js";
import { isEnum, isMessage } from "./protobuf.js";
import { formatInterval, formatTime } from "./texts.js";

const MAX_REPEATED = 2;

// Returns lines of { indent, name, value, note }. `more` returns the note on omitted elements for their number.
export function describe(schema, message, more, indent = 0) {
  const lines = [];
  for (const field of schema.fields) {
    const value = message[field.name];
    if (value === undefined) continue;
    const all = field.repeated ? value : [value];
    for (const one of all.slice(0, MAX_REPEATED)) lines.push(...describeField(field, one, more, indent));
    if (all.length > MAX_REPEATED) {
      lines.push({ indent, name: "", value: "", note: `… ${more(all.length - MAX_REPEATED)}` });
    }
  }
  return lines;
}

function describeField(field, value, more, indent) {
  if (!isMessage(field.type)) {
    return [{ indent, name: `${field.name}:`, value: valueText(field, value), note: noteText(field, value) }];
  }
  const inner = describe(field.type, value, more, indent + 1);
  const note = `${field.number}: ${field.type.name}`;
  const open = { indent, name: field.name, value: inner.length ? "{" : "{}", note };
  return inner.length ? [open, ...inner, { indent, name: "", value: "}", note: "" }] : [open];
}

function valueText({ type }, value) {
  if (isEnum(type)) return type.values[value] ?? String(value);
  if (type === "bytes") return toHex(value.subarray(0, 32)) + (value.length > 32 ? "…" : "");
  return type === "string" ? JSON.stringify(value) : String(value);
}

function noteText({ number, type, unit }, value) {
  const kind = isEnum(type) ? `enum ${value}` : type === "bytes" ? `bytes, ${value.length}` : type;
  const time = unit === "seconds" ? formatTime(value) : unit === "interval" ? formatInterval(value) : "";
  return `${number}: ${kind}${time && ` = ${time}`}`;
}
