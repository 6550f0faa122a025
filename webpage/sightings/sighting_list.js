/* The list of sightings, newest first, and its filter. Judges nothing: a sighting is a candidate. */

import { sightingCrop } from "../server/api.js";
import { arrange, element, setAttribute, setText } from "../shared/element.js";
import { ago, clockTime, isoTime } from "../shared/times.js";
import { likelihood } from "./likelihood.js";

const IN_VIEW_S = 4;

export class SightingList {
  #rows = new Map(); // sightingId -> row

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes list, empty, count, filter
   * @param {(caseId: number|null) => void} parts.onChoose
   * @param {(sighting: object) => void} parts.onPoint show the camera
   * @param {(sighting: object) => void} parts.onCompare show crop and photo side by side
   */
  constructor({ store, nodes, onChoose, onPoint, onCompare }) {
    Object.assign(this, { store, onPoint, onCompare, ...nodes });
    for (const value of [store.sightings, store.loaded]) value.watch(() => this.#render());
    for (const value of [store.cases, store.chosen]) value.watch(() => this.#renderFilter());
    this.filter.addEventListener("change", () => onChoose(this.filter.value === "" ? null : Number(this.filter.value)));
    setInterval(() => this.#render(), 2000);
  }

  #render() {
    if (document.hidden) return;
    const sightings = this.store.sightings.value;
    const ids = new Set(sightings.map(({ sightingId }) => sightingId));
    for (const id of [...this.#rows.keys()]) if (!ids.has(id)) this.#rows.delete(id);
    for (const sighting of sightings) this.#update(sighting);
    arrange(this.list, sightings.map(({ sightingId }) => this.#rows.get(sightingId).node));
    setText(this.count, sightings.length > 0 ? String(sightings.length) : "");
    this.list.hidden = sightings.length === 0;
    this.empty.hidden = sightings.length > 0 || !this.store.loaded.value.sightings;
  }

  #update(sighting) {
    const id = sighting.sightingId;
    if (!this.#rows.has(id)) this.#rows.set(id, this.#make());
    const row = this.#rows.get(id);
    row.sighting = sighting;
    const name = this.store.nameOf(sighting.caseId);
    const inView = !sighting.rejected && Date.now() / 1000 - sighting.lastSeen < IN_VIEW_S;
    setText(row.name, name);
    setText(row.camera, String(sighting.cameraId));
    setText(row.distance, sighting.distance === null ? "No distance" : `Distance ${sighting.distance.toFixed(2)}`);
    const worth = sighting.rejected ? "" : likelihood(sighting);
    setText(row.worth, worth);
    row.worth.hidden = worth === "";
    setText(row.verdict, sighting.rejected ? "rejected: somebody else" : "a candidate: please confirm by eye");
    setText(row.relative, inView ? "in view now" : ago(sighting.lastSeen));
    setText(row.absolute, this.#span(sighting));
    setAttribute(row.time, "datetime", isoTime(sighting.firstSeen));
    setAttribute(row.node, "data-rejected", sighting.rejected ? "" : null);
    setAttribute(row.node, "data-now", inView ? "" : null);
    setAttribute(row.crop, "aria-label", `Compare this sighting with the photo of ${name}`);
    if (sighting.hasCrop && !row.loaded) {
      row.loaded = true;
      row.image.src = sightingCrop(id);
    }
  }

  #span({ firstSeen, lastSeen }) {
    return lastSeen - firstSeen < 1 ? clockTime(firstSeen) : `${clockTime(firstSeen)} to ${clockTime(lastSeen)}`;
  }

  #make() {
    const row = { sighting: null, loaded: false };
    row.image = element("img", { class: "thumb", alt: "", loading: "lazy" });
    row.image.addEventListener("load", () => this.#crop(row));
    const compare = { type: "button", class: "crop", disabled: true, onclick: () => this.onCompare(row.sighting) };
    row.crop = element("button", compare, row.image, element("span", { class: "thumb blank", "aria-hidden": "true" }));
    row.name = element("span", { class: "row-title" });
    row.camera = element("span", { class: "row-camera" });
    row.distance = element("span", { class: "distance" });
    row.verdict = element("span");
    row.relative = element("span", { class: "relative" });
    row.absolute = element("span", { class: "absolute" });
    row.time = element("time", { class: "row-time" }, row.relative, row.absolute);
    const note = element("span", { class: "row-note" }, row.distance, ", ", row.verdict);
    row.worth = element("span", { class: "row-note worth", hidden: true });
    const head = element("span", { class: "row-head" }, row.name, row.camera);
    const words = element("span", { class: "row-words" }, head, note, row.worth, row.time);
    const point = { type: "button", class: "row-main", onclick: () => this.onPoint(row.sighting) };
    row.node = element("li", { class: "row sighting" }, row.crop, element("button", point, words));
    return row;
  }

  #crop(row) {
    row.crop.disabled = false;
    row.crop.lastElementChild.hidden = true;
  }

  #renderFilter() {
    const { chosen, cases } = this.store;
    const ids = new Set(cases.value.keys());
    if (chosen.value !== null) ids.add(chosen.value); // a case that was closed meanwhile stays chosen
    const named = [...ids].sort((a, b) => b - a).map((id) => [String(id), this.store.nameOf(id)]);
    const options = [["", "Everybody"], ...named];
    const same =
      options.length === this.filter.options.length &&
      options.every(([value, text], index) => {
        const option = this.filter.options[index];
        return option.value === value && option.text === text;
      });
    // A list that is rebuilt while it is open closes under the operator's hand.
    if (!same) this.filter.replaceChildren(...options.map(([value, text]) => element("option", { value, text })));
    this.filter.value = chosen.value === null ? "" : String(chosen.value);
  }
}
