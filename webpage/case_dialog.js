/* The dialog that opens a case from a photo: chosen, dropped on the page, named. Encodes no face. */

import { base64, prepare } from "./photo.js";

export class CaseDialog {
  #photo = null;
  #turn = 0;
  #url = null;

  /**
   * @param {object} parts
   * @param {Record<string, HTMLElement>} parts.nodes dialog, form, open, file, drop, preview, hint, name, fault, submit
   * @param {(image: string, name: string) => boolean} parts.onCase returns false when nothing could be sent
   */
  constructor({ nodes, onCase }) {
    Object.assign(this, { nodes, onCase });
    nodes.open.addEventListener("click", () => this.#show());
    nodes.file.addEventListener("change", () => this.#take(nodes.file.files[0]));
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
      this.#take(event.dataTransfer.files[0]);
    });
  }

  #show() {
    const locked = this.nodes.open.closest("[hidden]") !== null;
    if (!locked && !this.nodes.dialog.open) this.nodes.dialog.showModal();
  }

  async #take(file) {
    if (!file) return;
    const turn = ++this.#turn;
    this.#forget();
    this.#fault("");
    try {
      const photo = await prepare(file);
      if (turn !== this.#turn) return; // another photo was chosen meanwhile
      this.#photo = photo;
      this.#url = URL.createObjectURL(photo);
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
    if (!this.#photo) return this.#fault("Choose a photo of the person first.");
    this.nodes.submit.disabled = true;
    try {
      const image = await base64(this.#photo);
      if (this.onCase(image, this.nodes.name.value.trim())) this.nodes.dialog.close();
      else this.#fault("There is no connection to the server at the moment. Your photo is kept here: try again soon.");
    } catch (error) {
      this.#fault(error.message);
    } finally {
      this.nodes.submit.disabled = false;
    }
    return undefined;
  }

  #fault(text) {
    this.nodes.fault.textContent = text;
    this.nodes.fault.hidden = text === "";
  }

  #forget() {
    this.#photo = null;
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
