// The charts of the live panel as pure functions of numbers: (message, theme) -> {data, layout}.
// The states' colours and symbols are the ones of pages/ui/theme.py and arrive in the header.

import { axis, baseLayout, blend, fade, readable } from "./plotting.js";

const NONE = 255; // wire.MISSING
const CERTAIN = 254; // wire.FULL_PROBABILITY

export const stateName = (k) => `S${k + 1}`;
const bullet = (states, k) => `<span style="color:${states.colours[k]}">■</span> ${stateName(k)}`;
const probability = (byte) => (byte === NONE ? null : byte / CERTAIN);
const fixed = (digits) => (value) => value.toFixed(digits).replace("-", "−");
const two = fixed(2);
// Values of any scale: two decimals where that says enough, else four digits that count.
const spoken = (value) => {
  const size = Math.abs(value);
  return size === 0 || (size >= 0.1 && size < 1e4)
    ? two(value) : `${+value.toPrecision(4)}`.replaceAll("-", "−");
};

// (rows, columns) of a flat array, as nested rows.
function rows(array, convert = (value) => value) {
  const [height, width] = array.shape;
  return Array.from({ length: height }, (_, i) =>
    Array.from(array.values.subarray(i * width, (i + 1) * width), convert));
}

// With many states only some of the names fit: S1, then every `every`-th.
function labelled(count, every) {
  return Array.from({ length: count }, (_, k) => k)
    .filter((k) => count <= 10 || k === 0 || (k + 1) % every === 0);
}

export function curve({ header, arrays }, theme) {
  const meta = header.charts.curve;
  const [x0, x1] = meta.x_range;
  const data = [];
  if (meta.truth !== null) {
    data.push({
      x: [x0, x1], y: [meta.truth, meta.truth], mode: "lines", hoverinfo: "skip",
      line: { color: theme.muted, width: 1.2, dash: "dot" },
    });
  }
  header.runs.forEach((run, i) => {
    const x = arrays[`curve.x${i}`].values;
    const y = arrays[`curve.y${i}`].values;
    const hovertemplate =
      `${run.name}, iteration %{x}<br>log-likelihood per observation %{y:.5f}<extra></extra>`;
    data.push({
      x, y, mode: "lines", hovertemplate,
      line: { color: run.colour, dash: run.dash, width: 2 },
    });
    data.push({
      x: [meta.shown[i]], y: [meta.shown_values[i]], mode: "markers", hovertemplate,
      cliponaxis: false,
      marker: { color: run.colour, size: 7, symbol: i ? "diamond" : "circle" },
    });
  });
  // Marks stand as ticks on the axis of iterations; they are few.
  if (meta.marks.length) {
    data.push({
      x: meta.marks, y: meta.marks.map(() => meta.y_range[0]), mode: "markers", cliponaxis: false,
      marker: { color: theme.primary, size: 8, symbol: "triangle-up" },
      hovertemplate: "marked: iteration %{x}<extra></extra>",
    });
  }
  const layout = {
    ...baseLayout(theme, { l: 46, r: 12, t: 6, b: 34 }),
    xaxis: axis(theme, "iteration", { range: [x0, x1], nticks: 6 }),
    yaxis: axis(theme, "nats per observation", { range: [...meta.y_range], nticks: 6 }),
    annotations: meta.truth === null ? [] : [{
      x: 1, xref: "paper", xanchor: "right", y: meta.truth, yanchor: "bottom", showarrow: false,
      text: `true model ${fixed(3)(meta.truth)}`, font: { size: 11, color: theme.muted },
    }],
  };
  return { data, layout };
}

