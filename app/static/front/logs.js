// The end of the log, renewed without leaving the page.

import { reasonOf } from "../review/trouble.js";
import { element } from "../review/wire.js";
import { ask } from "./ask.js";

const byId = (id) => document.getElementById(id);

export function listenForLogs(words) {
  const form = byId("form-logs");
  if (form === null) return; // this instance has no log of its own
  scrollToNewest();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    refresh(words);
  });
  byId("log-process").addEventListener("change", () => refresh(words));
}

async function refresh(words) {
  const told = byId("logs-told");
  const process = byId("log-process").value;
  told.textContent = "";
  try {
    const { lines } = await ask(`/review/logs.json?${new URLSearchParams({ process })}`);
    if (process !== byId("log-process").value) return; // another one was chosen meanwhile
    byId("log-lines").replaceChildren(...lines.map(lineOf));
    byId("log-lines").hidden = lines.length === 0;
    byId("log-empty").hidden = lines.length > 0;
    scrollToNewest();
    told.textContent = words.say("live.log.refreshed");
  } catch (error) {
    told.textContent = words.say("live.log.failed", { reason: reasonOf(error, words) });
  }
}

function lineOf({ process, text, level }) {
  const className = level ? `line line--${level}` : "line";
  return element("li", { class: className }, element("span", { class: "line__process" }, process), ` ${text}`);
}

function scrollToNewest() {
  const log = byId("log");
  log.scrollTop = log.scrollHeight;
}
