/* A button whose first press asks and whose second, within three seconds, acts. Knows nothing of what it does. */

import { element, setText } from "./element.js";

const SURE_MS = 3000;

export class ConfirmButton {
  #timer = 0;
  #busy = false;

  /**
   * @param {object} parts
   * @param {string} parts.text such as "Stop"
   * @param {string} parts.deed what a press does, for a screen reader, such as "Stop gate"
   * @param {() => Promise<void>} parts.act
   * @param {(text: string) => void} parts.announce
   */
  constructor({ text, deed, act, announce }) {
    Object.assign(this, { text, deed, act, announce });
    this.node = element("button", { type: "button", class: "stop", onclick: () => this.#press() });
    this.#calm();
  }

  async #press() {
    if (this.#busy) return;
    if (!this.node.classList.contains("sure")) {
      this.node.classList.add("sure");
      this.#say("Sure?", `Press again: ${this.deed}`);
      this.announce(`Press again within three seconds: ${this.deed}`);
      this.#timer = setTimeout(() => this.#calm(), SURE_MS);
      return;
    }
    clearTimeout(this.#timer);
    this.#busy = true;
    this.#say("…", `${this.deed}: under way`);
    await this.act();
    this.#busy = false;
    this.#calm();
  }

  #calm() {
    this.node.classList.remove("sure");
    this.#say(this.text, this.deed);
  }

  #say(text, label) {
    setText(this.node, text);
    this.node.setAttribute("aria-label", label);
  }
}
