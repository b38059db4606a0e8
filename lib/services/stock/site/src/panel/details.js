import { badge, confirmed, h, icon, loading } from "../dom.js";
import { errorBox, outcomeOf } from "../explain.js";
import { ago, clock, inFull, number, plural, secondsLeft, signed } from "../format.js";
import { pagerOf } from "../pager.js";
import { chart } from "./chart.js";
import { levelTable } from "./level-table.js";

const TYPES = new Map([
  ["CREATED", "Created"],
  ["UPDATED", "Updated"],
  ["ADJUSTED", "Adjusted"],
  ["RESERVED", "Reserved"],
  ["RELEASED", "Released"],
  ["EXPIRED", "Reservation expired"],
  ["FULFILLED", "Sold"],
  ["REPAIRED", "Repaired"],
]);
const SIGNED = new Set(["CREATED", "UPDATED", "ADJUSTED", "REPAIRED"]);

/**
 * The view of one product: levels, chart, reservations, and movements.
 * @param {import("./app.js").App} app
 * @param {string} productId
 * @param {AbortSignal} signal Aborted when the view closes.
 */
export function details(app, productId, signal) {
  const summary = h("div", {}, loading("Loading product…"));
  const levels = levelTable({
    app,
    caption: `Stock levels of ${productId} by warehouse`,
    empty: h("p", {}, "There are no stock levels."),
    links: false,
    changed: refresh,
  });
  const held = h("div", {}, loading("Loading reservations…"));
  const history = h("div", {}, loading("Loading movements…"));
  const picture = h("div", {});
  const warehouses = h("select", { id: "chart-warehouse", change: () => loadHistory() });
  const warehouse = h("div", { class: "inline-field", hidden: true });
  warehouse.append(h("label", { for: "chart-warehouse" }, "Warehouse"), warehouses);
  const counted = h("div", { "aria-live": "polite" });
  const count = h("button", { type: "button", class: "quiet", click: () => reconcile(false) }, "Reconcile");
  let total = null;
  let drawn = new AbortController();
  let asked = 0;
  let loads = 0;

  const section = (id, heading, ...children) =>
    h("section", { class: "card", "aria-labelledby": id }, h("div", { class: "card-head" }, h("h2", { id }, heading), ...children.slice(1)), children[0]);

  const element = h(
    "div",
    { class: "stack wide" },
    h("p", {}, h("a", { class: "back", href: "#/" }, icon("back"), "All stock")),
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, productId),
      h("div", { class: "actions" }, h("button", { type: "button", class: "quiet", click: refresh }, "Refresh"), count),
    ),
    counted,
    summary,
    section("levels-title", "Stock levels", levels.element),
    section("chart-title", "Stock over time", picture, warehouse),
    section("held-title", "Reservations", held),
    section("history-title", "Movements", history),
  );
  const ticking = setInterval(tick, 1000);
  signal.addEventListener("abort", () => {
    clearInterval(ticking);
    drawn.abort();
  });
  load();
  return element;

  async function load() {
    loads += 1;
    const mine = loads;
    let found;
    try {
      found = await app.client.fullLevel(productId);
    } catch (error) {
      if (mine !== loads || signal.aborted) return;
      summary.replaceChildren(errorBox(error, { title: "The product could not be loaded", retry: load, reauthenticate: app.reauthenticate }));
      for (const part of element.querySelectorAll("section")) part.hidden = true;
      count.hidden = true;
      return;
    }
    if (mine !== loads || signal.aborted) return;
    total = found;
    for (const part of element.querySelectorAll("section")) part.hidden = false;
    count.hidden = false;
    const places = total.warehouses ?? [total];
    const chosen = warehouses.value;
    warehouses.replaceChildren(...places.map(({ warehouse_id: id }) => h("option", { value: id, selected: id === chosen }, id)));
    warehouse.hidden = places.length < 2;
    summary.replaceChildren(tiles(total));
    await Promise.all([
      levels.show({ done: true, next: async () => places }),
      loadHeld(),
      loadHistory(),
    ]);
  }

  function refresh() {
    app.count();
    load();
  }

  function tiles({ available, stock_count, reserved_count, threshold_level, status }) {
    const tile = (name, value, more) => h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, value, more));
    return h(
      "dl",
      { class: "tiles" },
      tile("Available", number(available), badge(status)),
      tile("On hand", number(stock_count)),
      tile("Reserved", number(reserved_count)),
      tile("Alert at", number(threshold_level)),
    );
  }

  async function loadHeld() {
    const pager = pagerOf("reservations", (query) => app.client.reservations(productId, query));
    await fillList(held, pager, {
      caption: `Reservations of ${productId}, earliest expiry first`,
      columns: ["Reservation", "Warehouse", "Quantity", "Reserved by", "Time left", ""],
      row: heldRow,
      empty: "There are no reservations of this product.",
      failed: "Reservations could not be loaded",
    });
    tick();
  }

  function heldRow({ reservationId, warehouse_id, quantity, actor, expiry, reserved_at }) {
    const release = h("button", { type: "button", class: "quiet small" }, "Release");
    release.append(h("span", { class: "unseen" }, ` ${reservationId}`));
    release.addEventListener("click", () => releaseOne(release, reservationId, quantity));
    return [
      h("code", {}, reservationId),
      warehouse_id,
      number(quantity),
      h("span", { title: `Reserved ${inFull(reserved_at)}` }, actor),
      h("span", { class: "left", "data-expiry": expiry, title: inFull(expiry) }),
      release,
    ];
  }

  async function releaseOne(button, reservationId, quantity) {
    const text = `This returns ${plural(quantity, "unit")} to stock and removes them from the customer's cart.`;
    if (!(await confirmed("Release this reservation?", text, "Release"))) return;
    button.disabled = true;
    try {
      await app.client.releaseReservation(productId, reservationId);
      counted.replaceChildren();
      const heading = element.querySelector("#held-title");
      heading.tabIndex = -1;
      heading.focus();
      app.say(`Released ${plural(quantity, "unit")} of ${productId}.`);
    } catch (error) {
      button.disabled = false;
      const outcome = outcomeOf(error, {
        failed: "Nothing was released",
        unknown: "The reservation may have been released",
        repeat: "Refresh to see whether it still exists. You can safely release it again.",
      });
      counted.replaceChildren(errorBox(error, { ...outcome, reauthenticate: app.reauthenticate }));
      if (error.status !== 404) return;
    }
    refresh();
  }

  function tick() {
    for (const place of held.querySelectorAll(".left")) {
      const seconds = secondsLeft(place.dataset.expiry);
      place.textContent = seconds ? clock(seconds) : "expired";
      place.classList.toggle("soon", seconds < 60);
    }
  }

  async function loadHistory() {
    asked += 1;
    const mine = asked;
    const warehouse_id = warehouses.value;
    const seen = [];
    const list = async (query) => app.client.movements(productId, { warehouse_id, ...query });
    const pages = pagerOf("movements", list, { page_size: 50 });
    const pager = {
      get done() {
        return pages.done;
      },
      async next() {
        const rows = await pages.next();
        seen.push(...rows);
        if (mine === asked && !signal.aborted) draw(seen, warehouse_id);
        return rows;
      },
    };
    await fillList(history, pager, {
      caption: `Stock movements of ${productId}, newest first`,
      columns: ["Time", "Type", "Quantity", "On hand", "Reserved", "Available", "Details", "By"],
      row: movementRow,
      empty: "There are no movements yet.",
      failed: "Movements could not be loaded",
    });
  }

  function movementRow({ at, type, quantity, stock_count, reserved_count, available, actor, ...why }) {
    return [
      h("time", { datetime: at, title: inFull(at) }, ago(at)),
      h("span", { class: `kind ${type.toLowerCase()}` }, TYPES.get(type) ?? type),
      SIGNED.has(type) ? signed(quantity) : number(quantity),
      number(stock_count),
      number(reserved_count),
      number(available),
      [why.reason, why.reference ?? why.reservationId].filter(Boolean).join(" · "),
      actor,
    ];
  }

  function draw(movements, warehouse_id) {
    drawn.abort();
    drawn = new AbortController();
    const level = (total.warehouses ?? [total]).find((place) => place.warehouse_id === warehouse_id) ?? total;
    const none = h("p", { class: "empty" }, "There is no history to display yet.");
    picture.replaceChildren(movements.length ? chart(movements, level, drawn.signal) : none);
  }

  /** Show a table that loads page by page, in place of an earlier one. */
  async function fillList(place, pager, { caption, columns, row, empty, failed }) {
    const numbers = new Set(["Quantity", "On hand", "Reserved", "Available"]);
    const body = h("tbody", { role: "rowgroup" });
    const head = columns.map((name) =>
      h("th", { scope: "col", role: "columnheader", class: numbers.has(name) ? "number" : null }, name || h("span", { class: "unseen" }, "Actions")),
    );
    const table = h(
      "table",
      { class: "rows", role: "table" },
      h("caption", { class: "unseen" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
      body,
    );
    const below = h("div", { class: "below" });
    const token = (place.token = {});
    const next = async () => {
      try {
        const rows = await pager.next();
        if (signal.aborted || place.token !== token) return;
        body.append(...rows.map((values) => cells(row(values))));
        const more = h("button", { type: "button", class: "quiet", click: next }, "Load more");
        below.replaceChildren(...(pager.done ? [] : [more]));
        place.replaceChildren(...(body.children.length ? [table, below] : [h("p", { class: "empty" }, empty)]));
      } catch (error) {
        if (signal.aborted || place.token !== token) return;
        below.replaceChildren(errorBox(error, { title: failed, retry: next, reauthenticate: app.reauthenticate }));
        place.replaceChildren(...(body.children.length ? [table, below] : [below]));
      }
    };
    const cells = (values) =>
      h(
        "tr",
        { role: "row" },
        ...values.map((value, index) =>
          h("td", { role: "cell", "data-label": columns[index], class: numbers.has(columns[index]) ? "number" : null }, value),
        ),
      );
    await next();
  }

  async function reconcile(repair) {
    count.disabled = true;
    try {
      const found = await app.client.reconcile(productId, { repair });
      counted.replaceChildren(reconciled(found));
      if (found.repaired) refresh();
    } catch (error) {
      const retry = () => reconcile(repair);
      const outcome = repair
        ? outcomeOf(error, {
            failed: "Nothing was repaired",
            unknown: "The stock level may have been repaired",
            repeat: "Reconcile again to check. You can safely repeat the repair.",
          })
        : { title: "The stock level could not be checked" };
      counted.replaceChildren(errorBox(error, { ...outcome, retry, reauthenticate: app.reauthenticate }));
    }
    count.disabled = false;
  }

  function reconciled({ repaired, drifts }) {
    if (drifts.length === 0) {
      return h("p", { class: "note good" }, icon("IN_STOCK"), "No differences found: the stock level matches its reservations and movements.");
    }
    const line = ({ warehouse_id, field, counted: right, found }) =>
      h("li", {}, `${warehouse_id}: ${field} is ${number(found)}, but the count is ${number(right)}`);
    const ask = async () => {
      const text = "This replaces the stored values with the counted values. The change is recorded in the history.";
      if (await confirmed("Repair the stock level?", text, "Repair")) reconcile(true);
    };
    return h(
      "div",
      { class: `note ${repaired ? "good" : "bad"}` },
      icon(repaired ? "IN_STOCK" : "LOW_STOCK"),
      h("div", {}, h("strong", {}, repaired ? "Repaired" : "Differences found"), h("ul", {}, ...drifts.map(line))),
      !repaired && h("button", { type: "button", class: "quiet", click: ask }, "Repair"),
    );
  }
}
