// Buttons that copy the text of an element. Browsers allow this in secure contexts only.

import { byId } from "./dom.js";

export function enableCopying(texts) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(button, texts));
    updateCopyButton(button);
  }
}

// Shows a button while its element exists.
export function updateCopyButton(button) {
  button.hidden = !navigator.clipboard || byId(button.dataset.copy) === null;
  button.nextElementSibling.textContent = "";
}

async function copy(button, texts) {
  const source = byId(button.dataset.copy);
  const status = button.nextElementSibling;
  status.textContent = "";
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    status.textContent = texts.format("live.copy.done");
  } catch {
    getSelection().selectAllChildren(source);
    status.textContent = texts.format("live.copy.failed");
  }
}
