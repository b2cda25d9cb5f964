// Requests to the server. Nothing that could open an envelope is among what they send.

import { fromText, toText } from "./bytes.js";

// Until a response begins, and for what is sent at the slowest speed. The rest of a response is not limited: what the
// server has sent, it has deleted.
const TIMEOUT_MILLISECONDS = 30_000;
const SLOWEST_BYTES_PER_MILLISECOND = 5;

// `status` is that of the response, or 0 without one.
export class ServiceError extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

export const create = ({ digest, receipt, envelope }, token) =>
  post("secrets", { digest: toText(digest), receipt: toText(receipt), envelope: toText(envelope) }, token);

export const answer = ({ digest, receipt, envelope }) =>
  post("answers", { digest: toText(digest), receipt: toText(receipt), envelope: toText(envelope) });

export const request = (digest, lifetime, token) => post("requests", { digest: toText(digest), lifetime }, token);

// Returns an envelope, which the server deletes, or null for a request that was not answered yet.
export async function read(locator) {
  const { envelope } = await post("read", { locator: toText(locator) });
  return envelope ? fromText(envelope) : null;
}

export const status = (token) => post("status", { receipt: toText(token) });

export const withdraw = (token) => post("withdraw", { receipt: toText(token) });

async function post(path, fields, token = "") {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = JSON.stringify(fields);
  const waiting = new AbortController();
  const limit = TIMEOUT_MILLISECONDS + body.length / SLOWEST_BYTES_PER_MILLISECOND;
  const timer = setTimeout(() => waiting.abort(), limit);
  let response;
  try {
    response = await fetch(`/share/${path}`, {
      method: "POST",
      headers,
      body,
      redirect: "error",
      signal: waiting.signal,
    });
    clearTimeout(timer);
    if (response.ok) return await response.json();
  } catch {
    throw new ServiceError(0);
  }
  throw new ServiceError(response.status);
}
