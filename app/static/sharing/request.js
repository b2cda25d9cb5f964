// The page on which a secret is requested, and on which the answers are opened.

import { random, toText } from "./bytes.js";
import { CURVE, digest, openAnswer, SECRET_BYTES } from "./envelope.js";
import * as keys from "./keys.js";
import { requestLink } from "./links.js";
import { busy, byId, enableCopying, guardLeaving, moment, show, showErrors, start, text } from "./page.js";
import { enableQrCodes } from "./qr.js";
import { isUnsaved, reveal } from "./reveal.js";
import * as service from "./service.js";

// An answer can be stored until the request expires, and then for a week.
const isOver = ({ expires }) => Date.now() - Date.parse(expires) > 7 * 86_400_000;

start(async () => {
  enableCopying();
  enableQrCodes();
  guardLeaving(isUnsaved);
  byId("ask")?.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(byId("submit"), request);
  });
  for (const button of document.querySelectorAll("[data-again]")) {
    button.addEventListener("click", () => location.reload());
  }
  await list();
});

async function request() {
  try {
    await keys.all();
  } catch {
    showErrors([[null, text("live.error.no_storage")]]);
    return;
  }
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const locator = random(SECRET_BYTES);
  const found = await digest(locator);
  const { expires } = await service.request(found, Number(byId("lifetime").value), byId("token")?.value);
  await keys.add({ id: toText(found), locator, privateKey: pair.privateKey, point, created: new Date().toISOString(), expires });
  byId("link").value = requestLink(found, point);
  byId("expires").textContent = text("live.answer_until", { moment: moment(expires) });
  show("asked");
  await list();
}

async function list() {
  const kept = await keys.all().catch(() => []);
  const requests = kept.filter((each) => !isOver(each));
  await Promise.all(kept.filter(isOver).map(({ id }) => keys.remove(id)));
  byId("open-requests").hidden = requests.length === 0;
  byId("request-list").replaceChildren(...requests.map(row));
}

function row(kept) {
  const item = document.createElement("li");
  item.className = "request";
  const label = document.createElement("span");
  label.id = `request-${kept.id}`;
  label.textContent = text("live.request", { created: moment(kept.created), expires: moment(kept.expires) });
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--quiet button--small";
  button.textContent = text("live.fetch");
  button.setAttribute("aria-describedby", label.id);
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  button.addEventListener("click", () => busy(button, () => fetchAnswer(kept, status)));
  item.append(label, button, status);
  return item;
}

async function fetchAnswer(kept, status) {
  status.textContent = "";
  let envelope;
  try {
    envelope = await service.read(kept.locator);
  } catch (error) {
    if (error.status !== 404) throw error;
    await keys.remove(kept.id);
    await list();
    show("nothing");
    return;
  }
  if (!envelope) {
    status.textContent = text("live.unanswered");
    return;
  }
  try {
    reveal(await openAnswer(envelope, kept.privateKey, kept.point));
  } catch {
    show("altered");
  }
  await keys.remove(kept.id);
  await list();
}