export function matrix({ header, arrays }, theme, which) {
  const K = header.num_states;
  const array = arrays[`${which}.probs`];
  const names = Array.from({ length: K }, (_, k) => stateName(k));
  const z = rows(array);
  const shown = labelled(K, 5);
  const place = {
    showgrid: false, tickvals: shown, range: [-0.5, K - 0.5], fixedrange: true,
  };
  const data = [{
    type: "heatmap", z, zmin: 0, zmax: 1, showscale: false,
    colorscale: [[0, blend(theme.primary, theme.ground, 0.04)], [1, theme.primary]],
    xgap: K <= 10 ? 2 : 1, ygap: K <= 10 ? 2 : 1,
    customdata: z.map((row, i) => row.map((_, j) => [names[i], names[j]])),
    hovertemplate: "from %{customdata[0]} to %{customdata[1]}: "
      + `p = %{z:.3f}<extra>${which}</extra>`,
  }];
  if (K <= 8) {
    // Plotly picks a grey ink for a middle blue; here each cell takes the ink that stands out.
    const write = (p) => {
      // "0" and "1" are exact; ".00" and "1.0" are rounded.
      const short = p === 0 || p === 1 ? String(p) : two(p).replace(/^0/, "").replace("1.00", "1.0");
      return `<span style="color:${readable(blend(theme.primary, theme.ground, p))}">${short}</span>`;
    };
    data[0].text = z.map((row) => row.map((p) => (Number.isNaN(p) ? "" : write(p))));
    data[0].texttemplate = "%{text}";
    data[0].textfont = { size: K <= 5 ? 11 : 9, family: theme.font };
  }
  const layout = {
    // The true matrix stands right of the learned one and shares its row names.
    ...baseLayout(theme, { l: which === "learned" ? 52 : 8, r: 6, t: 4, b: 34 }),
    xaxis: axis(theme, "to state", { ...place, ticktext: shown.map(stateName), tickangle: 0 }),
    yaxis: axis(theme, "from state", {
      ...place, range: [K - 0.5, -0.5], visible: which === "learned",
      ticktext: shown.map((k) => bullet(header.states, k)),
    }),
  };
  return { data, layout };
}

