// Requests to the server. Nothing that could open an envelope is among what they send.

import { fromText, toText } from "./bytes.js";

const TIMEOUT_MILLISECONDS = 30_000;

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
  let response;
  try {
    response = await fetch(`/share/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(fields),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    if (response.ok) return await response.json();
  } catch {
    throw new ServiceError(0);
  }
  throw new ServiceError(response.status);
}
