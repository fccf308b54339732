// How likely each state makes one observation, on the states' densities: (message, theme) -> {data, layout}.

import { DASH, stateName } from "./charts.js";
import { axis, baseLayout, fade } from "./plotting.js";

const MARGIN = { l: 46, r: 12, t: 8, b: 34 };
const MOST_BARS = 120; // states times symbols

export function density({ header, arrays }, theme) {
  const meta = header.charts.density;
  const K = header.num_states;
  const { colours } = header.states;
  const grid = arrays["density.grid"].values;
  const G = grid.length;
  const { values } = arrays["density.curves"];
  const heights = arrays["density.heights"].values;
  const expected = arrays["density.expected"]?.values;
  const whole = meta.kind === "bars"; // counts or symbols
  const symbols = meta.ticks.length > 0;
  const bars = symbols && G * K <= MOST_BARS;
  const curve = (k) => values.subarray(k * G, (k + 1) * G);
  const data = [];
  for (let k = 0; k < K; k += 1) {
    const name = stateName(k, header.states);
    if (bars) {
      const wide = 0.84 / K;
      const at = Array.from(grid, (c) => c - 0.42 + (k + 0.5) * wide);
      data.push({
        type: "bar", x: at, y: curve(k), width: wide * 0.9, hoverinfo: "skip",
        marker: { color: Array.from(grid, (c) => (c === meta.value ? colours[k] : fade(colours[k], 0.28))) },
      });
    } else {
      data.push({
        x: grid, y: curve(k), mode: "lines", hoverinfo: "skip",
        line: { color: colours[k], width: 1.6, shape: whole ? "hvh" : "linear" },
      });
    }
    if (meta.value !== null) {
      const wide = 0.84 / K;
      const x = bars ? meta.value - 0.42 + (k + 0.5) * wide : meta.value;
      data.push({
        x: [x], y: [heights[k]], mode: "markers", cliponaxis: false,
        marker: { color: colours[k], size: 8, line: { width: 1, color: theme.text } },
        hovertemplate: `${name}: ${meta.marks[k]}<extra></extra>`,
      });
    }
  }
  if (expected) {
    // Of symbols a short line across the bars of each.
    const across = symbols ? Array.from(grid, (c) => [c - 0.46, c + 0.46, null]).flat() : grid;
    const levels = symbols ? Array.from(expected, (p) => [p, p, null]).flat() : expected;
    data.push({
      x: across, y: levels, mode: "lines", hoverinfo: "skip",
      line: { color: theme.text, width: 1.6, dash: DASH.sum, shape: whole && !symbols ? "hvh" : "linear" },
    });
  }
  let top = 0;
  for (const list of [values, heights, expected ?? []]) {
    for (const value of list) if (Number.isFinite(value)) top = Math.max(top, value);
  }
  const room = whole ? 0.5 : 0;
  const ticks = meta.ticks.length
    ? { tickvals: meta.ticks.map((_, c) => c), ticktext: meta.ticks, tickangle: 0, showgrid: false } : {};
  const layout = {
    ...baseLayout(theme, MARGIN),
    barmode: "overlay", bargap: 0,
    xaxis: axis(theme, meta.x, { range: [grid[0] - room, grid[G - 1] + room], nticks: 6, tickangle: 0, ...ticks }),
    yaxis: axis(theme, whole ? "probability" : "density", { range: [0, 1.06 * top || 1], nticks: 5, fixedrange: true }),
    shapes: meta.value === null || bars ? [] : [{
      type: "line", x0: meta.value, x1: meta.value, y0: 0, y1: 1, yref: "paper",
      line: { color: theme.text, width: 1.2 },
    }],
  };
  return { data, layout };
}
