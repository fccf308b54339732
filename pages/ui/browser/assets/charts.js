// The charts of the live panel as pure functions of numbers: (message, theme) -> {data, layout}.
// The header contains the states' colours and symbols, which pages/ui/figures/theme.py defines, and
// the names that a visitor gave them, if any.

import { axis, baseLayout, blend, fade, readable } from "./plotting.js";
import { namesTrace } from "./state-names.js";

const NONE = 255; // wire.MISSING
const CERTAIN = 254; // wire.FULL_PROBABILITY

// Dashes of a line of the true model, of the density of all states together, of an earlier run of
// other data, and of a log-posterior that is climbed, as in theme.py. No other line has them.
export const DASH = { truth: "dot", sum: "dashdot", other: "12px,4px", climbed: "2px,5px" };
const SHORT_LETTERS = 9; // of a name that stands beside a strip or a row
const NARROW_LETTERS = 4; // of a name below a column
const cut = (text, letters) => (text.length <= letters ? text : `${text.slice(0, letters - 1)}…`);
// A visitor's text as Plotly shows it literally.
export const plotText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
  .replaceAll(">", "&gt;").replaceAll("%{", "% {");

// The name of a state as it was given, for the page's own elements.
export const plainName = (k, states) => states?.names?.[k] || `S${k + 1}`;
// The same for Plotly: whole, and cut where there is little room.
export const stateName = (k, states) => plotText(plainName(k, states));
export const shortName = (k, states, letters = SHORT_LETTERS) =>
  plotText(cut(plainName(k, states), letters));
// Pixels by which names need more room to the left than S1, S2, … do.
export const nameRoom = (states) => 6 * Math.max(0, ...(states.names ?? []).map((name) =>
  Math.min(name.length, SHORT_LETTERS) - 3));
export const bullet = (states, k, letters = SHORT_LETTERS) =>
  `<span style="color:${states.colours[k]}">■</span> ${shortName(k, states, letters)}`;
const probability = (byte) => (byte === NONE ? null : byte / CERTAIN);
const fixed = (digits) => (value) => value.toFixed(digits).replace("-", "−");
export const two = fixed(2);
// A number with two decimals, or with four significant digits where it is small or large.
export const compact = (value) => {
  const size = Math.abs(value);
  return size === 0 || (size >= 0.1 && size < 1e4)
    ? two(value) : `${+value.toPrecision(4)}`.replaceAll("-", "−");
};

// A probability in three characters; "0" and "1" are exact, ".00" and "1.0" are rounded.
export const shortProbability = (p) =>
  (p === 0 || p === 1 ? String(p) : two(p).replace(/^0/, "").replace("1.00", "1.0"));

// A flat array of shape (rows, columns) as an array of rows.
export function rows(array, convert = (value) => value) {
  const [height, width] = array.shape;
  return Array.from({ length: height }, (_, i) =>
    Array.from(array.values.subarray(i * width, (i + 1) * width), convert));
}

// The states whose names are written: all up to ten, otherwise S1 and every `every`-th one.
export function labelled(count, every) {
  return Array.from({ length: count }, (_, k) => k)
    .filter((k) => count <= 10 || k === 0 || (k + 1) % every === 0);
}

// How far a model that the hand made is from the best run or the true model, in words. Null
// where no such model is shown, or nothing to reach is known.
export function toGo({ shown, shown_values: [value], by_hand: steps, best, truth }) {
  const goal = best ?? truth;
  if (!steps || shown[0] > 0 || value === null || goal === null) return null;
  const far = Math.abs(goal - value).toFixed(3);
  const name = best === null ? "the true model" : "the best run";
  return goal > value ? `${far} nats per observation to go` : `${far} above ${name}`;
}

const LINE = 13; // pixels from one name of an earlier run to the next

