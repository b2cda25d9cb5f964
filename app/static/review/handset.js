// A phone: what it knows, and what it does without the internet. It is forgotten with the page.

import { toHex } from "./bytes.js";
import { DAY_INTERVALS, DAY_SECONDS, INTERVAL_SECONDS, intervalOf } from "./clock.js";
import { cryptMetadata, identifiers, metadata, newKey } from "./exposure.js";

export const KEPT_DAYS = 14;
const MOST_KEYS = 28; // in one upload
const TRANSMIT_POWER_DBM = -8;

export class Handset {
  keys = [];
  heard = [];
  matched = [];
  pair = null;
  uploaded = new Set();
  uploadedAt = null;
  lastChecked = null;
  archivesRead = 0;
  notifiedDays = [];

  // One key for each day up to today.
  makeKeys(today) {
    this.keys = Array.from({ length: KEPT_DAYS }, (_, age) => newKey(today - KEPT_DAYS + 1 + age));
  }

  // Hears another phone for a while, and returns what it heard: one sighting for each interval that is touched.
  async hear(speaker, start, seconds, attenuation) {
    const sightings = [];
    for (let moment = start; moment < start + seconds; ) {
      const interval = intervalOf(moment);
      const until = Math.min(start + seconds, (interval + 1) * INTERVAL_SECONDS);
      sightings.push(await this.#sighting(speaker, interval, until - moment, attenuation));
      moment = until;
    }
    this.heard.push(...sightings);
    return sightings;
  }

  async #sighting(speaker, interval, seconds, attenuation) {
    const { identifier, encryptedMetadata } = await speaker.broadcast(interval);
    return { identifier, encryptedMetadata, interval, seconds, rssi: TRANSMIT_POWER_DBM - attenuation };
  }

  // What the phone sends by Bluetooth in an interval.
  async broadcast(interval) {
    const key = this.keys.find(({ start, period }) => start <= interval && interval < start + period);
    const [identifier] = await identifiers(key.data, [interval]);
    return { identifier, encryptedMetadata: await cryptMetadata(key.data, identifier, metadata(TRANSMIT_POWER_DBM)) };
  }

  // The keys whose day is over and that were not sent yet, newest first. The server refuses an upload without keys.
  keysToSend(seconds) {
    return this.keys
      .filter(({ data, start, period }) => start + period <= intervalOf(seconds) && !this.uploaded.has(toHex(data)))
      .sort((one, other) => other.start - one.start)
      .slice(0, MOST_KEYS);
  }

  markSent(keys, seconds) {
    for (const { data } of keys) this.uploaded.add(toHex(data));
    this.uploadedAt = seconds;
  }

  // The archives that a phone asks for: on its first check the bundle of all past days (0) and today, after that
  // every day from today back to the day of its last check.
  periodsToFetch(today) {
    if (this.lastChecked === null) return [0, today];
    const oldest = Math.max(this.lastChecked, today - KEPT_DAYS + 1);
    return Array.from({ length: today - oldest + 1 }, (_, age) => today - age);
  }
}

// What the archive of a period has to cover, in unix seconds.
export function expectedBounds(period, today) {
  const [first, after] = period === 0 ? [today - KEPT_DAYS - 1, today] : [period, period + 1];
  return [first * DAY_SECONDS, after * DAY_SECONDS];
}

// A key of an archive, as the phone keeps it.
export function publishedKey(key) {
  return {
    data: key.key_data,
    start: key.rolling_start_interval_number,
    period: key.rolling_period ?? DAY_INTERVALS,
    riskLevel: key.transmission_risk_level ?? 0,
  };
}
