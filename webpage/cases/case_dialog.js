/* The dialog that opens a case from photos: chosen, dropped on the page, named. Encodes no face.

   Where face workers are, they get all photos with a budget of false candidates and an end; else a camera's processor gets one photo. */

import { clockTime } from "../shared/times.js";
import { MAX_CASE_NAME } from "../server/wire.js";
import { base64, prepare } from "./photo.js";

const MOST_PHOTOS = 20;

export class CaseDialog {
  #photos = [];
  #turn = 0;
  #url = null;

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes dialog, form, open, file, drop, preview, hint, name, fault, submit,
   *   count, more, budget, threshold, expires
   * @param {(image: string, name: string) => boolean} parts.onCase returns false when nothing could be sent
   * @param {(photos: Blob[], fields: object) => Promise<string|null>} parts.onPhotos returns what is against it
   */
  constructor({ store, nodes, onCase, onPhotos }) {
    Object.assign(this, { store, nodes, onCase, onPhotos });
    nodes.name.maxLength = MAX_CASE_NAME;
    store.work.watch(({ workers }) => (nodes.more.hidden = workers === 0));
    nodes.open.addEventListener("click", () => this.#show());
    nodes.file.addEventListener("change", () => this.#take([...nodes.file.files]));
    nodes.form.addEventListener("submit", (event) => this.#submit(event));
    nodes.dialog.addEventListener("close", () => this.#reset());
    for (const button of nodes.form.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => nodes.dialog.close());
    }
    this.#listenForDrops();
  }

  #listenForDrops() {
    const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!carriesFile(event)) return;
      event.preventDefault(); // else the browser would leave the console and show the photo
      this.nodes.drop.classList.add("hot");
    });
    for (const type of ["dragleave", "drop"]) addEventListener(type, () => this.nodes.drop.classList.remove("hot"));
    addEventListener("drop", (event) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      this.#show();
      this.#take([...event.dataTransfer.files]);
    });
  }

  #show() {
    const locked = this.nodes.open.closest("[hidden]") !== null;
    if (!locked && !this.nodes.dialog.open) this.nodes.dialog.showModal();
  }

  async #take(files) {
    if (files.length === 0) return;
    const turn = ++this.#turn;
    this.#forget();
    this.#fault("");
    try {
      if (files.length > MOST_PHOTOS) throw new Error(`Choose at most ${MOST_PHOTOS} photos, not ${files.length}.`);
      const photos = [];
      for (const file of files) photos.push(await prepare(file)); // one by one: a picture takes much memory
      if (turn !== this.#turn) return; // other photos were chosen meanwhile
      this.#photos = photos;
      this.#url = URL.createObjectURL(photos[0]);
      this.nodes.count.textContent = `${photos.length} photos, the first is shown.`;
      this.nodes.count.hidden = photos.length === 1;
      this.nodes.preview.src = this.#url;
      this.nodes.preview.hidden = false;
      this.nodes.hint.hidden = true;
      this.nodes.name.focus();
    } catch (error) {
      if (turn === this.#turn) this.#fault(error.message);
    }
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#photos.length === 0) return this.#fault("Choose a photo of the person first.");
    this.nodes.submit.disabled = true;
    try {
      const against = this.store.work.value.workers > 0 ? await this.#toWorkers() : await this.#toCamera();
      if (against === null) this.nodes.dialog.close();
      else this.#fault(against);
    } catch (error) {
      this.#fault(error.message);
    } finally {
      this.nodes.submit.disabled = false;
    }
    return undefined;
  }

  #toWorkers() {
    const { form, name, budget, threshold, expires } = this.nodes;
    if (!budget.validity.valid) return `Wrong faces a day is a number from 0.001 to 1000, such as ${budget.placeholder}.`;
    if (!threshold.validity.valid) return `The largest distance is a number from 0.05 to 1, such as ${threshold.placeholder}.`;
    const called = name.value.trim() || `Somebody, ${clockTime(Date.now() / 1000)}`;
    return this.onPhotos(this.#photos, {
      name: called,
      sensitivity: form.elements.namedItem("sensitivity").value,
      falseCandidatesPerDay: budget.value,
      threshold: threshold.value,
      expires: expires.value,
    });
  }

  async #toCamera() {
    if (this.#photos.length > 1) return "No face worker is running, so choose one photo only.";
    const sent = this.onCase(await base64(this.#photos[0]), this.nodes.name.value.trim());
    if (sent) return null;
    return "There is no connection to the server at the moment. Your photo is kept here: try again soon.";
  }

  #fault(text) {
    this.nodes.fault.textContent = text;
    this.nodes.fault.hidden = text === "";
  }

  #forget() {
    this.#photos = [];
    this.nodes.count.hidden = true;
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = null;
    this.nodes.preview.hidden = true;
    this.nodes.preview.removeAttribute("src");
    this.nodes.hint.hidden = false;
  }

  #reset() {
    this.#turn += 1;
    this.#forget();
    this.nodes.form.reset();
    this.#fault("");
  }
}
