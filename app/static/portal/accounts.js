// Passwords that can be shown, and backup codes that can be copied, downloaded and printed.

for (const group of document.querySelectorAll("[data-password]")) {
  const field = group.querySelector("input");
  const toggle = group.querySelector("button");
  const show = (isShown) => {
    field.type = isShown ? "text" : "password";
    toggle.textContent = isShown ? group.dataset.hide : group.dataset.show;
  };
  toggle.hidden = false;
  toggle.addEventListener("click", () => show(field.type === "password"));
  // Browsers offer to store what was in a password field only.
  field.form.addEventListener("submit", () => show(false));
}

const tools = document.querySelector("[data-codes]");
if (tools) {
  const codes = [...document.querySelectorAll(`#${tools.dataset.codes} code`)].map((code) => code.textContent);
  const text = [tools.dataset.heading, ...codes, ""].join("\n");
  const status = tools.querySelector("[role=status]");
  const actions = {
    async copy() {
      try {
        await navigator.clipboard.writeText(text);
        status.textContent = tools.dataset.copied;
      } catch {
        status.textContent = tools.dataset.notCopied;
      }
    },
    download() {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
      link.download = tools.dataset.file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a browser may read it after the click
    },
    print() {
      window.print();
    },
  };
  tools.hidden = false;
  for (const button of tools.querySelectorAll("[data-action]")) {
    button.addEventListener("click", actions[button.dataset.action]);
  }
}
