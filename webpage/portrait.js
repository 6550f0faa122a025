/* Which picture stands for a person: the case photo, else the first face that was seen. Loads none itself. */

import { personPicture, sightingCrop } from "./api.js";

/**
 * @param {Store} store
 * @param {number} objectId
 * @param {object} [except] a sighting whose own crop would say nothing
 * @returns {string|null} an address for <img src>, null when there is no picture (asking for one would be a 404)
 */
export function portraitOf(store, objectId, except) {
  const person = store.people.value.get(objectId);
  if (person?.hasImage) return personPicture(objectId);
  if (person?.picture) return person.picture;
  const crop = store.firstCrop(objectId);
  return crop === undefined || crop.sightingId === except?.sightingId ? null : sightingCrop(crop.sightingId);
}
