// Charts of what each state emits, as pure functions (message, theme) -> {data, layout}. There is
// one builder for each kind of chart in pages/ui/live/emission_charts.py.

import { literal } from "./brush.js";
import {
  DASH, bullet, compact, intervalText, labelled, nameRoom, plainName, rows, shortName, stateName,
} from "./charts.js";
import { axis, baseLayout, blend, fade } from "./plotting.js";

const NONE = 255; // wire.MISSING

const explainedShare = (weight) => `explains ${(100 * weight).toFixed(0)} % of the observations`;
const probability = (p) => p.toFixed(3);

// A whisker for each interval, along one axis, over the marks. An end that is not known is null.
function whiskers(theme, ends, upright = false) {
  const along = ends.flatMap(({ low, high }) => [low, high, null]);
  const across = ends.flatMap(({ at }) => [at, at, null]);
  return {
    x: upright ? across : along, y: upright ? along : across, mode: "lines+markers",
    hoverinfo: "skip", cliponaxis: true, line: { color: theme.text, width: 1.5 },
    marker: {
      symbol: upright ? "line-ew-open" : "line-ns-open", size: 7, color: theme.text,
      line: { width: 1.5 },
    },
  };
}

export function emissions(message, theme, size) {
  return BUILDERS[message.header.charts.means.kind](message, theme, size);
}

