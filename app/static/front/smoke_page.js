// The smoke test on the page: the state, the duration and the requests of each step.

import { Actions } from "../review/actions.js";
import { byId, element } from "../review/dom.js";
import { messageOf } from "../review/errors.js";
import { SmokeTest } from "./smoke.js";

const STATES = {
  waiting: "live.smoke.state.waiting",
  running: "live.smoke.state.running",
  passed: "live.smoke.state.passed",
  failed: "live.smoke.state.failed",
  skipped: "live.smoke.state.skipped",
};

export function connectSmokeTest(texts, settings) {
  const steps = new StepList(byId("checks"), byId("smoke-outcome"), texts);
  if (!globalThis.isSecureContext) {
    steps.showOutcome(texts.format("live.smoke.insecure"), "bad");
    return;
  }
  byId("do-smoke").hidden = false;
  const actions = new Actions(byId("status-smoke"), texts);
  actions.add(byId("do-smoke"), () => steps.run(new SmokeTest(settings, texts)));
}

class StepList {
  #list;
  #outcome;
  #texts;

  constructor(list, outcome, texts) {
    this.#list = list;
    this.#outcome = outcome;
    this.#texts = texts;
  }

  // Runs the steps of a test in order, until one fails.
  async run(test) {
    const items = [...this.#list.children];
    for (const item of items) this.#reset(item);
    this.showOutcome("", "");
    const start = performance.now();
    for (const [index, item] of items.entries()) {
      const reason = await this.#runStep(test, item);
      if (reason === null) continue;
      for (const later of items.slice(index + 1)) this.#mark(later, "skipped");
      const values = { number: index + 1, count: items.length, reason };
      this.showOutcome(this.#texts.format("live.smoke.failed", values), "bad");
      return;
    }
    const time = this.#formatTime(performance.now() - start);
    this.showOutcome(this.#texts.format("live.smoke.passed", { count: items.length, time }), "good");
  }

  showOutcome(text, kind) {
    this.#outcome.className = `outcome${kind && ` outcome--${kind}`}`;
    this.#outcome.textContent = text;
  }

  // Returns null, or the reason why the step failed.
  async #runStep(test, item) {
    this.#mark(item, "running");
    const start = performance.now();
    try {
      await test[item.dataset.check](new RequestList(item.querySelector(".check__requests")));
      this.#mark(item, "passed", performance.now() - start);
      return null;
    } catch (error) {
      this.#mark(item, "failed", performance.now() - start);
      return messageOf(error, this.#texts);
    }
  }

  #mark(item, state, milliseconds) {
    const text = this.#texts.format(STATES[state]);
    item.dataset.state = state;
    item.querySelector(".check__state").textContent =
      milliseconds === undefined ? text : `${text} · ${this.#formatTime(milliseconds)}`;
  }

  #reset(item) {
    this.#mark(item, "waiting");
    const requests = item.querySelector(".check__requests");
    requests.replaceChildren();
    requests.hidden = true;
  }

  #formatTime(milliseconds) {
    return this.#texts.format("live.smoke.milliseconds", { count: Math.round(milliseconds) });
  }
}

// A log of requests with a line for each, in place of the detailed MessageLog.
class RequestList {
  #list;

  constructor(list) {
    this.#list = list;
  }

  request({ method, path }) {
    const line = element("li", {}, `${method} ${shorten(path)}`);
    this.#list.append(line);
    this.#list.hidden = false;
    return {
      answered: (status) => line.append(` → ${status}`),
      failed: () => line.append(" → –"),
    };
  }
}

// Shortens the code in the address of an archive.
function shorten(path) {
  return path.replace(/[0-9a-f]{64}$/, (code) => `${code.slice(0, 8)}…`);
}
