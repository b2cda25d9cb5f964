// The sender's page: what became of a secret, and its withdrawal.

import { takeFragment } from "./links.js";
import { busy, byId, moment, show, start, text } from "./page.js";
import { status, withdraw } from "./service.js";

const TAGS = { waiting: "tag--warning", read: "tag--good", expired: "", withdrawn: "tag--bad" };
const STATES = {
  waiting: "live.state.waiting",
  read: "live.state.read",
  expired: "live.state.expired",
  withdrawn: "live.state.withdrawn",
};

const link = takeFragment("receipt");

start(() => {
  if (!link) {
    show("incomplete");
    return;
  }
  show("known");
  byId("refresh").addEventListener("click", () => update(byId("refresh"), status));
  byId("ask").addEventListener("click", () => {
    byId("question").hidden = false;
    byId("withdraw").focus();
  });
  byId("keep").addEventListener("click", () => {
    byId("question").hidden = true;
    byId("ask").focus();
  });
  byId("withdraw").addEventListener("click", () => update(byId("withdraw"), withdraw));
  update(byId("refresh"), status);
});

function update(button, action) {
  return busy(button, async () => {
    try {
      display(await action(link.parts[0]));
    } catch (error) {
      if (error.status !== 404) throw error;
      show("nothing");
    }
  });
}

function display({ outcome, expires, hour }) {
  const tag = byId("outcome");
  tag.textContent = text(STATES[outcome]);
  tag.className = `tag ${TAGS[outcome]}`;
  byId("until").textContent = moment(expires);
  byId("ended").hidden = !hour;
  if (hour) byId("hour").textContent = text("live.hour", { moment: moment(hour) });
  byId("question").hidden = true;
  byId("ask").hidden = outcome !== "waiting";
}
