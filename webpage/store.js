/* What the page knows: the one place that holds state. Speaks to no server and touches no DOM. */

import { Cell } from "./cell.js";
import { cameraKey } from "./wire.js";

const MAX_SIGHTINGS = 200;
const MAX_REMEMBERED = 1000;

/** Put into a map that forgets its oldest entry when it is full. */
function keep(map, key, value) {
  map.set(key, value);
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value);
}

/** A value whose cells are watched by the panels; only its methods change it. */
export class Store {
  session = new Cell({ authRequired: false, authenticated: true });
  link = new Cell({ state: "connecting", retryAt: null });
  cameras = new Cell(new Map()); // key -> camera
  people = new Cell(new Map()); // objectId -> person
  sightings = new Cell([]); // newest first, of the chosen person when there is one
  fleet = new Cell([]); // machines, by name
  work = new Cell({ jobs: [], workers: 0, cloudlets: [] });
  snapDevices = new Cell([]); // cameras that take a picture on command, by name
  snippets = new Cell([]); // their pictures, newest first
  snapResults = new Cell([]); // what became of the operator's last snap, a device at a time
  chosen = new Cell(null); // objectId whose sightings are shown, null for all
  pointedAt = new Cell(null); // key of the camera that the operator asked for
  frames = new Cell(new Map()); // key -> newest boxes of that camera
  loaded = new Cell({ cameras: false, people: false, sightings: false });

  #names = new Map(); // outlives the person, so that old sightings keep their name
  #lastSeen = new Map(); // objectId -> {cameraId, at}, whatever the filter shows
  #firstCrop = new Map(); // objectId -> {sightingId, at}

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

  replacePeople(people) {
    const before = this.people.value;
    this.people.value = new Map(
      people.map((person) => [person.objectId, { ...person, picture: before.get(person.objectId)?.picture ?? null }]),
    );
    for (const person of people) this.#remember(person);
    this.#load("people");
  }

  /** Add a person that the server just announced; what the list already knows is kept. Returns whether it is new. */
  addPerson(person) {
    const known = this.people.value.get(person.objectId);
    this.people.value.set(person.objectId, known ? { ...known, picture: person.picture ?? known.picture } : person);
    this.people.touch();
    return !known;
  }

  removePerson(objectId) {
    if (this.people.value.delete(objectId)) this.people.touch();
  }

  replaceSightings(sightings) {
    for (const sighting of sightings) this.#noteSeen(sighting);
    this.people.touch();
    this.sightings.value = [...sightings].sort((a, b) => b.firstSeen - a.firstSeen).slice(0, MAX_SIGHTINGS);
    this.#load("sightings");
  }

  /** Add or renew one sighting. Returns whether it is one that the page did not know. */
  putSighting(sighting) {
    this.#noteSeen(sighting);
    this.people.touch();
    if (this.chosen.value !== null && this.chosen.value !== sighting.objectId) return false;
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

  nameOf(objectId) {
    return this.#names.get(objectId) ?? `Person ${objectId}`;
  }

  /** Where and when a person was seen last: {cameraId, at} with `at` in seconds since the epoch, or undefined. */
  lastSeen(objectId) {
    return this.#lastSeen.get(objectId);
  }

  /** The earliest known sighting of a person with a crop: {sightingId, at}, or undefined. */
  firstCrop(objectId) {
    return this.#firstCrop.get(objectId);
  }

  #remember({ objectId, name }) {
    if (name) keep(this.#names, objectId, name);
  }

  #noteSeen({ sightingId, objectId, cameraId, firstSeen, lastSeen, hasCrop }) {
    const last = this.#lastSeen.get(objectId);
    if (!last || last.at <= lastSeen) keep(this.#lastSeen, objectId, { cameraId, at: lastSeen });
    const first = this.#firstCrop.get(objectId);
    if (hasCrop && (!first || firstSeen < first.at)) keep(this.#firstCrop, objectId, { sightingId, at: firstSeen });
  }

  #load(part) {
    if (this.loaded.value[part]) return;
    this.loaded.value = { ...this.loaded.value, [part]: true };
  }
}
