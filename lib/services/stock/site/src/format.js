/** Numbers and times in display format. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const count = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const minute = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

export const number = (value) => count.format(value);

/** Format a number with its sign. U+2212 is as wide as the plus sign, so columns stay aligned. */
export function signed(value) {
  if (value === 0) return "0";
  return `${value > 0 ? "+" : "−"}${count.format(Math.abs(value))}`;
}

/** Format the approximate age of a timestamp, or its date and time after a day. */
export function ago(at, now = Date.now()) {
  const seconds = (now - Date.parse(at)) / 1000;
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  return `${day.format(Date.parse(at))}, ${minute.format(Date.parse(at))}`;
}

export const dateTime = (at) => exact.format(Date.parse(at));

/** Return the seconds until a timestamp; 0 if it is in the past. */
export function secondsLeft(expiry, now = Date.now()) {
  return Math.max(0, Math.ceil((Date.parse(expiry) - now) / 1000));
}

/** Format 75 seconds as 1:15, and 3675 as 1:01:15. */
export function duration(seconds) {
  const padded = (value) => String(value).padStart(2, "0");
  const [hours, minutes, remainder] = [Math.floor(seconds / HOUR), Math.floor((seconds % HOUR) / MINUTE), seconds % MINUTE];
  return hours ? `${hours}:${padded(minutes)}:${padded(remainder)}` : `${minutes}:${padded(remainder)}`;
}

/** Format a timestamp for an axis that spans the given number of milliseconds. */
export function axisLabel(at, span) {
  return span > 2 * DAY * 1000 ? day.format(at) : minute.format(at);
}

/** Format a count with its noun: `1 unit`, `2 units`. */
export const plural = (value, singular, pluralForm = `${singular}s`) => `${number(value)} ${value === 1 ? singular : pluralForm}`;

/** Derive a display name from a product ID: `desk-lamp` becomes `Desk lamp`. */
export function title(productId) {
  const words = productId.replace(/[-_.~:@]+/g, " ").trim() || productId;
  return words.charAt(0).toUpperCase() + words.slice(1);
}
