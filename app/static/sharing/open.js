// The page on which a secret is opened. What was received stays in this page until it is left.

import { EnvelopeError, locator, open } from "./envelope.js";
import { takeFragment } from "./links.js";
import { busy, byId, clearErrors, enableCopying, guardLeaving, show, showErrors, start, text } from "./page.js";
import { isUnsaved, reveal } from "./reveal.js";
import { read } from "./service.js";

let envelope = null; // received, and not opened yet

const link = takeFragment("secret");

start(() => {
  if (!link) {
    show("incomplete");
    return;
  }
  enableCopying();
  guardLeaving(() => envelope !== null || isUnsaved());
  byId("passphrase-field").hidden = link.letter !== "p";
  byId("open").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(byId("submit"), openLink);
  });
  show("closed");
});

async function openLink() {
  const [secret] = link.parts;
  const passphrase = link.letter === "p" ? byId("passphrase").value : "";
  if (link.letter === "p" && !passphrase) {
    showErrors([[byId("passphrase"), text("live.error.no_passphrase")]]);
    return;
  }
  if (!envelope) {
    try {
      envelope = await read(await locator(secret));
    } catch (error) {
      if (error.status !== 404) throw error;
      show("nothing");
      return;
    }
  }
  try {
    const content = await open(envelope, secret, passphrase);
    envelope = null;
    clearErrors();
    reveal(content);
  } catch (error) {
    if (error instanceof EnvelopeError && link.letter === "p") {
      byId("kept").hidden = false;
      showErrors([[byId("passphrase"), text("live.error.passphrase")]]);
      byId("passphrase").select();
    } else {
      envelope = null;
      show("altered");
    }
  }
}
