// The QR code of a link, drawn in the browser: the server does not know the link. The library is loaded on demand.

import { byId } from "./page.js";

const MARGIN = 4; // modules of white, as the standard requires
const SVG = "http://www.w3.org/2000/svg";

export function enableQrCodes() {
  for (const details of document.querySelectorAll("details[data-qr]")) {
    details.addEventListener("toggle", () => {
      if (details.open) draw(details);
    });
  }
}

async function draw(details) {
  const qrcode = await load(details.dataset.library, details.dataset.integrity);
  const code = qrcode(0, "M");
  code.addData(byId(details.dataset.qr).value);
  code.make();
  const drawing = details.querySelector("svg");
  const count = code.getModuleCount();
  const side = count + 2 * MARGIN;
  drawing.setAttribute("viewBox", `0 0 ${side} ${side}`);
  const path = document.createElementNS(SVG, "path");
  const numbers = Array.from({ length: count }, (_, number) => number);
  path.setAttribute(
    "d",
    numbers
      .flatMap((row) => numbers.map((column) => (code.isDark(row, column) ? `M${column + MARGIN} ${row + MARGIN}h1v1h-1z` : "")))
      .join(""),
  );
  drawing.replaceChildren(path);
}

// A module that is imported has no integrity of its own; a preload of it has.
async function load(address, integrity) {
  if (!document.querySelector(`link[href="${address}"]`)) {
    const preload = document.createElement("link");
    Object.assign(preload, { rel: "modulepreload", href: address, integrity });
    const loaded = new Promise((resolve, reject) => {
      preload.addEventListener("load", resolve);
      preload.addEventListener("error", reject);
    });
    document.head.append(preload);
    await loaded;
  }
  return (await import(address)).default;
}
