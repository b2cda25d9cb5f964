// Actions of buttons, one at a time. The button of the running action is busy. The others stay focusable, and pressing
// one shows why it has no effect.

const STATUS_DELAY_MILLISECONDS = 500; // shorter actions need no status

export class Actions {
  #status;
  #texts;
  #buttons = [];
  #running = null;

  // The status is an element with the role "status".
  constructor(status, texts) {
    this.#status = status;
    this.#texts = texts;
  }

  // Runs an action when its button is pressed. The action receives the fields of the button's form, if there is one.
  add(button, action) {
    this.#buttons.push(button);
    const { form } = button;
    const target = form ?? button;
    target.addEventListener(form ? "submit" : "click", (event) => {
      event.preventDefault();
      this.run(button, () => action(form ? Object.fromEntries(new FormData(form)) : {}));
    });
  }

  async run(button, action) {
    if (this.#running !== null) {
      this.#show("live.busy.wait");
      return;
    }
    const label = button.textContent;
    this.#running = label.trim();
    const timer = setTimeout(() => {
      if (this.#status.textContent === "") this.#show("live.busy.running");
    }, STATUS_DELAY_MILLISECONDS);
    this.#markBusy(button);
    try {
      await action();
    } finally {
      clearTimeout(timer);
      this.#markIdle(button, label);
      this.#running = null;
      this.#status.textContent = "";
    }
  }

  #show(key) {
    this.#status.textContent = this.#texts.format(key, { action: this.#running });
  }

  #markBusy(button) {
    button.style.minWidth = `${button.offsetWidth}px`;
    button.setAttribute("aria-busy", "true");
    button.textContent = this.#texts.format("live.busy.label");
    for (const other of this.#buttons) if (other !== button) other.setAttribute("aria-disabled", "true");
  }

  #markIdle(button, label) {
    button.style.minWidth = "";
    button.removeAttribute("aria-busy");
    button.textContent = label;
    for (const other of this.#buttons) other.removeAttribute("aria-disabled");
  }
}
