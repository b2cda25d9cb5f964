// Risk of an exposure and the decision to notify, as in version 1 of the Exposure Notification interface. The risk
// score is the product of four values of 0 to 8. Each comes from a bucket, whose bounds are those of
// google/exposure-notifications-internals.

import { DAY_INTERVALS } from "./clock.js";

const ATTENUATION_ABOVE_DB = [73, 63, 51, 33, 27, 15, 10];
const DAYS_AT_LEAST = [14, 12, 10, 8, 6, 4, 2];
const DURATION_AT_MOST_MINUTES = [0, 5, 10, 15, 20, 25, 30];
const DEFAULT_MINIMUM_MINUTES = 15;

// Returns the exposure to one key: seconds by attenuation, and the risk score.
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

function riskScore(loss, days, seconds, riskLevel, configuration) {
  const minutes = Math.ceil(seconds / 300) * 5; // the interface rounds up to five minutes
  const score =
    configuration.attenuationLevelValues[first(ATTENUATION_ABOVE_DB, (bound) => loss > bound)] *
    configuration.daysSinceLastExposureLevelValues[first(DAYS_AT_LEAST, (bound) => days >= bound)] *
    configuration.durationLevelValues[first(DURATION_AT_MOST_MINUTES, (bound) => minutes <= bound)] *
    (riskLevel ? configuration.transmissionRiskLevelValues[riskLevel - 1] : 1);
  return score >= configuration.minimumRiskScore ? score : 0;
}

// Returns the days that lead to a notification, and the minutes at close range of each day with a risk score.
export function assessDays(exposures, configuration) {
  const minimum = configuration.minimumExposureDurationMinutes ?? DEFAULT_MINIMUM_MINUTES;
  const seconds = new Map();
  for (const one of exposures.filter(({ score }) => score > 0)) {
    seconds.set(one.day, (seconds.get(one.day) ?? 0) + one.immediateSeconds + one.nearSeconds);
  }
  const minutes = new Map([...seconds].map(([day, near]) => [day, Math.floor((near + 30) / 60)]));
  const days = [...minutes.keys()].filter((day) => minutes.get(day) >= minimum).sort((a, b) => a - b);
  return { days, minutes, minimum };
}

function first(bounds, matches) {
  const index = bounds.findIndex(matches);
  return index < 0 ? bounds.length : index;
}

function sum(items, value) {
  return items.reduce((total, item) => total + value(item), 0);
}