function marginals({ header, arrays }, theme) {
  const meta = header.charts.means;
  const K = header.num_states;
  const { colours, symbols } = header.states;
  const part = (name) => arrays[`means.${name}`];
  const edges = part("edges").values;
  const bars = part("histogram").values;
  const [x0, x1] = meta.x_range;
  const grid = part("grid").values;
  const curves = rows(part("curves"));
  const shape = meta.steps ? "hvh" : "linear"; // a probability belongs to one count alone
  const floor = -0.2 * meta.top; // the strip below the axis holds the learned means
  const learned = part("means").values;
  const deviations = part("deviations").values;
  const weights = part("weights").values;
  const [lows, highs] = [part("lows")?.values, part("highs")?.values];
  const about = (k, and) => [explainedShare(weights[k]),
    intervalText(meta.level, lows?.[k], highs?.[k])].filter(Boolean).join(and);

  const data = [{
    x: [edges[0], ...edges], y: [0, ...bars, 0], mode: "lines", fill: "tozeroy",
    line: { shape: "hv", width: 0 }, fillcolor: fade(theme.text, 0.13), hoverinfo: "skip",
  }];
  curves.forEach((y, k) => data.push({
    x: grid, y, mode: "lines", fill: "tozeroy", hoverinfo: "skip",
    line: { color: colours[k], width: 1.6, shape }, fillcolor: fade(colours[k], 0.16),
  }));
  if (K > 1) {
    const total = Array.from(grid, (_, i) => curves.reduce((sum, row) => sum + row[i], 0));
    data.push({
      x: grid, y: total, mode: "lines", hoverinfo: "skip",
      line: { color: theme.text, width: 1.2, dash: DASH.sum, shape },
    });
  }
  // The marks of the states have different heights, so that equal means do not hide each other.
  // None is so low that the edge would cut it off.
  const level = (k) => floor * (K === 1 ? 0.5 : 0.2 + (0.56 * k) / (K - 1));
  data.push({
    x: learned, y: Array.from(learned, (_, k) => level(k)), mode: "markers", cliponaxis: true,
    marker: {
      color: colours.slice(0, K), symbol: symbols.slice(0, K), size: K <= 10 ? 8 : 6,
      line: { width: 0.7, color: theme.text },
    },
    text: Array.from(learned, (mean, k) => `state ${stateName(k, header.states)}: learned ${meta.mean} `
      + `${compact(mean)}, sd ${compact(deviations[k])}<br>${about(k, "<br>")}`),
    hovertemplate: "%{text}<extra></extra>",
  });
  if (lows) {
    data.push(whiskers(theme, Array.from(learned, (_, k) =>
      ({ low: lows[k], high: highs[k], at: level(k) }))));
  }

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
    const ends = [-Infinity, -Infinity, -Infinity]; // position of the last name on each level
    for (const k of order) { // names of close neighbours go on different levels, if one is free
      const free = ends.findIndex((end) => truth.values[k] - end > 0.1 * (x1 - x0));
      const step = Math.max(free, 0);
      names[k] = free < 0 || K > 10 ? "" : shortName(k, header.states);
      if (free >= 0) ends[step] = truth.values[k];
      heights[k] = meta.top * (0.95 - 0.085 * step);
      sides[k] = step ? "middle right" : "middle center";
    }
    truth.values.forEach((mean, k) => shapes.push({
      type: "line", x0: mean, x1: mean, y0: 0,
      y1: heights[k] + (sides[k] === "middle right" ? 0.03 : -0.05) * meta.top,
      line: { color: colours[k], width: 1.6, dash: DASH.truth },
    }));
    data.push({
      x: truth.values, y: heights, mode: "markers+text", textposition: sides, cliponaxis: false,
      marker: { opacity: 0, size: 8 }, text: names, hovertext: names.map((_, k) => stateName(k, header.states)),
      textfont: { size: 10, color: theme.muted, family: theme.font },
      customdata: Array.from(truth.values, compact),
      hovertemplate: `true ${meta.mean} of %{hovertext}: %{customdata}<extra></extra>`,
    });
  }
  const layout = {
    ...baseLayout(theme, { l: 40, r: 10, t: 4, b: 34 }),
    xaxis: axis(theme, meta.x, { range: [x0, x1], nticks: 5, tickangle: 0 }),
    yaxis: axis(theme, meta.y, { range: [floor, meta.top], nticks: 5, fixedrange: true }),
    shapes,
  };
  // No ticks below zero: the strip there is only for the marks of the means.
  layout.yaxis.tickmode = "array";
  layout.yaxis.tickvals = niceTicks(meta.top);
  const grips = [];
  learned.forEach((mean, k) => {
    const one = { along: "x", colour: colours[k] };
    const text = about(k, "\n");
    const set = (x) => [[meta.steps ? `rates.${k}` : `means.${k}.0`, x]];
    grips.push({
      ...one, key: `mean ${k}`, x: mean, y: level(k), name: `${meta.mean} of ${plainName(k, header.states)}`, text,
      value: mean, set, type: set, low: meta.steps ? 0 : undefined,
    });
    if (meta.steps) return;
    const spread = (sd) => [[`standard_deviations.${k}.0`, sd]];
    grips.push({
      ...one, key: `sd ${k}`, edge: true, name: `standard deviation of ${plainName(k, header.states)}`,
      value: deviations[k], x: mean + deviations[k],
      y: Math.min(heightAt(grid, curves[k], mean + deviations[k]), meta.top),
      set: (x) => spread(Math.abs(x - mean)), type: spread, low: (x1 - x0) / 1e4,
    });
  });
  return { data, layout, grips };
}

// The height of a curve over evenly spaced places.
function heightAt(grid, curve, x) {
  const share = ((x - grid[0]) / (grid.at(-1) - grid[0])) * (grid.length - 1);
  const left = Math.min(Math.max(Math.floor(share), 0), grid.length - 2);
  return curve[left] + (curve[left + 1] - curve[left]) * Math.min(Math.max(share - left, 0), 1);
}

function niceTicks(top) {
  const raw = top / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  return Array.from({ length: 6 }, (_, i) => +(i * step).toPrecision(6)).filter((v) => v < top);
}


