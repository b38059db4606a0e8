import { h, newId, svg } from "../dom.js";
import { inFull, moment, number, plural } from "../format.js";
import { plot, pointAt } from "./plot.js";

const HEIGHT = 240;

/**
 * Stock over time, from movements: what is on hand, what of it is available, and where alerts begin.
 * @param {import("../api-client.js").Movement[]} movements Newest first, all of one warehouse.
 * @param {import("../api-client.js").Level} level
 * @param {AbortSignal} signal Ends its watching of its width.
 */
export function chart(movements, level, signal) {
  const reading = h("p", { class: "chart-reading", "aria-hidden": "true" });
  const frame = h("div", { class: "chart-frame" });
  const draw = () => {
    const width = Math.max(280, frame.clientWidth);
    frame.replaceChildren(drawing(plot(movements, { width, height: HEIGHT })));
  };
  const watch = new ResizeObserver(draw);
  watch.observe(frame);
  signal.addEventListener("abort", () => watch.disconnect());
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
    reading,
  );

  function drawing(plotted) {
    const [titleId, descId] = [newId("chart"), newId("chart")];
    const cursor = svg("line", { class: "cursor", y1: 12, y2: plotted.bottom, x1: -9, x2: -9 });
    const read = (event) => {
      const box = frame.getBoundingClientRect();
      const place = Math.min(plotted.right, Math.max(plotted.left, event.clientX - box.left));
      const point = pointAt(plotted, place);
      cursor.setAttribute("x1", place);
      cursor.setAttribute("x2", place);
      const at = plotted.first + ((place - plotted.left) / (plotted.right - plotted.left)) * (plotted.last - plotted.first);
      reading.textContent = `${inFull(new Date(at).toISOString())}: ${number(point.stock_count)} on hand, ${number(point.available)} available`;
    };
    const leave = () => {
      reading.textContent = "";
      cursor.setAttribute("x1", -9);
      cursor.setAttribute("x2", -9);
    };
    return svg(
      "svg",
      {
        width: plotted.right + 12,
        height: HEIGHT,
        role: "img",
        "aria-labelledby": `${titleId} ${descId}`,
        pointermove: read,
        pointerleave: leave,
      },
      svg("title", { id: titleId }, `Stock of ${level.product_id} in ${level.warehouse_id} over time`),
      svg("desc", { id: descId }, described(movements, level)),
      ...plotted.marks.flatMap(({ value, y }) => [
        svg("line", { class: "grid", x1: plotted.left, x2: plotted.right, y1: y, y2: y }),
        svg("text", { class: "tick end", x: plotted.left - 8, y: y + 4 }, number(value)),
      ]),
      ...plotted.times.map(({ at, x }, index, all) =>
        svg(
          "text",
          { class: `tick ${["start", "middle", "end"][index === 0 ? 0 : index === all.length - 1 ? 2 : 1]}`, x, y: HEIGHT - 6 },
          index === all.length - 1 ? "now" : moment(at, plotted.last - plotted.first),
        ),
      ),
      svg("path", { class: "area", d: plotted.area }),
      svg("path", { class: "threshold", d: plotted.threshold }),
      svg("path", { class: "stock", d: plotted.stock }),
      svg("path", { class: "available", d: plotted.available }),
      cursor,
    );
  }
}

function described(movements, level) {
  const oldest = movements.at(-1);
  return (
    `${plural(movements.length, "movement")} since ${inFull(oldest.at)}: ` +
    `on hand from ${number(oldest.stock_count)} to ${number(level.stock_count)}, ` +
    `${number(level.available)} available now; alert at ${number(level.threshold_level)}. ` +
    "The table of movements contains the same data."
  );
}
