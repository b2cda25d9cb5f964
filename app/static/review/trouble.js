// What can go wrong for the person at the page: a text's key, its values, and for a text with forms its count.

export class Trouble extends Error {
  constructor(key, values = {}, isCounted = false) {
    super(key);
    this.key = key;
    this.values = values;
    this.isCounted = isCounted;
  }

  in(words) {
    return this.isCounted ? words.count(this.key, this.values.count, this.values) : words.say(this.key, this.values);
  }
}

// The reason why something failed, for a person. What nobody foresaw is told to developers, where they look for it.
export function reasonOf(error, words) {
  if (error instanceof Trouble) return error.in(words);
  console.error(error);
  return words.say("live.unforeseen");
}
