import { badge, confirmAction, h, icon, loading } from "../dom.js";
import { errorBox, outcomeOf } from "../explain.js";
import { ago, dateTime, duration, number, plural, secondsLeft, signed } from "../format.js";
import { createPager } from "../pager.js";
import { chart } from "./chart.js";
import { levelTable } from "./level-table.js";

const TYPE_LABELS = new Map([
  ["CREATED", "Created"],
  ["UPDATED", "Updated"],
  ["ADJUSTED", "Adjusted"],
  ["RESERVED", "Reserved"],
  ["RELEASED", "Released"],
  ["EXPIRED", "Reservation expired"],
  ["FULFILLED", "Sold"],
  ["REPAIRED", "Repaired"],
]);
const SIGNED_TYPES = new Set(["CREATED", "UPDATED", "ADJUSTED", "REPAIRED"]);

/**
 * Create the view of one product: levels, chart, reservations, and movements.
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
  const reservationList = h("div", {}, loading("Loading reservations…"));
  const movementList = h("div", {}, loading("Loading movements…"));
  const chartContainer = h("div", {});
  const warehouseSelect = h("select", { id: "chart-warehouse", change: () => loadMovements() });
  const warehouse = h("div", { class: "inline-field", hidden: true });
  warehouse.append(h("label", { for: "chart-warehouse" }, "Warehouse"), warehouseSelect);
  const notice = h("div", { "aria-live": "polite" });
  const reconcileButton = h("button", { type: "button", class: "quiet", click: () => reconcile(false) }, "Reconcile");
  let total = null;
  let chartLifetime = new AbortController();
  let movementLoads = 0;
  let levelLoads = 0;

  const section = (id, heading, content, control) =>
    h("section", { class: "card", "aria-labelledby": id }, h("div", { class: "card-head" }, h("h2", { id }, heading), control), content);

  const element = h(
    "div",
    { class: "stack wide" },
    h("p", {}, h("a", { class: "back", href: "#/" }, icon("back"), "All stock")),
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, productId),
      h("div", { class: "actions" }, h("button", { type: "button", class: "quiet", click: refresh }, "Refresh"), reconcileButton),
    ),
    notice,
    summary,
    section("levels-title", "Stock levels", levels.element),
    section("chart-title", "Stock over time", chartContainer, warehouse),
    section("held-title", "Reservations", reservationList),
    section("history-title", "Movements", movementList),
  );
  const interval = setInterval(updateTimers, 1000);
  signal.addEventListener("abort", () => {
    clearInterval(interval);
    chartLifetime.abort();
  });
  load();
  return element;

  async function load() {
    levelLoads += 1;
    const thisLoad = levelLoads;
    let level;
    try {
      level = await app.client.fullLevel(productId);
    } catch (error) {
      if (thisLoad !== levelLoads || signal.aborted) return;
      summary.replaceChildren(errorBox(error, { title: "The product could not be loaded", retry: load, reauthenticate: app.reauthenticate }));
      showSections(false);
      return;
    }
    if (thisLoad !== levelLoads || signal.aborted) return;
    total = level;
    showSections(true);
    const levelList = total.warehouses ?? [total];
    const chosen = warehouseSelect.value;
    warehouseSelect.replaceChildren(...levelList.map(({ warehouse_id: id }) => h("option", { value: id, selected: id === chosen }, id)));
    warehouse.hidden = levelList.length < 2;
    summary.replaceChildren(tiles(total));
    await Promise.all([
      levels.show({ done: true, next: async () => levelList }),
      loadReservations(),
      loadMovements(),
    ]);
  }

  function showSections(isVisible) {
    for (const card of element.querySelectorAll("section")) card.hidden = !isVisible;
    reconcileButton.hidden = !isVisible;
  }

  function refresh() {
    app.countAttention();
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

  async function loadReservations() {
    const pager = createPager("reservations", (query) => app.client.reservations(productId, query));
    await showList(reservationList, pager, {
      caption: `Reservations of ${productId}, earliest expiry first`,
      columns: ["Reservation", "Warehouse", "Quantity", "Reserved by", "Time left", ""],
      row: reservationRow,
      empty: "There are no reservations of this product.",
      failed: "Reservations could not be loaded",
    });
    updateTimers();
  }

  function reservationRow({ reservationId, warehouse_id, quantity, actor, expiry, reserved_at }) {
    const release = h("button", { type: "button", class: "quiet small" }, "Release");
    release.append(h("span", { class: "unseen" }, ` ${reservationId}`));
    release.addEventListener("click", () => releaseReservation(release, reservationId, quantity));
    return [
      h("code", {}, reservationId),
      warehouse_id,
      number(quantity),
      h("span", { title: `Reserved ${dateTime(reserved_at)}` }, actor),
      h("span", { class: "time-left", "data-expiry": expiry, title: dateTime(expiry) }),
      release,
    ];
  }

  async function releaseReservation(button, reservationId, quantity) {
    const text = `This returns ${plural(quantity, "unit")} to stock and removes them from the customer's cart.`;
    if (!(await confirmAction("Release this reservation?", text, "Release"))) return;
    button.disabled = true;
    try {
      await app.client.releaseReservation(productId, reservationId);
      notice.replaceChildren();
      const heading = element.querySelector("#held-title");
      heading.tabIndex = -1;
      heading.focus();
      app.showMessage(`Released ${plural(quantity, "unit")} of ${productId}.`);
    } catch (error) {
      button.disabled = false;
      const outcome = outcomeOf(error, {
        failed: "The reservation was not released",
        unknown: "The reservation may have been released",
        repeat: "Refresh to see whether it still exists. You can safely release it again.",
      });
      notice.replaceChildren(errorBox(error, { ...outcome, reauthenticate: app.reauthenticate }));
      if (error.status !== 404) return;
    }
    refresh();
  }

  function updateTimers() {
    for (const timer of reservationList.querySelectorAll(".time-left")) {
      const seconds = secondsLeft(timer.dataset.expiry);
      timer.textContent = seconds ? duration(seconds) : "expired";
      timer.classList.toggle("soon", seconds < 60);
    }
  }

  async function loadMovements() {
    movementLoads += 1;
    const thisLoad = movementLoads;
    const warehouse_id = warehouseSelect.value;
    const loaded = [];
    const list = async (query) => app.client.movements(productId, { warehouse_id, ...query });
    const pages = createPager("movements", list, { page_size: 50 });
    const pager = {
      get done() {
        return pages.done;
      },
      async next() {
        const rows = await pages.next();
        loaded.push(...rows);
        if (thisLoad === movementLoads && !signal.aborted) drawChart(loaded, warehouse_id);
        return rows;
      },
    };
    await showList(movementList, pager, {
      caption: `Stock movements of ${productId}, newest first`,
      columns: ["Time", "Type", "Quantity", "On hand", "Reserved", "Available", "Details", "By"],
      row: movementRow,
      empty: "There are no movements yet.",
      failed: "Movements could not be loaded",
    });
  }

  function movementRow({ at, type, quantity, stock_count, reserved_count, available, actor, ...context }) {
    return [
      h("time", { datetime: at, title: dateTime(at) }, ago(at)),
      h("span", { class: `kind ${type.toLowerCase()}` }, TYPE_LABELS.get(type) ?? type),
      SIGNED_TYPES.has(type) ? signed(quantity) : number(quantity),
      number(stock_count),
      number(reserved_count),
      number(available),
      [context.reason, context.reference ?? context.reservationId].filter(Boolean).join(" · "),
      actor,
    ];
  }

  function drawChart(movements, warehouse_id) {
    chartLifetime.abort();
    chartLifetime = new AbortController();
    const level = (total.warehouses ?? [total]).find((candidate) => candidate.warehouse_id === warehouse_id) ?? total;
    const emptyMessage = h("p", { class: "empty" }, "There are no movements to display yet.");
    chartContainer.replaceChildren(movements.length ? chart(movements, level, chartLifetime.signal) : emptyMessage);
  }

  /** Show a table with pagination in a container, and replace an earlier table. */
  async function showList(container, pager, { caption, columns, row, empty, failed }) {
    const numericColumns = new Set(["Quantity", "On hand", "Reserved", "Available"]);
    const body = h("tbody", { role: "rowgroup" });
    const head = columns.map((name) =>
      h("th", { scope: "col", role: "columnheader", class: numericColumns.has(name) ? "number" : null }, name || h("span", { class: "unseen" }, "Actions")),
    );
    const table = h(
      "table",
      { class: "rows", role: "table" },
      h("caption", { class: "unseen" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
      body,
    );
    const listEnd = h("div", { class: "below" });
    const token = (container.token = {});
    const next = async () => {
      try {
        const rows = await pager.next();
        if (signal.aborted || container.token !== token) return;
        body.append(...rows.map((values) => cells(row(values))));
        const more = h("button", { type: "button", class: "quiet", click: next }, "Load more");
        listEnd.replaceChildren(...(pager.done ? [] : [more]));
        container.replaceChildren(...(body.children.length ? [table, listEnd] : [h("p", { class: "empty" }, empty)]));
      } catch (error) {
        if (signal.aborted || container.token !== token) return;
        listEnd.replaceChildren(errorBox(error, { title: failed, retry: next, reauthenticate: app.reauthenticate }));
        container.replaceChildren(...(body.children.length ? [table, listEnd] : [listEnd]));
      }
    };
    const cells = (values) =>
      h(
        "tr",
        { role: "row" },
        ...values.map((value, index) =>
          h("td", { role: "cell", "data-label": columns[index], class: numericColumns.has(columns[index]) ? "number" : null }, value),
        ),
      );
    await next();
  }

  async function reconcile(repair) {
    reconcileButton.disabled = true;
    try {
      const result = await app.client.reconcile(productId, { repair });
      notice.replaceChildren(reconciliation(result));
      if (result.repaired) refresh();
    } catch (error) {
      const retry = () => reconcile(repair);
      const outcome = repair
        ? outcomeOf(error, {
            failed: "The stock level was not repaired",
            unknown: "The stock level may have been repaired",
            repeat: "Reconcile again to check. You can safely repeat the repair.",
          })
        : { title: "The stock level could not be checked" };
      notice.replaceChildren(errorBox(error, { ...outcome, retry, reauthenticate: app.reauthenticate }));
    }
    reconcileButton.disabled = false;
  }

  function reconciliation({ repaired, drifts }) {
    if (drifts.length === 0) {
      return h("p", { class: "note good" }, icon("IN_STOCK"), "No differences found. The stock level matches its reservations and movements.");
    }
    const line = ({ warehouse_id, field, counted: expected, found: stored }) =>
      h("li", {}, `${warehouse_id}: ${field} is ${number(stored)}, expected ${number(expected)}`);
    const confirmRepair = async () => {
      const text = "This replaces the stored values with the expected values. The change is recorded in the movements.";
      if (await confirmAction("Repair the stock level?", text, "Repair")) reconcile(true);
    };
    return h(
      "div",
      { class: `note ${repaired ? "good" : "bad"}` },
      icon(repaired ? "IN_STOCK" : "LOW_STOCK"),
      h("div", {}, h("strong", {}, repaired ? "Repaired" : "Differences found"), h("ul", {}, ...drifts.map(line))),
      !repaired && h("button", { type: "button", class: "quiet", click: confirmRepair }, "Repair"),
    );
  }
}
