// Issues a code without a reload. Without this script, the form does the same.

import { Actions } from "../review/actions.js";
import { updateCopyButton } from "../review/copy.js";
import { byId, codeElement, element } from "../review/dom.js";
import { messageOf } from "../review/errors.js";
import { fetchJson } from "./json.js";

export function connectCodes(texts, settings) {
  const actions = new Actions(byId("status-issue"), texts);
  actions.add(byId("do-issue"), () => issue(texts, settings));
}

async function issue(texts, settings) {
  const issued = byId("issued");
  issued.replaceChildren();
  try {
    const { code, validity } = await fetchJson(byId("form-issue").action, settings, { method: "POST" });
    issued.className = "issued";
    issued.replaceChildren(
      element("p", { class: "issued__code" }, codeElement(code, { id: "issued-code" })),
      element("p", { class: "issued__validity" }, validity),
    );
  } catch (error) {
    issued.className = "issued issued--bad";
    issued.textContent = texts.format("live.issue.failed", { reason: messageOf(error, texts) });
  }
  updateCopyButton(document.querySelector('[data-copy="issued-code"]'));
}