function symbolBars({ header, arrays }, theme) {
  const meta = header.charts.means;
  const K = header.num_states;
  const C = meta.labels.length;
  const { colours } = header.states;
  const part = (name) => arrays[`means.${name}`];
  const probs = rows(part("probs"));
  const truth = part("true_probs") && rows(part("true_probs"));
  const weights = part("weights").values;
  const [lows, highs] = ["lows", "highs"].map((name) => part(name) && rows(part(name)));
  const interval = (k, c) => intervalText(meta.level, lows?.[k][c], highs?.[k][c]);
  const hoverText = (k, c) => [
    `state ${stateName(k, header.states)} makes ${meta.labels[c]} with probability `
      + `${probability(probs[k][c])}${truth ? ` (true: ${probability(truth[k][c])})` : ""}`,
    interval(k, c),
  ].filter(Boolean).join("<br>");
  const places = { tickvals: meta.ticks.map((_, c) => c), ticktext: meta.ticks, tickangle: 0 };

  if (!meta.bars) {
    const shown = labelled(K, 5);
    const data = [{
      type: "heatmap", z: probs, zmin: 0, zmax: 1, showscale: false, xgap: 1, ygap: 1,
      colorscale: [[0, blend(theme.primary, theme.ground, 0.04)], [1, theme.primary]],
      text: probs.map((row, k) => row.map((_, c) => hoverText(k, c))),
      hovertemplate: "%{text}<extra></extra>",
    }];
    const layout = {
      ...baseLayout(theme, { l: 46 + nameRoom(header.states), r: 10, t: 4, b: 34 }),
      xaxis: axis(theme, meta.x, { range: [-0.5, C - 0.5], showgrid: false, ...places }),
      yaxis: axis(theme, "state", {
        range: [K - 0.5, -0.5], showgrid: false, fixedrange: true,
        tickvals: shown, ticktext: shown.map((k) => bullet(header.states, k)),
      }),
    };
    return { data, layout };
  }

  const symbols = Array.from({ length: C }, (_, c) => c);
  const width = 0.84 / K;
  const left = (k, c) => c - 0.42 + k * width;
  const data = [{
    type: "bar", x: symbols, y: part("shares").values, width: 0.94, hoverinfo: "skip",
    marker: { color: fade(theme.text, 0.13) },
  }];
  probs.forEach((row, k) => data.push({
    type: "bar", x: symbols.map((c) => left(k, c) + width / 2), y: row, width: width * 0.9,
    marker: { color: colours[k], line: { width: 0.5, color: fade(theme.text, 0.5) } },
    text: symbols.map((c) => `${hoverText(k, c)}<br>${stateName(k, header.states)} ${explainedShare(weights[k])}`),
    textposition: "none", hovertemplate: "%{text}<extra></extra>",
  }));
  if (lows) {
    data.push(whiskers(theme, probs.flatMap((_, k) => symbols.map((c) =>
      ({ low: lows[k][c], high: highs[k][c], at: left(k, c) + width / 2 }))), true));
  }
  if (truth) {
    const marks = truth.flatMap((row, k) => symbols.map((c) => [left(k, c), row[c]]));
    data.push({
      x: marks.flatMap(([x]) => [x, x + width, null]), y: marks.flatMap(([, y]) => [y, y, null]),
      mode: "lines", line: { color: theme.text, width: 2 }, hoverinfo: "skip", cliponaxis: false,
    });
  }
  const layout = {
    ...baseLayout(theme, { l: 40, r: 10, t: 12, b: 34 }),
    barmode: "overlay", bargap: 0,
    xaxis: axis(theme, meta.x, { range: [-0.5, C - 0.5], showgrid: false, ...places }),
    yaxis: axis(theme, "probability", {
      range: [0, 1], tickvals: [0, 0.25, 0.5, 0.75, 1], fixedrange: true,
    }),
  };
  const grips = probs.flatMap((row, k) => symbols.map((c) => {
    const set = (p) => [[`probs.${k}.${c}`, p]];
    return {
      key: `prob ${k} ${c}`, along: "y", edge: true, colour: colours[k], low: 0, high: 1,
      x: left(k, c) + width / 2, y: row[c], name: `probability of ${meta.labels[c]} in ${plainName(k, header.states)}`,
      value: row[c], step: 0.01, set: (_, y) => set(y), type: set, text: interval(k, c),
    };
  }));
  return { data, layout, grips };
}

