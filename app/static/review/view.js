// What the page of the simulated phones shows: results, the state of the phones, and the steps reached so far.

import { updateCopyButton } from "./copy.js";
import { byId, codeElement } from "./dom.js";
import { messageOf } from "./errors.js";
import { describeOutcome, isNotification } from "./outcomes.js";

export const STEPS = ["keys", "meet", "code", "claim", "upload", "check"];

export class View {
  #texts;
  #phones;

  constructor(texts, phones) {
    this.#texts = texts;
    this.#phones = phones;
    trackSummaryHeight();
  }

  clearResult(name) {
    this.#show(name, "");
  }

  showOutcome(name, facts) {
    const code = name === "code" ? [codeElement(facts.code, { id: "issued-code" })] : [];
    this.#show(name, isNotification(name, facts) ? "notification" : "good", describeOutcome(name, facts, this.#texts), ...code);
  }

  showError(name, error) {
    this.#show(name, "bad", this.#texts.format("live.failed", { reason: messageOf(error, this.#texts) }));
  }

  #show(name, kind, ...content) {
    const result = byId(`result-${name}`);
    result.className = kind ? `step__result step__result--${kind}` : "step__result";
    result.replaceChildren(...content);
    if (name !== "code") return;
    byId("code-actions").hidden = byId("issued-code") === null;
    updateCopyButton(byId("code-actions").querySelector("[data-copy]"));
  }

  scrollToResult(name) {
    byId(`result-${name}`).scrollIntoView({ block: "nearest" });
  }

  // Shows the state of the phones, and the steps up to the one after the last completed step.
  update(outcomes) {
    this.#updatePhones();
    const last = STEPS.findLastIndex((name) => name in outcomes);
    for (const [index, name] of STEPS.entries()) {
      const isReached = index <= last + 1;
      byId(`step-${name}`).hidden = !isReached;
      byId("upcoming").querySelector(`[data-step="${name}"]`).hidden = isReached;
    }
    byId("upcoming").hidden = last + 1 >= STEPS.length - 1;
    byId("next").hidden = !("check" in outcomes);
    byId("session").hidden = last < 0;
    byId("main").dataset.started = "";
  }

  #updatePhones() {
    const { patient, contact } = this.#phones;
    showFacts("patient", {
      keys: patient.keys.length,
      sightings: patient.sightings.length,
      code: this.#texts.format(patient.pair ? "live.phone.accepted" : "live.phone.none"),
      uploaded: patient.uploaded.size,
    });
    showFacts("contact", {
      keys: contact.keys.length,
      sightings: contact.sightings.length,
      archives: contact.archivesRead,
    });
    if (contact.notifiedDays.length === 0) return;
    const days = this.#texts.shortDates(contact.notifiedDays);
    showFacts("contact", { notice: this.#texts.format("live.phone.exposed", { days }) });
    byId("handset-contact").parentElement.classList.add("handset--notified");
  }
}

function showFacts(owner, facts) {
  for (const [fact, value] of Object.entries(facts)) {
    document.querySelector(`[data-phone="${owner}"][data-fact="${fact}"]`).textContent = String(value);
  }
}

// On narrow screens the summary of the phones is sticky. The style sheet reserves its height for scrolling, so that it
// never covers a focused control.
function trackSummaryHeight() {
  const summary = byId("phones");
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--summary-height", `${summary.offsetHeight}px`);
  }).observe(summary);
}
