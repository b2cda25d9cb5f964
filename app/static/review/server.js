// The requests of the page and of the phones, and what they make of every answer.

import { toText } from "./bytes.js";
import { decode, encode } from "./protobuf.js";
import {
  EncryptedUploadRequest,
  EncryptedUploadResponse,
  KeyClaimRequest,
  KeyClaimResponse,
  Upload,
} from "./schema.js";
import { Trouble } from "./trouble.js";
import { PUBLIC_KEY_BYTES, seal } from "./box.js";

const RISK_LEVEL = 1; // the public app sends 1 for every key

export class Server {
  #words;

  constructor(words) {
    this.#words = words;
  }

  async issueCode(wire) {
    const show = this.#noted("live.code.note");
    const { status, bytes } = await this.#send(wire, "live.code.what", "POST", "/phone/code", null, show);
    return readJson(status, bytes).code;
  }

  // Trades a code for the server's public key.
  async claim(wire, code, publicKey) {
    const request = { one_time_code: code, app_public_key: publicKey };
    const { status, bytes } = await this.#exchange(
      wire,
      "live.claim.what",
      "/claim-key",
      [[KeyClaimRequest, request]],
      KeyClaimResponse,
    );
    const answer = readMessage(KeyClaimResponse, status, bytes);
    if (status !== 200) throw refusedClaim(answer, this.#words);
    if (answer.server_public_key?.length !== PUBLIC_KEY_BYTES) throw new Trouble("live.no_message", { status });
    return answer.server_public_key;
  }

  async upload(wire, pair, keys, seconds) {
    const upload = { timestamp: { seconds }, keys: keys.map(uploadedKey) };
    const { nonce, payload } = seal(encode(Upload, upload), pair.serverPublicKey, pair.privateKey);
    const request = {
      server_public_key: pair.serverPublicKey,
      app_public_key: pair.publicKey,
      nonce,
      payload,
    };
    const { status, bytes } = await this.#exchange(
      wire,
      "live.upload.what",
      "/upload",
      [[Upload, upload], [EncryptedUploadRequest, request]],
      EncryptedUploadResponse,
    );
    const answer = readMessage(EncryptedUploadResponse, status, bytes);
    // An empty 200 is no success: the error has to be there, and to be NONE.
    if (status !== 200 || answer.error !== 0) {
      throw new Trouble("live.upload.refused", { error: errorName(EncryptedUploadResponse, answer) });
    }
  }

  async configuration(wire) {
    const path = "/exposure-configuration/CA.json";
    const { status, bytes } = await this.#send(wire, "live.check.configuration", "GET", path, null, jsonPart);
    return readJson(status, bytes);
  }

  async archiveAddress(wire, period) {
    const path = `/phone/archive-address/${period}`;
    const show = this.#noted("live.check.address_note");
    const { status, bytes } = await this.#send(wire, "live.check.address", "GET", path, null, show);
    return readJson(status, bytes).path;
  }

  // Returns the archive's bytes. `show` makes the parts of the log from them.
  async archive(wire, what, path, show) {
    const { status, bytes } = await this.#send(wire, what, "GET", path, null, show);
    if (status !== 200) throw new Trouble("live.check.unavailable", { status });
    return bytes;
  }

  // Posts a message; those before it, which it holds in a box, are only shown.
  #exchange(wire, what, path, messages, answerSchema) {
    const parts = messages.map((message, at) => {
      const isSent = at === messages.length - 1;
      const title = this.#words.say(isSent ? "live.request" : "live.upload.plain");
      return { title, message, bytes: isSent ? encode(...message) : undefined };
    });
    const body = parts.at(-1).bytes;
    return this.#send(wire, what, "POST", path, body, (bytes, status, title) => [
      { title, message: [answerSchema, readMessage(answerSchema, status, bytes)], bytes },
    ], parts);
  }

  async #send(wire, what, method, path, body, show, parts = []) {
    const text = this.#words.has(what) ? this.#words.say(what) : what;
    const entry = wire.request({ what: text, method, path, parts });
    let answer;
    let bytes;
    try {
      answer = await fetch(path, { method, body, cache: "no-store", redirect: "error", headers: headersFor(body) });
      bytes = new Uint8Array(await answer.arrayBuffer());
    } catch {
      entry.failed();
      throw new Trouble("live.unreachable");
    }
    entry.answered(answer.status, await this.#shown(show, bytes, answer.status));
    return { status: answer.status, bytes };
  }

  // An answer in JSON, with a note on what would be otherwise in a real app.
  #noted(key) {
    return (...answer) => jsonPart(...answer).map((part) => ({ ...part, note: this.#words.say(key) }));
  }

  async #shown(show, bytes, status) {
    const title = this.#words.say("live.answer");
    try {
      return await show(bytes, status, title);
    } catch {
      return [{ title, bytes }]; // what cannot be read is shown as it came
    }
  }
}

function headersFor(body) {
  return body ? { "Content-Type": "application/x-protobuf" } : {};
}

function uploadedKey({ data, start, period }) {
  return {
    key_data: data,
    transmission_risk_level: RISK_LEVEL,
    rolling_start_interval_number: start,
    rolling_period: period,
  };
}

function readMessage(schema, status, bytes) {
  try {
    return decode(schema, bytes);
  } catch {
    throw new Trouble("live.no_message", { status });
  }
}

function readJson(status, bytes) {
  try {
    if (status === 200) return JSON.parse(toText(bytes));
  } catch {
    // It is none of the answers either.
  }
  throw new Trouble("live.no_message", { status });
}

function jsonPart(bytes, status, title) {
  const text = toText(bytes);
  return [{ title, json: status === 200 ? laidOut(JSON.parse(text)) : text }];
}

// A line for each field; lists of numbers stay in one.
function laidOut(value) {
  const inOneLine = (list) => `[${list.slice(1, -1).trim().replace(/\s+/g, " ")}]`;
  return JSON.stringify(value, null, 2).replace(/\[[^\]]*\]/g, inOneLine);
}

function errorName(schema, { error }) {
  return schema.fields[0].type.values[error] ?? "UNKNOWN";
}

function refusedClaim(answer, words) {
  const error = errorName(KeyClaimResponse, answer);
  if (error === "INVALID_ONE_TIME_CODE") {
    return new Trouble("live.claim.INVALID_ONE_TIME_CODE", { count: answer.tries_remaining ?? 0 }, true);
  }
  if (error === "TEMPORARY_BAN") {
    const seconds = answer.remaining_ban_duration?.seconds ?? 0;
    return new Trouble("live.claim.TEMPORARY_BAN", { time: words.wait(seconds) });
  }
  return new Trouble("live.claim.other", { error });
}