function ellipses({ header, arrays }, theme) {
  const meta = header.charts.means;
  const K = header.num_states;
  const { colours, symbols } = header.states;
  const part = (name) => arrays[`means.${name}`];
  const states = Array.from(part("states").values);
  const dense = states.length > 250;
  const data = [{
    x: part("points_x").values, y: part("points_y").values, mode: "markers",
    marker: {
      color: states.map((s) => (s === NONE ? theme.faint : fade(colours[s], 0.55))),
      symbol: states.map((s) => (s === NONE ? "circle-open" : symbols[s])),
      size: dense ? 3.5 : 5,
    },
    text: states.map((s) => (s === NONE ? "no possible state" : `state ${stateName(s, header.states)}`)),
    hovertemplate: "(%{x:.4~g}, %{y:.4~g}), %{text}<extra></extra>",
  }];
  const outline = (name, line) => {
    const [x, y] = [rows(part(`${name}_x`)), rows(part(`${name}_y`))];
    for (let k = 0; k < K; k += 1) {
      data.push({
        x: x[k], y: y[k], mode: "lines", hoverinfo: "skip", line: { color: colours[k], ...line },
      });
    }
  };
  outline("ellipses", { width: 2 });
  const truth = part("true_means_x");
  if (truth) outline("true_ellipses", { width: 1.8, dash: DASH.truth });
  const [x, y] = [part("means_x").values, part("means_y").values];
  const deviations = rows(part("deviations"));
  const weights = part("weights").values;
  const trueY = part("true_means_y");
  const [lows, highs] = ["lows", "highs"].map((name) => part(name) && rows(part(name)));
  const about = (k, and) => [explainedShare(weights[k]),
    ...[0, 1].map((d) => intervalText(meta.level, lows?.[k][d], highs?.[k][d])),
  ].filter(Boolean).join(and);
  data.push({
    x, y, mode: "markers", cliponaxis: true,
    marker: {
      color: colours.slice(0, K), symbol: symbols.slice(0, K), size: K <= 10 ? 9 : 7,
      line: { width: 1, color: theme.text },
    },
    text: Array.from(x, (_, k) => `state ${stateName(k, header.states)}: learned mean (${compact(x[k])}, `
      + `${compact(y[k])}), sd ${deviations[k].map(compact).join(" and ")}<br>`
      + (truth ? `true mean (${compact(truth.values[k])}, ${compact(trueY.values[k])})<br>` : "")
      + about(k, "<br>")),
    hovertemplate: "%{text}<extra></extra>",
  });
  if (lows) {
    [[y, false], [x, true]].forEach(([at, upright], d) => data.push(whiskers(theme,
      Array.from(x, (_, k) => ({ low: lows[k][d], high: highs[k][d], at: at[k] })), upright)));
  }
  const layout = {
    ...baseLayout(theme, { l: 46, r: 10, t: 6, b: 34 }),
    xaxis: axis(theme, meta.x, { range: [...meta.x_range], nticks: 6, tickangle: 0 }),
    yaxis: axis(theme, meta.y, { range: [...meta.y_range], nticks: 6 }),
  };
  const [i, j] = meta.dimensions;
  const grips = Array.from(x, (_, k) => k).flatMap((k) => {
    const centre = (a, b) => [[`means.${k}.${i}`, a], [`means.${k}.${j}`, b]];
    const spread = (a, b) => [[`standard_deviations.${k}.${i}`, a], [`standard_deviations.${k}.${j}`, b]];
    const [sx, sy] = deviations[k];
    const one = { along: "xy", colour: colours[k] };
    return [{
      ...one, key: `mean ${k}`, x: x[k], y: y[k], name: `mean of ${plainName(k, header.states)}`,
      text: about(k, "\n"), value: [x[k], y[k]], set: centre, type: centre,
    }, {
      // The corner of the box around the ellipse.
      ...one, key: `sd ${k}`, edge: true, x: x[k] + meta.radius * sx, y: y[k] + meta.radius * sy,
      name: `standard deviations of ${plainName(k, header.states)}`, value: [sx, sy], type: spread,
      set: (a, b) => spread(Math.abs(a - x[k]) / meta.radius, Math.abs(b - y[k]) / meta.radius),
      low: Math.min(sx, sy) / 1e4,
    }];
  });
  return { data, layout, grips };
}

