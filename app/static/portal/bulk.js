// Issues a code for each line of a list. The list is read here; only identifiers of its lines are sent.

import { formatTable, parseTable } from "./csv.js";
import { currentKey, identify, useKey } from "./retry_key.js";

const data = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const STOPPING = ["limit", "unavailable", "session", "connection"]; // problems that the next line would have as well

let rows = [];
let results = new Map(); // by line number
let stopping = false;

function text(key, values = {}) {
  return data.texts[key].replaceAll(/\{(\w+)\}/g, (_, name) => values[name]);
}

function read(content) {
  rows = parseTable(content);
  results = new Map();
  const header = hasHeader() && rows.length ? rows[0].cells : (rows[0]?.cells ?? []).map((_, index) => String(index + 1));
  const whole = byId("column").options[0];
  byId("column").replaceChildren(whole, ...header.map((name, index) => new Option(name, index)));
  update();
}

function hasHeader() {
  return byId("has-header").checked;
}

function lines() {
  return hasHeader() ? rows.slice(1) : rows;
}

function update() {
  const count = lines().length;
  byId("summary").textContent = rows.length ? text("live.list.lines", { count }) : "";
  byId("start").disabled = count === 0;
  byId("download").hidden = results.size === 0;
}

function subject(row) {
  const column = byId("column").value;
  // The name of the column is part of it: the same number in another column is something else.
  return column === "" ? row.text : `${column}\n${(row.cells[column] ?? "").trim()}`;
}

async function run() {
  const key = currentKey();
  const again = byId("again").checked;
  const pending = lines().filter((row) => !["issued", "before"].includes(results.get(row.line)?.state) || again);
  const seen = new Map();
  stopping = false;
  show(true);
  byId("progress").max = pending.length;
  let done = 0;
  for (const row of pending) {
    if (stopping) break;
    results.set(row.line, await issue(row, key, again, seen));
    byId("progress").value = ++done;
    byId("status").textContent = text("live.list.progress", { done, count: pending.length });
    if (STOPPING.includes(results.get(row.line).state)) break;
  }
  show(false);
  finish(done, pending.length);
}

async function issue(row, key, again, seen) {
  const value = subject(row);
  if (seen.has(value)) return { state: "duplicate", line: seen.get(value) };
  seen.set(value, row.line);
  return request({ line: await identify(key, value), again });
}

async function request(message) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": data.token };
  const options = { method: "POST", headers, body: JSON.stringify(message), redirect: "manual", cache: "no-store" };
  let response;
  try {
    response = await fetch(data.issue, options);
  } catch {
    return { state: "connection" };
  }
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return isJson ? response.json() : { state: response.status >= 500 ? "unavailable" : "session" };
}

function show(isRunning) {
  for (const id of ["file", "pasted", "has-header", "column", "again", "key-file", "start"]) byId(id).disabled = isRunning;
  byId("stop").hidden = !isRunning;
  byId("progress").hidden = false;
  if (isRunning) byId("stop").focus();
}

function finish(done, count) {
  const issued = [...results.values()].filter((each) => each.state === "issued").length;
  const ended = done === count && !stopping;
  byId("status").textContent = text(ended ? "live.list.finished" : "live.list.stopped", { issued, done, count });
  byId("start").textContent = text(ended ? "live.list.start" : "live.list.continue");
  const problems = [...results].filter(([, result]) => result.state !== "issued");
  byId("problems").hidden = problems.length === 0;
  byId("problems").tBodies[0].replaceChildren(...problems.map(([line, result]) => problemRow(line, result)));
  update();
  (byId("download").hidden ? byId("start") : byId("download")).focus();
}

function problemRow(line, result) {
  const row = document.createElement("tr");
  row.insertCell().textContent = line;
  row.insertCell().textContent = describe(result);
  return row;
}

const PROBLEMS = {
  before: "live.list.before",
  duplicate: "live.list.duplicate",
  limit: "live.list.limit",
  used: "live.list.used",
  unavailable: "live.list.unavailable",
  session: "live.list.session",
  connection: "live.list.connection",
  malformed: "live.list.malformed",
};

function describe(result) {
  return result.state === "issued" ? "" : text(PROBLEMS[result.state], result);
}

function download(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function downloadResults() {
  const width = Math.max(...rows.map((row) => row.cells.length));
  const padded = (cells) => [...cells, ...Array(width - cells.length).fill("")];
  const titles = ["live.list.code", "live.list.reference", "live.list.expires", "live.list.problem"].map((key) => text(key));
  const header = [...padded(hasHeader() ? rows[0].cells : []), ...titles];
  const body = lines().map((row) => {
    const result = results.get(row.line) ?? {};
    const own = [result.code ?? "", result.reference ?? "", result.expires ?? "", result.state ? describe(result) : ""];
    return [...padded(row.cells), ...own];
  });
  download("codes.csv", formatTable([header, ...body]), "text/csv");
}

byId("no-script").hidden = true;
byId("list").hidden = false;
byId("file").addEventListener("change", async ({ target }) => read((await target.files[0]?.text()) ?? ""));
byId("pasted").addEventListener("input", ({ target }) => read(target.value));
byId("has-header").addEventListener("change", () => {
  results = new Map();
  update();
});
byId("column").addEventListener("change", () => {
  results = new Map();
  update();
});
byId("save-key").addEventListener("click", () => download("list-key.txt", `${currentKey()}\n`, "text/plain"));
byId("key-file").addEventListener("change", async ({ target }) => {
  const isKey = useKey((await target.files[0]?.text()) ?? "");
  byId("key-status").textContent = text(isKey ? "live.list.key.used" : "live.list.key.wrong");
});
byId("start").addEventListener("click", run);
byId("stop").addEventListener("click", () => {
  stopping = true;
});
byId("download").addEventListener("click", downloadResults);
