/* Which live pictures may be open at once. Opens none itself.

A browser holds at most six HTTP/1.1 connections to one server, and each live picture keeps one for ever: with all six
taken, every crop and every question to the API would wait until a tile closes. Four are live; beyond that the tiles
take turns, and those that wait show their last picture. */

export const LIVE_AT_ONCE = 4;
const TURN_MS = 4000;

/**
 * @param {{key: string, pinned: boolean, since: number|null, until: number}[]} wanting `since` is when its turn began,
 *   null when it has none; `until` when its last turn ended, 0 for never; milliseconds of one clock
 * @param {number} now
 * @returns {Set<string>} the keys that may be live
 */
export function assignSlots(wanting, now) {
  const rank = ({ pinned, since }) => {
    if (pinned) return 0;
    if (since === null) return 2;
    return now - since < TURN_MS ? 1 : 3;
  };
  const inOrder = [...wanting].sort((a, b) => rank(a) - rank(b) || a.until - b.until);
  return new Set(inOrder.slice(0, LIVE_AT_ONCE).map(({ key }) => key));
}
