/* The cameras that take a picture on command, and their pictures. Sends nothing itself. */

import { snippetPicture } from "../server/api.js";
import { arrange, element, setAttribute, setText } from "../shared/element.js";
import { ago, clockTime, isoTime } from "../shared/times.js";

const ALL = "all";
const WORDS = {
  uploaded: "picture received",
  taken: "picture taken, not received",
  failed: "no picture",
  silent: "no answer",
  offline: "not connected",
};

export class SnapPanel {
  #pictures = new Map(); // "id sha256" -> figure's parts
  #busy = false;

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes panel, count, to, button, results, pictures, empty
   * @param {(to: string) => Promise<void>} parts.onSnap
   */
  constructor({ store, nodes, onSnap }) {
    Object.assign(this, { store, onSnap, ...nodes });
    for (const value of [store.snapDevices, store.snippets, store.snapResults]) value.watch(() => this.#render());
    this.button.addEventListener("click", () => this.#snap());
  }

  async #snap() {
    this.#busy = true;
    this.#render();
    await this.onSnap(this.to.value || ALL);
    this.#busy = false;
    this.#render();
  }

  #render() {
    const { snapDevices, snippets, snapResults } = this.store;
    const devices = snapDevices.value;
    const online = devices.filter((device) => device.online);
    setText(this.count, `${online.length} of ${devices.length} online`);
    this.button.disabled = this.#busy || online.length === 0;
    setText(this.button, this.#busy ? "Waiting…" : "Snap");
    this.#renderTargets(devices);
    this.#renderResults(snapResults.value);
    this.#renderPictures(snippets.value);
    this.empty.hidden = snippets.value.length > 0;
    this.panel.hidden = devices.length === 0 && snippets.value.length === 0;
  }

  #renderTargets(devices) {
    const groups = [...new Set(devices.flatMap((device) => device.groups))].sort();
    const targets = [
      [ALL, "Every camera"],
      ...groups.map((group) => [group, `Group ${group}`]),
      ...devices.map(({ deviceId }) => [deviceId, deviceId]),
    ];
    const now = [...this.to.options].map(({ value, text }) => `${value} ${text}`).join("\n");
    // A list that is rebuilt while it is open closes under the operator's hand.
    if (now === targets.map(([value, text]) => `${value} ${text}`).join("\n")) return;
    const chosen = this.to.value;
    this.to.replaceChildren(...targets.map(([value, text]) => element("option", { value, text })));
    this.to.value = targets.some(([value]) => value === chosen) ? chosen : ALL;
  }

  #renderResults(results) {
    const rows = results.map(({ deviceId, state, reason }) => {
      const why = reason ? `: ${reason}` : "";
      const note = element("span", { class: "row-note", text: `${WORDS[state] ?? state}${why}` });
      const title = element("span", { class: "row-title", text: deviceId });
      return element("li", { class: "row snap-result", "data-state": state }, title, note);
    });
    this.results.replaceChildren(...rows);
    this.results.hidden = rows.length === 0;
  }

  #renderPictures(snippets) {
    const key = ({ id, sha256 }) => `${id} ${sha256}`;
    const keys = new Set(snippets.map(key));
    for (const known of [...this.#pictures.keys()]) if (!keys.has(known)) this.#pictures.delete(known);
    for (const snippet of snippets) {
      if (!this.#pictures.has(key(snippet))) this.#pictures.set(key(snippet), this.#makePicture(snippet));
      const parts = this.#pictures.get(key(snippet));
      setText(parts.time, `${clockTime(snippet.receivedAt)}, ${ago(snippet.receivedAt)}`);
      setAttribute(parts.time, "datetime", isoTime(snippet.receivedAt));
    }
    arrange(this.pictures, snippets.map((snippet) => this.#pictures.get(key(snippet)).node));
    this.pictures.hidden = snippets.length === 0;
  }

  #makePicture({ id, sha256 }) {
    const source = snippetPicture(id, sha256);
    const image = element("img", { src: source, alt: `Picture of ${id}`, loading: "lazy" });
    const link = element("a", { href: source, target: "_blank", rel: "noopener" }, image);
    const time = element("time", { class: "row-note" });
    const caption = element("figcaption", {}, element("span", { class: "row-title", text: id }), time);
    return { time, node: element("li", {}, element("figure", { class: "snippet" }, link, caption)) };
  }
}
