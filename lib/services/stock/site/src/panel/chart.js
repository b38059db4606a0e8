import { h, newId, svg } from "../dom.js";
import { axisLabel, dateTime, number, plural } from "../format.js";
import { layOut, pointAt } from "./plot.js";

const HEIGHT = 240;

/**
 * Create a chart of the units on hand, the available units, and the alert level over time.
 * @param {import("../api-client.js").Movement[]} movements Movements in one warehouse, newest first.
 * @param {import("../api-client.js").Level} level
 * @param {AbortSignal} signal Aborted when the chart is removed.
 */
export function chart(movements, level, signal) {
  const values = h("p", { class: "chart-reading", "aria-hidden": "true" });
  const frame = h("div", { class: "chart-frame" });
  const draw = () => {
    const width = Math.max(280, frame.clientWidth);
    frame.replaceChildren(render(layOut(movements, { width, height: HEIGHT })));
  };
  const observer = new ResizeObserver(draw);
  observer.observe(frame);
  signal.addEventListener("abort", () => observer.disconnect());
  return h(
    "figure",
    { class: "chart" },
    h(
      "figcaption",
      { class: "legend" },
      h("span", { class: "key stock" }, "On hand"),
      h("span", { class: "key available" }, "Available"),
      h("span", { class: "key threshold" }, `Alert at ${number(level.threshold_level)}`),
    ),
    frame,
    values,
  );

  function render(layout) {
    const [titleId, descId] = [newId("chart"), newId("chart")];
    const cursor = svg("line", { class: "cursor", y1: 12, y2: layout.bottom, x1: -9, x2: -9 });
    const showValues = (event) => {
      const box = frame.getBoundingClientRect();
      const position = Math.min(layout.right, Math.max(layout.left, event.clientX - box.left));
      const point = pointAt(layout, position);
      cursor.setAttribute("x1", position);
      cursor.setAttribute("x2", position);
      const at = layout.first + ((position - layout.left) / (layout.right - layout.left)) * (layout.last - layout.first);
      values.textContent = `${dateTime(new Date(at).toISOString())}: ${number(point.stock_count)} on hand, ${number(point.available)} available`;
    };
    const hideValues = () => {
      values.textContent = "";
      cursor.setAttribute("x1", -9);
      cursor.setAttribute("x2", -9);
    };
    return svg(
      "svg",
      {
        width: layout.right + 12,
        height: HEIGHT,
        role: "img",
        "aria-labelledby": `${titleId} ${descId}`,
        pointermove: showValues,
        pointerleave: hideValues,
      },
      svg("title", { id: titleId }, `Stock of ${level.product_id} in ${level.warehouse_id} over time`),
      svg("desc", { id: descId }, describe(movements, level)),
      ...layout.marks.flatMap(({ value, y }) => [
        svg("line", { class: "grid", x1: layout.left, x2: layout.right, y1: y, y2: y }),
        svg("text", { class: "tick end", x: layout.left - 8, y: y + 4 }, number(value)),
      ]),
      ...layout.times.map(({ at, x }, index, all) =>
        svg(
          "text",
          { class: `tick ${["start", "middle", "end"][index === 0 ? 0 : index === all.length - 1 ? 2 : 1]}`, x, y: HEIGHT - 6 },
          index === all.length - 1 ? "now" : axisLabel(at, layout.last - layout.first),
        ),
      ),
      svg("path", { class: "area", d: layout.area }),
      svg("path", { class: "threshold", d: layout.threshold }),
      svg("path", { class: "stock", d: layout.stock }),
      svg("path", { class: "available", d: layout.available }),
      cursor,
    );
  }
}

function describe(movements, level) {
  const oldest = movements.at(-1);
  return (
    `${plural(movements.length, "movement")} since ${dateTime(oldest.at)}: ` +
    `on hand from ${number(oldest.stock_count)} to ${number(level.stock_count)}, ` +
    `${number(level.available)} available now; alert at ${number(level.threshold_level)}. ` +
    "The movements table contains the same data."
  );
}
