// Links. What follows `#` is never sent to a server, and leaves the address bar as soon as it was read.

import { fromText, toText } from "./bytes.js";

const FORMS = {
  secret: /^#?([sp])1\.([A-Za-z0-9_-]{43})$/,
  receipt: /^#?(t)1\.([A-Za-z0-9_-]{43})$/,
  request: /^#?(r)1\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{87})$/,
};

const ANY = /^#[sptr]1\./; // other fragments lead to parts of the page

export const secretLink = (secret, hasPassphrase) =>
  `${location.origin}/share/open#${hasPassphrase ? "p" : "s"}1.${toText(secret)}`;

export const receiptLink = (token) => `${location.origin}/share/receipt#t1.${toText(token)}`;

export const requestLink = (digest, publicKey) =>
  `${location.origin}/share/answer#r1.${toText(digest)}.${toText(publicKey)}`;

// Returns the parts of the fragment, or null if it is incomplete. The change of language keeps the fragment, and
// another link that is opened in the same tab starts the page again.
export function takeFragment(form) {
  const fragment = location.hash;
  history.replaceState(null, "", location.pathname);
  addEventListener("hashchange", () => {
    if (ANY.test(location.hash)) location.reload();
  });
  const found = FORMS[form].exec(fragment);
  if (!found) return null;
  const toggle = document.querySelector(".site-header__language");
  toggle.addEventListener("click", (event) => {
    event.preventDefault();
    location.assign(toggle.href + fragment);
  });
  return { letter: found[1], parts: found.slice(2).map(fromText) };
}
