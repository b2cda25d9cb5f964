// A patient from start to finish: what each step of the smoke test does. A step that fails throws a Trouble.

import { BadArchive, loadPublicKey, open, verifies } from "../review/archive.js";
import { newKeyPair } from "../review/box.js";
import { equal, fromBase64 } from "../review/bytes.js";
import { dayOf, now } from "../review/clock.js";
import { newKey } from "../review/exposure.js";
import { expectedBounds } from "../review/handset.js";
import { Malformed } from "../review/protobuf.js";
import { Server } from "../review/server.js";
import { Trouble } from "../review/trouble.js";
import { BadZip } from "../review/zip.js";

const KEY_AGE = 2; // days: a younger key may be held back
const PATIENCE_SECONDS = 10; // beyond the age that an archive may have
const PAUSE_MILLISECONDS = 1000;
const SHOWN_COMMIT = 12;
const STORES = { postgresql: "PostgreSQL", redis: "Redis" };

export class SmokeTest {
  #settings;
  #words;
  #server;
  #code;
  #pair;
  #key;

  constructor(settings, words) {
    this.#settings = settings;
    this.#words = words;
    this.#server = new Server(words);
  }

  async ready(trace) {
    const { status, value } = await get(trace, "/services/ready");
    const down = Object.keys(STORES).filter((name) => value?.[name] === "down");
    const parts = down.map((name) => STORES[name]).join(", ");
    if (parts) throw new Trouble("live.smoke.down", { parts });
    if (status !== 200) throw new Trouble("live.smoke.unready", { status });
  }

  async version(trace) {
    const { status, value } = await get(trace, "/services/version.json");
    if (status !== 200) throw new Trouble("live.front.status", { status });
    const [there, here] = [value.revision, this.#settings.revision].map((revision) => {
      return revision.slice(0, SHOWN_COMMIT) || this.#words.say("live.smoke.unnamed");
    });
    if (there !== here) throw new Trouble("live.smoke.other_commit", { there, here });
  }

  async code(trace) {
    this.#code = await this.#server.issueCode(trace);
  }

  async claim(trace) {
    const pair = newKeyPair();
    this.#pair = { ...pair, serverPublicKey: await this.#server.claim(trace, this.#code, pair.publicKey) };
  }

  async upload(trace) {
    this.#key = newKey(dayOf(now()) - KEY_AGE);
    await this.#server.upload(trace, this.#pair, [this.#key], now());
  }

  async archive(trace) {
    await this.#fetchToday(trace);
  }

  // An archive may be a little old when it is served, so the key may not be in it at once.
  async published(trace) {
    const seconds = this.#settings.exportMaxAgeSeconds + PATIENCE_SECONDS;
    const deadline = performance.now() + seconds * 1000;
    do {
      const { keys = [] } = await this.#fetchToday(trace);
      if (keys.some(({ key_data: data }) => equal(data, this.#key.data))) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    } while (performance.now() < deadline);
    throw new Trouble("live.smoke.unpublished", { count: seconds });
  }

  async #fetchToday(trace) {
    const today = dayOf(now());
    const path = await this.#server.archiveAddress(trace, String(today).padStart(5, "0"));
    const archive = await read(await this.#server.archive(trace, "", path, () => []));
    const publicKey = await loadPublicKey(fromBase64(this.#settings.exportPublicKey));
    if (!(await verifies(archive, publicKey))) throw new Trouble("live.smoke.unverified");
    const { start_timestamp: start, end_timestamp: end } = archive.content;
    const [first, last] = expectedBounds(today, today);
    if (start !== first || end !== last) throw new Trouble("live.smoke.bounds");
    return archive.content;
  }
}

async function get(trace, path) {
  const entry = trace.request({ method: "GET", path });
  try {
    const answer = await fetch(path, { cache: "no-store", redirect: "error" });
    entry.answered(answer.status);
    return { status: answer.status, value: await answer.json().catch(() => null) };
  } catch {
    entry.failed();
    throw new Trouble("live.front.unreachable");
  }
}

async function read(bytes) {
  try {
    return await open(bytes);
  } catch (error) {
    if ([BadArchive, BadZip, Malformed].some((kind) => error instanceof kind)) throw new Trouble("live.smoke.damaged");
    throw error;
  }
}
