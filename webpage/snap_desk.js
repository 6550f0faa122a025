/* Reads snap cameras and their pictures now and then, and has them take new ones. Touches no DOM. */

import { askSnap, readSnapDevices, readSnippets } from "./api.js";

const SOON_MS = 5000;
const SELDOM_MS = 30_000;

export class SnapDesk {
  #askedAt = -Infinity;

  /** @param {{store: Store, session: Session, toasts: Toasts}} parts */
  constructor({ store, session, toasts }) {
    Object.assign(this, { store, session, toasts });
    setInterval(() => this.#poll(), SOON_MS);
    store.link.watch(({ state }) => state === "open" && this.refresh());
  }

  async refresh() {
    this.#askedAt = performance.now();
    try {
      const [devices, snippets] = await Promise.all([readSnapDevices(), readSnippets()]);
      this.store.snapDevices.value = devices;
      this.store.snippets.value = snippets;
    } catch (error) {
      if (error.status === 401) this.session.expired();
      // Any other failure shows elsewhere: the link is down, or the next turn mends it.
    }
  }

  /** Have cameras take a picture and show what became of it; `to` is a device, a group or "all". */
  async snap(to) {
    try {
      const results = await askSnap(to);
      this.store.snapResults.value = results;
      const well = results.filter(({ state }) => state === "uploaded").length;
      this.toasts.note(`${well} of ${results.length} cameras sent a picture`);
    } catch (error) {
      if (error.status === 401) this.session.expired();
      else this.toasts.error(error.message);
    }
    await this.refresh();
  }

  /** Most installations have no snap cameras: they are asked seldom whether they got one. */
  #poll() {
    if (document.hidden || this.store.link.value.state !== "open") return;
    const wait = this.store.snapDevices.value.length > 0 ? SOON_MS : SELDOM_MS;
    if (performance.now() - this.#askedAt >= wait - 100) this.refresh();
  }
}
