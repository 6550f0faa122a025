/* Short notices at the edge of the page, read out politely. Decides nothing about what is worth saying. */

import { element, setText } from "./element.js";

const MOST = 4;
const STAY_MS = { note: 5000, error: 10_000 };

export class Toasts {
  #shown = new Map(); // text -> {node, count, times, timer}

  /** @param {{ region: HTMLElement, whisper: HTMLElement }} nodes `whisper` is read out but not seen */
  constructor({ region, whisper }) {
    Object.assign(this, { region, whisper });
  }

  note = (text) => this.#show("note", text);
  error = (text) => this.#show("error", text);

  /** Tell a screen reader only: what the eye already sees elsewhere. */
  announce(text) {
    setText(this.whisper, text);
  }

  #show(kind, text) {
    const known = this.#shown.get(text);
    if (known) {
      known.times += 1;
      known.count.textContent = `${known.times} times`;
      return this.#stay(known, text, kind);
    }
    const count = element("span", { class: "toast-count" });
    const dismiss = { type: "button", class: "close", "aria-label": "Dismiss", onclick: () => this.#remove(text) };
    const close = element("button", dismiss);
    const node = element("div", { class: `toast ${kind}` }, element("p", { text }), count, close);
    const toast = { node, count, times: 1, timer: 0 };
    node.addEventListener("pointerenter", () => clearTimeout(toast.timer));
    node.addEventListener("pointerleave", () => this.#stay(toast, text, kind));
    this.#shown.set(text, toast);
    this.region.append(node);
    if (this.#shown.size > MOST) this.#remove(this.#shown.keys().next().value);
    return this.#stay(toast, text, kind);
  }

  #stay(toast, text, kind) {
    clearTimeout(toast.timer);
    toast.timer = setTimeout(() => this.#remove(text), STAY_MS[kind]);
  }

  #remove(text) {
    const toast = this.#shown.get(text);
    if (!toast) return;
    clearTimeout(toast.timer);
    toast.node.remove();
    this.#shown.delete(text);
  }
}
