/** What an editor's fields mean, and what is in the way of it. */

import { number, signed } from "../format.js";

const WHOLE = /^\d+$/;
const SIGNED = /^[+−-]?\d+$/;

/**
 * @typedef {{mode: "set" | "change", count: string, by: string, reason: string, threshold: string, category: string}}
 *   Entered
 */

/**
 * What to send for what was entered into a level's editor.
 * @param {import("../api-client.js").Level} level
 * @param {Entered} entered
 * @returns {{changes: object | null, problems: Record<string, string>}} No changes where nothing is different.
 */
export function changesFrom(level, entered) {
  const problems = {};
  const changes = {};
  if (entered.mode === "set") {
    if (!WHOLE.test(entered.count.trim())) problems.count = "A whole number, 0 or more";
    else if (Number(entered.count) !== level.stock_count) changes.stock_count = Number(entered.count);
  } else {
    const by = steps(entered.by);
    if (by === null) problems.by = "A whole number, such as +5 or -2";
    else if (level.stock_count + by < 0) problems.by = `Only ${number(level.stock_count)} on hand`;
    if (by) changes.adjustment = by;
    if (by && !entered.reason.trim()) problems.reason = "Say why: it is kept in the history";
    if (by) changes.reason = entered.reason.trim();
  }
  if (!WHOLE.test(entered.threshold.trim())) problems.threshold = "A whole number, 0 or more";
  else if (Number(entered.threshold) !== level.threshold_level) changes.threshold_level = Number(entered.threshold);
  const category = entered.category.trim();
  if (category !== (level.category ?? "")) changes.category = category || null;
  return { changes: Object.keys(changes).length ? changes : null, problems };
}

/** A signed whole number as it is typed; an empty field changes nothing. */
export function steps(text) {
  const typed = text.trim();
  if (!typed) return 0;
  return SIGNED.test(typed) ? Number(typed.replace("−", "-")) : null;
}

/** What a conflict's details tell of the level that is there. */
export function told(details) {
  const found = {};
  for (const detail of details) {
    const [, name, value] = /^(\w+) (.+)$/.exec(detail) ?? [];
    if (["version", "stock_count", "threshold_level"].includes(name)) found[name] = Number(value);
    else if (name) found[name] = value;
  }
  return found;
}

/**
 * Both sides of a conflict, a row for each field that either side changed.
 * @param {import("../api-client.js").Level} before What the editor was opened with.
 * @param {object} changes What was to be saved.
 * @param {import("../api-client.js").Level} now What is there.
 */
export function sides(before, changes, now) {
  const rows = [];
  const stock = changes.stock_count ?? now.stock_count + (changes.adjustment ?? 0);
  const mine = changes.adjustment ? `${signed(changes.adjustment)}, making ${number(stock)}` : number(stock);
  const touchesStock = changes.stock_count !== undefined || changes.adjustment !== undefined;
  if (touchesStock || now.stock_count !== before.stock_count) {
    const kept = `${number(now.stock_count)} (not changed by you)`;
    rows.push({ label: "On hand", mine: touchesStock ? mine : kept, theirs: number(now.stock_count) });
  }
  if (changes.threshold_level !== undefined || now.threshold_level !== before.threshold_level) {
    const kept = `${number(now.threshold_level)} (not changed by you)`;
    const own = changes.threshold_level !== undefined ? number(changes.threshold_level) : kept;
    rows.push({ label: "Alert at", mine: own, theirs: number(now.threshold_level) });
  }
  if (changes.category !== undefined || now.category !== before.category) {
    const theirs = now.category ?? "none";
    const own = changes.category !== undefined ? (changes.category ?? "none") : `${theirs} (not changed by you)`;
    rows.push({ label: "Category", mine: own, theirs });
  }
  return rows;
}

/**
 * What the form for a new product means.
 * @param {Record<"product_id" | "warehouse_id" | "stock_count" | "threshold_level" | "category", string>} entered
 */
export function newLevel(entered) {
  const problems = {};
  const level = {};
  const id = /^[A-Za-z0-9._~:@-]{1,100}$/;
  for (const name of ["product_id", "warehouse_id"]) {
    const value = entered[name].trim();
    if (value) level[name] = value;
    if (value && !id.test(value)) problems[name] = "Up to 100 letters, digits and . _ ~ : @ -";
  }
  if (!level.product_id) problems.product_id = "An id is needed";
  if (["reserve", "fulfill"].includes(level.product_id)) problems.product_id = "This word is part of the API's addresses";
  for (const name of ["stock_count", "threshold_level"]) {
    const value = entered[name].trim();
    if (WHOLE.test(value)) level[name] = Number(value);
    else if (value || name === "stock_count") problems[name] = "A whole number, 0 or more";
  }
  if (entered.category.trim()) level.category = entered.category.trim();
  return { level, problems };
}
