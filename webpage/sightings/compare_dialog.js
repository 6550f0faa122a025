/* Photo and crop side by side, because a person confirms. Judges nothing itself. */

import { photoOf } from "../cases/portrait.js";
import { sightingCrop } from "../server/api.js";
import { clockTime } from "../shared/times.js";
import { likelihood } from "./likelihood.js";

export class CompareDialog {
  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes dialog, title, photo, blank, crop, facts, close
   */
  constructor({ store, nodes }) {
    Object.assign(this, { store, nodes });
    nodes.close.addEventListener("click", () => nodes.dialog.close());
    nodes.dialog.addEventListener("click", (event) => event.target === nodes.dialog && nodes.dialog.close());
    nodes.photo.addEventListener("error", () => this.#showPhoto(null));
  }

  show(sighting) {
    const { nodes, store } = this;
    const { caseId, sightingId, cameraId, distance, firstSeen, rejected } = sighting;
    const name = store.nameOf(caseId);
    nodes.title.textContent = `Is this ${name}?`;
    nodes.photo.alt = `Photo of ${name}`;
    this.#showPhoto(photoOf(store, caseId));
    nodes.crop.src = sightingCrop(sightingId);
    nodes.crop.alt = `Face seen on ${cameraId}`;
    const near = distance === null ? "" : ` The distance is ${distance.toFixed(2)}; the smaller, the more alike.`;
    const words = likelihood(sighting);
    const worth = words === "" ? "" : ` ${words[0].toUpperCase()}${words.slice(1)}.`;
    const verdict = rejected ? "Rejected: it is somebody else." : "A candidate: please confirm by eye.";
    const seen = `Seen on ${cameraId} at ${clockTime(firstSeen)}.`;
    nodes.facts.textContent = `${seen}${near}${worth} ${verdict}`;
    nodes.dialog.showModal();
  }

  #showPhoto(address) {
    this.nodes.photo.hidden = address === null;
    this.nodes.blank.hidden = address !== null;
    if (address === null) this.nodes.photo.removeAttribute("src");
    else this.nodes.photo.src = address;
  }
}
