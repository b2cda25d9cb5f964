// A phone's check: fetch the archives, verify them, look for what was heard, and judge it. It shows each step of that.

import { BadArchive, loadPublicKey, open, verifies } from "./archive.js";
import { fromBase64, toHex } from "./bytes.js";
import { dayOf } from "./clock.js";
import { expectedBounds, publishedKey } from "./handset.js";
import { find } from "./matching.js";
import { Malformed } from "./protobuf.js";
import { judgeDays, exposure } from "./risk.js";
import { TEKSignatureList, TemporaryExposureKeyExport } from "./schema.js";
import { Trouble } from "./trouble.js";
import { momentOfInterval } from "./words.js";
import { BadZip } from "./zip.js";

export class Check {
  #server;
  #wire;
  #words;

  constructor(server, wire, words) {
    this.#server = server;
    this.#wire = wire;
    this.#words = words;
  }

  // Returns how many keys were read, what was found of them, and the days that the phone's owner is told of.
  async run(phone, publicKeyText, seconds) {
    const today = dayOf(seconds);
    const publicKey = await loadPublicKey(fromBase64(publicKeyText));
    const configuration = await this.#server.configuration(this.#wire);
    const periods = phone.periodsToFetch(today);
    const read = [];
    for (const period of periods) read.push(...(await this.#fetch(period, today, publicKey)));
    // What an earlier check found is in no later archive, but time near it still adds up.
    const keys = new Map([...phone.matched, ...read].map((key) => [toHex(key.data), key]));
    const matches = await find(keys.values(), phone.heard);
    const exposures = matches.map((match) => exposure(match, today, configuration));
    const judged = judgeDays(exposures, configuration);
    this.#show(matches, exposures, judged, configuration.attenuationDurationThresholds);
    Object.assign(phone, { matched: matches.map(({ key }) => key), lastChecked: today, notifiedDays: judged.days });
    phone.archivesRead += periods.length;
    return { keysRead: read.length, matches, ...judged };
  }

  async #fetch(period, today, publicKey) {
    const text = String(period).padStart(5, "0");
    const path = await this.#server.archiveAddress(this.#wire, text);
    const day = this.#words.day(period);
    const what = period === 0 ? "live.check.bundle" : this.#words.say("live.check.day", { day });
    const show = (bytes, status, title) => this.#parts(bytes, publicKey, title);
    const bytes = await this.#server.archive(this.#wire, what, path, show);
    const archive = await readArchive(bytes);
    if (!(await verifies(archive, publicKey))) throw new Trouble("live.check.unverified");
    const { start_timestamp: start, end_timestamp: end, keys = [] } = archive.content;
    const expected = expectedBounds(period, today);
    if (start !== expected[0] || end !== expected[1]) throw new Trouble("live.check.bounds");
    return keys.map(publishedKey);
  }

  async #parts(bytes, publicKey, title) {
    const archive = await open(bytes);
    const verdict = (await verifies(archive, publicKey)) ? "live.check.verified" : "live.check.unverified";
    const sizes = ["bin", "sig"].map((name) => {
      return [`export.${name}`, this.#words.count("live.bytes", archive[name].length)];
    });
    return [
      { title: `${title}: ${this.#words.say("live.check.entries")}`, lines: sizes, bytes, isWide: true },
      { title: "export.bin", message: [TemporaryExposureKeyExport, archive.content] },
      { title: "export.sig", note: this.#words.say(verdict), message: [TEKSignatureList, archive.signatures] },
    ];
  }

  #show(matches, exposures, { minutes, minimum, days }, [immediate, near]) {
    const found = matches.flatMap(({ key, sightings }) => [
      ["key_data", toHex(key.data)],
      ...sightings.map((one) => [
        toHex(one.identifier),
        `${one.seconds} s, ${one.attenuation} dB`,
        momentOfInterval(one.interval),
      ]),
    ]);
    const judged = exposures.map((one) => [
      "score",
      String(one.score),
      [
        `${one.immediateSeconds} s ≤ ${immediate} dB`,
        `${one.nearSeconds} s ≤ ${near} dB`,
        `${one.farSeconds} s > ${near} dB`,
      ].join(", "),
    ]);
    const total = [...minutes].map(([day, time]) => [
      this.#words.day(day),
      `${time} min ${days.includes(day) ? "≥" : "<"} ${minimum} min`,
    ]);
    const orNothing = (lines) => (lines.length ? lines : [["–", ""]]);
    this.#wire.local({
      what: this.#words.say("live.check.match"),
      parts: [
        { title: this.#words.say("live.check.matching"), lines: orNothing(found), isWide: true },
        { title: this.#words.say("live.check.weighing"), lines: orNothing([...judged, ...total]), isWide: true },
      ],
    });
  }
}

async function readArchive(bytes) {
  try {
    return await open(bytes);
  } catch (error) {
    if ([BadArchive, BadZip, Malformed].some((kind) => error instanceof kind)) throw new Trouble("live.check.zip");
    throw error;
  }
}
