// The page that shows a new token, which is removed when the page is left.

import { enableCopying } from "./copy.js";

const token = document.getElementById("token");
enableCopying(token);

// The browser may keep a page that was left, and show it again.
addEventListener("pagehide", () => {
  token.textContent = "";
  for (const field of document.querySelectorAll("[name=shown]")) field.value = "";
});
