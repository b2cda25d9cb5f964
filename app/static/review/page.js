// Brings the page to life: its controls, its outcomes, and the two phones at its side.

import { dayOf, now } from "./clock.js";
import { Handset } from "./handset.js";
import { Server } from "./server.js";
import { Steps } from "./steps.js";
import { reasonOf } from "./trouble.js";
import { Wire, element } from "./wire.js";
import { Words } from "./words.js";

const NAMES = ["keys", "meet", "code", "claim", "upload", "check"];
const BAD_CODES = ["live.claim.empty", "live.claim.INVALID_ONE_TIME_CODE"];
const YOUNGEST_MEETING = 2; // days ago: of yesterday's keys some may still be held back
const OLDEST_MEETING = 12;

const byId = (id) => document.getElementById(id);
const settings = JSON.parse(byId("page-data").textContent);
const words = new Words(settings.texts, settings.locale);
const phones = { patient: new Handset(), contact: new Handset() };
const steps = new Steps({ ...phones, server: new Server(words), words, settings });
let isBusy = false;

async function run(name, values) {
  const result = byId(`result-${name}`);
  if (isBusy) return;
  isBusy = true;
  const wire = new Wire(byId(`log-${name}`), words);
  try {
    wire.clear();
    const outcome = await steps[name](wire, values);
    tell(result, outcome.text, outcome.isTold ? "told" : "");
    if (name === "claim") markCode(false);
  } catch (error) {
    tell(result, words.say("live.failed", { reason: reasonOf(error, words) }), "bad");
    if (name === "claim") markCode(BAD_CODES.includes(error.key));
  } finally {
    isBusy = false;
    byId(`step-${name}`).querySelector(".wire__empty").hidden = byId(`log-${name}`).childElementCount > 0;
    showPhones();
  }
}

function tell(result, text, kind) {
  result.className = `step__result${kind && ` step__result--${kind}`}`;
  result.textContent = text;
}

// Whether the code was at fault, which it is not when the server did not answer.
function markCode(isBad) {
  byId("code").setAttribute("aria-invalid", String(isBad));
}

function showPhones() {
  const { patient, contact } = phones;
  byId("use-code").hidden = steps.issuedCode === "";
  show("patient", {
    keys: patient.keys.length,
    heard: patient.heard.length,
    code: words.say(patient.pair ? "live.phone.accepted" : "live.phone.none"),
    sent: patient.uploaded.size,
  });
  show("contact", { keys: contact.keys.length, heard: contact.heard.length, checked: contact.archivesRead });
  if (contact.notifiedDays.length > 0) {
    const notice = document.querySelector('[data-phone="contact"][data-fact="notice"]');
    notice.textContent = words.say("live.phone.exposed", { days: words.days(contact.notifiedDays) });
    notice.classList.add("handset__notice--told");
  }
}

function show(phone, facts) {
  for (const [fact, value] of Object.entries(facts)) {
    document.querySelector(`[data-phone="${phone}"][data-fact="${fact}"]`).textContent = String(value);
  }
}

function offerDays() {
  const today = dayOf(now());
  for (let age = YOUNGEST_MEETING; age <= OLDEST_MEETING; age += 1) {
    byId("meet-day").append(element("option", { value: String(today - age) }, words.day(today - age)));
  }
}

function useCode() {
  byId("code").value = steps.issuedCode;
  byId("code").focus();
}

function listen() {
  for (const name of NAMES) {
    const form = byId(`form-${name}`);
    if (form === null) {
      byId(`do-${name}`).addEventListener("click", () => run(name));
      continue;
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      run(name, Object.fromEntries(new FormData(form)));
    });
  }
  byId("use-code").addEventListener("click", useCode);
}

function enable() {
  for (const controls of document.querySelectorAll(".step__action")) controls.disabled = false;
}

if (globalThis.isSecureContext && globalThis.crypto?.subtle) {
  offerDays();
  listen();
  enable();
} else {
  byId("trouble").textContent = words.say("live.insecure");
  byId("trouble").hidden = false;
}
byId("idle").hidden = true;
