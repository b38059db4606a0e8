/** Numbers and times as people read them. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const count = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const minute = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

export const number = (value) => count.format(value);

/** With its sign, and a minus that is as wide as a plus. */
export function signed(value) {
  if (value === 0) return "0";
  return `${value > 0 ? "+" : "−"}${count.format(Math.abs(value))}`;
}

/** How long ago, roughly; a date where it is long. */
export function ago(at, now = Date.now()) {
  const seconds = (now - Date.parse(at)) / 1000;
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  return `${day.format(Date.parse(at))}, ${minute.format(Date.parse(at))}`;
}

export const inFull = (at) => exact.format(Date.parse(at));

/** Seconds until then, none when it is past. */
export function secondsLeft(expiry, now = Date.now()) {
  return Math.max(0, Math.ceil((Date.parse(expiry) - now) / 1000));
}

/** 75 as 1:15, 3675 as 1:01:15. */
export function clock(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(seconds / HOUR), Math.floor((seconds % HOUR) / MINUTE), seconds % MINUTE];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A label for a moment on an axis that is so many milliseconds long. */
export function moment(at, span) {
  return span > 2 * DAY * 1000 ? day.format(at) : minute.format(at);
}

/** `1 unit`, `2 units`. */
export const plural = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** An id as a name: `desk-lamp` as `Desk lamp`. */
export function title(productId) {
  const words = productId.replace(/[-_.~:@]+/g, " ").trim() || productId;
  return words.charAt(0).toUpperCase() + words.slice(1);
}
