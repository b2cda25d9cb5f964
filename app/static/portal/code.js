// The page that shows a code: it counts down, copies and prints, and removes the code when it is left.

import { enableCopying } from "./copy.js";

const MINUTE = 60_000;
const ANNOUNCED = [60, 10, 5, 1]; // minutes before the end

const countdown = document.getElementById("countdown");
const expires = Date.parse(countdown.dataset.expires);
const language = document.documentElement.lang;
let announced = minutesLeft();
let timer = 0;

function minutesLeft() {
  return Math.ceil((expires - Date.now()) / MINUTE);
}

function inWords(minutes) {
  const unit = (value, name) =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "long" }).format(value);
  const hours = Math.floor(minutes / 60);
  const parts = hours ? [unit(hours, "hour")] : [];
  if (minutes % 60 || !hours) parts.push(unit(minutes % 60, "minute"));
  return parts.join(" ");
}

function update() {
  const minutes = minutesLeft();
  const text = minutes > 0 ? countdown.dataset.text.replace("{time}", inWords(minutes)) : countdown.dataset.expired;
  countdown.textContent = text;
  const reached = minutes <= 0 ? announced > 0 : ANNOUNCED.some((limit) => announced > limit && minutes <= limit);
  if (reached) document.getElementById("countdown-announcement").textContent = text;
  announced = Math.min(announced, minutes);
  if (minutes > 0) timer = setTimeout(update, Math.max(1000, (expires - Date.now()) % MINUTE || MINUTE));
}

function enablePrinting() {
  const button = document.getElementById("print");
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// The browser may keep a page that was left, and show it again.
addEventListener("pagehide", () => {
  clearTimeout(timer);
  document.querySelector("[data-secret]")?.remove();
  document.getElementById("gone").hidden = false;
});

enableCopying(document.getElementById("code"), (code) => code.textContent.replaceAll(/\s/g, ""));
enablePrinting();
update();
