// The units of time of the protocol: whole seconds, intervals and days since 1970, in UTC.

export const INTERVAL_SECONDS = 600;
export const DAY_SECONDS = 86_400;
export const DAY_INTERVALS = 144;

export function now() {
  return Math.floor(Date.now() / 1000);
}

export function dayOf(seconds) {
  return Math.floor(seconds / DAY_SECONDS);
}

export function intervalOf(seconds) {
  return Math.floor(seconds / INTERVAL_SECONDS);
}
