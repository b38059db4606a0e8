import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../src/api-client.js";
import { Attempts } from "../src/panel/attempts.js";
import { compareVersions, parseAdjustment, parseChanges, parseConflict, parseNewLevel } from "../src/panel/changes.js";
import { layOut, pointAt, ticks } from "../src/panel/plot.js";

const LEVEL = { stock_count: 50, threshold_level: 5, category: "Paper", version: 6 };
const UNCHANGED = { mode: "set", count: "50", adjustment: "", reason: "", threshold: "5", category: "Paper" };
const parse = (more) => parseChanges(LEVEL, { ...UNCHANGED, ...more });

test("unchanged fields are not sent", () => {
  assert.deepEqual(parse({}), { changes: null, problems: {} });
  assert.deepEqual(parse({ mode: "change" }), { changes: null, problems: {} });
});

test("changed fields are sent", () => {
  assert.deepEqual(parse({ count: " 40 " }).changes, { stock_count: 40 });
  assert.deepEqual(parse({ threshold: "0" }).changes, { threshold_level: 0 });
  assert.deepEqual(parse({ category: "Ink" }).changes, { category: "Ink" });
  assert.deepEqual(parse({ category: " " }).changes, { category: null });
  const change = { mode: "change", adjustment: "-3", reason: "broken" };
  assert.deepEqual(parse(change).changes, { adjustment: -3, reason: "broken" });
});

test("invalid values are reported by field", () => {
  assert.deepEqual(Object.keys(parse({ count: "-1", threshold: "x" }).problems), ["count", "threshold"]);
  assert.ok(parse({ count: "" }).problems.count);
  assert.ok(parse({ count: "1.5" }).problems.count);
  assert.ok(parse({ mode: "change", adjustment: "some", reason: "r" }).problems.adjustment);
  assert.ok(parse({ mode: "change", adjustment: "-51", reason: "r" }).problems.adjustment);
  assert.ok(parse({ mode: "change", adjustment: "+1" }).problems.reason);
});

test("an adjustment can have a plus sign, a minus sign, or a hyphen", () => {
  assert.deepEqual(["+5", "5", "-2", "−2", "", "2.5", "five"].map(parseAdjustment), [5, 5, -2, -2, 0, null, null]);
});

test("the details of a conflict contain the current level", () => {
  const details = ["version 7", "last_updated 2026-01-02T03:04:05.000006Z", "stock_count 40", "threshold_level 5", "?", "__proto__ 1"];
  assert.deepEqual(parseConflict(details), {
    version: 7,
    last_updated: "2026-01-02T03:04:05.000006Z",
    stock_count: 40,
    threshold_level: 5,
  });
});

test("a conflict shows only the fields that either user changed", () => {
  const now = { ...LEVEL, stock_count: 40, version: 7 };
  assert.deepEqual(compareVersions(LEVEL, { stock_count: 45 }, now), [{ label: "On hand", mine: "45", theirs: "40" }]);
  assert.deepEqual(compareVersions(LEVEL, { adjustment: 5, reason: "r" }, now), [
    { label: "On hand", mine: "45 (+5)", theirs: "40" },
  ]);
  assert.deepEqual(compareVersions(LEVEL, { threshold_level: 9, category: null }, now), [
    { label: "On hand", mine: "40 (not edited)", theirs: "40" },
    { label: "Alert at", mine: "9", theirs: "5" },
    { label: "Category", mine: "none", theirs: "Paper" },
  ]);
  const moved = { ...LEVEL, threshold_level: 8, category: "Ink", version: 7 };
  assert.deepEqual(compareVersions(LEVEL, { stock_count: 1 }, moved), [
    { label: "On hand", mine: "1", theirs: "50" },
    { label: "Alert at", mine: "8 (not edited)", theirs: "8" },
    { label: "Category", mine: "Ink (not edited)", theirs: "Ink" },
  ]);
});

const failure = (status, outcomeUnknown) => Object.assign(new ApiError("No", { status }), { outcomeUnknown });

test("requests with equal content share an idempotency key", () => {
  const attempts = new Attempts();
  const key = attempts.keyOf({ stock_count: 1 });
  assert.equal(attempts.keyOf({ stock_count: 1 }), key);
  assert.notEqual(attempts.keyOf({ stock_count: 2 }), key);
});

