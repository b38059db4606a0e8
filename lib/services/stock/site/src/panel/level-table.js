import { badge, h, loading } from "../dom.js";
import { errorBox } from "../explain.js";
import { ago, inFull, number, plural } from "../format.js";
import { editor } from "./editor.js";

const COLUMNS = ["Product", "Warehouse", "Category", "Status", "Available", "On hand", "Reserved", "Alert at", "Updated"];
const NUMBERS = new Set(["Available", "On hand", "Reserved", "Alert at"]);

/**
 * A table of levels that loads page by page, with rows that can be edited in place.
 * @param {object} options
 * @param {import("./app.js").App} options.app
 * @param {string} options.caption Description for screen readers.
 * @param {HTMLElement} options.empty Replaces an empty table.
 * @param {boolean} [options.links] Whether products link to their details.
 * @param {() => void} [options.changed] Called after a level changed.
 */
export function levelTable({ app, caption, empty, links = true, changed = () => {} }) {
  const body = h("tbody", { role: "rowgroup" });
  const head = COLUMNS.map((name) =>
    h("th", { scope: "col", role: "columnheader", class: NUMBERS.has(name) ? "number" : null }, name),
  );
  const table = h(
    "table",
    { class: "rows", role: "table", hidden: true },
    h("caption", { class: "unseen" }, caption),
    h(
      "thead",
      { role: "rowgroup" },
      h("tr", { role: "row" }, ...head, h("th", { scope: "col", role: "columnheader" }, h("span", { class: "unseen" }, "Actions"))),
    ),
    body,
  );
  const below = h("div", { class: "below" });
  const element = h("div", { class: "listing" }, table, below);
  let shown = null;

  return { element, outdate, show };

  /** The rows no longer match the filters: nothing more is loaded until `show` is called. */
  function outdate() {
    shown = null;
    element.setAttribute("aria-busy", "true");
    for (const button of below.querySelectorAll("button")) button.disabled = true;
  }

  /** Begin anew with a pager's first page. */
  async function show(pager) {
    outdate();
    shown = pager;
    if (table.hidden) below.replaceChildren(loading("Loading stock…"));
    await more(pager, true);
  }

  async function more(pager, first = false) {
    if (!first) below.replaceChildren(loading("Loading more…"));
    try {
      const levels = await pager.next();
      if (shown !== pager) return;
      const rows = levels.map(levelRow);
      if (first) anew(rows);
      else body.append(...rows);
      if (!first) rows[0]?.querySelector("a, button")?.focus();
      foot(pager);
    } catch (error) {
      if (shown !== pager) return;
      if (first) body.replaceChildren();
      const retry = () => more(pager, first);
      below.replaceChildren(errorBox(error, { title: "Stock could not be loaded", retry, reauthenticate: app.reauthenticate }));
    }
    table.hidden = body.children.length === 0;
    element.setAttribute("aria-busy", "false");
  }

  /** The focus stays at its button. */
  function anew(rows) {
    const at = [...body.querySelectorAll("button")].indexOf(document.activeElement);
    body.replaceChildren(...rows);
    body.querySelectorAll("button")[at]?.focus();
  }

  function foot(pager) {
    if (body.children.length === 0) return below.replaceChildren(empty);
    const there = h("span", { class: "shown" }, `${plural(body.querySelectorAll("tr.level").length, "row")} shown`);
    const button = h("button", { type: "button", class: "quiet", click: () => more(pager) }, "Load more");
    return below.replaceChildren(...(links ? [there] : []), ...(pager.done ? [] : [button]));
  }

  function levelRow(level) {
    const row = h("tr", { role: "row", class: "level" });
    fill(row, level);
    return row;
  }

  function fill(row, level) {
    const name = links
      ? h("a", { href: `#/product/${encodeURIComponent(level.product_id)}` }, level.product_id)
      : level.product_id;
    const cell = (label, ...children) =>
      h("td", { role: "cell", "data-label": label, class: NUMBERS.has(label) ? "number" : null }, ...children);
    const edit = h("button", { type: "button", class: "quiet small", click: () => open(row, level) }, "Edit");
    edit.append(h("span", { class: "unseen" }, ` ${level.product_id} in ${level.warehouse_id}`));
    row.replaceChildren(
      h("th", { scope: "row", role: "rowheader", "data-label": "Product" }, name),
      cell("Warehouse", level.warehouse_id),
      cell("Category", level.category ?? h("span", { class: "none" }, "none")),
      cell("Status", badge(level.status)),
      cell("Available", h("strong", {}, number(level.available))),
      cell("On hand", number(level.stock_count)),
      cell("Reserved", number(level.reserved_count)),
      cell("Alert at", number(level.threshold_level)),
      cell("Updated", h("time", { datetime: level.last_updated, title: inFull(level.last_updated) }, ago(level.last_updated))),
      h("td", { role: "cell", class: "row-actions" }, edit),
    );
  }

  function open(row, level) {
    const close = (now, text) => {
      fill(row, now);
      place.remove();
      row.classList.remove("editing");
      row.querySelector("button").focus();
      if (text) app.say(text);
      if (now.version !== level.version) changed();
    };
    const saved = (now) => {
      close(now, `Saved ${now.product_id} in ${now.warehouse_id}: ${number(now.stock_count)} on hand.`);
      row.classList.add("fresh");
      row.addEventListener("animationend", () => row.classList.remove("fresh"), { once: true });
    };
    const made = editor({ level, client: app.client, saved, left: close, reauthenticate: app.reauthenticate });
    const cell = h("td", { role: "cell", class: "editor-cell", colspan: COLUMNS.length + 1 }, made.element);
    const place = h("tr", { role: "row", class: "editor" }, cell);
    row.classList.add("editing");
    row.querySelector("button").disabled = true;
    row.after(place);
    made.focus();
  }
}
