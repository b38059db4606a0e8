import { h, icon } from "../dom.js";
import { chain, pagerOf } from "../pager.js";
import { createDialog } from "./create.js";
import { levelTable } from "./level-table.js";

const TYPING_MS = 250;

/** The filters, kept while a product is open. */
const filters = { search: "", category: "", status: "" };

/** @param {import("./app.js").App} app */
export function allStock(app) {
  const empty = h("div", { class: "empty" });
  const table = levelTable({ app, caption: "Stock by product and warehouse", empty, changed: app.count });
  const search = h("input", { type: "search", name: "search", value: filters.search, placeholder: "desk-…", spellcheck: "false", autocomplete: "off" });
  const category = h("input", { type: "search", name: "category", value: filters.category, placeholder: "Any", autocomplete: "off" });
  const status = h(
    "select",
    { name: "status" },
    ...[["", "Any"], ["IN_STOCK", "In stock"], ["LOW_STOCK", "Low stock"], ["OUT_OF_STOCK", "Out of stock"]].map(
      ([value, text]) => h("option", { value, selected: value === filters.status }, text),
    ),
  );
  let typing = 0;
  const form = h(
    "form",
    {
      class: "filters",
      role: "search",
      "aria-label": "Filter stock",
      submit: (event) => (event.preventDefault(), load()),
      input: () => {
        table.outdate();
        clearTimeout(typing);
        typing = setTimeout(load, TYPING_MS);
      },
    },
    labelled("Product ID starts with", search),
    labelled("Category", category),
    labelled("Status", status),
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
    clearTimeout(typing);
    for (const [name, value] of new FormData(form)) filters[name] = value.trim();
    const narrowed = Object.values(filters).some(Boolean);
    const clear = () => {
      for (const input of [search, category, status]) input.value = "";
      load();
      search.focus();
    };
    empty.replaceChildren(
      icon("box"),
      h("p", {}, narrowed ? "No products match these filters." : "There are no products yet."),
      narrowed
        ? h("button", { type: "button", class: "quiet", click: clear }, "Clear filters")
        : h("button", { type: "button", class: "quiet", click: () => createDialog(app) }, "Add a product"),
    );
    return table.show(pagerOf("levels", (query) => app.client.levels(query), { ...filters }));
  }
}

/** @param {import("./app.js").App} app */
export function attention(app) {
  const empty = h("div", { class: "empty" }, icon("IN_STOCK"), h("p", {}, "No products are low or out of stock."));
  const table = levelTable({ app, caption: "Products that are out of stock or low on stock", empty, changed: app.count });
  const having = (status) => pagerOf("levels", (query) => app.client.levels(query), { status });
  const load = () => table.show(chain([having("OUT_OF_STOCK"), having("LOW_STOCK")]));
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

function labelled(text, input) {
  input.id = `filter-${input.name}`;
  return h("div", { class: "field" }, h("label", { for: input.id }, text), input);
}
