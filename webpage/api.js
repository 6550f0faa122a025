/* The server's REST interface. Turns its answers into checked values and its refusals into errors; retries nothing. */

import { cameras, people, sightings } from "./wire.js";

const PATIENCE_MS = 8000;

/** A refusal or a failure: `status` is the HTTP status, 0 when no answer came at all. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
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
export const readPeople = async () => people((await ask("/api/objects"))?.data);

/** @param {number|null} objectId whose sightings, null for everybody's */
export async function readSightings(objectId) {
  const filter = objectId === null ? "" : `&objectId=${encodeURIComponent(objectId)}`;
  return sightings((await ask(`/api/sightings?limit=100${filter}`))?.data);
}

/** {authRequired, authenticated}; an answer of another shape counts as "no sign-in needed". */
export async function readSession() {
  const answer = await ask("/api/session");
  const authRequired = answer?.authRequired === true;
  return { authRequired, authenticated: !authRequired || answer.authenticated === true };
}

export const signIn = (jwt) => ask("/api/session", send("POST", { jwt }));
export const signOut = () => ask("/api/session", { method: "DELETE" });

export const personPicture = (objectId) => `/api/objects/${encodeURIComponent(objectId)}/image`;
export const sightingCrop = (sightingId) => `/api/sightings/${encodeURIComponent(sightingId)}/crop.jpg`;
export const streamOf = (cameraId) => `/stream?camera=${encodeURIComponent(cameraId)}&fps=10`;
