// The page on which a secret is shared.

import { random } from "./bytes.js";
import { clearInput, compose, enableComposing, hasInput } from "./compose.js";
import { digest, locator, newChoices, seal, SECRET_BYTES } from "./envelope.js";
import { receiptLink, secretLink } from "./links.js";
import { busy, byId, enableCopying, guardLeaving, moment, show, start, text } from "./page.js";
import { enableQrCodes } from "./qr.js";
import { create } from "./service.js";

start(() => {
  enableComposing();
  enableCopying();
  enableQrCodes();
  guardLeaving(() => hasInput());
  byId("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(byId("submit"), share);
  });
  byId("again").addEventListener("click", () => location.reload());
});

async function share() {
  const content = await compose();
  if (!content) return;
  const [secret, receipt] = [random(SECRET_BYTES), random(SECRET_BYTES)];
  const passphrase = byId("passphrase").value;
  const envelope = await seal(content, secret, newChoices(Number(byId("lifetime").value)), passphrase);
  const offer = { digest: await digest(await locator(secret)), receipt: await digest(receipt), envelope };
  const { expires } = await create(offer, byId("token")?.value);
  clearInput();
  byId("passphrase").value = "";
  byId("link").value = secretLink(secret, Boolean(passphrase));
  byId("receipt").value = receiptLink(receipt);
  byId("expires").textContent = text("live.until", { moment: moment(expires) });
  byId("with-passphrase").hidden = !passphrase;
  show("done");
}
