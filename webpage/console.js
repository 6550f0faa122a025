/* What the page does when a message comes or the operator acts. Touches no DOM; the panels watch the store. */

import { postCase, readCameras, readPeople, readSightings } from "./api.js";
import { cameraKey } from "./wire.js";

const BURST_MS = 200;
const SOON_MS = 4000;
const SELDOM_MS = 30_000;

export class Console {
  #peopleTimer = 0;
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
      newObject: () => this.#personCame(message),
      stop: () => this.#personWent(message.objectId),
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
      this.#ask(readPeople(), (people) => this.store.replacePeople(people)),
      this.#ask(readSightings(asked), (sightings) => this.#showSightings(sightings, asked)),
    ]);
  }

  follow(camera, box, frameId) {
    if (box.objectId !== null) return this.choose(box.objectId);
    const sent = this.#send({ type: "start", cameraId: camera.cameraId, frameId, boxId: box.boxId });
    if (sent) this.toasts.note(`Asked ${camera.key} to follow ${box.objectType} ${box.boxId}`);
    return undefined;
  }

  openCase(image, name) {
    const message = { type: "start", image, ...(name && { name }) };
    const sent = this.connection.send(message);
    if (sent) this.toasts.note("Photo sent. The case appears in the list of people.");
    return sent;
  }

  /** Open a case at the workers. Returns null, or what the server said against it. */
  async openCaseOf(photos, fields) {
    try {
      await postCase(photos, fields);
    } catch (error) {
      if (error.status === 401) this.session.expired();
      return error.message;
    }
    this.toasts.note("Photos sent. The case appears in the list of people.");
    this.#refreshPeople(0);
    return null;
  }

  stop(objectId) {
    if (this.#send({ type: "stop", objectId })) this.#refreshPeople(1000);
  }

  /** Show one person's sightings, or everybody's for null; the same person again takes the filter away. */
  choose(objectId, { toggle = false } = {}) {
    const { store } = this;
    store.chosen.value = toggle && store.chosen.value === objectId ? null : objectId;
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

  #personCame(person) {
    if (this.store.addPerson(person)) this.#refreshPeople(BURST_MS);
  }

  #personWent(objectId) {
    const known = this.store.people.value.has(objectId);
    if (known) this.toasts.note(`${this.store.nameOf(objectId)} is no longer looked for`);
    this.store.removePerson(objectId);
  }

  #seen(sighting) {
    const { store } = this;
    const isNew = store.putSighting(sighting);
    if (!store.people.value.has(sighting.objectId)) this.#refreshPeople(BURST_MS);
    if (!isNew) return;
    const near = sighting.distance === null ? "" : `, distance ${sighting.distance.toFixed(2)}`;
    this.toasts.announce(`Candidate: ${store.nameOf(sighting.objectId)} on ${sighting.cameraId}${near}`);
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

  #refreshPeople(wait) {
    clearTimeout(this.#peopleTimer);
    this.#peopleTimer = setTimeout(() => this.#ask(readPeople(), (people) => this.store.replacePeople(people)), wait);
  }

  /** No message tells that a face was encoded or a case expired, so the list is read again now and then. */
  #poll() {
    if (document.hidden || this.store.link.value.state !== "open") return;
    const waiting = [...this.store.people.value.values()].some((person) => !person.hasFeatureMap);
    const now = performance.now();
    if (now - this.#polledAt < (waiting ? SOON_MS : SELDOM_MS) - 100) return;
    this.#polledAt = now;
    this.#refreshPeople(0);
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
