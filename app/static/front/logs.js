// Refreshes the end of the log without a reload.

import { Actions } from "../review/actions.js";
import { byId, element } from "../review/dom.js";
import { messageOf } from "../review/errors.js";
import { fetchJson } from "./json.js";

export function connectLogs(texts, settings) {
  if (byId("form-logs") === null) return; // this instance has no log file
  scrollToNewest();
  const actions = new Actions(byId("status-logs"), texts);
  actions.add(byId("do-logs"), () => refresh(texts, settings));
  byId("log-process").addEventListener("change", () => byId("form-logs").requestSubmit());
}

async function refresh(texts, settings) {
  const result = byId("logs-result");
  result.textContent = "";
  try {
    const lines = await fetchLines(settings);
    byId("log-lines").replaceChildren(...lines.map(lineElement));
    byId("log-lines").hidden = lines.length === 0;
    byId("log-empty").hidden = lines.length > 0;
    scrollToNewest();
    result.textContent = texts.format("live.log.refreshed");
  } catch (error) {
    result.textContent = texts.format("live.log.failed", { reason: messageOf(error, texts) });
  }
}

// Fetches again if another process was selected in the meantime.
async function fetchLines(settings) {
  const process = byId("log-process").value;
  const { lines } = await fetchJson(`/review/logs.json?${new URLSearchParams({ process })}`, settings);
  return process === byId("log-process").value ? lines : fetchLines(settings);
}

function lineElement({ process, text, level }) {
  const className = level ? `line line--${level}` : "line";
  return element("li", { class: className }, element("span", { class: "line__process" }, process), ` ${text}`);
}

function scrollToNewest() {
  const log = byId("log");
  log.scrollTop = log.scrollHeight;
}
