/* The machines of the fleet, shown once an agent has told of one. Sends nothing itself. */

import { arrange, setText } from "./element.js";
import { Machine } from "./machine.js";

export class Fleet {
  #machines = new Map(); // nodeId -> Machine

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {{panel: HTMLElement, list: HTMLElement, count: HTMLElement}} parts.nodes
   * @param {(nodeId: string) => void} parts.onStart
   * @param {(nodeId: string, name: string) => Promise<void>} parts.onStop
   * @param {(text: string) => void} parts.announce
   */
  constructor({ store, nodes, onStart, onStop, announce }) {
    Object.assign(this, { store, ...nodes, acts: { onStart, onStop, announce } });
    store.fleet.watch((fleet) => this.#render(fleet));
  }

  #render(fleet) {
    const ids = new Set(fleet.map(({ nodeId }) => nodeId));
    for (const id of [...this.#machines.keys()]) if (!ids.has(id)) this.#machines.delete(id);
    for (const node of fleet) {
      if (!this.#machines.has(node.nodeId)) this.#machines.set(node.nodeId, new Machine(node.nodeId, this.acts));
      this.#machines.get(node.nodeId).update(node);
    }
    arrange(this.list, fleet.map(({ nodeId }) => this.#machines.get(nodeId).node));
    const online = fleet.filter((node) => node.online).length;
    setText(this.count, `${online} of ${fleet.length} online`);
    this.panel.hidden = fleet.length === 0;
  }
}
