/** Conversion and validation of form fields. */

import { number, plural, signed } from "../format.js";

const WHOLE_NUMBER = /^\d+$/;
const SIGNED_NUMBER = /^[+−-]?\d+$/;
const WHOLE_NUMBER_HINT = "Enter a whole number of 0 or more";

/**
 * @typedef {{mode: "set" | "change", count: string, adjustment: string, reason: string, threshold: string, category: string}}
 *   Entered
 */

/**
 * Convert the fields of a level's form to the changes to send.
 * @param {import("../api-client.js").Level} level
 * @param {Entered} entered
 * @returns {{changes: object | null, problems: Record<string, string>}} `changes` is null if no field differs.
 */
export function parseChanges(level, entered) {
  const problems = {};
  const changes = {};
  if (entered.mode === "set") {
    if (!WHOLE_NUMBER.test(entered.count.trim())) problems.count = WHOLE_NUMBER_HINT;
    else if (Number(entered.count) !== level.stock_count) changes.stock_count = Number(entered.count);
  } else {
    const adjustment = parseAdjustment(entered.adjustment);
    if (adjustment === null) problems.adjustment = "Enter a whole number, such as +5 or -2";
    else if (level.stock_count + adjustment < 0) problems.adjustment = `Only ${plural(level.stock_count, "unit")} on hand`;
    if (adjustment) changes.adjustment = adjustment;
    if (adjustment && !entered.reason.trim()) problems.reason = "Enter a reason";
    if (adjustment) changes.reason = entered.reason.trim();
  }
  if (!WHOLE_NUMBER.test(entered.threshold.trim())) problems.threshold = WHOLE_NUMBER_HINT;
  else if (Number(entered.threshold) !== level.threshold_level) changes.threshold_level = Number(entered.threshold);
  const category = entered.category.trim();
  if (category !== (level.category ?? "")) changes.category = category || null;
  return { changes: Object.keys(changes).length ? changes : null, problems };
}

/** Parse a signed whole number. Return 0 for an empty field and null for an invalid value. */
export function parseAdjustment(value) {
  const trimmed = value.trim();
  if (!trimmed) return 0;
  return SIGNED_NUMBER.test(trimmed) ? Number(trimmed.replace("−", "-")) : null;
}

const CONFLICT_FIELDS = new Map([
  ["version", Number],
  ["stock_count", Number],
  ["threshold_level", Number],
  ["last_updated", String],
]);

/** Parse the fields of the current level from the details of a conflict. */
export function parseConflict(details) {
  const level = {};
  for (const detail of details) {
    const [, name, value] = /^(\w+) (.+)$/.exec(detail) ?? [];
    const parse = CONFLICT_FIELDS.get(name);
    if (parse) level[name] = parse(value);
  }
  return level;
}

/**
 * Compare the values of a conflict. Return a row for each field that the user or another user changed.
 * @param {import("../api-client.js").Level} original The level when the form was opened.
 * @param {object} changes The changes to save.
 * @param {import("../api-client.js").Level} current The current level.
 */
export function compareVersions(original, changes, current) {
  const rows = [];
  const stock = changes.stock_count ?? current.stock_count + (changes.adjustment ?? 0);
  const mine = changes.adjustment ? `${number(stock)} (${signed(changes.adjustment)})` : number(stock);
  const changesStock = changes.stock_count !== undefined || changes.adjustment !== undefined;
  if (changesStock || current.stock_count !== original.stock_count) {
    const unedited = `${number(current.stock_count)} (not edited)`;
    rows.push({ label: "On hand", mine: changesStock ? mine : unedited, theirs: number(current.stock_count) });
  }
  if (changes.threshold_level !== undefined || current.threshold_level !== original.threshold_level) {
    const unedited = `${number(current.threshold_level)} (not edited)`;
    const mine = changes.threshold_level !== undefined ? number(changes.threshold_level) : unedited;
    rows.push({ label: "Alert at", mine, theirs: number(current.threshold_level) });
  }
  if (changes.category !== undefined || current.category !== original.category) {
    const theirs = current.category ?? "none";
    const mine = changes.category !== undefined ? (changes.category ?? "none") : `${theirs} (not edited)`;
    rows.push({ label: "Category", mine, theirs });
  }
  return rows;
}

/**
 * Convert the fields of the form for a new product.
 * @param {Record<"product_id" | "warehouse_id" | "stock_count" | "threshold_level" | "category", string>} entered
 */
export function parseNewLevel(entered) {
  const problems = {};
  const level = {};
  const id = /^[A-Za-z0-9][A-Za-z0-9._~:@-]{0,99}$/;
  for (const name of ["product_id", "warehouse_id"]) {
    const value = entered[name].trim();
    if (value) level[name] = value;
    if (value && !id.test(value)) problems[name] = "Start with a letter or digit, followed by up to 99 letters, digits, or the characters . _ ~ : @ -";
  }
  if (!level.product_id) problems.product_id = "Enter a product ID";
  if (["reserve", "fulfill"].includes(level.product_id)) problems.product_id = "This ID is reserved for the API. Enter another ID";
  for (const name of ["stock_count", "threshold_level"]) {
    const value = entered[name].trim();
    if (WHOLE_NUMBER.test(value)) level[name] = Number(value);
    else if (value || name === "stock_count") problems[name] = WHOLE_NUMBER_HINT;
  }
  if (entered.category.trim()) level.category = entered.category.trim();
  return { level, problems };
}
