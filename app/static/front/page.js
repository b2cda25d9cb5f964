// Brings the front page to life: codes without a reload, copying, the smoke test, the log.

import { Words } from "../review/words.js";
import { Checklist } from "./checklist.js";
import { listenForCopies } from "./copy.js";
import { listenForCodes } from "./issue.js";
import { listenForLogs } from "./logs.js";
import { SmokeTest } from "./smoke.js";

const byId = (id) => document.getElementById(id);
const settings = JSON.parse(byId("page-data").textContent);
const words = new Words(settings.texts, settings.locale);

function listenForSmoke() {
  const checklist = new Checklist(byId("checks"), byId("smoke-outcome"), words);
  if (!globalThis.isSecureContext) {
    checklist.say(words.say("live.smoke.insecure"), "bad");
    return;
  }
  byId("do-smoke").hidden = false;
  byId("do-smoke").addEventListener("click", () => checklist.run(new SmokeTest(settings, words)));
}

// A router in front may have kept the address from the server, or its port.
byId("command-smoke").textContent = `bin/smoke-test ${location.origin}`;
listenForCodes(words);
listenForCopies(words);
listenForLogs(words);
listenForSmoke();
