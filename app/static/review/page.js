// The page of the simulated phones: connects the controls, the steps and what the page shows.

import { Actions } from "./actions.js";
import { INTERVAL_SECONDS, dayOf, now } from "./clock.js";
import { enableCopying } from "./copy.js";
import { byId, element } from "./dom.js";
import { Handset } from "./handset.js";
import { MessageLog } from "./message_log.js";
import { Server } from "./server.js";
import { Steps } from "./steps.js";
import { clearState, loadState, saveState } from "./storage.js";
import { Texts } from "./texts.js";
import { STEPS, View } from "./view.js";

const CODE_ERRORS = ["live.claim.empty", "live.claim.INVALID_ONE_TIME_CODE"];
const MIN_ENCOUNTER_AGE = 2; // days: some of yesterday's keys may not be published yet
const MAX_ENCOUNTER_AGE = 12;

const settings = JSON.parse(byId("page-data").textContent);
const texts = new Texts(settings.texts, settings.locale);
const phones = { patient: new Handset(), contact: new Handset() };
const server = new Server(texts, settings.requestTimeoutSeconds);
const steps = new Steps({ ...phones, server, texts, settings });
const view = new View(texts, phones);
const build = `${settings.version} ${settings.exportPublicKey}`;
const outcomes = {}; // the facts of each completed step by its name

async function run(name, fields) {
  const log = new MessageLog(byId(`messages-${name}`), texts);
  log.clear();
  view.clearResult(name);
  try {
    outcomes[name] = await steps[name](log, fields);
    view.showOutcome(name, outcomes[name]);
    if (name === "claim") markCode(false);
  } catch (error) {
    view.showError(name, error);
    if (name === "claim") markCode(CODE_ERRORS.includes(error.key));
  }
  view.update(outcomes);
  view.scrollToResult(name);
  save();
}

// Marks the field of the code, unless the code was not the cause of the error.
function markCode(isInvalid) {
  byId("code").setAttribute("aria-invalid", String(isInvalid));
}

function save() {
  const { issuedCode, encounters } = steps;
  const isSaved = saveState(build, { phones, outcomes, issuedCode, encounters });
  if (!isSaved) byId("session-text").textContent = texts.format("live.session.unavailable");
}

function restore() {
  const state = loadState(build);
  if (state === null || isTooOld(state.phones.patient)) return;
  for (const [owner, phone] of Object.entries(phones)) Object.assign(phone, state.phones[owner]);
  Object.assign(steps, { issuedCode: state.issuedCode, encounters: state.encounters });
  Object.assign(outcomes, state.outcomes);
  for (const [name, facts] of Object.entries(outcomes)) view.showOutcome(name, facts);
}

// Returns whether a phone has no key for the newest day on offer: the browser restores tabs after days.
function isTooOld({ keys }) {
  return keys.length > 0 && dayOf(now()) - MIN_ENCOUNTER_AGE > dayOf(keys.at(-1).start * INTERVAL_SECONDS);
}

function startOver() {
  clearState();
  history.scrollRestoration = "manual";
  location.reload();
}

function fillDays() {
  const today = dayOf(now());
  for (let age = MIN_ENCOUNTER_AGE; age <= MAX_ENCOUNTER_AGE; age += 1) {
    byId("meet-day").append(element("option", { value: String(today - age) }, texts.date(today - age)));
  }
}

function useCode() {
  byId("code").value = steps.issuedCode;
  byId("code").focus();
}

function connectControls() {
  const actions = new Actions(byId("status"), texts);
  for (const name of STEPS) actions.add(byId(`do-${name}`), (fields) => run(name, fields));
  actions.add(byId("start-over"), startOver);
  byId("use-code").addEventListener("click", useCode);
  enableCopying(texts);
  for (const controls of document.querySelectorAll(".step__action")) controls.disabled = false;
}

if (globalThis.isSecureContext && globalThis.crypto?.subtle) {
  fillDays();
  restore();
  view.update(outcomes);
  connectControls();
} else {
  byId("insecure").textContent = texts.format("live.insecure");
  byId("insecure").hidden = false;
}
byId("idle").hidden = true;