export function means({ header, arrays }, theme) {
  const meta = header.charts.means;
  const K = header.num_states;
  const { colours, symbols } = header.states;
  const part = (name) => arrays[`means.${name}`];
  const edges = part("edges").values;
  const bars = part("histogram").values;
  const [x0, x1] = meta.x_range;
  const points = part("densities").shape[1];
  const grid = Array.from({ length: points }, (_, i) => x0 + ((x1 - x0) * i) / (points - 1));
  const densities = rows(part("densities"));
  const floor = -0.2 * meta.top; // the strip below the axis holds the learned means
  const learned = part("means").values;
  const sds = part("standard_deviations").values;
  const weights = part("weights").values;

  const data = [{
    x: [edges[0], ...edges], y: [0, ...bars, 0], mode: "lines", fill: "tozeroy",
    line: { shape: "hv", width: 0 }, fillcolor: fade(theme.text, 0.13), hoverinfo: "skip",
  }];
  densities.forEach((y, k) => data.push({
    x: grid, y, mode: "lines", fill: "tozeroy", hoverinfo: "skip",
    line: { color: colours[k], width: 1.6 }, fillcolor: fade(colours[k], 0.16),
  }));
  if (K > 1) {
    const total = grid.map((_, i) => densities.reduce((sum, row) => sum + row[i], 0));
    data.push({
      x: grid, y: total, mode: "lines", hoverinfo: "skip",
      line: { color: theme.text, width: 1, dash: "dot" },
    });
  }
  // One level per state, so that states that coincide are still seen as several.
  const level = (k) => floor * (K === 1 ? 0.5 : 0.14 + (0.72 * k) / (K - 1));
  data.push({
    x: learned, y: Array.from(learned, (_, k) => level(k)), mode: "markers", cliponaxis: true,
    marker: {
      color: colours.slice(0, K), symbol: symbols.slice(0, K), size: K <= 10 ? 8 : 6,
      line: { width: 0.7, color: theme.text },
    },
    text: Array.from(learned, (mean, k) => `state ${stateName(k)}: learned mean ${spoken(mean)}, `
      + `sd ${spoken(sds[k])}<br>explains ${(100 * weights[k]).toFixed(0)} % of the observations`),
    hovertemplate: "%{text}<extra></extra>",
  });

  const shapes = [{
    type: "line", x0: 0, x1: 1, xref: "paper", y0: 0, y1: 0,
    line: { color: theme.line, width: 1 },
  }];
  const truth = part("true_means");
  if (truth) {
    const order = Array.from(truth.values, (_, k) => k)
      .sort((a, b) => truth.values[a] - truth.values[b]);
    const heights = new Array(K);
    const sides = new Array(K);
    const names = new Array(K);
    const ends = [-Infinity, -Infinity, -Infinity]; // where the last name of each level stands
    for (const k of order) { // names of close neighbours go on different levels, if any is free
      const free = ends.findIndex((end) => truth.values[k] - end > 0.1 * (x1 - x0));
      const step = Math.max(free, 0);
      names[k] = free < 0 || K > 10 ? "" : stateName(k);
      if (free >= 0) ends[step] = truth.values[k];
      heights[k] = meta.top * (0.95 - 0.085 * step);
      sides[k] = step ? "middle right" : "middle center";
    }
    truth.values.forEach((mean, k) => shapes.push({
      type: "line", x0: mean, x1: mean, y0: 0,
      y1: heights[k] + (sides[k] === "middle right" ? 0.03 : -0.05) * meta.top,
      line: { color: colours[k], width: 1.6, dash: "dash" },
    }));
    data.push({
      x: truth.values, y: heights, mode: "markers+text", textposition: sides, cliponaxis: false,
      marker: { opacity: 0, size: 8 }, text: names, hovertext: names.map((_, k) => stateName(k)),
      textfont: { size: 10, color: theme.muted, family: theme.font },
      customdata: Array.from(truth.values, spoken),
      hovertemplate: "true mean of %{hovertext}: %{customdata}<extra></extra>",
    });
  }
  const layout = {
    ...baseLayout(theme, { l: 40, r: 10, t: 4, b: 34 }),
    xaxis: axis(theme, `observation ${meta.x}`, { range: [x0, x1], nticks: 5, tickangle: 0 }),
    yaxis: axis(theme, "density", { range: [floor, meta.top], nticks: 5, fixedrange: true }),
    shapes,
  };
  // Density has no meaning below zero: the strip there is for marks alone.
  layout.yaxis.tickmode = "array";
  layout.yaxis.tickvals = niceTicks(meta.top);
  return { data, layout };
}

function niceTicks(top) {
  const raw = top / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  return Array.from({ length: 6 }, (_, i) => +(i * step).toPrecision(6)).filter((v) => v < top);
}

