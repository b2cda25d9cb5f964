// A button that copies the text of an element. Browsers allow this in secure contexts only.

export function enableCopying(source, textOf = (element) => element.textContent.trim()) {
  const button = document.getElementById("copy");
  const status = document.getElementById("copy-status");
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    status.textContent = "";
    try {
      await navigator.clipboard.writeText(textOf(source));
      status.textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(source);
      status.textContent = button.dataset.failed;
    }
  });
}