// The names of earlier runs with their ends, at the right edge by the ends of their curves: those of
// runs beyond the true model above its line, the others below the ends. Where curves end close
// together, the names stand one below the other. `height` is that of the plot, `margin` what is free
// above it.
function earlierNames({ earlier, truth, y_range: [low, high] }, theme, height, margin) {
  const place = (value) => ((high - value) / (high - low)) * height;
  const known = earlier.filter(({ end }) => end !== null).sort((a, b) => b.end - a.end);
  const tops = new Map();
  // The name of the true model stands on its line, and no other name may lie on it.
  const line = truth === null ? null : { top: place(truth) - LINE - 2, bottom: place(truth) + 1 };
  let free = line ? line.top - LINE : 0;
  for (const one of known.filter(({ end }) => line && end >= truth).reverse()) {
    const top = Math.min(place(one.end) + 1, free);
    if (top >= -margin) {
      tops.set(one, top);
      free = top - LINE;
    }
  }
  const rest = known.filter((one) => !tops.has(one));
  free = line && tops.size ? line.bottom : 0;
  for (const one of rest) {
    const top = Math.max(place(one.end) + 1, free);
    tops.set(one, line && top + LINE > line.top && top < line.bottom ? line.bottom : top);
    free = tops.get(one) + LINE;
  }
  free = height;
  for (const one of rest.reverse()) {
    const top = Math.min(tops.get(one), free - LINE);
    tops.set(one, line && top + LINE > line.top && top < line.bottom ? line.top - LINE : top);
    free = tops.get(one);
  }
  return known.map((one) => {
    const { name, end } = one;
    const beyond = end < low ? " ↓" : end > high ? " ↑" : "";
    const y = Math.min(Math.max(end, low), high);
    return {
      x: 1, xref: "paper", xanchor: "right", xshift: -2, y, yanchor: "top", borderpad: 0,
      // Relative to its end, so that it stays there when the reader zooms.
      yshift: place(y) - tops.get(one), showarrow: false,
      text: `${name}: ${fixed(3)(end)}${beyond}`, font: { size: 10, color: theme.muted },
      // A curve behind a name must not strike it through.
      bgcolor: fade(theme.ground, 0.7),
    };
  });
}

function earlierCurves({ charts, arrays }, theme) {
  const dash = (sameData) => (sameData ? "solid" : DASH.other);
  return charts.curve.earlier.map(({ name, same_data: sameData }, i) => ({
    x: arrays[`curve.earlier_x${i}`].values, y: arrays[`curve.earlier_y${i}`].values, mode: "lines",
    line: { color: theme.faint, width: 1, dash: dash(sameData) },
    hovertemplate: `earlier run (${name}), iteration %{x}<br>log-likelihood per observation %{y:.5f}`
      + `${sameData ? "" : "<br>of other data"}<extra></extra>`,
  }));
}

