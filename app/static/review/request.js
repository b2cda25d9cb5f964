// Requests to the server. Each has a time limit, which includes the transfer of the response.

import { UserError } from "./errors.js";

// Returns the status and the body as bytes. Throws a UserError without a response.
export async function send(path, timeoutSeconds, options = {}) {
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const response = await fetch(path, { cache: "no-store", redirect: "error", signal, ...options });
    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
  } catch {
    if (signal.aborted) throw new UserError("live.timeout", { seconds: timeoutSeconds });
    throw new UserError("live.unreachable");
  }
}
