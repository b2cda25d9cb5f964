// What each step of the page does. A step returns the sentence that tells its outcome, or throws a Trouble.

import { newKeyPair } from "./box.js";
import { toHex } from "./bytes.js";
import { Check } from "./check.js";
import { DAY_SECONDS, dayOf, intervalOf, now } from "./clock.js";
import { identifierKey, identifiers, metadataKey } from "./exposure.js";
import { KEPT_DAYS } from "./handset.js";
import { Trouble } from "./trouble.js";
import { momentOfInterval } from "./words.js";

const HALF_PAST_TWO = 14.5 * 3600;
const INTERVALS_SHOWN = 3;

export class Steps {
  #meetings = new Map(); // days to the seconds that were spent together
  issuedCode = "";

  constructor({ patient, contact, server, words, settings }) {
    Object.assign(this, { patient, contact, server, words, settings });
  }

  async keys(wire) {
    if (this.patient.keys.length > 0) throw new Trouble("live.keys.already");
    const today = dayOf(now());
    this.patient.makeKeys(today);
    this.contact.makeKeys(today);
    await this.#showKeys(wire, this.patient.keys.at(-1));
    const keys = this.words.count("live.keys", KEPT_DAYS);
    return { text: this.words.say("live.keys.done", { keys, first: this.words.day(today - KEPT_DAYS + 1) }) };
  }

  async #showKeys(wire, { data, start, period }) {
    const intervals = Array.from({ length: INTERVALS_SHOWN }, (_, at) => start + at);
    const derived = await identifiers(data, intervals);
    const shown = derived.map((one, at) => [toHex(one), "", momentOfInterval(intervals[at])]);
    wire.local({
      what: this.words.say("live.keys.what"),
      parts: [
        {
          title: this.words.say("live.keys.derived"),
          lines: [
            ["TEK", toHex(data), momentOfInterval(start)],
            ["RPIK", toHex(await identifierKey(data)), 'HKDF-SHA256(TEK, "EN-RPIK")'],
            ["AEMK", toHex(await metadataKey(data)), 'HKDF-SHA256(TEK, "EN-AEMK")'],
          ],
        },
        {
          title: this.words.say("live.keys.day"),
          note: 'AES-128(RPIK, "EN-RPI" ‖ 000000000000 ‖ ENIN)',
          lines: [...shown, ["…", this.words.count("live.more", period - INTERVALS_SHOWN)]],
        },
      ],
    });
  }

  async meet(wire, { day, minutes, distance }) {
    this.#needKeys();
    const [number, seconds, attenuation] = [Number(day), Number(minutes) * 60, Number(distance)];
    const earlier = this.#meetings.get(number) ?? 0;
    const start = number * DAY_SECONDS + HALF_PAST_TWO + earlier; // two meetings of a day follow each other
    this.#meetings.set(number, earlier + seconds);
    const sightings = await this.contact.hear(this.patient, start, seconds, attenuation);
    await this.patient.hear(this.contact, start, seconds, attenuation);
    wire.local({
      what: this.words.say("live.meet.what"),
      parts: [{ title: this.words.say("live.meet.sightings"), lines: sightings.map(sightingLine) }],
    });
    const values = { day: this.words.day(number), minutes };
    return { text: this.words.count("live.meet.done", sightings.length, values) };
  }

  async code(wire) {
    this.issuedCode = await this.server.issueCode(wire);
    const code = this.issuedCode.replace(/^(.{3})(.{3})(.{4})$/, "$1 $2 $3");
    return { text: this.words.say("live.code.done", { code }) };
  }

  async claim(wire, { code }) {
    if (code.trim() === "") throw new Trouble("live.claim.empty");
    const pair = newKeyPair();
    const serverPublicKey = await this.server.claim(wire, code.trim(), pair.publicKey);
    this.patient.pair = { ...pair, serverPublicKey };
    return { text: this.words.say("live.claim.done") };
  }

  async upload(wire) {
    this.#needKeys();
    if (this.patient.pair === null) throw new Trouble("live.first.claim");
    const seconds = now();
    const keys = this.patient.keysToSend(seconds);
    if (keys.length === 0) throw new Trouble("live.upload.nothing");
    await this.server.upload(wire, this.patient.pair, keys, seconds);
    this.patient.markSent(keys, now());
    return { text: this.words.say("live.upload.done", { keys: this.words.count("live.keys", keys.length) }) };
  }

  async check(wire) {
    this.#needKeys();
    const check = new Check(this.server, wire, this.words);
    const found = await check.run(this.contact, this.settings.exportPublicKey, now());
    if (found.days.length > 0) {
      return { text: this.words.say("live.check.done", { days: this.words.days(found.days) }), isTold: true };
    }
    if (found.matches.length > 0) {
      const minutes = Math.max(0, ...found.minutes.values());
      return { text: this.words.say("live.check.below", { minutes, minimum: found.minimum }) };
    }
    return { text: this.#nothingFound(found.keysRead) };
  }

  #nothingFound(keysRead) {
    const text = this.words.say("live.check.none", { keys: this.words.count("live.keys", keysRead) });
    const count = this.settings.exportMaxAgeSeconds;
    const mayBeStale = this.patient.uploadedAt !== null && now() - this.patient.uploadedAt <= count;
    return mayBeStale ? `${text} ${this.words.say("live.check.stale", { count })}` : text;
  }

  #needKeys() {
    if (this.patient.keys.length === 0) throw new Trouble("live.first.keys");
  }
}

function sightingLine({ identifier, encryptedMetadata, interval, seconds, rssi }) {
  const note = `${momentOfInterval(interval)}, ${seconds} s, ${rssi} dBm`;
  return [toHex(identifier), toHex(encryptedMetadata), note];
}
