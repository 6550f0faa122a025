/* The dialog that starts a container on a node: offers what the node allows and nothing else. Sends nothing. */

import { element, setText } from "../shared/element.js";

const OTHER = "other";

export class StartDialog {
  #nodeId = null;

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes dialog, title, form, kind, name, where, place, other, source,
   *   rules, fault, submit
   * @param {(nodeId: string, order: object) => Promise<string|null>} parts.onOrder returns what was said against it
   */
  constructor({ store, nodes, onOrder }) {
    Object.assign(this, { store, nodes, onOrder });
    nodes.kind.addEventListener("change", () => this.#offerPlaces());
    nodes.place.addEventListener("change", () => this.#showSource());
    nodes.form.addEventListener("submit", (event) => this.#submit(event));
    for (const button of nodes.form.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => nodes.dialog.close());
    }
  }

  show(nodeId) {
    this.#nodeId = nodeId;
    const { nodes } = this;
    nodes.form.reset();
    this.#fault("");
    setText(nodes.title, `Start a container on ${nodeId}`);
    nodes.kind.replaceChildren(...this.#node().kinds.map(({ kind }) => element("option", { value: kind, text: kind })));
    this.#offerPlaces();
    nodes.dialog.showModal();
    nodes.name.focus();
  }

  #node() {
    return this.store.fleet.value.find(({ nodeId }) => nodeId === this.#nodeId);
  }

  #kind() {
    return this.#node()?.kinds.find(({ kind }) => kind === this.nodes.kind.value);
  }

  /** What the kind may be started on: free devices, sources that need no more words, and one to be typed. */
  #offerPlaces() {
    const kind = this.#kind();
    const taken = new Set(this.#node().containers.map(({ device }) => device));
    const options = kind.devices.map((device) => {
      const text = taken.has(device) ? `${device} (in use)` : device;
      return element("option", { value: `device ${device}`, text, disabled: taken.has(device) });
    });
    const rules = kind.sources.filter((rule) => !isWhole(rule));
    for (const source of kind.sources.filter(isWhole)) {
      options.push(element("option", { value: `source ${source}`, text: source }));
    }
    if (rules.length > 0) options.push(element("option", { value: OTHER, text: "Another source" }));
    this.nodes.place.replaceChildren(...options);
    this.nodes.place.selectedIndex = options.findIndex((option) => !option.disabled);
    this.nodes.where.hidden = options.length === 0;
    setText(this.nodes.rules, `This node allows ${rules.join(", ")}`);
    this.#showSource();
  }

  #showSource() {
    this.nodes.other.hidden = this.nodes.place.value !== OTHER;
  }

  async #submit(event) {
    event.preventDefault();
    const { nodes } = this;
    const order = { kind: nodes.kind.value, name: nodes.name.value.trim() };
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(order.name)) {
      return this.#fault("Choose a name of letters, digits, - and _, such as gate-1.");
    }
    const [what, place] = nodes.place.value === OTHER ? ["source", nodes.source.value.trim()] : split(nodes.place.value);
    if (!nodes.where.hidden && !place) return this.#fault("Choose what it is to look at.");
    if (place) order[what] = place;
    nodes.submit.disabled = true;
    setText(nodes.submit, "Starting…");
    const refusal = await this.onOrder(this.#nodeId, order);
    nodes.submit.disabled = false;
    setText(nodes.submit, "Start");
    if (refusal === null) nodes.dialog.close();
    else this.#fault(refusal);
    return undefined;
  }

  #fault(text) {
    this.nodes.fault.textContent = text;
    this.nodes.fault.hidden = text === "";
  }
}

/** Whether a rule of the allow-list is a source as it stands, and no pattern. */
const isWhole = (rule) => rule === "test:" || rule.startsWith("named:");

const split = (value) => [value.slice(0, 6), value.slice(7)];
