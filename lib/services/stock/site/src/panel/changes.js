/** Conversion and validation of form fields. */

import { number, signed } from "../format.js";

const WHOLE = /^\d+$/;
const SIGNED = /^[+−-]?\d+$/;
const WHOLE_NUMBER = "Enter a whole number of 0 or more";

/**
 * @typedef {{mode: "set" | "change", count: string, by: string, reason: string, threshold: string, category: string}}
 *   Entered
 */

/**
 * Convert the fields of a level's form to the changes to send.
 * @param {import("../api-client.js").Level} level
 * @param {Entered} entered
 * @returns {{changes: object | null, problems: Record<string, string>}} `changes` is null if no field differs.
 */
export function changesFrom(level, entered) {
  const problems = {};
  const changes = {};
  if (entered.mode === "set") {
    if (!WHOLE.test(entered.count.trim())) problems.count = WHOLE_NUMBER;
    else if (Number(entered.count) !== level.stock_count) changes.stock_count = Number(entered.count);
  } else {
    const by = steps(entered.by);
    if (by === null) problems.by = "Enter a whole number, such as +5 or -2";
    else if (level.stock_count + by < 0) problems.by = `Only ${number(level.stock_count)} are on hand`;
    if (by) changes.adjustment = by;
    if (by && !entered.reason.trim()) problems.reason = "Enter a reason for the history";
    if (by) changes.reason = entered.reason.trim();
  }
  if (!WHOLE.test(entered.threshold.trim())) problems.threshold = WHOLE_NUMBER;
  else if (Number(entered.threshold) !== level.threshold_level) changes.threshold_level = Number(entered.threshold);
  const category = entered.category.trim();
  if (category !== (level.category ?? "")) changes.category = category || null;
  return { changes: Object.keys(changes).length ? changes : null, problems };
}

/** Parse a signed whole number. Return 0 for an empty field and null for an invalid value. */
export function steps(text) {
  const typed = text.trim();
  if (!typed) return 0;
  return SIGNED.test(typed) ? Number(typed.replace("−", "-")) : null;
}

const CONFLICT_FIELDS = new Map([
  ["version", Number],
  ["stock_count", Number],
  ["threshold_level", Number],
  ["last_updated", String],
]);

/** Parse the fields of the current level from the details of a conflict. */
export function conflictingLevel(details) {
  const level = {};
  for (const detail of details) {
    const [, name, value] = /^(\w+) (.+)$/.exec(detail) ?? [];
    const parse = CONFLICT_FIELDS.get(name);
    if (parse) level[name] = parse(value);
  }
  return level;
}

/**
 * Compare both sides of a conflict. Return a row for each field that either side changed.
 * @param {import("../api-client.js").Level} before The level when the form was opened.
 * @param {object} changes The changes to save.
 * @param {import("../api-client.js").Level} now The current level.
 */
export function sides(before, changes, now) {
  const rows = [];
  const stock = changes.stock_count ?? now.stock_count + (changes.adjustment ?? 0);
  const mine = changes.adjustment ? `${number(stock)} (${signed(changes.adjustment)})` : number(stock);
  const touchesStock = changes.stock_count !== undefined || changes.adjustment !== undefined;
  if (touchesStock || now.stock_count !== before.stock_count) {
    const unedited = `${number(now.stock_count)} (not edited)`;
    rows.push({ label: "On hand", mine: touchesStock ? mine : unedited, theirs: number(now.stock_count) });
  }
  if (changes.threshold_level !== undefined || now.threshold_level !== before.threshold_level) {
    const unedited = `${number(now.threshold_level)} (not edited)`;
    const own = changes.threshold_level !== undefined ? number(changes.threshold_level) : unedited;
    rows.push({ label: "Alert at", mine: own, theirs: number(now.threshold_level) });
  }
  if (changes.category !== undefined || now.category !== before.category) {
    const theirs = now.category ?? "none";
    const own = changes.category !== undefined ? (changes.category ?? "none") : `${theirs} (not edited)`;
    rows.push({ label: "Category", mine: own, theirs });
  }
  return rows;
}

/**
 * Convert the fields of the form for a new product.
 * @param {Record<"product_id" | "warehouse_id" | "stock_count" | "threshold_level" | "category", string>} entered
 */
export function newLevel(entered) {
  const problems = {};
  const level = {};
  const id = /^[A-Za-z0-9][A-Za-z0-9._~:@-]{0,99}$/;
  for (const name of ["product_id", "warehouse_id"]) {
    const value = entered[name].trim();
    if (value) level[name] = value;
    if (value && !id.test(value)) problems[name] = "Start with a letter or digit, followed by up to 99 letters, digits, or the characters . _ ~ : @ -";
  }
  if (!level.product_id) problems.product_id = "Enter a product ID";
  if (["reserve", "fulfill"].includes(level.product_id)) problems.product_id = "This ID is reserved for the API. Choose another one";
  for (const name of ["stock_count", "threshold_level"]) {
    const value = entered[name].trim();
    if (WHOLE.test(value)) level[name] = Number(value);
    else if (value || name === "stock_count") problems[name] = WHOLE_NUMBER;
  }
  if (entered.category.trim()) level.category = entered.category.trim();
  return { level, problems };
}
