/* Reads the fleet now and then, and gives its nodes their commands. Touches no DOM; the panel watches the store. */

import { readFleet, startContainer, stopContainer } from "./api.js";

const SOON_MS = 5000;
const SELDOM_MS = 30_000;

export class FleetDesk {
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
      this.store.fleet.value = await readFleet();
    } catch (error) {
      if (error.status === 401) this.session.expired();
      // Any other failure shows elsewhere: the link is down, or the next turn mends it.
    }
  }

  /** Have a node start a container. Returns null, or what the node or the server said against it. */
  async start(nodeId, order) {
    try {
      this.#now(nodeId, await startContainer(nodeId, order));
      this.toasts.note(`${order.name} is started on ${nodeId}`);
      return null;
    } catch (error) {
      return error.message;
    }
  }

  async stop(nodeId, name) {
    try {
      this.#now(nodeId, await stopContainer(nodeId, name));
      this.toasts.note(`${name} is stopped on ${nodeId}`);
    } catch (error) {
      this.toasts.error(error.message);
    }
  }

  #now(nodeId, containers) {
    this.store.fleet.value = this.store.fleet.value.map((node) =>
      node.nodeId === nodeId ? { ...node, containers } : node,
    );
  }

  /** Most installations have no fleet: they are asked seldom whether they got one. */
  #poll() {
    if (document.hidden || this.store.link.value.state !== "open") return;
    const wait = this.store.fleet.value.length > 0 ? SOON_MS : SELDOM_MS;
    if (performance.now() - this.#askedAt >= wait - 100) this.refresh();
  }
}
