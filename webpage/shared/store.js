/* What the page knows: the one place that holds state. Speaks to no server and touches no DOM. */

import { cameraKey } from "../server/wire.js";
import { Observable } from "./observable.js";

const MAX_SIGHTINGS = 200;
const MAX_REMEMBERED = 1000;

/** Put into a map that forgets its oldest entry when it is full. */
function keep(map, key, value) {
  map.set(key, value);
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value);
}

/** Observable values that the panels watch. */
export class Store {
  session = new Observable({ authRequired: false, authenticated: true });
  link = new Observable({ state: "connecting", retryAt: null });
  cameras = new Observable(new Map()); // key -> camera
  cases = new Observable(new Map()); // caseId -> open case
  sightings = new Observable([]); // newest first, of the chosen case when there is one
  fleet = new Observable([]); // nodes, by name
  work = new Observable({ jobs: [], workers: 0, cloudlets: [] });
  snapDevices = new Observable([]); // cameras that take a picture on command, by name
  snippets = new Observable([]); // their pictures, newest first
  snapResults = new Observable([]); // what became of the operator's last snap, a device at a time
  chosen = new Observable(null); // caseId whose sightings are shown, null for all
  pointedAt = new Observable(null); // key of the camera that the operator asked for
  frames = new Observable(new Map()); // key -> newest boxes of that camera
  loaded = new Observable({ cameras: false, cases: false, sightings: false });

  #names = new Map(); // outlives the case, so that old sightings keep their name
  #lastSeen = new Map(); // caseId -> {sightingId, cameraId, at}, whatever the filter shows
  #firstCrop = new Map(); // caseId -> {sightingId, at}

  replaceCameras(cameras) {
    this.cameras.value = new Map(cameras.map((camera) => [camera.key, camera]));
    for (const key of this.frames.value.keys()) if (!this.cameras.value.has(key)) this.frames.value.delete(key);
    this.#load("cameras");
  }

  putBoxes({ cameraId, frameId, boxes }, now) {
    const key = cameraKey(cameraId);
    // Boxes can overtake the roster by one message; those of a camera that never joins are not kept.
    if (this.loaded.value.cameras && !this.cameras.value.has(key)) return;
    this.frames.value.set(key, { frameId, boxes, at: now });
    this.frames.touch();
  }

  replaceCases(openCases) {
    const before = this.cases.value;
    const withPicture = (openCase) => ({ ...openCase, picture: before.get(openCase.caseId)?.picture ?? null });
    this.cases.value = new Map(openCases.map((openCase) => [openCase.caseId, withPicture(openCase)]));
    for (const openCase of openCases) this.#remember(openCase);
    this.#load("cases");
  }

  /** Add a case that the server just announced; what the list already knows is kept. Returns whether it is new. */
  addCase(openCase) {
    const known = this.cases.value.get(openCase.caseId);
    this.cases.value.set(openCase.caseId, known ? { ...known, picture: openCase.picture ?? known.picture } : openCase);
    this.cases.touch();
    return !known;
  }

  removeCase(caseId) {
    if (this.cases.value.delete(caseId)) this.cases.touch();
  }

  replaceSightings(sightings) {
    for (const sighting of sightings) this.#noteSeen(sighting);
    this.cases.touch();
    this.sightings.value = [...sightings].sort((a, b) => b.firstSeen - a.firstSeen).slice(0, MAX_SIGHTINGS);
    this.#load("sightings");
  }

  /** Add or renew one sighting. Returns whether it is one that the page did not know. */
  putSighting(sighting) {
    this.#noteSeen(sighting);
    this.cases.touch();
    if (this.chosen.value !== null && this.chosen.value !== sighting.caseId) return false;
    const rows = this.sightings.value;
    const index = rows.findIndex((row) => row.sightingId === sighting.sightingId);
    if (index >= 0) rows[index] = sighting;
    else {
      const place = rows.findIndex((row) => row.firstSeen <= sighting.firstSeen);
      rows.splice(place < 0 ? rows.length : place, 0, sighting);
      rows.length = Math.min(rows.length, MAX_SIGHTINGS);
    }
    this.sightings.touch();
    return index < 0;
  }

  nameOf(caseId) {
    return this.#names.get(caseId) ?? `Person ${caseId}`;
  }

  /** The newest sighting that is not rejected: {sightingId, cameraId, at} (seconds since the epoch), or undefined. */
  lastSeen(caseId) {
    return this.#lastSeen.get(caseId);
  }

  /** The earliest known sighting of a case with a crop: {sightingId, at}, or undefined. */
  firstCrop(caseId) {
    return this.#firstCrop.get(caseId);
  }

  #remember({ caseId, name }) {
    if (name) keep(this.#names, caseId, name);
  }

  #noteSeen(sighting) {
    const { sightingId, caseId, cameraId, firstSeen, lastSeen, hasCrop, rejected } = sighting;
    if (rejected) return this.#forgetSeen(sighting);
    const last = this.#lastSeen.get(caseId);
    if (!last || last.at <= lastSeen) keep(this.#lastSeen, caseId, { sightingId, cameraId, at: lastSeen });
    const first = this.#firstCrop.get(caseId);
    if (hasCrop && (!first || firstSeen < first.at)) keep(this.#firstCrop, caseId, { sightingId, at: firstSeen });
    return undefined;
  }

  /** A rejected sighting says nothing about where the person is: fall back to the others that are known. */
  #forgetSeen({ sightingId, caseId }) {
    const noted = [this.#lastSeen, this.#firstCrop].filter((map) => map.get(caseId)?.sightingId === sightingId);
    if (noted.length === 0) return;
    for (const map of noted) map.delete(caseId);
    const others = this.sightings.value.filter((other) => other.caseId === caseId && other.sightingId !== sightingId);
    for (const other of others) if (!other.rejected) this.#noteSeen(other);
  }

  #load(part) {
    if (this.loaded.value[part]) return;
    this.loaded.value = { ...this.loaded.value, [part]: true };
  }
}
