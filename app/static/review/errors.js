// Errors with a message for the user: the key of a text and its values. A plural text also needs a `count`.

export class UserError extends Error {
  constructor(key, values = {}, { isPlural = false } = {}) {
    super(key);
    this.key = key;
    this.values = values;
    this.isPlural = isPlural;
  }

  format(texts) {
    return this.isPlural ? texts.plural(this.key, this.values.count, this.values) : texts.format(this.key, this.values);
  }
}

// Returns the message of an error. Unexpected errors are also written to the console, for developers.
export function messageOf(error, texts) {
  if (error instanceof UserError) return error.format(texts);
  console.error(error);
  return texts.format("live.unexpected");
}
