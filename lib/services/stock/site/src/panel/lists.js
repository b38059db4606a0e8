import { h, icon } from "../dom.js";
import { chainPagers, createPager } from "../pager.js";
import { createDialog } from "./create.js";
import { levelTable } from "./level-table.js";

const DEBOUNCE_MS = 250;

/** The current filters, retained while the details of a product are open. */
const filters = { search: "", category: "", status: "" };

/**
 * Create the view of all stock levels.
 * @param {import("./app.js").App} app
 */
export function allStock(app) {
  const empty = h("div", { class: "empty" });
  const table = levelTable({ app, caption: "Stock by product and warehouse", empty, changed: app.countAttention });
  const search = h("input", { type: "search", name: "search", value: filters.search, placeholder: "desk-…", spellcheck: "false", autocomplete: "off" });
  const category = h("input", { type: "search", name: "category", value: filters.category, placeholder: "Any", autocomplete: "off" });
  const status = h(
    "select",
    { name: "status" },
    ...[["", "Any"], ["IN_STOCK", "In stock"], ["LOW_STOCK", "Low stock"], ["OUT_OF_STOCK", "Out of stock"]].map(
      ([value, label]) => h("option", { value, selected: value === filters.status }, label),
    ),
  );
  let debounceTimer = 0;
  const form = h(
    "form",
    {
      class: "filters",
      role: "search",
      "aria-label": "Filter stock",
      submit: (event) => (event.preventDefault(), load()),
      input: () => {
        table.markOutdated();
        clearTimeout(debounceTimer);
        debounceTimer = setTimeout(load, DEBOUNCE_MS);
      },
    },
    labeled("Product ID starts with", search),
    labeled("Category", category),
    labeled("Status", status),
  );
  load();
  return h(
    "div",
    { class: "stack wide" },
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "All stock"),
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", class: "quiet", click: () => load() }, "Refresh"),
        h("button", { type: "button", class: "primary", click: () => createDialog(app) }, icon("plus"), "New product"),
      ),
    ),
    h("div", { class: "card" }, form, table.element),
  );

  function load() {
    clearTimeout(debounceTimer);
    for (const [name, value] of new FormData(form)) filters[name] = value.trim();
    const isFiltered = Object.values(filters).some(Boolean);
    const clearFilters = () => {
      for (const input of [search, category, status]) input.value = "";
      load();
      search.focus();
    };
    empty.replaceChildren(
      icon("box"),
      h("p", {}, isFiltered ? "No products match these filters." : "There are no products yet."),
      isFiltered
        ? h("button", { type: "button", class: "quiet", click: clearFilters }, "Clear filters")
        : h("button", { type: "button", class: "quiet", click: () => createDialog(app) }, "Add a product"),
    );
    return table.show(createPager("levels", (query) => app.client.levels(query), { ...filters }));
  }
}

/**
 * Create the view of products that are out of stock or low on stock.
 * @param {import("./app.js").App} app
 */
export function attention(app) {
  const empty = h("div", { class: "empty" }, icon("IN_STOCK"), h("p", {}, "No products are low or out of stock."));
  const table = levelTable({ app, caption: "Products that are out of stock or low on stock", empty, changed: app.countAttention });
  const pagerByStatus = (status) => createPager("levels", (query) => app.client.levels(query), { status });
  const load = () => table.show(chainPagers([pagerByStatus("OUT_OF_STOCK"), pagerByStatus("LOW_STOCK")]));
  load();
  return h(
    "div",
    { class: "stack wide" },
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Needs attention"),
      h("button", { type: "button", class: "quiet", click: load }, "Refresh"),
    ),
    h("p", { class: "lead" }, "Products that are out of stock, then products at or below their alert level."),
    h("div", { class: "card" }, table.element),
  );
}

function labeled(label, input) {
  input.id = `filter-${input.name}`;
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input);
}