test("a rejected key proves that no changes were saved", () => {
  const attempts = new Attempts();
  attempts.recordFailure("a", failure(403, false));
  assert.deepEqual([attempts.outcomeOf("a"), attempts.isUncertain], [{ title: "No changes were saved" }, false]);
});

test("a change without a response may have been saved until the service itself responds to it", () => {
  const attempts = new Attempts();
  attempts.recordFailure("a", failure(0, true));
  attempts.recordFailure("a", failure(403, false));
  assert.match(attempts.outcomeOf("a").title, /may have been saved/);
  assert.match(attempts.outcomeOf("a").advice, /only once/);
  attempts.recordFailure("b", failure(400, false));
  assert.match(attempts.outcomeOf("b").title, /^This change was not saved$/);
  assert.match(attempts.outcomeOf("b").advice, /earlier change/);
  attempts.recordFailure("a", failure(409, false));
  assert.deepEqual([attempts.outcomeOf("a"), attempts.isUncertain], [{ title: "No changes were saved" }, false]);
});

test("a new product requires an ID and a quantity", () => {
  const blank = { product_id: "", warehouse_id: "", stock_count: "", threshold_level: "", category: "" };
  assert.deepEqual(Object.keys(parseNewLevel(blank).problems).sort(), ["product_id", "stock_count"]);
  const valid = { ...blank, product_id: " mug ", stock_count: "4" };
  assert.deepEqual(parseNewLevel(valid), { level: { product_id: "mug", stock_count: 4 }, problems: {} });
  const invalid = parseNewLevel({ ...valid, warehouse_id: "n/a", threshold_level: "-1", category: "Cups" });
  assert.deepEqual(Object.keys(invalid.problems), ["warehouse_id", "threshold_level"]);
  assert.equal(invalid.level.category, "Cups");
  for (const id of ["reserve", "__proto__", "-mug", "m/g", "m".repeat(101)]) {
    assert.ok(parseNewLevel({ ...valid, product_id: id }).problems.product_id, id);
  }
});

test("axis ticks are round numbers up to at least the maximum", () => {
  assert.deepEqual(ticks(55), [0, 20, 40, 60]);
  assert.deepEqual(ticks(1), [0, 1]);
  assert.deepEqual(ticks(4), [0, 1, 2, 3, 4]);
  assert.deepEqual(ticks(1000), [0, 500, 1000]);
});

const MARGIN = { top: 0, right: 0, bottom: 0, left: 0 };
const at = (seconds) => new Date(seconds * 1000).toISOString();
const MOVEMENTS = [
  { at: at(50), stock_count: 6, available: 6, threshold_level: 4 },
  { at: at(25), stock_count: 8, available: 6, threshold_level: 2 },
  { at: at(0), stock_count: 8, available: 8, threshold_level: 2 },
];
const layoutOf = (movements, now = 100_000) =>
  layOut(movements, { width: 100, height: 80, now, margin: MARGIN });

test("stock is a step chart from the oldest movement until now", () => {
  const { stock, available, threshold, marks } = layoutOf(MOVEMENTS);
  assert.equal(stock, "M0 0H25V0H50V20H100");
  assert.equal(available, "M0 0H25V20H50V20H100");
  assert.equal(threshold, "M0 60H25V60H50V40H100");
  assert.deepEqual(marks.at(-1), { value: 8, y: 0 });
});

test("the axis includes an alert level above the stock", () => {
  assert.deepEqual(layoutOf([{ ...MOVEMENTS[2], threshold_level: 20 }]).marks.at(-1), { value: 20, y: 0 });
});

test("a single movement is a horizontal line", () => {
  assert.equal(layoutOf(MOVEMENTS.slice(2), 0).stock, "M0 0H100");
});

test("a position has the values of the latest movement before it", () => {
  const layout = layoutOf(MOVEMENTS);
  assert.deepEqual([0, 24, 25, 99].map((position) => pointAt(layout, position).available), [8, 8, 6, 6]);
  assert.equal(pointAt(layout, -5).available, 8);
});
