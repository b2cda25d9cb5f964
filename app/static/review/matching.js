// Finding, among the identifiers that a phone has heard, those of published keys. It happens on the phone alone.

import { toHex } from "./bytes.js";
import { cryptMetadata, identifiers, transmitPower } from "./exposure.js";

// A phone's clock may be wrong, so an identifier counts up to two hours before and after its interval.
const DRIFT_INTERVALS = 12;

// Returns, for each published key that was heard, its sightings with the attenuation: what the air took, in dB.
export async function find(keys, heard) {
  const byIdentifier = Map.groupBy(heard, (sighting) => toHex(sighting.identifier));
  const matches = [];
  for (const key of keys) {
    const intervals = intervalsInQuestion(key, heard);
    const derived = await identifiers(key.data, intervals);
    const sightings = derived.flatMap((identifier, at) =>
      (byIdentifier.get(toHex(identifier)) ?? []).filter((one) => isNear(one.interval, intervals[at])),
    );
    if (sightings.length === 0) continue;
    matches.push({ key, sightings: await Promise.all(sightings.map((one) => weigh(key, one))) });
  }
  return matches;
}

// Identifiers of intervals in which nothing was heard cannot match, so they need not be derived.
function intervalsInQuestion(key, heard) {
  const wanted = new Set();
  for (const { interval } of heard) {
    const [first, last] = [interval - DRIFT_INTERVALS, interval + DRIFT_INTERVALS];
    const end = Math.min(last, key.start + key.period - 1);
    for (let each = Math.max(first, key.start); each <= end; each += 1) wanted.add(each);
  }
  return [...wanted];
}

function isNear(heardIn, broadcastIn) {
  return Math.abs(heardIn - broadcastIn) <= DRIFT_INTERVALS;
}

async function weigh(key, sighting) {
  const metadata = await cryptMetadata(key.data, sighting.identifier, sighting.encryptedMetadata);
  return { ...sighting, attenuation: transmitPower(metadata) - sighting.rssi };
}
