// The state of the phones in the tab's session storage, so that it survives a reload and a change of language.

import { fromHex, toHex } from "./bytes.js";

const NAME = "exposure-alert.phones";

// Returns whether the state was stored. `build` identifies the page's version and the server's keys.
export function saveState(build, state) {
  try {
    sessionStorage.setItem(NAME, JSON.stringify({ build, state }, replace));
    return true;
  } catch {
    clearState(); // storage is blocked or full: an older state would come back after a reload
    return false;
  }
}

// Returns the stored state, or null if there is none for this build.
export function loadState(build) {
  try {
    const stored = JSON.parse(sessionStorage.getItem(NAME), revive);
    return stored?.build === build ? stored.state : null;
  } catch {
    return null;
  }
}

export function clearState() {
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // Blocked storage is empty.
  }
}

function replace(_, value) {
  if (value instanceof Uint8Array) return { $bytes: toHex(value) };
  if (value instanceof Set) return { $set: [...value] };
  if (value instanceof Map) return { $map: [...value] };
  return value;
}

function revive(_, value) {
  if (value?.$bytes !== undefined) return fromHex(value.$bytes);
  if (value?.$set) return new Set(value.$set);
  if (value?.$map) return new Map(value.$map);
  return value;
}
