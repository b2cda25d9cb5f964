// Showing what was in an envelope: a text with a button that copies it, or a file to save.

import { fromUtf8 } from "./bytes.js";
import { safeName, TEXT } from "./content.js";
import { byId, show, size } from "./page.js";

let saved = true;

// Whether a file would be lost if the page was left.
export const isUnsaved = () => !saved;

export function reveal(content) {
  const isText = content.kind === TEXT;
  byId("shown-text").hidden = !isText;
  byId("shown-file").hidden = isText;
  if (isText) {
    byId("secret-text").textContent = fromUtf8(content.data);
  } else {
    saved = false;
    const name = safeName(content.name);
    byId("file-name").textContent = name;
    byId("file-size").textContent = size(content.data.length);
    const link = byId("save");
    link.href = URL.createObjectURL(new Blob([content.data], { type: "application/octet-stream" }));
    link.download = name;
    link.addEventListener("click", () => {
      saved = true;
    });
  }
  show("opened");
}
