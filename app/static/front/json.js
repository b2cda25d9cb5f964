// Requests of the front page to its own server, answered in JSON.

import { toText } from "../review/bytes.js";
import { UserError } from "../review/errors.js";
import { send } from "../review/request.js";

export async function fetchJson(path, settings, options = {}) {
  const headers = { Accept: "application/json" };
  const { status, bytes } = await send(path, settings.requestTimeoutSeconds, { headers, ...options });
  if (status !== 200) throw new UserError("live.front.status", { status });
  return JSON.parse(toText(bytes));
}
