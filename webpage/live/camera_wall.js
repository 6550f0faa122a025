/* The wall of cameras: one tile each, and who of them is live. Knows no message of the wire. */

import { streamOf } from "../server/api.js";
import { arrange, setText } from "../shared/element.js";
import { CameraTile } from "./camera_tile.js";
import { assignSlots } from "./stream_slots.js";

const TICK_MS = 250;
const POINT_MS = 4000;

export class CameraWall {
  #tiles = new Map(); // key -> CameraTile
  #pointTimer = 0;
  #cutOff = false;
  #seen = new IntersectionObserver((entries) => this.#moved(entries), { rootMargin: "100px" });

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes wall, empty, command, count
   * @param {string} parts.processorUrl where a camera processor connects, shown while there is none
   * @param {(camera: object, box: object, frameId: number) => void} parts.onBox
   */
  constructor({ store, nodes, processorUrl, onBox }) {
    Object.assign(this, { store, onBox, ...nodes });
    this.command.textContent += ` \\\n  --orchestrator-url ${processorUrl}`;
    store.cameras.watch(() => this.#render());
    store.loaded.watch(() => this.#render());
    store.frames.watch(() => this.#draw());
    store.pointedAt.watch((key) => key !== null && this.#point(key));
    store.link.watch(({ state }) => this.#linked(state));
    document.addEventListener("visibilitychange", () => this.#tick());
    setInterval(() => this.#tick(), TICK_MS);
  }

  #render() {
    const cameras = [...this.store.cameras.value.values()];
    cameras.sort((a, b) => a.key.localeCompare(b.key, undefined, { numeric: true }));
    for (const key of [...this.#tiles.keys()]) if (!this.store.cameras.value.has(key)) this.#remove(key);
    for (const camera of cameras) {
      if (this.#tiles.has(camera.key)) this.#tiles.get(camera.key).update(camera);
      else this.#add(camera);
    }
    arrange(this.wall, cameras.map(({ key }) => this.#tiles.get(key).node));
    const online = cameras.filter((camera) => camera.online).length;
    setText(this.count, cameras.length > 0 ? `${online} of ${cameras.length} online` : "");
    this.wall.dataset.count = cameras.length > 4 ? "many" : String(cameras.length);
    this.wall.hidden = cameras.length === 0;
    this.empty.hidden = cameras.length > 0 || !this.store.loaded.value.cameras;
    this.#tick();
  }

  #add(camera) {
    const tile = new CameraTile({
      camera,
      url: streamOf(camera.cameraId),
      nameOf: (caseId) => this.store.nameOf(caseId),
      onPress: (box, frameId) => this.onBox(tile.camera, box, frameId),
    });
    this.#tiles.set(camera.key, tile);
    this.#seen.observe(tile.node);
  }

  #remove(key) {
    const tile = this.#tiles.get(key);
    this.#seen.unobserve(tile.node);
    tile.picture.close();
    tile.node.remove();
    this.#tiles.delete(key);
  }

  #draw() {
    const now = performance.now();
    for (const [key, tile] of this.#tiles) {
      const frame = this.store.frames.value.get(key);
      if (frame && tile.camera.online && tile.inView) tile.boxes.draw(frame, now);
    }
  }

  #moved(entries) {
    for (const { target, isIntersecting } of entries) {
      for (const tile of this.#tiles.values()) if (tile.node === target) tile.inView = isIntersecting;
    }
    this.#tick();
  }

  /** Open and close live pictures as tiles come into view, and take away what is too old. */
  #tick() {
    const now = performance.now();
    const tiles = [...this.#tiles.entries()];
    const wanting = tiles
      .filter(([, { inView, camera }]) => inView && camera.online && !document.hidden)
      .map(([key, { pinned, since, until }]) => ({ key, pinned, since, until }));
    const live = assignSlots(wanting, now);
    // Closing comes first: a new stream may need the connection that an old one holds.
    for (const [key, tile] of tiles) if (!live.has(key) && tile.picture.live) this.#close(tile, now);
    for (const [key, tile] of tiles) if (live.has(key) && !tile.picture.live) this.#open(tile, now);
    for (const [, tile] of tiles) {
      tile.picture.check(now);
      tile.boxes.expire(now);
      tile.show();
    }
  }

  #open(tile, now) {
    tile.since = now;
    tile.picture.open(now);
  }

  #close(tile, now) {
    tile.since = null;
    tile.until = now;
    tile.picture.close();
  }

  #linked(state) {
    if (state === "waiting") this.#cutOff = true;
    if (state !== "open" || !this.#cutOff) return;
    this.#cutOff = false;
    for (const tile of this.#tiles.values()) tile.picture.reopen(performance.now());
  }

  #point(key) {
    this.store.pointedAt.value = null;
    const tile = this.#tiles.get(key);
    if (!tile) return;
    clearTimeout(this.#pointTimer);
    for (const other of this.#tiles.values()) other.node.classList.toggle("pointed", other === tile);
    tile.node.scrollIntoView({ block: "nearest" });
    this.#pointTimer = setTimeout(() => tile.node.classList.remove("pointed"), POINT_MS);
  }
}
