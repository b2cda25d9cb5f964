// The messages of a step: requests with their responses, and what a phone computes without the network. Only the newest
// entry of the page is open.
//
// A part of an entry is { title, note, message: [schema, value], lines, json, bytes, isWide }. Only the title is
// required.

import { toHex } from "./bytes.js";
import { describe } from "./describe.js";
import { element } from "./dom.js";

const HEX_BYTES_PER_LINE = 16;
const MAX_DUMP_BYTES = 2048;

export class MessageLog {
  #section;
  #list;
  #texts;

  // The section contains the list, and is hidden while the list is empty.
  constructor(section, texts) {
    this.#section = section;
    this.#list = section.querySelector("ol");
    this.#texts = texts;
  }

  clear() {
    this.#list.replaceChildren();
    this.#section.hidden = true;
  }

  // Adds a request that is being sent. The returned functions complete the entry.
  request({ title, method, path, parts }) {
    const status = element("span", { class: "entry__status" }, this.#texts.format("live.waiting"));
    const body = this.#add(
      title,
      element("span", { class: "entry__method" }, method),
      element("code", { class: "entry__path" }, path),
      status,
    );
    this.#fill(body, parts);
    return {
      answered: (code, responseParts) => {
        status.textContent = String(code);
        status.classList.add(code < 300 ? "entry__status--good" : "entry__status--bad");
        this.#fill(body, responseParts);
      },
      failed: () => {
        status.textContent = this.#texts.format("live.no_response");
        status.classList.add("entry__status--bad");
      },
    };
  }

  // Adds a computation on a phone.
  local({ title, parts }) {
    const place = element("span", { class: "entry__place" }, this.#texts.format("live.on_phone"));
    this.#fill(this.#add(title, place), parts);
  }

  #add(title, ...line) {
    for (const entry of document.querySelectorAll(".entry[open]")) entry.open = false;
    const parts = element("div", { class: "entry__parts" });
    const summary = element(
      "summary",
      { class: "entry__summary" },
      element("span", { class: "entry__title" }, title),
      element("span", { class: "entry__line" }, ...line),
    );
    this.#list.append(element("li", {}, element("details", { class: "entry", open: "" }, summary, parts)));
    this.#section.hidden = false;
    return parts;
  }

  #fill(body, parts) {
    body.append(...parts.map((part) => this.#part(part)));
  }

  #part({ title, note, message, lines, json, bytes, isWide }) {
    const heading = element("h4", { class: "part__title" }, title);
    const part = element("div", { class: isWide ? "part part--wide" : "part" }, heading);
    if (note) part.append(element("p", { class: "part__note" }, note));
    if (message) part.append(this.#code(this.#fields(message)));
    if (lines) part.append(this.#code(lines.map(([name, value, hint]) => ({ indent: 0, name, value, note: hint }))));
    if (json) part.append(element("pre", { lang: "en" }, json));
    if (bytes?.length) part.append(this.#dump(bytes));
    return part;
  }

  #fields([schema, value]) {
    const more = (count) => this.#texts.plural("live.more", count);
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

  #dump(bytes) {
    const title = this.#texts.format("live.bytes_raw", { bytes: this.#texts.plural("live.bytes", bytes.length) });
    const hex = toHex(bytes.subarray(0, MAX_DUMP_BYTES)).match(new RegExp(`.{1,${HEX_BYTES_PER_LINE * 2}}`, "g"));
    const rows = hex.map((row) => row.match(/../g).join(" "));
    if (bytes.length > MAX_DUMP_BYTES) rows.push("…");
    return element("details", {}, element("summary", {}, title), element("pre", { lang: "en" }, rows.join("\n")));
  }
}
