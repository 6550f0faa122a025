/* Turns what the server sends into checked values. The only place that trusts nothing about their shape. */

const MAX_BOXES = 200;
const MAX_CAMERAS = 200;
const MAX_TEXT = 300;
/** The longest name of a case that the server takes, in characters. */
export const MAX_CASE_NAME = 200;

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const numberOr = (value, otherwise) => (isNumber(value) ? value : otherwise);
const isId = (value) => (typeof value === "string" && value !== "") || isNumber(value);
const share = (value) => Math.min(1, Math.max(0, value));
const shorten = (value) => (value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
const textOr = (value, otherwise) => (typeof value === "string" && value.trim() ? shorten(value) : otherwise);
const list = (value) => (Array.isArray(value) ? value : []);

/** The key of a camera in the page: its id may be a string or a number, and a URL makes text of both. */
export const cameraKey = (cameraId) => String(cameraId);

/** A base64 picture as a data URL, or null when it is none; a data URL is taken as well. */
export function pictureUrl(image) {
  if (typeof image !== "string") return null;
  const [, base64] = /^(?:data:image\/(?:jpeg|png|webp);base64,)?([A-Za-z0-9+/]+={0,2})$/.exec(image) ?? [];
  if (!base64) return null;
  const kind = base64.startsWith("iVBOR") ? "png" : base64.startsWith("UklGR") ? "webp" : "jpeg";
  return `data:image/${kind};base64,${base64}`;
}

function box(raw) {
  if (!isNumber(raw?.boxId) || !Array.isArray(raw.rect)) return null;
  if (raw.rect.length !== 4 || !raw.rect.every(isNumber)) return null;
  const [x1, y1, x2, y2] = raw.rect.map(share);
  if (x2 <= x1 || y2 <= y1) return null;
  return {
    boxId: raw.boxId,
    rect: [x1, y1, x2, y2],
    objectType: textOr(raw.objectType, "face"),
    certainty: numberOr(raw.certainty, null),
    caseId: numberOr(raw.objectId, null),
    distance: numberOr(raw.distance, null),
  };
}

/** One camera of the roster, or null when it has no usable id. */
export function camera(raw) {
  if (!isId(raw?.cameraId)) return null;
  return {
    cameraId: raw.cameraId,
    key: cameraKey(raw.cameraId),
    online: raw.state === "online",
    since: numberOr(raw.since, null),
  };
}

/** One open case, which the wire calls an object, or null; times are seconds since the epoch. */
export function openCase(raw) {
  if (!isNumber(raw?.objectId)) return null;
  return {
    caseId: raw.objectId,
    name: textOr(raw.name, null),
    openedAt: numberOr(raw.openedAt, null),
    lastSeenAt: numberOr(raw.lastSeenAt, null),
    expiresAt: numberOr(raw.expiresAt, null),
    hasFeatureMap: raw.hasFeatureMap === true,
    hasImage: raw.hasImage === true,
    picture: pictureUrl(raw.image),
  };
}

/** One sighting, or null; `firstSeen` and `lastSeen` are seconds since the epoch; of `strangersAmong` such candidates
    about one is a stranger, null when nobody knows. */
export function sighting(raw) {
  if (!isId(raw?.sightingId) || !isNumber(raw.objectId) || !isId(raw.cameraId) || !isNumber(raw.firstSeen)) return null;
  return {
    sightingId: raw.sightingId,
    caseId: raw.objectId,
    cameraId: raw.cameraId,
    firstSeen: raw.firstSeen,
    lastSeen: numberOr(raw.lastSeen, raw.firstSeen),
    distance: numberOr(raw.distance, null),
    strangersAmong: raw.strangersAmong >= 1 ? numberOr(raw.strangersAmong, null) : null,
    hasCrop: raw.hasCrop === true,
    rejected: raw.rejected === true,
  };
}

const checked = (raws, check, most) => list(raws).slice(0, most).map(check).filter((value) => value !== null);

export const cameras = (raws) => checked(raws, camera, MAX_CAMERAS);
export const openCases = (raws) => checked(raws, openCase, 500);
export const sightings = (raws) => checked(raws, sighting, 500);

function container(raw) {
  if (!isId(raw?.name)) return null;
  return {
    name: String(raw.name),
    kind: textOr(raw.kind, "unknown"),
    state: textOr(raw.state, "unknown"),
    device: textOr(raw.device, null),
    source: textOr(raw.source, null),
  };
}

const texts = (raws) => list(raws).slice(0, 100).filter((text) => typeof text === "string");
const kindOf = (raw) =>
  isId(raw?.kind) ? { kind: String(raw.kind), devices: texts(raw.devices), sources: texts(raw.sources) } : null;

/** One node of the fleet, or null; `since` is in seconds since the epoch, `load` to be compared with `cores`. */
export function node(raw) {
  if (!isId(raw?.nodeId)) return null;
  return {
    nodeId: String(raw.nodeId),
    online: raw.state === "online",
    since: numberOr(raw.since, 0),
    architecture: textOr(raw.architecture, "unknown"),
    cores: Math.max(1, numberOr(raw.cores, 1)),
    memoryBytes: numberOr(raw.memoryBytes, 0),
    load: numberOr(raw.load, 0),
    devices: texts(raw.devices),
    kinds: checked(raw.kinds, kindOf, 100),
    containers: containers(raw.containers),
    fault: textOr(raw.fault, null),
  };
}

export const containers = (raws) => checked(raws, container, 300);
export const fleet = (raws) => checked(raws, node, 500);

/** One cloudlet, or null; `lastSeenAt` in seconds since the epoch. */
function cloudlet(raw) {
  if (!isId(raw?.cloudlet)) return null;
  return {
    key: String(raw.cloudlet),
    alive: raw.state === "alive",
    lastSeenAt: numberOr(raw.lastSeenAt, null),
    phones: numberOr(raw.phones, 0),
    jobs: numberOr(raw.jobs, 0),
    jobsWaiting: numberOr(raw.jobsWaiting, 0),
  };
}

/** One job of the workers, or null; `etaSeconds`: likely left, null when nobody knows. */
function job(raw) {
  if (!isId(raw?.id)) return null;
  return {
    id: String(raw.id),
    queue: textOr(raw.queue, "unknown"),
    state: textOr(raw.state, "unknown"),
    done: numberOr(raw.done, null),
    total: numberOr(raw.total, null),
    etaSeconds: numberOr(raw.etaSeconds, null),
    error: textOr(raw.error, null),
  };
}

export const cloudlets = (raws) => checked(raws, cloudlet, 500);
export const work = (raw) => ({ jobs: checked(raw?.data, job, 500), workers: numberOr(raw?.workers, 0) });

/** One snap camera, or null. */
function snapDevice(raw) {
  if (!isId(raw?.deviceId)) return null;
  return { deviceId: String(raw.deviceId), groups: texts(raw.groups), online: raw.state === "online" };
}

/** What became of a snap at one camera, or null. */
function snapResult(raw) {
  if (!isId(raw?.deviceId)) return null;
  return { deviceId: String(raw.deviceId), state: textOr(raw.state, "failed"), reason: textOr(raw.reason, null) };
}

/** One picture of a snap camera, or null; `receivedAt` in seconds since the epoch. */
function snippet(raw) {
  if (!isId(raw?.id) || !isId(raw.sha256) || !isNumber(raw.receivedAt)) return null;
  return { id: String(raw.id), sha256: String(raw.sha256), receivedAt: raw.receivedAt };
}

export const snapDevices = (raws) => checked(raws, snapDevice, 1000);
export const snapResults = (raws) => checked(raws, snapResult, 1000);
export const snippets = (raws) => checked(raws, snippet, 200);

const readers = {
  boundingBoxes: (raw) =>
    isId(raw.cameraId) && isNumber(raw.frameId)
      ? { cameraId: raw.cameraId, frameId: raw.frameId, boxes: checked(raw.boxes, box, MAX_BOXES) }
      : null,
  newObject: openCase,
  stop: (raw) => (isNumber(raw.objectId) ? { caseId: raw.objectId } : null),
  sighting,
  cameras: (raw) => ({ cameras: cameras(raw.cameras) }),
  error: (raw) => ({
    code: textOr(raw.code, "error"),
    message: textOr(raw.message, "The server refused the last command without saying why."),
    replyTo: textOr(raw.replyTo, null),
  }),
};

/** Read one text message; null for what is no JSON, of an unknown type or of the wrong shape. */
export function readMessage(text) {
  let raw;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  const type = raw?.type;
  if (typeof type !== "string" || !Object.hasOwn(readers, type)) return null;
  const value = readers[type](raw);
  return value && { type, ...value };
}
