// The form for a text or a file, which two pages have.

import { toUtf8 } from "./bytes.js";
import { FILE, MAX_BYTES, TEXT } from "./content.js";
import { byId, showErrors, text } from "./page.js";

const isFile = () => byId("kind-file").checked;

export const hasInput = () => Boolean(byId("text").value || byId("file").files.length);

export function enableComposing() {
  for (const option of document.querySelectorAll("input[name=kind]")) option.addEventListener("change", showKind);
  showKind(); // the browser may have restored a choice
}

function showKind() {
  byId("for-text").hidden = isFile();
  byId("for-file").hidden = !isFile();
}

// Returns the content of the form, or null after the errors were shown. `others` are errors of other fields.
export async function compose(others = []) {
  const field = byId(isFile() ? "file" : "text");
  const content = isFile() ? await fileContent(field.files[0]) : textContent(field.value);
  const errors = [...others];
  if (!content) errors.unshift([field, text(isFile() ? "live.error.no_file" : "live.error.no_text")]);
  else if (content.length > MAX_BYTES[content.kind]) {
    errors.unshift([field, text(isFile() ? "live.error.long_file" : "live.error.long_text")]);
  }
  if (errors.length) showErrors(errors);
  return errors.length ? null : content;
}

export function clearInput() {
  byId("text").value = "";
  byId("file").value = "";
}

function textContent(value) {
  const data = toUtf8(value);
  return data.length ? { kind: TEXT, name: "", data, length: data.length } : null;
}

async function fileContent(file) {
  if (!file?.size) return null;
  const isLong = file.size > MAX_BYTES[FILE];
  const data = isLong ? new Uint8Array() : new Uint8Array(await file.arrayBuffer());
  return { kind: FILE, name: shortened(file.name), data, length: file.size };
}

// A file's name may have 255 bytes on most systems, and more on some.
const shortened = (name) => (toUtf8(name).length > 255 ? name.slice(-60) : name);
