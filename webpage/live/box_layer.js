/* The boxes over one picture, as real buttons. Knows nothing about cameras or the server. */

import { element, setAttribute, setText } from "../shared/element.js";

export const STALE_MS = 1500;
const ASKED_MS = 5000;

const percent = (value) => `${(value * 100).toFixed(2)}%`;

export class BoxLayer {
  #buttons = new Map(); // boxId -> {node, label, box, frameId, askedUntil}
  #spare = [];
  #drawnAt = 0;

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.layer covers exactly the picture
   * @param {(box: object, frameId: number) => void} parts.onPress
   * @param {(caseId: number) => string} parts.nameOf
   * @param {() => void} parts.onFocusLost the focused box vanished
   */
  constructor({ layer, onPress, nameOf, onFocusLost }) {
    Object.assign(this, { layer, onPress, nameOf, onFocusLost });
  }

  /** Show the boxes of one frame; `frame.at` and `now` are milliseconds of performance.now(). */
  draw(frame, now) {
    if (frame.at === this.#drawnAt || now - frame.at > STALE_MS) return;
    this.#drawnAt = frame.at;
    const present = new Set(frame.boxes.map(({ boxId }) => boxId));
    for (const boxId of this.#buttons.keys()) if (!present.has(boxId)) this.#release(boxId);
    for (const box of frame.boxes) this.#place(box, frame.frameId, now);
  }

  /** Take away boxes that are too old to be believed. */
  expire(now) {
    if (this.#buttons.size > 0 && now - this.#drawnAt > STALE_MS) this.clear();
  }

  clear() {
    for (const boxId of [...this.#buttons.keys()]) this.#release(boxId);
  }

  #place(box, frameId, now) {
    let entry = this.#buttons.get(box.boxId);
    if (!entry) {
      entry = this.#spare.pop() ?? this.#make();
      this.#buttons.set(box.boxId, entry);
      this.layer.append(entry.node);
    }
    Object.assign(entry, { box, frameId });
    const [x1, y1, x2, y2] = box.rect;
    const { style } = entry.node;
    style.left = percent(x1);
    style.top = percent(y1);
    style.width = percent(x2 - x1);
    style.height = percent(y2 - y1);
    this.#label(entry, now);
  }

  #label({ node, label, box, askedUntil }, now) {
    const followed = box.caseId !== null;
    const asked = !followed && askedUntil > now;
    const kind = `${box.objectType} ${box.boxId}`;
    const near = box.distance === null ? "" : box.distance.toFixed(2);
    const name = followed ? this.nameOf(box.caseId) : kind;
    const seen = followed ? [name, near].filter(Boolean).join(" · ") : asked ? `${kind} · asked` : kind;
    const said = followed ? [name, near && `distance ${near}`].filter(Boolean).join(", ") : `${kind}, follow`;
    setText(label, seen);
    setAttribute(node, "aria-label", said);
    setAttribute(node, "data-state", followed ? "followed" : asked ? "asked" : "plain");
    // A label above a face at the upper edge would leave the picture.
    setAttribute(node, "data-label", box.rect[1] < 0.09 ? "below" : "above");
    setAttribute(node, "data-side", box.rect[0] > 0.6 ? "right" : "left");
  }

  #make() {
    const label = element("span", { class: "box-label" });
    const entry = { node: element("button", { type: "button", class: "box" }, label), label, askedUntil: 0 };
    entry.node.addEventListener("click", () => this.#press(entry));
    return entry;
  }

  #press(entry) {
    const now = performance.now();
    if (entry.box.caseId === null && entry.askedUntil > now) return;
    if (entry.box.caseId === null) entry.askedUntil = now + ASKED_MS;
    this.onPress(entry.box, entry.frameId);
    this.#label(entry, now);
  }

  #release(boxId) {
    const entry = this.#buttons.get(boxId);
    const hadFocus = entry.node === document.activeElement;
    this.#buttons.delete(boxId);
    entry.node.remove();
    entry.askedUntil = 0;
    this.#spare.push(entry);
    if (hadFocus) this.onFocusLost();
  }
}
