import { badge, h, loading } from "../dom.js";
import { errorBox } from "../explain.js";
import { ago, dateTime, number, plural } from "../format.js";
import { editor } from "./editor.js";

const COLUMNS = ["Product", "Warehouse", "Category", "Status", "Available", "On hand", "Reserved", "Alert at", "Updated"];
const NUMERIC_COLUMNS = new Set(["Available", "On hand", "Reserved", "Alert at"]);

/**
 * Create a table of levels with pagination and inline editing.
 * @param {object} options
 * @param {import("./app.js").App} options.app
 * @param {string} options.caption Caption for screen readers.
 * @param {HTMLElement} options.empty Content shown in place of an empty table.
 * @param {boolean} [options.links] Whether products link to their details.
 * @param {() => void} [options.changed] Called after a level changed.
 */
export function levelTable({ app, caption, empty, links = true, changed = () => {} }) {
  const body = h("tbody", { role: "rowgroup" });
  const head = COLUMNS.map((name) =>
    h("th", { scope: "col", role: "columnheader", class: NUMERIC_COLUMNS.has(name) ? "number" : null }, name),
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
  const listEnd = h("div", { class: "below" });
  const element = h("div", { class: "listing" }, table, listEnd);
  let activePager = null;

  return { element, markOutdated, show };

  /** Mark the rows as outdated after the filters changed, and load no further pages until `show` is called. */
  function markOutdated() {
    activePager = null;
    element.setAttribute("aria-busy", "true");
    for (const button of listEnd.querySelectorAll("button")) button.disabled = true;
  }

  /** Replace the rows with the first page of a pager. */
  async function show(pager) {
    markOutdated();
    activePager = pager;
    if (table.hidden) listEnd.replaceChildren(loading("Loading stock…"));
    await loadPage(pager, true);
  }

  async function loadPage(pager, isFirst = false) {
    if (!isFirst) listEnd.replaceChildren(loading("Loading more…"));
    try {
      const levels = await pager.next();
      if (activePager !== pager) return;
      const rows = levels.map(levelRow);
      if (isFirst) replaceRows(rows);
      else body.append(...rows);
      if (!isFirst) rows[0]?.querySelector("a, button")?.focus();
      showEnd(pager);
    } catch (error) {
      if (activePager !== pager) return;
      if (isFirst) body.replaceChildren();
      const retry = () => loadPage(pager, isFirst);
      listEnd.replaceChildren(errorBox(error, { title: "Stock could not be loaded", retry, reauthenticate: app.reauthenticate }));
    }
    table.hidden = body.children.length === 0;
    element.setAttribute("aria-busy", "false");
  }

  /** Replace the rows, and keep the focus on the same button. */
  function replaceRows(rows) {
    const focused = [...body.querySelectorAll("button")].indexOf(document.activeElement);
    body.replaceChildren(...rows);
    body.querySelectorAll("button")[focused]?.focus();
  }

  function showEnd(pager) {
    if (body.children.length === 0) return listEnd.replaceChildren(empty);
    const total = h("span", { class: "shown" }, `${plural(body.querySelectorAll("tr.level").length, "row")} shown`);
    const button = h("button", { type: "button", class: "quiet", click: () => loadPage(pager) }, "Load more");
    return listEnd.replaceChildren(...(links ? [total] : []), ...(pager.done ? [] : [button]));
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
      h("td", { role: "cell", "data-label": label, class: NUMERIC_COLUMNS.has(label) ? "number" : null }, ...children);
    const edit = h("button", { type: "button", class: "quiet small", click: () => openEditor(row, level) }, "Edit");
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
      cell("Updated", h("time", { datetime: level.last_updated, title: dateTime(level.last_updated) }, ago(level.last_updated))),
      h("td", { role: "cell", class: "row-actions" }, edit),
    );
  }

  function openEditor(row, level) {
    const close = (current, message) => {
      fill(row, current);
      editorRow.remove();
      row.classList.remove("editing");
      row.querySelector("button").focus();
      if (message) app.showMessage(message);
      if (current.version !== level.version) changed();
    };
    const saved = (current) => {
      close(current, `Saved ${current.product_id} in ${current.warehouse_id}: ${number(current.stock_count)} on hand.`);
      row.classList.add("fresh");
      row.addEventListener("animationend", () => row.classList.remove("fresh"), { once: true });
    };
    const form = editor({ level, client: app.client, saved, closed: close, reauthenticate: app.reauthenticate });
    const cell = h("td", { role: "cell", class: "editor-cell", colspan: COLUMNS.length + 1 }, form.element);
    const editorRow = h("tr", { role: "row", class: "editor" }, cell);
    row.classList.add("editing");
    row.querySelector("button").disabled = true;
    row.after(editorRow);
    form.focus();
  }
}
