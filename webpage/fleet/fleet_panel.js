/* The nodes of the fleet, shown once an agent has reported one. Sends nothing itself. */

import { arrange, setText } from "../shared/element.js";
import { NodeCard } from "./node_card.js";

export class FleetPanel {
  #cards = new Map(); // nodeId -> NodeCard

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
    for (const id of [...this.#cards.keys()]) if (!ids.has(id)) this.#cards.delete(id);
    for (const node of fleet) {
      if (!this.#cards.has(node.nodeId)) this.#cards.set(node.nodeId, new NodeCard(node.nodeId, this.acts));
      this.#cards.get(node.nodeId).update(node);
    }
    arrange(this.list, fleet.map(({ nodeId }) => this.#cards.get(nodeId).node));
    const online = fleet.filter((node) => node.online).length;
    setText(this.count, `${online} of ${fleet.length} online`);
    this.panel.hidden = fleet.length === 0;
  }
}
