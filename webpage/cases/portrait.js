/* Which picture stands for a case in a list, and which one shows the person who is sought. Loads none itself. */

import { casePhoto, sightingCrop } from "../server/api.js";

/**
 * The photo of a case, never a candidate: what a person compares a candidate with.
 * @param {Store} store
 * @param {number} caseId
 * @returns {string|null} an address for <img src>, null when none is kept (asking for one would be a 404)
 */
export function photoOf(store, caseId) {
  const openCase = store.cases.value.get(caseId);
  return openCase?.hasImage ? casePhoto(caseId) : (openCase?.picture ?? null);
}

/** The photo of a case, else the first candidate's crop; null when there is neither. */
export function portraitOf(store, caseId) {
  const crop = store.firstCrop(caseId);
  return photoOf(store, caseId) ?? (crop ? sightingCrop(crop.sightingId) : null);
}
