/* The server's REST interface. Turns its answers into checked values and its refusals into errors; retries nothing. */

import {
  cameras, cloudlets, containers, fleet, openCases, sightings, snapDevices, snapResults, snippets, work,
} from "./wire.js";

const PATIENCE_MS = 8000;
const SNAP_SECONDS = 15;
const COMMAND_PATIENCE_MS = 45_000; // the server gives a node 35 s

/** A refusal or a failure: `status` is the HTTP status, 0 when no answer came at all. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}, patience = PATIENCE_MS) {
  let answer;
  try {
    answer = await fetch(path, { ...options, signal: AbortSignal.timeout(patience) });
  } catch {
    throw new ApiError(0, "The server does not answer.");
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  // RFC 9457: `detail` is about this occurrence, `title` about its kind.
  const told = [body?.detail, body?.title].find((text) => typeof text === "string" && text);
  throw new ApiError(answer.status, told ?? `The server answered with status ${answer.status}.`);
}

const send = (method, body) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const readCameras = async () => cameras((await ask("/api/cameras"))?.data);
export const readCases = async () => openCases((await ask("/api/objects"))?.data);

/** @param {number|null} caseId whose sightings, null for those of every case */
export async function readSightings(caseId) {
  const filter = caseId === null ? "" : `&objectId=${encodeURIComponent(caseId)}`;
  return sightings((await ask(`/api/sightings?limit=100${filter}`))?.data);
}

/** {jobs, workers}: what the face workers do, and how many there are. */
export const readWork = async () => work(await ask("/api/jobs"));
export const readCloudlets = async () => cloudlets((await ask("/api/cloudlets"))?.data);

/** Open a case by its photos; the workers make references of them. Fields that are empty are not sent. */
export function postCase(photos, fields) {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) if (value) form.set(field, value);
  photos.forEach((photo, index) => form.append("photos", photo, `photo-${index + 1}.jpg`));
  return ask("/api/cases", { method: "POST", body: form }, COMMAND_PATIENCE_MS);
}

export const readFleet = async () => fleet((await ask("/api/fleet"))?.data);

const containersOf = (nodeId) => `/api/fleet/${encodeURIComponent(nodeId)}/containers`;

/** Have a node start a container: {kind, name, device or source}; answers all that run there. */
export async function startContainer(nodeId, order) {
  return containers((await ask(containersOf(nodeId), send("POST", order), COMMAND_PATIENCE_MS))?.data);
}

export async function stopContainer(nodeId, name) {
  const path = `${containersOf(nodeId)}/${encodeURIComponent(name)}`;
  return containers((await ask(path, { method: "DELETE" }, COMMAND_PATIENCE_MS))?.data);
}

export const readSnapDevices = async () => snapDevices((await ask("/api/snap/devices"))?.data);
export const readSnippets = async () => snippets((await ask("/api/snippets?limit=24"))?.data);

/** Have a device, a group or "all" take a picture; answers what became of it, a device at a time. */
export async function askSnap(to) {
  const order = send("POST", { to, deadlineSeconds: SNAP_SECONDS });
  return snapResults((await ask("/api/snap", order, (SNAP_SECONDS + 10) * 1000))?.devices);
}

/** {authRequired, authenticated}; an answer of another shape counts as "no sign-in needed". */
export async function readSession() {
  const answer = await ask("/api/session");
  const authRequired = answer?.authRequired === true;
  return { authRequired, authenticated: !authRequired || answer.authenticated === true };
}

export const signIn = (jwt) => ask("/api/session", send("POST", { jwt }));
export const signOut = () => ask("/api/session", { method: "DELETE" });

export const casePhoto = (caseId) => `/api/objects/${encodeURIComponent(caseId)}/image`;
export const sightingCrop = (sightingId) => `/api/sightings/${encodeURIComponent(sightingId)}/crop.jpg`;
export const snippetPicture = (id, sha256) => `/snippets/${encodeURIComponent(id)}/?sha256=${encodeURIComponent(sha256)}`;
export const streamOf = (cameraId) => `/stream?camera=${encodeURIComponent(cameraId)}&fps=10`;
