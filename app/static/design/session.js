// Warns before a session ends. It counts by the clock, because timers stop while a computer sleeps, and it announces
// the time that is left at two minutes, one minute and 30 seconds, not every second.

const ANNOUNCED_SECONDS = [30, 60, 120];

const warning = document.getElementById("session-warning");
const left = document.getElementById("session-left");
const text = document.getElementById("session-text");
const form = warning.querySelector("[data-session-continue]");
const button = form.querySelector("button");
const warningSeconds = Number(document.body.dataset.warningSeconds);
const { account } = document.body.dataset;
const session = Number(document.body.dataset.session);
// The pages of a session in other tabs keep it alive, too, and those of a later one end it.
const otherTabs = new BroadcastChannel("session");

let ends;
let timer;
let hasEnded = false;

function begin(seconds) {
  ends = Date.now() + seconds * 1000;
  const isLast = seconds <= warningSeconds;
  text.textContent = isLast ? text.dataset.last : text.dataset.text;
  button.textContent = isLast ? button.dataset.close : button.dataset.continue;
  button.dataset.isLast = isLast ? "yes" : "";
  update();
}

function update() {
  clearTimeout(timer);
  const seconds = (ends - Date.now()) / 1000;
  if (seconds <= 0) {
    end();
    return;
  }
  if (seconds <= warningSeconds) {
    warn(seconds);
  } else if (warning.open) {
    warning.close();
  }
  const next = [...ANNOUNCED_SECONDS, warningSeconds].filter((limit) => limit < seconds);
  timer = setTimeout(update, (seconds - Math.max(0, ...next)) * 1000);
}

function warn(seconds) {
  const announced = ANNOUNCED_SECONDS.find((limit) => seconds <= limit) ?? ANNOUNCED_SECONDS.at(-1);
  const announcement = left.dataset[announced];
  if (left.textContent !== announcement) {
    left.textContent = announcement;
  }
  // A dialog that the person closed because the session cannot be continued stays closed until the end.
  if (!warning.open && button.dataset.isClosed !== "yes") {
    warning.showModal();
    button.focus();
  }
}

// Shows that the page can no longer be used: the session has "ended", or was "replaced" by that of another account.
function end(state = "ended") {
  clearTimeout(timer);
  hasEnded = true;
  for (const each of warning.querySelectorAll("[data-state]")) {
    each.hidden = each.dataset.state !== state;
  }
  warning.setAttribute("aria-labelledby", `session-${state}-title`);
  warning.setAttribute("aria-describedby", `session-${state}-text`);
  if (!warning.open) {
    warning.showModal();
  }
  warning.querySelector(`[data-state="${state}"] a`).focus();
}

function receive(message) {
  if (message.session > session && message.account !== account) {
    end("replaced");
    document.getElementById("main").hidden = true; // it is of another person
  } else if (message.session > session) {
    end();
  } else if (message.session === session && !hasEnded) {
    begin(message.seconds);
  }
}

function announce(seconds) {
  otherTabs.postMessage({ account, session, seconds });
}

async function continueSession() {
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (response.type === "opaqueredirect" || response.status === 400) {
      end(); // it was ended elsewhere
      return;
    }
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    const { seconds } = await response.json();
    if (seconds > warningSeconds) {
      warning.close();
    }
    announce(seconds);
    begin(seconds);
  } catch {
    left.textContent = left.dataset.failed;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  delete form.dataset.sent;
  button.removeAttribute("aria-busy");
  if (button.dataset.isLast) {
    button.dataset.isClosed = "yes";
    warning.close();
  } else {
    continueSession();
  }
});

// What is on a page that has ended, such as codes for a list, can still be copied or downloaded.
warning.querySelector("[data-session-stay]").addEventListener("click", () => warning.close());

// Escape continues, as the button does: it must not hide the only warning, or show the page of another account.
warning.addEventListener("cancel", (event) => {
  if (!warning.querySelector('[data-state="ended"]').hidden) {
    return;
  }
  event.preventDefault();
  if (!warning.querySelector('[data-state="warning"]').hidden) {
    form.requestSubmit();
  }
});

otherTabs.addEventListener("message", (event) => receive(event.data));
document.addEventListener("visibilitychange", () => hasEnded || update());

const seconds = Number(document.body.dataset.sessionSeconds);
announce(seconds);
begin(seconds);
