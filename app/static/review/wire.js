// The log of a step: what went over the wire, and what a phone worked out by itself, as the page shows it.
//
// A part of an entry is { title, note, message: [schema, value], lines, json, bytes, isWide }; all but the title may be
// missing.

import { toHex } from "./bytes.js";
import { describe } from "./describe.js";

const HEX_BYTES_PER_LINE = 16;

export class Wire {
  #list;
  #words;

  constructor(list, words) {
    this.#list = list;
    this.#words = words;
  }

  clear() {
    this.#list.replaceChildren();
  }

  // Shows a request that is being sent; the result takes its answer.
  request({ what, method, path, parts }) {
    const status = element("span", { class: "entry__status" }, this.#words.say("live.waiting"));
    const line = element(
      "p",
      { class: "entry__line" },
      element("span", { class: "entry__method" }, method),
      element("code", { class: "entry__path" }, path),
      status,
    );
    const body = this.#entry(what, line);
    this.#fill(body, parts);
    return {
      answered: (code, answerParts) => {
        status.textContent = String(code);
        status.classList.add(code < 300 ? "entry__status--good" : "entry__status--bad");
        this.#fill(body, answerParts);
      },
      failed: () => {
        status.textContent = "–";
        status.classList.add("entry__status--bad");
      },
    };
  }

  // Shows what a phone does by itself.
  local({ what, parts }) {
    const where = element("p", { class: "entry__where" }, this.#words.say("live.on_phone"));
    this.#fill(this.#entry(what, where), parts);
  }

  #entry(what, line) {
    const parts = element("div", { class: "entry__parts" });
    this.#list.append(element("li", { class: "entry" }, element("h4", { class: "entry__what" }, what), line, parts));
    this.#list.hidden = false;
    return parts;
  }

  #fill(body, parts) {
    body.append(...parts.map((part) => this.#part(part)));
  }

  #part({ title, note, message, lines, json, bytes, isWide }) {
    const heading = element("h5", { class: "part__title" }, title);
    const part = element("div", { class: isWide ? "part part--wide" : "part" }, heading);
    if (note) part.append(element("p", { class: "part__note" }, note));
    if (message) part.append(this.#code(this.#fields(message)));
    if (lines) part.append(this.#code(lines.map(([name, value, hint]) => ({ indent: 0, name, value, note: hint }))));
    if (json) part.append(element("pre", { lang: "en" }, json));
    if (bytes?.length) part.append(this.#raw(bytes));
    return part;
  }

  #fields([schema, value]) {
    const more = (count) => this.#words.count("live.more", count);
    return [{ indent: 0, name: schema.name, value: "" }, ...describe(schema, value, more, 1)];
  }

  #code(lines) {
    const code = element("pre", { lang: "en" });
    for (const { indent, name, value, note } of lines) {
      const line = element("span", { class: `line line--${indent}` });
      if (name) line.append(element("span", { class: "token--name" }, name), " ");
      if (value !== "") line.append(value, " ");
      if (note) line.append(element("span", { class: "token--note" }, `# ${note}`));
      code.append(line);
    }
    return code;
  }

  #raw(bytes) {
    const shown = this.#words.say("live.bytes_raw", { bytes: this.#words.count("live.bytes", bytes.length) });
    const hex = toHex(bytes.subarray(0, 2048)).match(new RegExp(`.{1,${HEX_BYTES_PER_LINE * 2}}`, "g"));
    const dump = hex.map((line) => line.match(/../g).join(" ")).join("\n") + (bytes.length > 2048 ? "\n…" : "");
    return element("details", {}, element("summary", {}, shown), element("pre", { lang: "en" }, dump));
  }
}

export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
