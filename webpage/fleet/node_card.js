/* One node of the fleet: its state and the containers on it. Sends nothing itself. */

import { ConfirmButton } from "../shared/confirm_button.js";
import { arrange, element, setText } from "../shared/element.js";
import { ago } from "../shared/times.js";

const gigabytes = (bytes) => `${(bytes / 1024 ** 3).toFixed(bytes < 10 * 1024 ** 3 ? 1 : 0)} GB`;
const count = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

export class NodeCard {
  #rows = new Map(); // container's name -> row

  /**
   * @param {string} nodeId
   * @param {object} parts
   * @param {(nodeId: string) => void} parts.onStart
   * @param {(nodeId: string, name: string) => Promise<void>} parts.onStop
   * @param {(text: string) => void} parts.announce
   */
  constructor(nodeId, { onStart, onStop, announce }) {
    Object.assign(this, { nodeId, onStop, announce });
    this.state = element("span", { class: "state" });
    this.facts = element("p", { class: "node-facts" });
    this.meter = element("meter", { min: 0, "aria-label": `Load of ${nodeId}` });
    this.load = element("span", { class: "node-load" });
    this.devices = element("p", { class: "node-facts" });
    this.fault = element("p", { class: "fault" });
    this.list = element("ul", { class: "rows" });
    this.none = element("p", { class: "hint", text: "Nothing runs here yet." });
    this.start = element("button", {
      type: "button",
      class: "small",
      text: "Start a container",
      "aria-label": `Start a container on ${nodeId}`,
      onclick: () => onStart(nodeId),
    });
    const head = element("div", { class: "node-head" }, element("h3", { text: nodeId }), this.state);
    const load = element("div", { class: "node-bar" }, this.meter, this.load);
    const foot = element("div", { class: "node-foot" }, this.start);
    this.node = element(
      "article",
      { class: "node", "data-node": nodeId },
      ...[head, this.facts, load, this.devices, this.fault, this.list, this.none, foot],
    );
  }

  update(node) {
    this.node.dataset.state = node.online ? (node.fault ? "faulty" : "online") : "offline";
    setText(this.state, node.online ? (node.fault ? "In trouble" : "Online") : `Offline, ${ago(node.since)}`);
    setText(this.facts, `${node.architecture}, ${count(node.cores, "core")}, ${gigabytes(node.memoryBytes)}`);
    this.meter.max = node.cores;
    this.meter.high = node.cores * 0.9;
    this.meter.value = node.online ? node.load : 0;
    setText(this.load, node.online ? `load ${node.load.toFixed(1)} of ${node.cores}` : "load unknown");
    setText(this.devices, node.devices.length > 0 ? node.devices.join(", ") : "No device is plugged in");
    setText(this.fault, node.fault ?? "");
    this.fault.hidden = !node.fault;
    this.start.disabled = !node.online || node.kinds.length === 0;
    this.#renderContainers(node);
  }

  #renderContainers(node) {
    const names = new Set(node.containers.map(({ name }) => name));
    for (const name of [...this.#rows.keys()]) if (!names.has(name)) this.#rows.delete(name);
    for (const container of node.containers) this.#renderContainer(container, node.online);
    arrange(this.list, node.containers.map(({ name }) => this.#rows.get(name).node));
    this.list.hidden = node.containers.length === 0;
    this.none.hidden = node.containers.length > 0;
  }

  #renderContainer({ name, kind, state, device, source }, online) {
    if (!this.#rows.has(name)) this.#rows.set(name, this.#makeRow(name));
    const row = this.#rows.get(name);
    row.node.dataset.state = state;
    // Of a node that is offline only its last report is known.
    setText(row.note, [kind, device ?? source, online ? state : `was ${state}`].filter(Boolean).join(" · "));
    row.stop.node.disabled = !online;
  }

  #makeRow(name) {
    const deed = `Stop ${name} on ${this.nodeId}`;
    const act = () => this.onStop(this.nodeId, name);
    const stop = new ConfirmButton({ text: "Stop", deed, act, announce: this.announce });
    const note = element("span", { class: "row-note" });
    const words = element("div", { class: "row-words" }, element("span", { class: "row-title", text: name }), note);
    return { note, stop, node: element("li", { class: "row container" }, words, stop.node) };
  }
}
