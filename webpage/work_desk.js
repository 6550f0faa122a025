/* Reads now and then what the workers and the cloudlets do. Touches no DOM; the panel watches the store. */

import { readCloudlets, readWork } from "./api.js";

const SOON_MS = 2000;
const SELDOM_MS = 20_000;

export class WorkDesk {
  #askedAt = -Infinity;

  /** @param {{store: Store, session: Session}} parts */
  constructor({ store, session }) {
    Object.assign(this, { store, session });
    setInterval(() => this.#poll(), SOON_MS);
    store.link.watch(({ state }) => state === "open" && this.refresh());
  }

  async refresh() {
    this.#askedAt = performance.now();
    try {
      const [{ jobs, workers }, cloudlets] = await Promise.all([readWork(), readCloudlets()]);
      this.store.work.value = { jobs, workers, cloudlets };
    } catch (error) {
      if (error.status === 401) this.session.expired();
      // Any other failure shows elsewhere: the link is down, or the next turn mends it.
    }
  }

  /** Who has neither workers nor cloudlets is asked seldom whether they came. */
  #poll() {
    if (document.hidden || this.store.link.value.state !== "open") return;
    const { workers, cloudlets } = this.store.work.value;
    const wait = workers > 0 || cloudlets.length > 0 ? SOON_MS : SELDOM_MS;
    if (performance.now() - this.#askedAt >= wait - 100) this.refresh();
  }
}
