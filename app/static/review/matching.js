// Matching of received identifiers with published keys. It takes place on the phone only.

import { toHex } from "./bytes.js";
import { cryptMetadata, identifiers, transmitPower } from "./exposure.js";

// Clocks of phones may differ, so an identifier matches up to two hours before and after its interval.
const DRIFT_INTERVALS = 12;

// Returns the published keys that were received, with their sightings and the attenuation of each in dB.
export async function find(keys, received) {
  const byIdentifier = Map.groupBy(received, (sighting) => toHex(sighting.identifier));
  const matches = [];
  for (const key of keys) {
    const intervals = candidateIntervals(key, received);
    const derived = await identifiers(key.data, intervals);
    const sightings = derived.flatMap((identifier, index) =>
      (byIdentifier.get(toHex(identifier)) ?? []).filter((one) => isNear(one.interval, intervals[index])),
    );
    if (sightings.length === 0) continue;
    matches.push({ key, sightings: await Promise.all(sightings.map((one) => withAttenuation(key, one))) });
  }
  return matches;
}

// Only intervals near a sighting can match, so identifiers of other intervals are not derived.
function candidateIntervals(key, received) {
  const candidates = new Set();
  for (const { interval } of received) {
    const [first, last] = [interval - DRIFT_INTERVALS, interval + DRIFT_INTERVALS];
    const end = Math.min(last, key.start + key.period - 1);
    for (let each = Math.max(first, key.start); each <= end; each += 1) candidates.add(each);
  }
  return [...candidates];
}

function isNear(receivedIn, broadcastIn) {
  return Math.abs(receivedIn - broadcastIn) <= DRIFT_INTERVALS;
}

async function withAttenuation(key, sighting) {
  const metadata = await cryptMetadata(key.data, sighting.identifier, sighting.encryptedMetadata);
  return { ...sighting, attenuation: transmitPower(metadata) - sighting.rssi };
}
