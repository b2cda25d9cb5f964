// The front page: issues codes without a reload, copies, runs the smoke test and refreshes the log.

import { enableCopying } from "../review/copy.js";
import { byId } from "../review/dom.js";
import { Texts } from "../review/texts.js";
import { connectCodes } from "./issue.js";
import { connectLogs } from "./logs.js";
import { connectSmokeTest } from "./smoke_page.js";

const settings = JSON.parse(byId("page-data").textContent);
const texts = new Texts(settings.texts, settings.locale);

// The server does not know its public address if a proxy in front changes the host or the port.
byId("command-smoke").textContent = `bin/smoke-test ${location.origin}`;
connectCodes(texts, settings);
connectLogs(texts, settings);
connectSmokeTest(texts, settings);
enableCopying(texts);
byId("idle").hidden = true;
