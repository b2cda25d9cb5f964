// The page's texts, dates and numbers, in its language. The server puts the texts into the page.

import { DAY_SECONDS, INTERVAL_SECONDS } from "./clock.js";

const LONG_WAIT = 120; // minutes, from which on nobody counts them

export class Words {
  #texts;
  #plural;
  #date;
  #list;

  constructor(texts, locale) {
    this.#texts = texts;
    this.#plural = new Intl.PluralRules(locale);
    this.#date = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
    this.#list = new Intl.ListFormat(locale);
  }

  has(key) {
    return key in this.#texts;
  }

  say(key, values = {}) {
    if (!this.has(key)) throw new Error(`there is no text ${key}`);
    return this.#texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  // A text that has a form for one and a form for many.
  count(key, count, values = {}) {
    const form = this.#plural.select(count) === "one" ? "one" : "other";
    return this.say(`${key}.${form}`, { count, ...values });
  }

  day(number) {
    return this.#date.format(new Date(number * DAY_SECONDS * 1000));
  }

  days(numbers) {
    return this.#list.format(numbers.map((number) => this.day(number)));
  }

  // How long to wait at most.
  wait(seconds) {
    const minutes = Math.max(1, Math.ceil(seconds / 60));
    if (minutes < LONG_WAIT) return this.count("live.minutes", minutes);
    return this.count("live.hours", Math.ceil(minutes / 60));
  }
}

// A moment as engineers write it, for the decoded messages: 2026-11-21 14:30 UTC.
export function moment(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function momentOfInterval(interval) {
  return moment(interval * INTERVAL_SECONDS);
}
