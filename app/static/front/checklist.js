// The steps of the smoke test on the page: their state, how long each took, and what went over the wire.

import { reasonOf } from "../review/trouble.js";
import { element } from "../review/wire.js";

const STATES = {
  waiting: "live.smoke.state.waiting",
  running: "live.smoke.state.running",
  passed: "live.smoke.state.passed",
  failed: "live.smoke.state.failed",
  skipped: "live.smoke.state.skipped",
};

export class Checklist {
  #list;
  #outcome;
  #words;
  #isBusy = false;

  constructor(list, outcome, words) {
    this.#list = list;
    this.#outcome = outcome;
    this.#words = words;
  }

  // Runs a test's steps in their order, up to the first that fails.
  async run(test) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const items = [...this.#list.children];
    for (const item of items) this.#reset(item);
    this.say(this.#words.say("live.smoke.running"), "");
    const began = performance.now();
    try {
      for (const [at, item] of items.entries()) {
        const failure = await this.#runOne(test, item);
        if (failure === null) continue;
        for (const later of items.slice(at + 1)) this.#mark(later, "skipped");
        const values = { number: at + 1, count: items.length, reason: failure };
        this.say(this.#words.say("live.smoke.failed", values), "bad");
        return;
      }
      const time = this.#time(performance.now() - began);
      this.say(this.#words.say("live.smoke.passed", { count: items.length, time }), "good");
    } finally {
      this.#isBusy = false;
    }
  }

  say(text, kind) {
    this.#outcome.className = `outcome${kind && ` outcome--${kind}`}`;
    this.#outcome.textContent = text;
  }

  // Returns null, or the reason why the step failed.
  async #runOne(test, item) {
    this.#mark(item, "running");
    const began = performance.now();
    try {
      await test[item.dataset.check](new Trace(item.querySelector(".check__requests")));
      this.#mark(item, "passed", performance.now() - began);
      return null;
    } catch (error) {
      this.#mark(item, "failed", performance.now() - began);
      return reasonOf(error, this.#words);
    }
  }

  #mark(item, state, milliseconds) {
    const text = this.#words.say(STATES[state]);
    item.dataset.state = state;
    item.querySelector(".check__state").textContent =
      milliseconds === undefined ? text : `${text} · ${this.#time(milliseconds)}`;
  }

  #reset(item) {
    this.#mark(item, "waiting");
    const requests = item.querySelector(".check__requests");
    requests.replaceChildren();
    requests.hidden = true;
  }

  #time(milliseconds) {
    return this.#words.say("live.smoke.milliseconds", { count: Math.round(milliseconds) });
  }
}

// Notes each request of a step, as the phones' page does in more detail (wire.js).
class Trace {
  #list;

  constructor(list) {
    this.#list = list;
  }

  request({ method, path }) {
    const line = element("li", {}, `${method} ${shortened(path)}`);
    this.#list.append(line);
    this.#list.hidden = false;
    return {
      answered: (status) => line.append(` → ${status}`),
      failed: () => line.append(" → –"),
    };
  }
}

// The code in a download's address is long, and says nothing.
function shortened(path) {
  return path.replace(/[0-9a-f]{64}$/, (code) => `${code.slice(0, 8)}…`);
}
