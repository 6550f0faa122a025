/* What the page does when a message comes or the operator acts. Touches no DOM; the panels watch the store. */

import { postCase, readCameras, readCases, readSightings } from "../server/api.js";
import { cameraKey } from "../server/wire.js";

const BURST_MS = 200;
const SOON_MS = 4000;
const SELDOM_MS = 30_000;

export class Controller {
  #casesTimer = 0;
  #polledAt = 0;

  /** @param {{store: Store, connection: Connection, session: Session, toasts: Toasts}} parts */
  constructor({ store, connection, session, toasts }) {
    Object.assign(this, { store, connection, session, toasts });
    setInterval(() => this.#poll(), SOON_MS);
  }

  /** Take in one checked message. */
  hear(message) {
    const { store } = this;
    const answers = {
      boundingBoxes: () => store.putBoxes(message, performance.now()),
      cameras: () => store.replaceCameras(message.cameras),
      newObject: () => this.#caseOpened(message),
      stop: () => this.#caseClosed(message.caseId),
      sighting: () => this.#seen(message),
      error: () => this.#refused(message),
    };
    answers[message.type]();
  }

  /** Ask for everything again: what changed while the link was down was never announced to us. */
  async catchUp() {
    const asked = this.store.chosen.value;
    await Promise.all([
      this.#ask(readCameras(), (cameras) => this.store.replaceCameras(cameras)),
      this.#ask(readCases(), (openCases) => this.store.replaceCases(openCases)),
      this.#ask(readSightings(asked), (sightings) => this.#showSightings(sightings, asked)),
    ]);
  }

  follow(camera, box, frameId) {
    if (box.caseId !== null) return this.choose(box.caseId);
    const sent = this.#send({ type: "start", cameraId: camera.cameraId, frameId, boxId: box.boxId });
    if (sent) this.toasts.note(`Asked ${camera.key} to follow ${box.objectType} ${box.boxId}`);
    return undefined;
  }

  openFromPhoto(image, name) {
    const message = { type: "start", image, ...(name && { name }) };
    const sent = this.connection.send(message);
    if (sent) this.toasts.note("Photo sent. The case appears in the list of cases.");
    return sent;
  }

  /** Open a case at the workers. Returns null, or what the server said against it. */
  async openFromPhotos(photos, fields) {
    try {
      await postCase(photos, fields);
    } catch (error) {
      if (error.status === 401) this.session.expired();
      return error.message;
    }
    this.toasts.note("Photos sent. The case appears in the list of cases.");
    this.#refreshCases(0);
    return null;
  }

  stop(caseId) {
    if (this.#send({ type: "stop", objectId: caseId })) this.#refreshCases(1000);
  }

  /** Show the sightings of one case, or of every case for null; the same case again takes the filter away. */
  choose(caseId, { toggle = false } = {}) {
    const { store } = this;
    store.chosen.value = toggle && store.chosen.value === caseId ? null : caseId;
    const asked = store.chosen.value;
    this.#ask(readSightings(asked), (sightings) => this.#showSightings(sightings, asked));
  }

  point({ cameraId }) {
    this.store.pointedAt.value = cameraKey(cameraId);
  }

  #send(message) {
    const sent = this.connection.send(message);
    if (!sent) this.toasts.error("Not sent: there is no connection to the server at the moment.");
    return sent;
  }

  #caseOpened(openCase) {
    if (this.store.addCase(openCase)) this.#refreshCases(BURST_MS);
  }

  #caseClosed(caseId) {
    const known = this.store.cases.value.has(caseId);
    if (known) this.toasts.note(`${this.store.nameOf(caseId)} is no longer looked for`);
    this.store.removeCase(caseId);
  }

  #seen(sighting) {
    const { store } = this;
    const isNew = store.putSighting(sighting);
    if (!store.cases.value.has(sighting.caseId)) this.#refreshCases(BURST_MS);
    if (!isNew) return;
    const near = sighting.distance === null ? "" : `, distance ${sighting.distance.toFixed(2)}`;
    this.toasts.announce(`Candidate: ${store.nameOf(sighting.caseId)} on ${sighting.cameraId}${near}`);
  }

  #refused({ code, message }) {
    this.toasts.error(message);
    if (!/auth|token|forbidden/i.test(code)) return;
    this.#ask(this.session.check(), (allowed) => allowed || this.session.expired());
  }

  #showSightings(sightings, asked) {
    // The answer to an older choice must not overwrite a newer one.
    if (asked === this.store.chosen.value) this.store.replaceSightings(sightings);
  }

  #refreshCases(wait) {
    clearTimeout(this.#casesTimer);
    const read = () => this.#ask(readCases(), (openCases) => this.store.replaceCases(openCases));
    this.#casesTimer = setTimeout(read, wait);
  }

  /** No message tells that a face was encoded or a case expired, so the list is read again now and then. */
  #poll() {
    if (document.hidden || this.store.link.value.state !== "open") return;
    const waiting = [...this.store.cases.value.values()].some((openCase) => !openCase.hasFeatureMap);
    const now = performance.now();
    if (now - this.#polledAt < (waiting ? SOON_MS : SELDOM_MS) - 100) return;
    this.#polledAt = now;
    this.#refreshCases(0);
  }

  async #ask(question, use) {
    try {
      use(await question);
    } catch (error) {
      if (error.status === 401) this.session.expired();
      else if (this.store.link.value.state === "open") this.toasts.error(error.message);
    }
  }
}
