import { h, icon } from "../dom.js";
import { chain, pagerOf } from "../pager.js";
import { createDialog } from "./create.js";
import { levelTable } from "./level-table.js";

const TYPING_MS = 250;

/** What the list was narrowed to, for the way back from a product. */
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
      "aria-label": "Narrow the list",
      submit: (event) => (event.preventDefault(), load()),
      input: () => {
        table.outdate();
        clearTimeout(typing);
        typing = setTimeout(load, TYPING_MS);
      },
    },
    labelled("Product id begins with", search),
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
      h("p", {}, narrowed ? "Nothing fits these filters." : "There is no product yet."),
      narrowed
        ? h("button", { type: "button", class: "quiet", click: clear }, "Clear the filters")
        : h("button", { type: "button", class: "quiet", click: () => createDialog(app) }, "Add the first"),
    );
    return table.show(pagerOf("levels", (query) => app.client.levels(query), { ...filters }));
  }
}

/** @param {import("./app.js").App} app */
export function attention(app) {
  const empty = h("div", { class: "empty" }, icon("IN_STOCK"), h("p", {}, "Everything is well stocked."));
  const table = levelTable({ app, caption: "Products that are out of stock or low", empty, changed: app.count });
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
    h("p", { class: "lead" }, "Out of stock first, then what is at or below its alert level."),
    h("div", { class: "card" }, table.element),
  );
}

function labelled(text, input) {
  input.id = `filter-${input.name}`;
  return h("div", { class: "field" }, h("label", { for: input.id }, text), input);
}
