/* The open cases: whom, in what state, and a Stop button each. Sends nothing itself. */

import { arrange, element, setAttribute, setText } from "../shared/element.js";
import { clockTime } from "../shared/times.js";
import { portraitOf } from "./portrait.js";

const SURE_MS = 3000;
const STOPPING_MS = 5000;

export class CaseList {
  #rows = new Map(); // caseId -> row

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {{list: HTMLElement, empty: HTMLElement, count: HTMLElement}} parts.nodes
   * @param {(caseId: number) => void} parts.onStop
   * @param {(caseId: number) => void} parts.onChoose
   * @param {(text: string) => void} parts.announce
   */
  constructor({ store, nodes, onStop, onChoose, announce }) {
    Object.assign(this, { store, onStop, onChoose, announce, ...nodes });
    for (const value of [store.cases, store.loaded, store.chosen]) value.watch(() => this.#render());
  }

  #render() {
    const openCases = [...this.store.cases.value.values()].sort((a, b) => b.caseId - a.caseId);
    for (const id of [...this.#rows.keys()]) if (!this.store.cases.value.has(id)) this.#forget(id);
    for (const openCase of openCases) this.#update(openCase);
    arrange(this.list, openCases.map(({ caseId }) => this.#rows.get(caseId).node));
    setText(this.count, openCases.length > 0 ? String(openCases.length) : "");
    this.list.hidden = openCases.length === 0;
    this.empty.hidden = openCases.length > 0 || !this.store.loaded.value.cases;
  }

  #update(openCase) {
    const id = openCase.caseId;
    if (!this.#rows.has(id)) this.#rows.set(id, this.#make(id));
    const row = this.#rows.get(id);
    const name = this.store.nameOf(id);
    setText(row.name, name);
    setText(row.state, this.#state(openCase));
    setAttribute(row.node, "data-state", this.#kind(openCase));
    setAttribute(row.choose, "aria-pressed", String(this.store.chosen.value === id));
    const until = openCase.expiresAt;
    setAttribute(row.choose, "title", until === null ? null : `Followed until ${clockTime(until)}`);
    const picture = portraitOf(this.store, id);
    if (picture && row.source !== picture) {
      row.source = picture;
      row.image.src = picture;
    }
    if (!row.sure && !row.stopping) {
      setText(row.stop, "Stop");
      setAttribute(row.stop, "aria-label", `Stop looking for ${name}`);
    }
  }

  #kind({ caseId, hasFeatureMap, lastSeenAt }) {
    if (this.store.lastSeen(caseId) || lastSeenAt !== null) return "seen";
    return hasFeatureMap ? "searching" : "waiting";
  }

  #state(openCase) {
    const seen = this.store.lastSeen(openCase.caseId);
    if (seen) return `Last seen ${seen.cameraId}, ${clockTime(seen.at)}`;
    if (openCase.lastSeenAt !== null) return `Last seen ${clockTime(openCase.lastSeenAt)}`;
    return openCase.hasFeatureMap ? "Searching" : "Waiting for a face";
  }

  #make(caseId) {
    const row = { sure: 0, stopping: 0, source: "" };
    row.image = element("img", { class: "thumb", alt: "", hidden: true });
    row.image.addEventListener("load", () => this.#picture(row, true));
    row.image.addEventListener("error", () => this.#picture(row, false));
    row.blank = element("span", { class: "thumb blank", "aria-hidden": "true" });
    row.name = element("span", { class: "row-title" });
    row.state = element("span", { class: "row-note" });
    const words = element("span", { class: "row-words" }, row.name, row.state);
    row.choose = element(
      "button",
      { type: "button", class: "row-main", "aria-pressed": "false", onclick: () => this.onChoose(caseId) },
      row.image,
      row.blank,
      words,
    );
    row.stop = element("button", { type: "button", class: "stop", onclick: () => this.#stop(caseId, row) });
    row.node = element("li", { class: "row case", "data-case": caseId }, row.choose, row.stop);
    return row;
  }

  #picture(row, there) {
    row.image.hidden = !there;
    row.blank.hidden = there;
  }

  /** The first press asks, a second one within three seconds stops. */
  #stop(caseId, row) {
    if (row.stopping) return;
    const name = this.store.nameOf(caseId);
    if (row.sure) {
      this.#calm(row);
      row.stopping = setTimeout(() => this.#calm(row), STOPPING_MS);
      setText(row.stop, "…");
      setAttribute(row.stop, "aria-label", `Stopping the search for ${name}`);
      this.onStop(caseId);
      return;
    }
    row.sure = setTimeout(() => this.#calm(row), SURE_MS);
    row.stop.classList.add("sure");
    setText(row.stop, "Sure?");
    setAttribute(row.stop, "aria-label", `Press again to stop looking for ${name}`);
    this.announce(`Press again within three seconds to stop looking for ${name}`);
  }

  #calm(row) {
    clearTimeout(row.sure);
    clearTimeout(row.stopping);
    row.sure = 0;
    row.stopping = 0;
    row.stop.classList.remove("sure");
    this.store.cases.touch();
  }

  #forget(caseId) {
    const row = this.#rows.get(caseId);
    clearTimeout(row.sure);
    clearTimeout(row.stopping);
    this.#rows.delete(caseId);
  }
}
