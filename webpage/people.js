/* The people who are looked for, with their state and their Stop button. Sends nothing itself. */

import { arrange, element, setAttribute, setText } from "./element.js";
import { portraitOf } from "./portrait.js";
import { clockTime } from "./times.js";

const SURE_MS = 3000;
const STOPPING_MS = 5000;

export class People {
  #rows = new Map(); // objectId -> row

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {{list: HTMLElement, empty: HTMLElement, count: HTMLElement}} parts.nodes
   * @param {(objectId: number) => void} parts.onStop
   * @param {(objectId: number) => void} parts.onChoose
   * @param {(text: string) => void} parts.announce
   */
  constructor({ store, nodes, onStop, onChoose, announce }) {
    Object.assign(this, { store, onStop, onChoose, announce, ...nodes });
    for (const cell of [store.people, store.loaded, store.chosen]) cell.watch(() => this.#render());
  }

  #render() {
    const people = [...this.store.people.value.values()].sort((a, b) => b.objectId - a.objectId);
    for (const id of [...this.#rows.keys()]) if (!this.store.people.value.has(id)) this.#forget(id);
    for (const person of people) this.#update(person);
    arrange(this.list, people.map(({ objectId }) => this.#rows.get(objectId).node));
    setText(this.count, people.length > 0 ? String(people.length) : "");
    this.list.hidden = people.length === 0;
    this.empty.hidden = people.length > 0 || !this.store.loaded.value.people;
  }

  #update(person) {
    const id = person.objectId;
    if (!this.#rows.has(id)) this.#rows.set(id, this.#make(id));
    const row = this.#rows.get(id);
    const name = this.store.nameOf(id);
    setText(row.name, name);
    setText(row.state, this.#state(person));
    setAttribute(row.node, "data-state", this.#kind(person));
    setAttribute(row.choose, "aria-pressed", String(this.store.chosen.value === id));
    const until = person.expiresAt;
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

  #kind({ objectId, hasFeatureMap, lastSeenAt }) {
    if (this.store.lastSeen(objectId) || lastSeenAt !== null) return "seen";
    return hasFeatureMap ? "searching" : "waiting";
  }

  #state(person) {
    const seen = this.store.lastSeen(person.objectId);
    if (seen) return `Last seen ${seen.cameraId}, ${clockTime(seen.at)}`;
    if (person.lastSeenAt !== null) return `Last seen ${clockTime(person.lastSeenAt)}`;
    return person.hasFeatureMap ? "Searching" : "Waiting for a face";
  }

  #make(objectId) {
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
      { type: "button", class: "row-main", "aria-pressed": "false", onclick: () => this.onChoose(objectId) },
      row.image,
      row.blank,
      words,
    );
    row.stop = element("button", { type: "button", class: "stop", onclick: () => this.#stop(objectId, row) });
    row.node = element("li", { class: "row person", "data-object": objectId }, row.choose, row.stop);
    return row;
  }

  #picture(row, there) {
    row.image.hidden = !there;
    row.blank.hidden = there;
  }

  /** The first press asks, a second one within three seconds stops. */
  #stop(objectId, row) {
    if (row.stopping) return;
    const name = this.store.nameOf(objectId);
    if (row.sure) {
      this.#calm(row);
      row.stopping = setTimeout(() => this.#calm(row), STOPPING_MS);
      setText(row.stop, "…");
      setAttribute(row.stop, "aria-label", `Stopping the search for ${name}`);
      this.onStop(objectId);
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
    this.store.people.touch();
  }

  #forget(objectId) {
    const row = this.#rows.get(objectId);
    clearTimeout(row.sure);
    clearTimeout(row.stopping);
    this.#rows.delete(objectId);
  }
}
