// The steps of the smoke test: the protocol from a code to a published key. A step that fails throws a UserError.

import { ArchiveError, loadPublicKey, open, verifies } from "../review/archive.js";
import { newKeyPair } from "../review/box.js";
import { equal, fromBase64, toText } from "../review/bytes.js";
import { dayOf, now } from "../review/clock.js";
import { UserError } from "../review/errors.js";
import { newKey } from "../review/exposure.js";
import { expectedBounds } from "../review/handset.js";
import { DecodeError } from "../review/protobuf.js";
import { send } from "../review/request.js";
import { Server } from "../review/server.js";
import { ZipError } from "../review/zip.js";

const KEY_AGE = 2; // days: a newer key may not be published yet
const MARGIN_SECONDS = 10; // added to the maximum age of an archive
const POLL_MILLISECONDS = 1000;
const COMMIT_CHARACTERS = 12;
const STORES = { postgresql: "PostgreSQL", redis: "Redis" };

export class SmokeTest {
  #settings;
  #texts;
  #server;
  #code;
  #pair;
  #key;
  #firstDay; // on which the key may have been accepted

  constructor(settings, texts) {
    this.#settings = settings;
    this.#texts = texts;
    this.#server = new Server(texts, settings.requestTimeoutSeconds);
  }

  async ready(log) {
    const { status, value } = await this.#get(log, "/services/ready");
    const down = Object.keys(STORES).filter((name) => value?.[name] === "down");
    const stores = down.map((name) => STORES[name]).join(", ");
    if (stores) throw new UserError("live.smoke.down", { stores });
    if (status !== 200) throw new UserError("live.smoke.unready", { status });
  }

  async version(log) {
    const { status, value } = await this.#get(log, "/services/version.json");
    if (status !== 200) throw new UserError("live.front.status", { status });
    const [server, page] = [value.revision, this.#settings.revision].map((revision) => {
      return revision.slice(0, COMMIT_CHARACTERS) || this.#texts.format("live.smoke.unnamed");
    });
    if (server !== page) throw new UserError("live.smoke.other_commit", { server, page });
  }

  async code(log) {
    this.#code = await this.#server.issueCode(log);
  }

  async claim(log) {
    const pair = newKeyPair();
    this.#pair = { ...pair, serverPublicKey: await this.#server.claim(log, this.#code, pair.publicKey) };
  }

  async upload(log) {
    this.#firstDay = dayOf(now());
    this.#key = newKey(this.#firstDay - KEY_AGE);
    await this.#server.upload(log, this.#pair, [this.#key], now());
  }

  async archive(log) {
    await this.#fetch(log, dayOf(now()));
  }

  // Polls the archive, which may be as old as the server allows; after midnight (UTC), also that of the day before.
  async published(log) {
    const seconds = this.#settings.exportMaxAgeSeconds + MARGIN_SECONDS;
    const deadline = performance.now() + seconds * 1000;
    do {
      for (let day = this.#firstDay; day <= dayOf(now()); day += 1) {
        const { keys = [] } = await this.#fetch(log, day);
        if (keys.some(({ key_data: data }) => equal(data, this.#key.data))) return;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    } while (performance.now() < deadline);
    throw new UserError("live.smoke.unpublished", { seconds });
  }

  async #fetch(log, day) {
    const path = await this.#server.archiveAddress(log, String(day).padStart(5, "0"));
    const archive = await read(await this.#server.archive(log, "", path, () => []));
    const publicKey = await loadPublicKey(fromBase64(this.#settings.exportPublicKey));
    if (!(await verifies(archive, publicKey))) throw new UserError("live.smoke.unverified");
    const { start_timestamp: start, end_timestamp: end } = archive.content;
    const [expectedStart, expectedEnd] = expectedBounds(day, day);
    if (start !== expectedStart || end !== expectedEnd) throw new UserError("live.smoke.bounds");
    return archive.content;
  }

  async #get(log, path) {
    const entry = log.request({ method: "GET", path });
    let response;
    try {
      response = await send(path, this.#settings.requestTimeoutSeconds);
    } catch (error) {
      entry.failed();
      throw error;
    }
    entry.answered(response.status);
    return { status: response.status, value: parse(response.bytes) };
  }
}

function parse(bytes) {
  try {
    return JSON.parse(toText(bytes));
  } catch {
    return null;
  }
}

async function read(bytes) {
  try {
    return await open(bytes);
  } catch (error) {
    if ([ArchiveError, ZipError, DecodeError].some((kind) => error instanceof kind)) {
      throw new UserError("live.smoke.damaged");
    }
    throw error;
  }
}
