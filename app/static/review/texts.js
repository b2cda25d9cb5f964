// The page's texts, dates and numbers in its language. The server embeds the texts in the page.

import { DAY_SECONDS, INTERVAL_SECONDS } from "./clock.js";

const MAX_MINUTES = 120; // longer durations are given in hours

export class Texts {
  #texts;
  #plural;
  #date;
  #shortDate;
  #list;

  constructor(texts, locale) {
    this.#texts = texts;
    this.#plural = new Intl.PluralRules(locale);
    this.#date = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
    this.#shortDate = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
    this.#list = new Intl.ListFormat(locale);
  }

  has(key) {
    return key in this.#texts;
  }

  format(key, values = {}) {
    if (!this.has(key)) throw new Error(`unknown text: ${key}`);
    return this.#texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  // Returns the singular or plural form of a text for a count.
  plural(key, count, values = {}) {
    const form = this.#plural.select(count) === "one" ? "one" : "other";
    return this.format(`${key}.${form}`, { count, ...values });
  }

  shortDate(day) {
    return this.#shortDate.format(new Date(day * DAY_SECONDS * 1000));
  }

  date(day) {
    return this.#date.format(new Date(day * DAY_SECONDS * 1000));
  }

  dates(days) {
    return this.#list.format(days.map((day) => this.date(day)));
  }

  shortDates(days) {
    return this.#list.format(days.map((day) => this.shortDate(day)));
  }

  // Returns a duration rounded up to whole minutes or hours.
  duration(seconds) {
    const minutes = Math.max(1, Math.ceil(seconds / 60));
    if (minutes < MAX_MINUTES) return this.plural("live.minutes", minutes);
    return this.plural("live.hours", Math.ceil(minutes / 60));
  }
}

// Returns a time for the decoded messages, such as 2026-11-21 14:30 UTC.
export function formatTime(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function formatInterval(interval) {
  return formatTime(interval * INTERVAL_SECONDS);
}
