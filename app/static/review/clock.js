// The clocks of the protocol: all UTC, all whole numbers since 1970.

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
