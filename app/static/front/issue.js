// Issues a code without leaving the page. Without this script the form does the same, and the page comes back.

import { reasonOf } from "../review/trouble.js";
import { element } from "../review/wire.js";
import { ask } from "./ask.js";
import { offerCopy } from "./copy.js";

const byId = (id) => document.getElementById(id);
let isBusy = false;

export function listenForCodes(words) {
  const form = byId("form-issue");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    issue(form, words);
  });
}

async function issue(form, words) {
  if (isBusy) return;
  isBusy = true;
  const issued = byId("issued");
  try {
    const { code, validity } = await ask(form.action, { method: "POST" });
    issued.className = "issued";
    issued.replaceChildren(
      element("p", { id: "issued-code", class: "issued__code" }, code),
      element("p", { class: "issued__validity" }, validity),
    );
  } catch (error) {
    issued.className = "issued issued--bad";
    issued.textContent = words.say("live.issue.failed", { reason: reasonOf(error, words) });
  } finally {
    offerCopy(form.querySelector("[data-copy]"));
    isBusy = false;
  }
}
