/* Points in time as people read them. Takes seconds since the epoch, never reads a clock but for "now". */

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** "12:03:11", with the day before it when that is not today. */
export function clockTime(seconds, now = Date.now()) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return "at an unknown time";
  const today = new Date(now).toDateString() === at.toDateString();
  return today ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
}

/** "now", "12 s ago", "3 min ago", "5 h ago", "2 days ago"; a clock that runs ahead reads as "now". */
export function ago(seconds, now = Date.now()) {
  const passed = now / 1000 - seconds;
  if (!(passed >= 3)) return "now";
  if (passed < 60) return `${Math.round(passed)} s ago`;
  if (passed < 3600) return `${Math.floor(passed / 60)} min ago`;
  if (passed < 172_800) return `${Math.floor(passed / 3600)} h ago`;
  return `${Math.floor(passed / 86_400)} days ago`;
}

/** The machine-readable form for <time datetime>, or "" for a time that no calendar has. */
export function isoTime(seconds) {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
