/* What a sighting's distance is worth, in plain words. Computes nothing: the server has. */

const FEWEST = 1000;

/** Words for `strangersAmong` of a sighting, the first letter small; "" when nobody knows. */
export function likelihood({ strangersAmong }) {
  if (strangersAmong === null) return "";
  if (strangersAmong < 2) return "most such candidates are strangers";
  if (strangersAmong < 3) return "about every second such candidate is a stranger";
  const number = Math.round(strangersAmong).toLocaleString("en");
  if (strangersAmong >= FEWEST) return `fewer than 1 of ${number} such candidates is a stranger`;
  return `about 1 of ${number} such candidates is a stranger`;
}
