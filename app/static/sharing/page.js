// What all pages share: texts, parts of the document, errors, copying, and the file to save.

const data = JSON.parse(document.getElementById("page-data").textContent);

export const byId = (id) => document.getElementById(id);

export function text(key, values = {}) {
  if (!(key in data.texts)) throw new Error(`unknown text: ${key}`);
  return data.texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const moments = new Intl.DateTimeFormat(data.locale, { dateStyle: "long", timeStyle: "short", hourCycle: "h23" });

export const moment = (iso) => moments.format(new Date(iso));

export const size = (bytes) => text("live.bytes", { count: new Intl.NumberFormat(data.locale).format(bytes) });

// Browsers have no cryptography on pages that were not loaded securely.
export function start(main) {
  if (!globalThis.crypto?.subtle) {
    show("insecure");
    return;
  }
  for (const fieldset of document.querySelectorAll("fieldset[data-starts]")) fieldset.disabled = false;
  document.documentElement.dataset.started = "yes";
  main();
}

// Shows one of the page's states, and moves the focus to its heading, which screen readers then read.
export function show(state) {
  for (const section of document.querySelectorAll("[data-state]")) section.hidden = section.dataset.state !== state;
  document.querySelector(`[data-state="${state}"] [tabindex="-1"]`)?.focus();
}

// Runs an action of a button once at a time, and shows that it is busy. Failures are shown in the page's summary.
export async function busy(button, action) {
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  clearErrors();
  try {
    await action();
  } catch (error) {
    showErrors([[null, failure(error)]]);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

const FAILURES = {
  0: "live.failure.unreachable",
  401: "live.failure.token",
  409: "live.failure.closed",
  413: "live.failure.too_long",
  429: "live.failure.limit",
  507: "live.failure.room",
};

const failure = (error) => text(FAILURES[error.status] ?? "live.failure.unknown");

// Each error is a field, or null, and a text. The summary takes the focus, and leads to the fields.
export function showErrors(errors) {
  const list = byId("error-list");
  list.replaceChildren();
  for (const [field, message] of errors) {
    const item = document.createElement("li");
    if (field) {
      const link = document.createElement("a");
      link.href = `#${field.id}`;
      link.textContent = message;
      link.addEventListener("click", (event) => {
        event.preventDefault(); // a fragment would start the page again
        field.focus();
      });
      item.append(link);
      markField(field, message);
    } else {
      item.textContent = message;
    }
    list.append(item);
  }
  byId("error-summary").hidden = false;
  byId("error-summary").focus();
}

export function clearErrors() {
  byId("error-summary").hidden = true;
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    const error = byId(`${field.id}-error`);
    error.hidden = true;
    field.closest(".field").classList.remove("field--wrong");
  }
}

function markField(field, message) {
  const error = byId(`${field.id}-error`);
  error.textContent = message;
  error.hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.closest(".field").classList.add("field--wrong");
}

// Buttons that copy the text or the value of an element; the status next to each confirms it.
export function enableCopying() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const source = byId(button.dataset.copy);
      const status = byId(`${button.dataset.copy}-status`);
      status.textContent = "";
      try {
        await navigator.clipboard.writeText(source.value ?? source.textContent);
        status.textContent = text("live.copied");
      } catch {
        if (source.select) source.select();
        else getSelection().selectAllChildren(source);
        status.textContent = text("live.not_copied");
      }
    });
  }
}

// Asks before the page is left, as long as something would be lost.
export function guardLeaving(isPrecious) {
  addEventListener("beforeunload", (event) => {
    if (isPrecious()) event.preventDefault();
  });
}
