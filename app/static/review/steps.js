// The steps of the simulation. A step returns the facts of its outcome (see outcomes.js), or throws a UserError.

import { newKeyPair } from "./box.js";
import { toHex } from "./bytes.js";
import { Check } from "./check.js";
import { DAY_SECONDS, dayOf, now } from "./clock.js";
import { UserError } from "./errors.js";
import { identifierKey, identifiers, metadataKey } from "./exposure.js";
import { RETENTION_DAYS } from "./handset.js";
import { formatInterval } from "./texts.js";

const ENCOUNTER_START = 14.5 * 3600; // seconds of the day: 14:30
const SHOWN_INTERVALS = 3;

export class Steps {
  issuedCode = "";
  encounters = new Map(); // seconds spent together by day

  constructor({ patient, contact, server, texts, settings }) {
    Object.assign(this, { patient, contact, server, texts, settings });
  }

  async keys(log) {
    if (this.patient.keys.length > 0) throw new UserError("live.keys.already");
    const today = dayOf(now());
    this.patient.createKeys(today);
    this.contact.createKeys(today);
    await this.#showKeys(log, this.patient.keys.at(-1));
    return { count: RETENTION_DAYS, firstDay: today - RETENTION_DAYS + 1 };
  }

  async #showKeys(log, { data, start, period }) {
    const intervals = Array.from({ length: SHOWN_INTERVALS }, (_, offset) => start + offset);
    const derived = await identifiers(data, intervals);
    const shown = derived.map((identifier, index) => [toHex(identifier), "", formatInterval(intervals[index])]);
    log.local({
      title: this.texts.format("live.keys.message"),
      parts: [
        {
          title: this.texts.format("live.keys.derived"),
          lines: [
            ["TEK", toHex(data), formatInterval(start)],
            ["RPIK", toHex(await identifierKey(data)), 'HKDF-SHA256(TEK, "EN-RPIK")'],
            ["AEMK", toHex(await metadataKey(data)), 'HKDF-SHA256(TEK, "EN-AEMK")'],
          ],
        },
        {
          title: this.texts.format("live.keys.day"),
          note: 'AES-128(RPIK, "EN-RPI" ‖ 000000000000 ‖ ENIN)',
          lines: [...shown, ["…", this.texts.plural("live.more", period - SHOWN_INTERVALS)]],
        },
      ],
    });
  }

  async meet(log, fields) {
    this.#requireKeys();
    const [day, minutes, attenuation] = [fields.day, fields.minutes, fields.distance].map(Number);
    const seconds = minutes * 60;
    const earlier = this.encounters.get(day) ?? 0;
    const start = day * DAY_SECONDS + ENCOUNTER_START + earlier; // encounters on the same day follow each other
    this.encounters.set(day, earlier + seconds);
    const sightings = await this.contact.receive(this.patient, start, seconds, attenuation);
    await this.patient.receive(this.contact, start, seconds, attenuation);
    log.local({
      title: this.texts.format("live.meet.message"),
      parts: [{ title: this.texts.format("live.meet.sightings"), lines: sightings.map(sightingLine) }],
    });
    return { day, minutes, count: sightings.length };
  }

  async code(log) {
    this.issuedCode = await this.server.issueCode(log);
    return { code: this.issuedCode };
  }

  async claim(log, { code }) {
    if (code.trim() === "") throw new UserError("live.claim.empty");
    const pair = newKeyPair();
    const serverPublicKey = await this.server.claim(log, code.trim(), pair.publicKey);
    this.patient.pair = { ...pair, serverPublicKey };
    return {};
  }

  async upload(log) {
    this.#requireKeys();
    if (this.patient.pair === null) throw new UserError("live.first.claim");
    const seconds = now();
    const keys = this.patient.keysToUpload(seconds);
    if (keys.length === 0) throw new UserError("live.upload.nothing");
    await this.server.upload(log, this.patient.pair, keys, seconds);
    this.patient.markUploaded(keys, now());
    return { count: keys.length };
  }

  async check(log) {
    this.#requireKeys();
    const check = new Check(this.server, log, this.texts);
    const { keysRead, matches, days, minutes, minimum } = await check.run(
      this.contact,
      this.settings.exportPublicKey,
      now(),
    );
    return {
      keysRead,
      days,
      minutes: matches.length > 0 ? Math.max(0, ...minutes.values()) : null,
      minimum,
      renewalSeconds: this.#mayBeStale() ? this.settings.exportMaxAgeSeconds : null,
    };
  }

  // Returns whether an archive from before the upload may still be served.
  #mayBeStale() {
    const { uploadedAt } = this.patient;
    return uploadedAt !== null && now() - uploadedAt <= this.settings.exportMaxAgeSeconds;
  }

  #requireKeys() {
    if (this.patient.keys.length === 0) throw new UserError("live.first.keys");
  }
}

function sightingLine({ identifier, encryptedMetadata, interval, seconds, rssi }) {
  const note = `${formatInterval(interval)}, ${seconds} s, ${rssi} dBm`;
  return [toHex(identifier), toHex(encryptedMetadata), note];
}
