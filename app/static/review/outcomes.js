// The outcomes of the steps as sentences. The facts are stored, so that a page in another language can show them.

const SENTENCES = {
  keys: (texts, { count, firstDay }) =>
    texts.format("live.keys.done", { keys: texts.plural("live.keys", count), first: texts.date(firstDay) }),
  meet: (texts, { day, minutes, count }) =>
    texts.plural("live.meet.done", count, { day: texts.date(day), minutes }),
  code: (texts) => texts.format("live.code.done"),
  claim: (texts) => texts.format("live.claim.done"),
  upload: (texts, { count }) => texts.format("live.upload.done", { keys: texts.plural("live.keys", count) }),
  check: checkSentence,
};

// Returns the sentence for a step's facts.
export function describeOutcome(step, facts, texts) {
  return SENTENCES[step](texts, facts);
}

export function isNotification(step, facts) {
  return step === "check" && facts.days.length > 0;
}

function checkSentence(texts, { keysRead, days, minutes, minimum, renewalSeconds }) {
  if (days.length > 0) return texts.format("live.check.done", { days: texts.dates(days) });
  if (minutes !== null) return texts.format("live.check.below", { minutes, minimum });
  const none = texts.format("live.check.none", { keys: texts.plural("live.keys", keysRead) });
  if (renewalSeconds === null) return none;
  return `${none} ${texts.format("live.check.stale", { seconds: renewalSeconds })}`;
}