export function sequence({ header, arrays }, theme) {
  const meta = header.charts.sequence;
  const K = header.num_states;
  const { colours, symbols } = header.states;
  const part = (name) => arrays[`sequence.${name}`];
  const first = meta.first_time;
  const last = first + meta.length - 1;
  const width = meta.width;
  const x0 = first + (width - 1) / 2;
  const columns = part("viterbi").shape[0];

  const times = part("times").values;
  const observed = part("observations").values;
  const states = Array.from(part("states").values);
  const confidence = part("confidence").values;
  const dense = times.length > 400;
  const span = (c) => (width === 1
    ? `t = ${first + c}`
    : `t = ${first + c * width} to ${Math.min(first + (c + 1) * width - 1, last)}`);

  const missing = { name: "no state", colour: theme.faint, symbol: "circle-open" };
  const line = { x: times, y: observed, mode: "lines", hoverinfo: "skip",
    line: { color: dense ? theme.grid : theme.line, width: 1 }, xaxis: "x", yaxis: "y" };
  const dots = {
    // The first and the last point lie on the edge: they are drawn whole.
    x: times, y: observed, mode: "markers", xaxis: "x", yaxis: "y", cliponaxis: false,
    marker: {
      color: states.map((s) => (s === NONE ? missing.colour : colours[s])),
      symbol: states.map((s) => (s === NONE ? missing.symbol : symbols[s])),
      size: dense ? 4 : 6.5,
      line: { width: dense ? 0 : 0.6, color: fade(theme.text, 0.75) },
    },
    text: states.map((s, i) => (s === NONE ? "no possible state"
      : `state ${stateName(s)}, p = ${two(probability(confidence[i]) ?? NaN)}`)),
    hovertemplate: `t = %{x}, ${meta.x} = %{y:.5~g}, %{text}<extra></extra>`,
  };

  const truth = part("true_states");
  const path = (array, word) => ({
    z: Array.from(array.values, (s) => (s === NONE ? null : s)),
    text: Array.from(array.values, (s, c) =>
      `${span(c)}: ${word} ${s === NONE ? "none" : stateName(s)}`),
  });
  const none = { z: new Array(columns).fill(null), text: new Array(columns).fill("") };
  const strips = [
    truth ? path(truth, "true state") : none,
    path(part("viterbi"), "Viterbi state"),
  ];
  const paths = {
    type: "heatmap", x0, dx: width, y: [0, 1], z: strips.map((s) => s.z),
    text: strips.map((s) => s.text), hovertemplate: "%{text}<extra></extra>",
    zmin: -0.5, zmax: K - 0.5, showscale: false, ygap: 4, xaxis: "x", yaxis: "y2",
    colorscale: Array.from({ length: K }, (_, k) =>
      [[k / K, colours[k]], [(k + 1) / K, colours[k]]]).flat(),
  };
  const posterior = {
    type: "heatmap", x0, dx: width, y0: 0, dy: 1, z: rows(part("posterior"), probability),
    zmin: 0, zmax: 1, colorscale: "Cividis", xaxis: "x", yaxis: "y3",
    customdata: Array.from({ length: K }, (_, k) => new Array(columns).fill(stateName(k))),
    hovertemplate: (width === 1 ? "t = %{x}" : "around t = %{x:.0f}")
      + ", state %{customdata}: p = %{z:.2f}<extra></extra>",
    colorbar: {
      thickness: 8, len: 0.36, y: 0, yanchor: "bottom", x: 1.006, xpad: 0, ypad: 0,
      outlinewidth: 0, tickvals: [0, 0.5, 1], tickfont: { size: 10, color: theme.muted },
    },
  };

  const shown = labelled(K, 4);
  const layout = {
    ...baseLayout(theme, { l: 84, r: 40, t: 4, b: 32 }),
    xaxis: axis(theme, "time t (steps)", {
      range: [first - 0.5, last + 0.5], minallowed: first - 0.5, maxallowed: last + 0.5,
      anchor: "y3", tickformat: ",d",
      ...(meta.length <= 10 ? { dtick: 1, tick0: first } : {}),
    }),
    yaxis: axis(theme, `observation ${meta.x}`, {
      domain: [0.575, 1], range: [...meta.y_range], nticks: 5, fixedrange: true,
      title: { text: `observation ${meta.x}`, font: { size: 11, color: theme.muted }, standoff: 28 },
    }),
    yaxis2: axis(theme, "", {
      domain: [0.395, 0.55], range: [1.5, -0.5], fixedrange: true, showgrid: false,
      tickvals: [0, 1], ticktext: ["true path", "Viterbi path"],
    }),
    yaxis3: axis(theme, "posterior", {
      domain: [0, 0.36], range: [K - 0.5, -0.5], fixedrange: true, showgrid: false,
      tickvals: shown, ticktext: shown.map((k) => bullet(header.states, k)),
      title: { text: "posterior", font: { size: 11, color: theme.muted }, standoff: 14 },
    }),
    annotations: truth ? [] : [{
      xref: "paper", x: 0.5, yref: "y2", y: 0, showarrow: false,
      text: "no truth (uploaded data)", font: { size: 11, color: theme.muted },
    }],
  };
  return { data: [line, dots, paths, posterior], layout };
}
