/** Layout of a stock chart: paths, grid lines, and axis labels. */

const STEPS = [1, 2, 5, 10];

/** Return about `count` round values from 0 to at least `top`. */
export function ticks(top, count = 4) {
  const rough = Math.max(1, top / count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, STEPS.find((factor) => factor * power >= rough) * power);
  return Array.from({ length: Math.max(1, Math.ceil(top / step)) + 1 }, (_, index) => index * step);
}

/**
 * Compute the coordinates of a chart.
 * @param {import("../api-client.js").Movement[]} movements Movements in one warehouse, newest first.
 * @param {{width: number, height: number, now?: number,
 *   margin?: {top: number, right: number, bottom: number, left: number}}} options
 */
export function layOut(movements, options) {
  const { width, height, now = Date.now() } = options;
  const margin = options.margin ?? { top: 12, right: 12, bottom: 26, left: 44 };
  const points = movements
    .map(({ at, ...counts }) => ({ at: Date.parse(at), ...counts }))
    .reverse();
  const first = points[0].at;
  const last = Math.max(now, points.at(-1).at, first + 60_000);
  const marks = ticks(Math.max(...points.flatMap(({ stock_count, threshold_level }) => [stock_count, threshold_level]), 1));
  const top = marks.at(-1);
  const x = (at) => round(margin.left + ((at - first) / (last - first)) * (width - margin.left - margin.right));
  const y = (value) => round(height - margin.bottom - (value / top) * (height - margin.top - margin.bottom));
  /** The path of a count, which is constant between movements. */
  const stepPath = (name) => {
    const [start, ...rest] = points;
    return `M${x(start.at)} ${y(start[name])}${rest.map((p) => `H${x(p.at)}V${y(p[name])}`).join("")}H${x(last)}`;
  };
  const columns = Math.max(2, Math.min(6, Math.floor((width - margin.left - margin.right) / 110)));
  return {
    x,
    y,
    first,
    last,
    points,
    marks: marks.map((value) => ({ value, y: y(value) })),
    times: Array.from({ length: columns }, (_, index) => {
      const at = first + ((last - first) * index) / (columns - 1);
      return { at, x: x(at) };
    }),
    stock: stepPath("stock_count"),
    available: stepPath("available"),
    area: `${stepPath("available")}V${y(0)}H${x(first)}Z`,
    threshold: stepPath("threshold_level"),
    left: margin.left,
    right: width - margin.right,
    bottom: height - margin.bottom,
  };
}

/** Return the point at or before an x position of the chart; before the first movement, the first point. */
export function pointAt(layout, position) {
  return layout.points.findLast(({ at }) => layout.x(at) <= position) ?? layout.points[0];
}

const round = (value) => Math.round(value * 10) / 10;