export function curve({ header, arrays }, theme, size) {
  const meta = header.charts.curve;
  const [x0, x1] = meta.x_range;
  const margin = { l: 46, r: 12, t: 6, b: 34 };
  const data = earlierCurves({ charts: header.charts, arrays }, theme);
  if (meta.truth !== null) {
    data.push({
      x: [x0, x1], y: [meta.truth, meta.truth], mode: "lines", hoverinfo: "skip",
      line: { color: theme.muted, width: 1.2, dash: DASH.truth },
    });
  }
  if (meta.best !== null) {
    data.push({
      x: [x0, x1], y: [meta.best, meta.best], mode: "lines", hoverinfo: "skip",
      line: { color: theme.muted, width: 1 },
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
    if (arrays[`curve.climbed_x${i}`]) {
      data.push({
        x: arrays[`curve.climbed_x${i}`].values, y: arrays[`curve.climbed_y${i}`].values, mode: "lines",
        hovertemplate: `${run.name}, iteration %{x}<br>log-posterior per observation %{y:.5f}`
          + "<extra></extra>",
        line: { color: run.colour, width: 1.2, dash: DASH.climbed },
      });
    }
    data.push({
      x: [meta.shown[i]], y: [meta.shown_values[i]], mode: "markers", hovertemplate,
      cliponaxis: false,
      marker: { color: run.colour, size: 7, symbol: i ? "diamond" : "circle" },
    });
  });
  if (meta.by_hand) {
    // Where the hand left the model, and training goes on from.
    data.push({
      x: [0, 0], y: [...meta.y_range], mode: "lines", hoverinfo: "skip",
      line: { color: theme.line, width: 1 },
    });
  }
  // Marked iterations are triangles on the axis of iterations.
  if (meta.marks.length) {
    data.push({
      x: meta.marks, y: meta.marks.map(() => meta.y_range[0]), mode: "markers", cliponaxis: false,
      marker: { color: theme.primary, size: 8, symbol: "triangle-up" },
      hovertemplate: "marked: iteration %{x}<extra></extra>",
    });
  }
  const far = toGo(meta);
  const layout = {
    ...baseLayout(theme, margin),
    xaxis: axis(theme, "iteration", { range: [x0, x1], nticks: 6 }),
    yaxis: axis(theme, "nats per observation", { range: [...meta.y_range], nticks: 6 }),
    annotations: [
      ...(meta.truth === null ? [] : [{
        x: 1, xref: "paper", xanchor: "right", y: meta.truth, yanchor: "bottom", showarrow: false,
        text: `true model ${fixed(3)(meta.truth)}`, font: { size: 11, color: theme.muted },
      }]),
      ...(meta.best === null ? [] : [{
        x: 0, xref: "paper", xanchor: "left", y: meta.best, yanchor: "bottom", showarrow: false,
        text: `best run ${fixed(3)(meta.best)}`, font: { size: 11, color: theme.muted },
      }]),
      ...(far ? [{
        x: 1, xref: "paper", xanchor: "right", y: 0, yref: "paper", yanchor: "bottom", showarrow: false,
        text: far, font: { size: 11, color: theme.text },
      }] : []),
      ...earlierNames(meta, theme, size[1] - margin.t - margin.b, margin.t),
    ],
  };
  return { data, layout };
}

const MOST_WRITTEN = 8; // states up to which a matrix has numbers

// Whether the rows of a matrix sum to one as they stand there, where they stand rounded.
export function sumAsWritten(array) {
  return array.shape[0] > MOST_WRITTEN || rows(array).every((row) =>
    row.reduce((sum, p) => sum + Math.round(100 * Number(two(p))), 0) === 100);
}

// What is said of an interval where one points at its mark; nothing where it is not known.
export function intervalText(level, low, high) {
  return Number.isFinite(low) && Number.isFinite(high)
    ? `${level} % interval: ${compact(low)} to ${compact(high)}` : "";
}

const ABOVE = -1.3; // the row of π, apart from those of A

export function matrix({ header, arrays }, theme, which) {
  const K = header.num_states;
  const names = Array.from({ length: K }, (_, k) => stateName(k, header.states));
  const z = rows(arrays[`${which}.probs`]);
  const initial = Array.from(arrays[`${which}.initial`].values);
  const shown = labelled(K, 5);
  const place = {
    showgrid: false, tickvals: shown, range: [-0.5, K - 0.5], fixedrange: true,
    // To hide labels beyond the edge, Plotly would measure every label once for each other label.
    ticklabeloverflow: "allow",
  };
  const cells = {
    type: "heatmap", zmin: 0, zmax: 1, showscale: false,
    colorscale: [[0, blend(theme.primary, theme.ground, 0.04)], [1, theme.primary]],
    xgap: K <= 10 ? 2 : 1, ygap: K <= 10 ? 2 : 1,
  };
  // Where they are wanted, what the intervals are.
  const part = (name) => arrays[`${which}.${name}`];
  const [lows, highs] = ["lows", "highs"].map((name) => part(name) && rows(part(name)));
  const [low, high] = ["initial_lows", "initial_highs"].map((name) => part(name)?.values);
  const { level } = header.charts[which];
  const ends = (i, j) => (i < 0 ? intervalText(level, low?.[j], high?.[j])
    : intervalText(level, lows?.[i][j], highs?.[i][j]));
  const below = (text) => (text ? `<br>${text}` : "");
  const data = [{
    ...cells, z,
    customdata: z.map((row, i) => row.map((_, j) =>
      [names[i], names[j], below(ends(i, j))])),
    hovertemplate: "from %{customdata[0]} to %{customdata[1]}: "
      + `p = %{z:.3f}%{customdata[2]}<extra>${which}</extra>`,
  }, {
    ...cells, z: [initial], y0: ABOVE, dy: 1,
    customdata: [names.map((name, k) => [name, below(ends(-1, k))])],
    hovertemplate: `begins in %{customdata[0]}: p = %{z:.3f}%{customdata[1]}<extra>${which}</extra>`,
  }];
  if (K <= MOST_WRITTEN) {
    // Plotly writes in grey on a middle blue; here each cell gets the colour with more contrast.
    const write = (p) => {
      const colour = readable(blend(theme.primary, theme.ground, p));
      return `<span style="color:${colour}">${shortProbability(p)}</span>`;
    };
    for (const trace of data) {
      trace.text = trace.z.map((row) => row.map((p) => (Number.isNaN(p) ? "" : write(p))));
      trace.texttemplate = "%{text}";
      trace.textfont = { size: K <= 5 ? 11 : 9, family: theme.font };
    }
  }
  const layout = {
    // The true matrix stands right of the learned one and shares its row names.
    ...baseLayout(theme, { l: which === "learned" ? 52 + nameRoom(header.states) : 8, r: 6, t: 4, b: 34 }),
    xaxis: axis(theme, "to state", { 
      ...place, tickangle: 0,
      ticktext: shown.map((k) => shortName(k, header.states, K <= 3 ? SHORT_LETTERS : NARROW_LETTERS)),
    }),
    yaxis: axis(theme, "from state", {
      ...place, range: [K - 0.5, ABOVE - 0.5], visible: which === "learned",
      tickvals: [ABOVE, ...shown],
      ticktext: ["π", ...shown.map((k) => bullet(header.states, k))],
    }),
  };
  const plain = (k) => plainName(k, header.states);
  const grips = which === "true" ? [] : [initial, ...z].flatMap((row, i) => row.map((p, j) => {
    const [at, coordinate, name] = i
      ? [i - 1, `transition_matrix.${i - 1}.${j}`, `from ${plain(i - 1)} to ${plain(j)}`]
      : [ABOVE, `initial_probs.${j}`, `begins in ${plain(j)}`];
    return {
      key: coordinate, along: "y", x: j, y: at, name, value: p, low: 0, high: 1, step: 0.01,
      text: ends(i - 1, j),
      // From the lowest row to the uppermost it is one.
      set: (_, y) => [[coordinate, p + (at - y) / (K - ABOVE)]], type: (q) => [[coordinate, q]],
    };
  }));
  return { data, layout, grips };
}

// Hover text of an observation, by kind.
const HOVER_VALUES = { number: "%{y:.5~g}", count: "%{y:,d}", symbol: "%{customdata}" };

function observationTicks(meta) {
  if (meta.kind === "count") {
    // Rounded to whole counts, ticks closer than one count would repeat the same label.
    const between = { dtickrange: [null, 0.9], value: "~g" };
    return { nticks: 5, tickformat: ",d", tickformatstops: [between] };
  }
  if (meta.kind !== "symbol") return { nticks: 5 };
  // At most ten names fit above each other.
  const every = Math.ceil(meta.ticks.length / 10);
  const tickvals = meta.ticks.map((_, c) => c).filter((c) => c % every === 0);
  return { tickvals, ticktext: tickvals.map((c) => meta.ticks[c]) };
}

// Pixels by which a chart is higher for every further panel of observations.
export const PANEL = 58;
// The share of the height that the paths and the posterior take: as many pixels however many panels
// stand above them.
const lowerShare = (panels) => (panels > 1 ? 140 / (240 + PANEL * (panels - 1)) : 0.55);

export function sequence({ header, arrays }, theme) {
  const meta = header.charts.sequence;
  const K = header.num_states;
  const { colours, symbols } = header.states;
  const part = (name) => arrays[`sequence.${name}`];
  const width = meta.width;
  // The middles of the columns where time has its own scale; otherwise it is counted in steps.
  const middles = part("columns")?.values;
  const [first, last] = [meta.first_time, meta.first_time + meta.length - 1];
  const place = middles
    ? { x: Array.from(middles) } : { x0: first + (width - 1) / 2, dx: width };
  const columns = part("viterbi").shape[0];

  const span = (c) => (width === 1
    ? `t = ${first + c}: `
    : `t = ${first + c * width} to ${Math.min(first + (c + 1) * width - 1, last)}: `);

  const missing = { name: "no state", colour: theme.faint, symbol: "circle-open" };
  // What is observed together has a panel for each; the others follow the posterior's axis, y3.
  const panels = [meta, ...(meta.further ?? [])];
  const observedTraces = panels.flatMap((one, p) => {
    const own = (name) => part(`${name}${p || ""}`).values;
    const [times, observed, confidence] = [own("times"), own("observations"), own("confidence")];
    const states = Array.from(own("states"));
    const dense = times.length > 400;
    const yaxis = p ? `y${p + 3}` : "y";
    const line = { x: times, y: observed, mode: "lines", hoverinfo: "skip",
      line: { color: dense ? theme.grid : theme.line, width: 1 }, xaxis: "x", yaxis };
    const dots = {
      // Not clipped, because the first and the last point lie on the edge.
      x: times, y: observed, mode: "markers", xaxis: "x", yaxis, cliponaxis: false,
      marker: {
        color: states.map((s) => (s === NONE ? missing.colour : colours[s])),
        symbol: states.map((s) => (s === NONE ? missing.symbol : symbols[s])),
        size: dense ? 4 : panels.length > 1 ? 5 : 6.5,
        line: { width: dense ? 0 : 0.6, color: fade(theme.text, 0.75) },
      },
      text: states.map((s, i) => (s === NONE ? "no possible state"
        : `state ${stateName(s, header.states)}, p = ${two(probability(confidence[i]) ?? NaN)}`)),
      customdata: one.kind === "symbol" ? Array.from(observed, (c) => one.labels[c] ?? "") : undefined,
      hovertemplate: `${middles ? "" : "t = "}%{x}, ${one.x} = ${HOVER_VALUES[one.kind]}, %{text}<extra></extra>`,
    };
    return [line, dots];
  });

  const truth = part("true_states");
  const path = (array, word) => ({
    z: Array.from(array.values, (s) => (s === NONE ? null : s)),
    text: Array.from(array.values, (s, c) =>
      `${middles ? "" : span(c)}${word} ${s === NONE ? "none" : stateName(s, header.states)}`),
  });
  const none = { z: new Array(columns).fill(null), text: new Array(columns).fill("") };
  const strips = [
    truth ? path(truth, "true state") : none,
    path(part("viterbi"), "Viterbi state"),
  ];
  const paths = {
    type: "heatmap", ...place, y: [0, 1], z: strips.map((s) => s.z),
    text: strips.map((s) => s.text),
    hovertemplate: `${middles ? "%{x}: " : ""}%{text}<extra></extra>`,
    zmin: -0.5, zmax: K - 0.5, showscale: false, ygap: 4, xaxis: "x", yaxis: "y2",
    colorscale: Array.from({ length: K }, (_, k) =>
      [[k / K, colours[k]], [(k + 1) / K, colours[k]]]).flat(),
  };
  const looks = {
    strips: [0, 1],
    names: colours.map((_, k) => shortName(k, header.states)),
    inks: colours.map((colour) => readable(colour, 4.5)),
  };
  const names = namesTrace(strips.map((s) => s.z), place, looks, { xaxis: "x", yaxis: "y2" }, theme.font);
  const posterior = {
    type: "heatmap", ...place, y0: 0, dy: 1, z: rows(part("posterior"), probability),
    zmin: 0, zmax: 1, xaxis: "x", yaxis: "y3",
    colorscale: meta.posterior_colours.map((colour, i, all) => [i / (all.length - 1), colour]),
    customdata: Array.from({ length: K }, (_, k) => new Array(columns).fill(stateName(k, header.states))),
    hovertemplate: (width > 1 ? "around " : "") + (middles ? "%{x}" : "t = %{x:.0f}")
      + ", state %{customdata}: p = %{z:.2f}<extra></extra>",
    colorbar: {
      thickness: 8, len: (0.36 / 0.55) * lowerShare(panels.length), y: 0, yanchor: "bottom", x: 1.006, xpad: 0, ypad: 0,
      outlinewidth: 0, tickvals: [0, 0.5, 1], tickfont: { size: 10, color: theme.muted },
    },
  };

  const shown = labelled(K, 4);
  // The panels of observations share what is above the paths, which the height of the chart allows.
  const lower = lowerShare(panels.length);
  const gap = panels.length > 1 ? 0.03 : 0.025;
  const each = (1 - lower - gap - gap * (panels.length - 1)) / panels.length;
  const domainOf = (p) => [1 - p * (each + gap) - each, 1 - p * (each + gap)];
  const short = (text) => (panels.length > 1 ? cut(text, 16) : text);
  const observedAxes = Object.fromEntries(panels.map((one, p) => [
    `yaxis${p ? p + 3 : ""}`,
    axis(theme, one.title, {
      domain: domainOf(p), range: [...one.y_range], fixedrange: true, ...observationTicks(one),
      ...(panels.length > 1 && one.kind !== "symbol" ? { nticks: 3 } : {}),
      title: { text: short(panels.length > 1 ? one.x : one.title),
        font: { size: 11, color: theme.muted }, standoff: 28 },
    }),
  ]));
  const layout = {
    ...baseLayout(theme, { l: Math.max(84, 56 + nameRoom(header.states)), r: 40, t: 4, b: 32 }),
    xaxis: axis(theme, meta.axis.title, {
      type: meta.axis.type, range: [...meta.axis.range],
      minallowed: meta.axis.range[0], maxallowed: meta.axis.range[1], anchor: "y3",
      ...(middles ? { nticks: 5, tickangle: 0 } : { tickformat: ",d" }),
      ...(!middles && meta.length <= 10 ? { dtick: 1, tick0: first } : {}),
    }),
    ...observedAxes,
    yaxis2: axis(theme, "", {
      domain: [0.395 * (lower / 0.55), lower], range: [1.5, -0.5], fixedrange: true, showgrid: false,
      tickvals: [0, 1], ticktext: ["true path", "Viterbi path"],
    }),
    yaxis3: axis(theme, "posterior", {
      domain: [0, 0.36 * (lower / 0.55)], range: [K - 0.5, -0.5], fixedrange: true, showgrid: false,
      tickvals: shown, ticktext: shown.map((k) => bullet(header.states, k)),
      ticklabeloverflow: "allow",
      title: { text: "posterior", font: { size: 11, color: theme.muted }, standoff: 14 },
    }),
    annotations: truth ? [] : [{
      xref: "paper", x: 0.5, yref: "y2", y: 0, showarrow: false,
      text: meta.no_truth, font: { size: 11, color: theme.muted },
    }],
  };
  return { data: [...observedTraces, paths, names, posterior], layout };
}
