// A simulated phone: its state, and what it does without the network.

import { toHex } from "./bytes.js";
import { DAY_INTERVALS, DAY_SECONDS, INTERVAL_SECONDS, intervalOf } from "./clock.js";
import { cryptMetadata, identifiers, metadata, newKey } from "./exposure.js";

export const RETENTION_DAYS = 14;
const MAX_UPLOAD_KEYS = 28;
const TRANSMIT_POWER_DBM = -8;

export class Handset {
  keys = [];
  sightings = [];
  matchedKeys = [];
  pair = null;
  uploaded = new Set();
  uploadedAt = null;
  lastCheckedDay = null;
  archivesRead = 0;
  notifiedDays = [];

  // Creates one key for each day up to today.
  createKeys(today) {
    this.keys = Array.from({ length: RETENTION_DAYS }, (_, age) => newKey(today - RETENTION_DAYS + 1 + age));
  }

  // Receives another phone's broadcasts. Returns one sighting for each interval that the encounter overlaps.
  async receive(sender, start, seconds, attenuation) {
    const received = [];
    for (let time = start; time < start + seconds; ) {
      const interval = intervalOf(time);
      const end = Math.min(start + seconds, (interval + 1) * INTERVAL_SECONDS);
      received.push(await this.#sighting(sender, interval, end - time, attenuation));
      time = end;
    }
    this.sightings.push(...received);
    return received;
  }

  async #sighting(sender, interval, seconds, attenuation) {
    const { identifier, encryptedMetadata } = await sender.broadcast(interval);
    return { identifier, encryptedMetadata, interval, seconds, rssi: TRANSMIT_POWER_DBM - attenuation };
  }

  // Returns what the phone broadcasts by Bluetooth in an interval.
  async broadcast(interval) {
    const key = this.keys.find(({ start, period }) => start <= interval && interval < start + period);
    const [identifier] = await identifiers(key.data, [interval]);
    return { identifier, encryptedMetadata: await cryptMetadata(key.data, identifier, metadata(TRANSMIT_POWER_DBM)) };
  }

  // Returns the keys of past days that were not uploaded yet, newest first. The server rejects an upload without keys.
  keysToUpload(seconds) {
    return this.keys
      .filter(({ data, start, period }) => start + period <= intervalOf(seconds) && !this.uploaded.has(toHex(data)))
      .sort((a, b) => b.start - a.start)
      .slice(0, MAX_UPLOAD_KEYS);
  }

  markUploaded(keys, seconds) {
    for (const { data } of keys) this.uploaded.add(toHex(data));
    this.uploadedAt = seconds;
  }

  // Returns the periods whose archives the phone requests: on its first check the bundle of all past days (0) and
  // today, later every day from today back to the day of its last check.
  periodsToFetch(today) {
    if (this.lastCheckedDay === null) return [0, today];
    const oldest = Math.max(this.lastCheckedDay, today - RETENTION_DAYS + 1);
    return Array.from({ length: today - oldest + 1 }, (_, age) => today - age);
  }
}

// Returns the start and the end of the archive of a period, in Unix seconds.
export function expectedBounds(period, today) {
  const [first, end] = period === 0 ? [today - RETENTION_DAYS - 1, today] : [period, period + 1];
  return [first * DAY_SECONDS, end * DAY_SECONDS];
}

// Returns a key of an archive in the form that the phone keeps.
export function publishedKey(key) {
  return {
    data: key.key_data,
    start: key.rolling_start_interval_number,
    period: key.rolling_period ?? DAY_INTERVALS,
    riskLevel: key.transmission_risk_level ?? 0,
  };
}
