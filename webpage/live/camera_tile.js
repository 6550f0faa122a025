/* One camera as the operator sees it: picture, boxes and state. Decides nothing about when it may be live. */

import { element, setAttribute, setText } from "../shared/element.js";
import { clockTime } from "../shared/times.js";
import { BoxLayer } from "./box_layer.js";
import { LivePicture } from "./live_picture.js";
import { LIVE_AT_ONCE } from "./stream_slots.js";

const TURNS = `${LIVE_AT_ONCE} pictures are live at once and the others take turns. Point at one to keep it live.`;

const WORDS = { broken: "Interrupted", still: "Still", waiting: "Connecting", online: "Live" };

export class CameraTile {
  #frame;
  #message;
  #state;
  #name;

  /**
   * @param {object} parts
   * @param {object} parts.camera
   * @param {string} parts.url address of the live picture
   * @param {(caseId: number) => string} parts.nameOf
   * @param {(box: object, frameId: number) => void} parts.onPress
   */
  constructor({ camera, url, nameOf, onPress }) {
    this.camera = camera;
    this.inView = false;
    this.since = null;
    this.until = 0;
    const image = element("img", { class: "live", alt: "", draggable: "false", hidden: true });
    const still = element("canvas", { class: "still", "aria-hidden": "true", width: 0, height: 0 });
    const layer = element("div", { class: "boxes", role: "group" });
    this.#message = element("p", { class: "picture-message" });
    const stage = element("div", { class: "stage" }, still, image, layer);
    this.#frame = element("div", { class: "frame" }, stage, this.#message);
    this.#name = element("h3", { class: "tile-name" });
    this.#state = element("span", { class: "state" });
    this.node = element(
      "article",
      { class: "tile", tabindex: "-1" },
      this.#frame,
      element("header", { class: "tile-head" }, this.#name, this.#state),
    );
    this.layer = layer;
    this.image = image;
    this.picture = new LivePicture({ image, still, url, onShape: (ratio) => this.#fit(ratio) });
    this.boxes = new BoxLayer({ layer, onPress, nameOf, onFocusLost: () => this.node.focus({ preventScroll: true }) });
    this.update(camera);
  }

  update(camera) {
    this.camera = camera;
    const title = `Camera ${camera.key}`;
    setText(this.#name, camera.key);
    setAttribute(this.node, "aria-label", title);
    setAttribute(this.layer, "aria-label", `Boxes on ${camera.key}`);
    setAttribute(this.image, "alt", `Live picture of ${camera.key}`);
    if (!camera.online) this.boxes.clear();
    this.show();
  }

  /** Bring the words under and over the picture up to date. */
  show() {
    const { camera, picture } = this;
    const since = camera.since === null ? "" : ` since ${clockTime(camera.since)}`;
    const turn = camera.online && !picture.live && this.until > 0;
    const seen = picture.live && !picture.shown ? "waiting" : "online";
    const state = !camera.online ? "offline" : picture.broken ? "broken" : turn ? "still" : seen;
    setAttribute(this.node, "data-state", state);
    setText(this.#state, state === "offline" ? `Offline${since}` : WORDS[state]);
    setAttribute(this.#state, "title", turn ? TURNS : camera.online ? `Online${since}` : null);
    setText(this.#message, this.#words());
    this.#message.hidden = this.#message.textContent === "";
  }

  get pinned() {
    return this.node.matches(":hover, :focus-within, .pointed");
  }

  #words() {
    const { camera, picture } = this;
    if (!camera.online) return "No picture: the camera is offline";
    if (picture.broken) return "The picture stopped, trying again";
    if (picture.live && !picture.shown) return "Waiting for the picture";
    return "";
  }

  /** Tell the style sheet the picture's shape: the stage takes it exactly, so that the boxes lie where they belong. */
  #fit(ratio) {
    this.#frame.style.setProperty("--ratio", ratio.toFixed(6));
  }
}
