/* Reads snap cameras and their pictures now and then, and has them take new ones. Touches no DOM. */

import { askSnap, readSnapDevices, readSnippets } from "../server/api.js";
import { Poller } from "../shared/poller.js";

export class SnapService extends Poller {
  /** @param {{store: Store, session: Session, toasts: Toasts}} parts */
  constructor({ toasts, ...parts }) {
    super(parts, { soonMs: 5000, seldomMs: 30_000 });
    this.toasts = toasts;
  }

  async read() {
    const [devices, snippets] = await Promise.all([readSnapDevices(), readSnippets()]);
    this.store.snapDevices.value = devices;
    this.store.snippets.value = snippets;
  }

  get any() {
    return this.store.snapDevices.value.length > 0;
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
}
