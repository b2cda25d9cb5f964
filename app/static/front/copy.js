// Buttons that copy the text of an element. Browsers offer that on secure addresses only.

const byId = (id) => document.getElementById(id);

export function listenForCopies(words) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(button, words));
    offerCopy(button);
  }
}

// Shows a button while there is something that it can copy.
export function offerCopy(button) {
  button.hidden = !navigator.clipboard || byId(button.dataset.copy) === null;
  button.nextElementSibling.textContent = "";
}

async function copy(button, words) {
  const source = byId(button.dataset.copy);
  const told = button.nextElementSibling;
  told.textContent = "";
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    told.textContent = words.say("live.copy.done");
  } catch {
    getSelection().selectAllChildren(source);
    told.textContent = words.say("live.copy.failed");
  }
}
