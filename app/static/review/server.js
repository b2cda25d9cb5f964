// The requests of the pages and of the simulated phones, and the meaning of each response.

import { PUBLIC_KEY_BYTES, seal } from "./box.js";
import { toText } from "./bytes.js";
import { UserError } from "./errors.js";
import { decode, encode } from "./protobuf.js";
import { send } from "./request.js";
import {
  EncryptedUploadRequest,
  EncryptedUploadResponse,
  KeyClaimRequest,
  KeyClaimResponse,
  Upload,
} from "./schema.js";

const RISK_LEVEL = 1; // the public app sends 1 for every key

export class Server {
  #texts;
  #timeoutSeconds;

  constructor(texts, timeoutSeconds) {
    this.#texts = texts;
    this.#timeoutSeconds = timeoutSeconds;
  }

  async issueCode(log) {
    const show = this.#withNote("live.code.note");
    const { status, bytes } = await this.#send(log, "live.code.message", "POST", "/phone/code", null, show);
    return readJson(status, bytes).code;
  }

  // Exchanges a code for the server's public key.
  async claim(log, code, publicKey) {
    const request = { one_time_code: code, app_public_key: publicKey };
    const { status, bytes } = await this.#post(
      log,
      "live.claim.message",
      "/claim-key",
      [[KeyClaimRequest, request]],
      KeyClaimResponse,
    );
    const response = readMessage(KeyClaimResponse, status, bytes);
    if (status !== 200) throw claimError(response, this.#texts);
    if (response.server_public_key?.length !== PUBLIC_KEY_BYTES) throw new UserError("live.no_message", { status });
    return response.server_public_key;
  }

  async upload(log, pair, keys, seconds) {
    const upload = { timestamp: { seconds }, keys: keys.map(uploadedKey) };
    const { nonce, payload } = seal(encode(Upload, upload), pair.serverPublicKey, pair.privateKey);
    const request = {
      server_public_key: pair.serverPublicKey,
      app_public_key: pair.publicKey,
      nonce,
      payload,
    };
    const { status, bytes } = await this.#post(
      log,
      "live.upload.message",
      "/upload",
      [[Upload, upload], [EncryptedUploadRequest, request]],
      EncryptedUploadResponse,
    );
    const response = readMessage(EncryptedUploadResponse, status, bytes);
    // An empty body with status 200 is not a success: the field must be present and NONE.
    if (status !== 200 || response.error !== 0) {
      throw new UserError("live.upload.refused", { error: errorName(EncryptedUploadResponse, response) });
    }
  }

  async configuration(log) {
    const path = "/exposure-configuration/CA.json";
    const { status, bytes } = await this.#send(log, "live.check.configuration", "GET", path, null, jsonPart);
    return readJson(status, bytes);
  }

  async archiveAddress(log, period) {
    const path = `/phone/archive-address/${period}`;
    const show = this.#withNote("live.check.address_note");
    const { status, bytes } = await this.#send(log, "live.check.address", "GET", path, null, show);
    return readJson(status, bytes).path;
  }

  // Returns the archive's bytes. `show` returns the parts of its log entry.
  async archive(log, title, path, show) {
    const { status, bytes } = await this.#send(log, title, "GET", path, null, show);
    if (status !== 200) throw new UserError("live.check.unavailable", { status });
    return bytes;
  }

  // Posts the last of the messages. Those before it are its decrypted content, and only shown.
  #post(log, title, path, messages, responseSchema) {
    const parts = messages.map((message, index) => {
      const isSent = index === messages.length - 1;
      const partTitle = this.#texts.format(isSent ? "live.request" : "live.upload.plaintext");
      return { title: partTitle, message, bytes: isSent ? encode(...message) : undefined };
    });
    const body = parts.at(-1).bytes;
    return this.#send(log, title, "POST", path, body, (bytes, status, partTitle) => [
      { title: partTitle, message: [responseSchema, readMessage(responseSchema, status, bytes)], bytes },
    ], parts);
  }

  async #send(log, title, method, path, body, show, parts = []) {
    const entry = log.request({ title: this.#texts.has(title) ? this.#texts.format(title) : title, method, path, parts });
    let response;
    try {
      response = await send(path, this.#timeoutSeconds, { method, body, headers: headersFor(body) });
    } catch (error) {
      entry.failed();
      throw error;
    }
    entry.answered(response.status, await this.#parts(show, response));
    return response;
  }

  // Shows a JSON response, with a note on how a real app differs.
  #withNote(key) {
    return (...response) => jsonPart(...response).map((part) => ({ ...part, note: this.#texts.format(key) }));
  }

  async #parts(show, { bytes, status }) {
    const title = this.#texts.format("live.response");
    try {
      return await show(bytes, status, title);
    } catch {
      return [{ title, bytes }]; // a response that cannot be decoded is shown as bytes
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
    throw new UserError("live.no_message", { status });
  }
}

function readJson(status, bytes) {
  try {
    if (status === 200) return JSON.parse(toText(bytes));
  } catch {
    // Reported below, like any other status.
  }
  throw new UserError("live.no_message", { status });
}

function jsonPart(bytes, status, title) {
  const text = toText(bytes);
  return [{ title, json: status === 200 ? formatJson(JSON.parse(text)) : text }];
}

// Returns JSON with a line for each field. Lists of numbers stay on one line.
function formatJson(value) {
  const onOneLine = (list) => `[${list.slice(1, -1).trim().replace(/\s+/g, " ")}]`;
  return JSON.stringify(value, null, 2).replace(/\[[^\]]*\]/g, onOneLine);
}

function errorName(schema, { error }) {
  return schema.fields[0].type.values[error] ?? "UNKNOWN";
}

function claimError(response, texts) {
  const error = errorName(KeyClaimResponse, response);
  if (error === "INVALID_ONE_TIME_CODE") {
    const values = { count: response.tries_remaining ?? 0 };
    return new UserError("live.claim.INVALID_ONE_TIME_CODE", values, { isPlural: true });
  }
  if (error === "TEMPORARY_BAN") {
    const seconds = response.remaining_ban_duration?.seconds ?? 0;
    return new UserError("live.claim.TEMPORARY_BAN", { time: texts.duration(seconds) });
  }
  return new UserError("live.claim.other", { error });
}
