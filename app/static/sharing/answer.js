// The page on which a request is answered: the secret is encrypted for the key in the link.

import { random } from "./bytes.js";
import { clearInput, compose, enableComposing, hasInput } from "./compose.js";
import { digest, newChoices, sealFor, SECRET_BYTES } from "./envelope.js";
import { receiptLink, takeFragment } from "./links.js";
import { busy, byId, enableCopying, guardLeaving, moment, show, start, text } from "./page.js";
import { answer } from "./service.js";

const link = takeFragment("request");

start(() => {
  if (!link) {
    show("incomplete");
    return;
  }
  show("composing");
  enableComposing();
  enableCopying();
  guardLeaving(hasInput);
  byId("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(byId("submit"), send);
  });
});

async function send() {
  const content = await compose();
  if (!content) return;
  const [stored, receiver] = link.parts;
  const receipt = random(SECRET_BYTES);
  const envelope = await sealFor(content, receiver, newChoices(Number(byId("lifetime").value)));
  const { expires } = await answer({ digest: stored, receipt: await digest(receipt), envelope });
  clearInput();
  byId("receipt").value = receiptLink(receipt);
  byId("expires").textContent = text("live.until", { moment: moment(expires) });
  show("done");
}