const SIDE = 34; // pixels free between two parts
const BELOW = 44; // and between two rows
const NARROWEST = 150; // pixels of a part

// How many rows so many parts make in so many pixels.
export const partRows = (count, width) =>
  Math.ceil(count / Math.max(1, Math.floor((width + SIDE) / (NARROWEST + SIDE))));

// The message of one part of a product, as if it were drawn alone.
export function partMessage({ header, arrays }, j) {
  const prefix = `means.${j}.`;
  const own = Object.entries(arrays).filter(([name]) => name.startsWith(prefix))
    .map(([name, values]) => [`means.${name.slice(prefix.length)}`, values]);
  return {
    header: { ...header, charts: { ...header.charts, means: header.charts.means.parts[j] } },
    arrays: Object.fromEntries(own),
  };
}

function parts(message, theme, size) {
  const count = message.header.charts.means.parts.length;
  const margin = { l: 40, r: 10, t: 6, b: 34 };
  const inner = [size[0] - margin.l - margin.r, size[1] - margin.t - margin.b];
  const down = partRows(count, inner[0]);
  const across = Math.ceil(count / down); // rows of nearly one length
  const [side, below] = [SIDE / inner[0], BELOW / inner[1]];
  const data = [];
  const grips = [];
  const layout = { ...baseLayout(theme, margin), shapes: [], barmode: "overlay", bargap: 0 };
  for (let j = 0; j < count; j += 1) {
    const one = partMessage(message, j);
    const drawn = BUILDERS[one.header.charts.means.kind](one, theme);
    const [x, y] = j ? [`x${j + 1}`, `y${j + 1}`] : ["x", "y"];
    const [column, row] = [j % across, Math.floor(j / across)];
    const width = (1 - side * (across - 1)) / across;
    const height = (1 - below * (down - 1)) / down;
    const left = column * (width + side);
    const top = 1 - row * (height + below);
    const domain = { x: [left, left + width], y: [Math.max(0, top - height), top] };
    data.push(...drawn.data.map((trace) => ({ ...trace, xaxis: x, yaxis: y })));
    layout[`xaxis${x.slice(1)}`] = {
      ...drawn.layout.xaxis, domain: domain.x, anchor: y, fixedrange: true,
      title: { ...drawn.layout.xaxis.title, standoff: 2 },
    };
    layout[`yaxis${y.slice(1)}`] = {
      ...drawn.layout.yaxis, domain: domain.y, anchor: x,
      // One title for a row.
      title: column ? { text: "" } : drawn.layout.yaxis.title,
    };
    layout.shapes.push(...(drawn.layout.shapes ?? []).map((shape) => ({
      ...shape, xref: shape.xref === "paper" ? `${x} domain` : x, yref: y,
    })));
    const place = (coordinate) => `parts.${j}.${coordinate}`;
    grips.push(...(drawn.grips ?? []).map((grip) => ({
      ...grip,
      key: `${j} ${grip.key}`,
      name: `${literal(one.header.charts.means.x)}: ${grip.name}`,
      domain, x_range: drawn.layout.xaxis.range, y_range: drawn.layout.yaxis.range,
      set: (...at) => grip.set(...at).map(([coordinate, value]) => [place(coordinate), value]),
      type: (...typed) => grip.type(...typed).map(([coordinate, value]) => [place(coordinate), value]),
    })));
  }
  return { data, layout, grips };
}

const BUILDERS = { marginals, symbols: symbolBars, ellipses, parts };
