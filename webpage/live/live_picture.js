/* One live picture (MJPEG in an <img>): opens and closes it, tries again when it breaks. Draws no boxes. */

import { Backoff } from "../server/backoff.js";

const PATIENCE_MS = { first: 12_000, least: 5000, most: 60_000 };
const STILL_MS = 1000;
const SAMPLE = { width: 16, height: 9 };

export class LivePicture {
  #backoff = new Backoff({ first: 1000, longest: 30_000 });
  #attempt = 0;
  #pictures = 0; // different ones that this attempt brought
  #retryAt = null;
  #movedAt = 0;
  #stillAt = 0;
  #patience = PATIENCE_MS.least;
  #fingerprint = "";
  #sample = new OffscreenCanvas(SAMPLE.width, SAMPLE.height).getContext("2d", { willReadFrequently: true });

  /**
   * @param {object} parts
   * @param {HTMLImageElement} parts.image
   * @param {HTMLCanvasElement} parts.still keeps the last picture while the live one is closed
   * @param {string} parts.url
   * @param {(ratio: number) => void} parts.onShape width by height, whenever it changes
   */
  constructor({ image, still, url, onShape }) {
    Object.assign(this, { image, still, url, onShape });
    this.live = false;
    this.shown = false;
    this.ratio = 0;
    image.addEventListener("load", () => this.#look(performance.now()));
    image.addEventListener("error", () => this.live && this.#broke(performance.now()));
  }

  open(now) {
    if (this.live) return;
    this.live = true;
    this.#load(now);
  }

  /** Hang up. The last picture stays as a still. */
  close() {
    if (!this.live) return;
    this.#keepStill();
    this.live = false;
    this.#retryAt = null;
    this.#show(false);
    // Chromium reads on for an element that only left the document: the address itself must go.
    this.image.removeAttribute("src");
  }

  /** Start again after the link was lost: what was shown belongs to a connection that is gone. */
  reopen(now) {
    this.#backoff.reset();
    if (this.live) this.#load(now);
  }

  /** Look whether the picture still moves. A stream that ends or hangs tells the page nothing: no event comes. */
  check(now) {
    if (!this.live) return;
    if (this.#retryAt !== null) {
      if (now >= this.#retryAt) this.#load(now);
      return;
    }
    this.#look(now);
    if (now - this.#movedAt <= (this.#pictures > 0 ? this.#patience : PATIENCE_MS.first)) return;
    // It may as well be a camera that looks at a wall: ask again without a word, and more and more seldom.
    this.#patience = Math.min(PATIENCE_MS.most, this.#patience * 2);
    this.#load(now);
  }

  /** Whether the server refused the picture or hung up; it is asked again after a while. */
  get broken() {
    return this.#retryAt !== null;
  }

  #load(now) {
    this.#retryAt = null;
    this.#movedAt = now;
    this.#pictures = 0;
    this.#fingerprint = "";
    this.#attempt += 1;
    this.image.hidden = false;
    // The same address again would be answered from the document's own list of images, without asking the server.
    this.image.src = this.#attempt === 1 ? this.url : `${this.url}&attempt=${this.#attempt}`;
  }

  #broke(now) {
    this.#show(false);
    this.#retryAt = now + this.#backoff.next();
  }

  #look(now) {
    const { naturalWidth, naturalHeight } = this.image;
    if (!this.live || this.broken || naturalWidth === 0 || naturalHeight === 0) return;
    this.#sample.drawImage(this.image, 0, 0, SAMPLE.width, SAMPLE.height);
    const fingerprint = this.#sample.getImageData(0, 0, SAMPLE.width, SAMPLE.height).data.join();
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    this.#movedAt = now;
    this.#pictures += 1;
    if (this.#pictures > 1) this.#patience = PATIENCE_MS.least;
    this.#backoff.reset();
    this.#shape(naturalWidth / naturalHeight);
    this.#show(true);
    if (now - this.#stillAt > STILL_MS) this.#keepStill();
  }

  /** An image without a picture would show its alternative text over the still. */
  #show(shown) {
    this.shown = shown;
    this.image.toggleAttribute("data-shown", shown);
  }

  #shape(ratio) {
    if (Math.abs(ratio - this.ratio) < 0.001) return;
    this.ratio = ratio;
    this.onShape(ratio);
  }

  /** A picture that broke can no longer be copied, so a copy is made beforehand. */
  #keepStill() {
    if (!this.shown || this.image.naturalWidth === 0) return;
    this.#stillAt = performance.now();
    this.still.width = Math.min(960, this.image.naturalWidth);
    this.still.height = Math.round(this.still.width / this.ratio);
    this.still.getContext("2d").drawImage(this.image, 0, 0, this.still.width, this.still.height);
  }
}
