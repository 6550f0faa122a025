/* Reads the fleet now and then, and gives its nodes their commands. Touches no DOM; the panel watches the store. */

import { readFleet, startContainer, stopContainer } from "../server/api.js";
import { Poller } from "../shared/poller.js";

export class FleetService extends Poller {
  /** @param {{store: Store, session: Session, toasts: Toasts}} parts */
  constructor({ toasts, ...parts }) {
    super(parts, { soonMs: 5000, seldomMs: 30_000 });
    this.toasts = toasts;
  }

  async read() {
    this.store.fleet.value = await readFleet();
  }

  get any() {
    return this.store.fleet.value.length > 0;
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
}
