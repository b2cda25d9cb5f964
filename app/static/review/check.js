// The check of a phone: fetch the archives, verify them, match the received identifiers and assess the risk.

import { ArchiveError, loadPublicKey, open, verifies } from "./archive.js";
import { fromBase64, toHex } from "./bytes.js";
import { dayOf } from "./clock.js";
import { expectedBounds, publishedKey } from "./handset.js";
import { find } from "./matching.js";
import { DecodeError } from "./protobuf.js";
import { assessDays, exposure } from "./risk.js";
import { TEKSignatureList, TemporaryExposureKeyExport } from "./schema.js";
import { UserError } from "./errors.js";
import { formatInterval } from "./texts.js";
import { ZipError } from "./zip.js";

export class Check {
  #server;
  #log;
  #texts;

  constructor(server, log, texts) {
    this.#server = server;
    this.#log = log;
    this.#texts = texts;
  }

  // Returns the number of keys read, the matches, and the days that lead to a notification.
  async run(phone, publicKeyText, seconds) {
    const today = dayOf(seconds);
    const publicKey = await loadPublicKey(fromBase64(publicKeyText));
    const configuration = await this.#server.configuration(this.#log);
    const periods = phone.periodsToFetch(today);
    const read = [];
    for (const period of periods) read.push(...(await this.#fetch(period, today, publicKey)));
    // Keys that matched in an earlier check are not in later archives, but their minutes still count.
    const keys = new Map([...phone.matchedKeys, ...read].map((key) => [toHex(key.data), key]));
    const matches = await find(keys.values(), phone.sightings);
    const exposures = matches.map((match) => exposure(match, today, configuration));
    const assessment = assessDays(exposures, configuration);
    this.#show(matches, exposures, assessment, configuration.attenuationDurationThresholds);
    Object.assign(phone, {
      matchedKeys: matches.map(({ key }) => key),
      lastCheckedDay: today,
      notifiedDays: assessment.days,
    });
    phone.archivesRead += periods.length;
    return { keysRead: read.length, matches, ...assessment };
  }

  async #fetch(period, today, publicKey) {
    const text = String(period).padStart(5, "0");
    const path = await this.#server.archiveAddress(this.#log, text);
    const day = this.#texts.date(period);
    const title = period === 0 ? "live.check.bundle" : this.#texts.format("live.check.day", { day });
    const show = (bytes, status, partTitle) => this.#parts(bytes, publicKey, partTitle);
    const bytes = await this.#server.archive(this.#log, title, path, show);
    const archive = await readArchive(bytes);
    if (!(await verifies(archive, publicKey))) throw new UserError("live.check.unverified");
    const { start_timestamp: start, end_timestamp: end, keys = [] } = archive.content;
    const expected = expectedBounds(period, today);
    if (start !== expected[0] || end !== expected[1]) throw new UserError("live.check.bounds");
    return keys.map(publishedKey);
  }

  async #parts(bytes, publicKey, title) {
    const archive = await open(bytes);
    const result = (await verifies(archive, publicKey)) ? "live.check.verified" : "live.check.unverified";
    const sizes = ["bin", "sig"].map((name) => {
      return [`export.${name}`, this.#texts.plural("live.bytes", archive[name].length)];
    });
    return [
      { title: `${title}: ${this.#texts.format("live.check.entries")}`, lines: sizes, bytes, isWide: true },
      { title: "export.bin", message: [TemporaryExposureKeyExport, archive.content] },
      { title: "export.sig", note: this.#texts.format(result), message: [TEKSignatureList, archive.signatures] },
    ];
  }

  #show(matches, exposures, { minutes, minimum, days }, [immediate, near]) {
    const found = matches.flatMap(({ key, sightings }) => [
      ["key_data", toHex(key.data)],
      ...sightings.map((one) => [
        toHex(one.identifier),
        `${one.seconds} s, ${one.attenuation} dB`,
        formatInterval(one.interval),
      ]),
    ]);
    const scores = exposures.map((one) => [
      "score",
      String(one.score),
      [
        `${one.immediateSeconds} s ≤ ${immediate} dB`,
        `${one.nearSeconds} s ≤ ${near} dB`,
        `${one.farSeconds} s > ${near} dB`,
      ].join(", "),
    ]);
    const total = [...minutes].map(([day, time]) => [
      this.#texts.date(day),
      `${time} min ${days.includes(day) ? "≥" : "<"} ${minimum} min`,
    ]);
    const orDash = (lines) => (lines.length ? lines : [["–", ""]]);
    this.#log.local({
      title: this.#texts.format("live.check.message"),
      parts: [
        { title: this.#texts.format("live.check.matching"), lines: orDash(found), isWide: true },
        { title: this.#texts.format("live.check.weighing"), lines: orDash([...scores, ...total]), isWide: true },
      ],
    });
  }
}

async function readArchive(bytes) {
  try {
    return await open(bytes);
  } catch (error) {
    if ([ArchiveError, ZipError, DecodeError].some((kind) => error instanceof kind)) throw new UserError("live.check.zip");
    throw error;
  }
}
