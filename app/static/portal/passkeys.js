// Passkeys: the browser makes or uses one with the options in the form, and the form sends its answer.

function toBytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function toText(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Not `parseCreationOptionsFromJSON` and `toJSON`: browsers of 2024 and password managers lack them.
function readOptions(text) {
  const options = JSON.parse(text);
  options.challenge = toBytes(options.challenge);
  if (options.user) {
    options.user.id = toBytes(options.user.id);
  }
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const credential of list ?? []) {
      credential.id = toBytes(credential.id);
    }
  }
  return options;
}

function writeAnswer(credential) {
  const response = { clientDataJSON: toText(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) {
      response[name] = toText(credential.response[name]);
    }
  }
  return JSON.stringify({ id: credential.id, rawId: toText(credential.rawId), type: credential.type, response });
}

// The request that waits in the autofill of a field ends before another one begins.
let waiting = new AbortController();

async function perform(form, mediation) {
  waiting.abort();
  waiting = new AbortController();
  const request = { publicKey: readOptions(form.dataset.options), signal: waiting.signal };
  if (mediation) {
    request.mediation = mediation;
  }
  const isNew = form.dataset.passkey === "create";
  const credential = await (isNew ? navigator.credentials.create(request) : navigator.credentials.get(request));
  form.elements.answer.value = writeAnswer(credential);
  form.submit();
}

function reportFailure(form, error) {
  const text = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.cancelled;
  form.querySelector("[role=status]").textContent = text ?? "";
  delete form.dataset.sent;
  form.querySelector("button").removeAttribute("aria-busy");
}

async function start(form) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "switch_language") return;
    event.preventDefault();
    form.querySelector("[role=status]").textContent = form.dataset.waiting;
    perform(form).catch((error) => reportFailure(form, error));
  });
  const isAutofilled = "autofill" in form.dataset;
  if (isAutofilled && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    // It ends without a passkey when the page is left, or when the button is used.
    perform(form, "conditional").catch(() => {});
  }
}

if (window.isSecureContext && window.PublicKeyCredential) {
  for (const element of document.querySelectorAll("[data-with-passkeys]")) {
    element.hidden = false;
  }
  for (const element of document.querySelectorAll("[data-without-passkeys]")) {
    element.hidden = true;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    start(form);
  }
}
