// From what was heard of a published key to a risk, and from the risks of a day to a notification: version 1 of the
// Exposure Notification interface. The score is the product of four scores of 0 to 8, each looked up in a bucket whose
// bounds are those of google/exposure-notifications-internals.

import { DAY_INTERVALS } from "./clock.js";

const ATTENUATION_ABOVE_DB = [73, 63, 51, 33, 27, 15, 10];
const DAYS_AT_LEAST = [14, 12, 10, 8, 6, 4, 2];
const DURATION_AT_MOST_MINUTES = [0, 5, 10, 15, 20, 25, 30];
export const DEFAULT_MINIMUM_MINUTES = 15;

// Judges what was heard of one key.
export function exposure({ key, sightings }, today, configuration) {
  const [immediate, near] = configuration.attenuationDurationThresholds;
  const day = Math.floor(key.start / DAY_INTERVALS);
  const seconds = sum(sightings, (one) => one.seconds);
  const loss = Math.floor(sum(sightings, (one) => one.attenuation * one.seconds) / seconds);
  const within = (least, most) =>
    sum(sightings.filter((one) => one.attenuation > least && one.attenuation <= most), (one) => one.seconds);
  return {
    day,
    loss,
    seconds,
    immediateSeconds: within(-Infinity, immediate),
    nearSeconds: within(immediate, near),
    farSeconds: within(near, Infinity),
    score: riskScore(loss, today - day, seconds, key.riskLevel, configuration),
  };
}

export function riskScore(loss, days, seconds, riskLevel, configuration) {
  const minutes = Math.ceil(seconds / 300) * 5; // the interface counts in steps of five minutes
  const score =
    configuration.attenuationLevelValues[first(ATTENUATION_ABOVE_DB, (bound) => loss > bound)] *
    configuration.daysSinceLastExposureLevelValues[first(DAYS_AT_LEAST, (bound) => days >= bound)] *
    configuration.durationLevelValues[first(DURATION_AT_MOST_MINUTES, (bound) => minutes <= bound)] *
    (riskLevel ? configuration.transmissionRiskLevelValues[riskLevel - 1] : 1);
  return score >= configuration.minimumRiskScore ? score : 0;
}

// Returns the days for which the phone's owner is told, and the minutes near of each day that has a score.
export function judgeDays(exposures, configuration) {
  const minimum = configuration.minimumExposureDurationMinutes ?? DEFAULT_MINIMUM_MINUTES;
  const seconds = new Map();
  for (const one of exposures.filter(({ score }) => score > 0)) {
    seconds.set(one.day, (seconds.get(one.day) ?? 0) + one.immediateSeconds + one.nearSeconds);
  }
  const minutes = new Map([...seconds].map(([day, near]) => [day, Math.floor((near + 30) / 60)]));
  const days = [...minutes.keys()].filter((day) => minutes.get(day) >= minimum).sort((one, other) => one - other);
  return { days, minutes, minimum };
}

function first(bounds, hits) {
  const at = bounds.findIndex(hits);
  return at < 0 ? bounds.length : at;
}

function sum(items, value) {
  return items.reduce((total, item) => total + value(item), 0);
}
