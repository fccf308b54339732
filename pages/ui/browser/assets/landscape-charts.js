// The surface and the line of the landscape as pure functions of numbers: (message, theme, size) ->
// {data, layout, title, cells}. `cells` says what lies where, for the pointer and the keyboard: see
// landscape-cursor.js.

import { placeWords } from "./chart-words.js";
import { compact, plotText, rows } from "./charts.js";
import { between, contour, hatching, levels } from "./landscape-shapes.js";
import { axis, baseLayout, blend, fade, readable } from "./plotting.js";

export const INK = "#101418"; // on the colours of a heat map, which are the same on a dark page
export const PAPER = "#ffffff";
const CONTOURS = 22;
export const MARGIN = { l: 56, r: 76, t: 8, b: 40 };
const WIDEST = 1.35; // a plot is so many times as wide as it is high, at most
const HATCHES = 5; // pixels between slanting lines, at least
const BESIDE = 9; // pixels on both sides of a mark that are its own
const LETTER = 6; // pixels of a letter of a name, at most
const NAME_HEIGHT = 13; // pixels from one name to another, or to a mark

// What lies on the plane: how it is drawn, what stands in a legend, and in words beside it.
export const MARKS = {
  start: { symbol: "circle-open", size: 13, glyph: "○", name: "start", written: true },
  now: { symbol: "circle", size: 9, glyph: "●", name: "now" },
  truth: { symbol: "star", size: 16, glyph: "★", name: "truth", written: true },
  mirror: { symbol: "star-open", size: 14, glyph: "☆", name: "its mirror", written: true },
  optimum: { symbol: "triangle-up", size: 11, glyph: "▲", name: "optimum" },
  pass: { symbol: "x", size: 9, glyph: "✖", name: "pass", written: true },
};
export const SYMBOLS = [...Object.values(MARKS).map(({ symbol }) => symbol), "circle", "square"];

export const colourScale = (colours) => colours.map((colour, i) => [i / (colours.length - 1), colour]);

export const list = (array) => Array.from(array.values);

// Colour of a plane where there is no model, and of the lines across it.
export const noModel = (theme) => blend(theme.text, theme.ground, 0.16);

export function planeLayout(theme, meta, [width, height], range) {
  const { l, r, t, b } = MARGIN;
  // A plot that is far wider than high would stretch its pixels. What is left over stands on both sides.
  const spare = Math.max(0, width - l - r - WIDEST * (height - t - b)) / 2;
  const along = ({ title, range: ends, ticks, tick_texts: texts }) => axis(theme, plotText(title), {
    range: [...ends], tickvals: ticks, ticktext: texts.map(plotText), showgrid: false,
  });
  return {
    ...baseLayout(theme, { l: l + spare, r: r + spare, t, b }),
    xaxis: along(meta.x),
    yaxis: along(meta.y),
    // Plotly draws the colour bar anew only with the axes, so its range counts as theirs.
    meta: range,
  };
}

export const bar = (theme, title, extra = {}) => ({
  title: { text: title, side: "right", font: { size: 11, color: theme.muted } },
  thickness: 12, len: 0.92, xpad: 8, outlinewidth: 0, tickfont: { size: 10, color: theme.muted },
  ...extra,
});

const lines = (line, colour, width, extra = {}) => ({
  ...line, mode: "lines", hoverinfo: "skip", showlegend: false, line: { color: colour, width }, ...extra,
});

// Lines of the levels: light ones on the dark half of the colours, dark ones on the light half.
function contours(xs, ys, z, range) {
  const middle = (range[0] + range[1]) / 2;
  const parts = { light: { x: [], y: [] }, dark: { x: [], y: [] } };
  for (const level of levels(range, CONTOURS)) {
    const { x, y } = contour(xs, ys, z, level);
    const part = parts[level < middle ? "light" : "dark"];
    for (let i = 0; i < x.length; i += 1) {
      part.x.push(x[i]);
      part.y.push(y[i]);
    }
  }
  return [lines(parts.light, fade(PAPER, 0.4), 0.8), lines(parts.dark, fade(INK, 0.3), 0.8)];
}

// Cells of one colour, with slanting lines over them on a plot of such a size; without lines if that is null.
export function hatched(xs, ys, holds, colour, ink, name, plot) {
  const z = ys.map((_, i) => xs.map((_, j) => (holds(i, j) ? 0 : NaN)));
  if (!z.some((row) => row.includes(0))) return [];
  const flat = {
    type: "heatmap", x: xs, y: ys, z, zmin: 0, zmax: 1, showscale: false, hoverinfo: "skip",
    colorscale: [[0, colour], [1, colour]],
  };
  const key = sample(name, colour, { width: 1, color: ink });
  if (!plot) return [flat, key];
  const apart = Math.ceil(HATCHES / Math.min(plot[0] / xs.length, plot[1] / ys.length));
  return [flat, lines(hatching(xs, ys, holds, apart), ink, 1), key];
}

// A name in the legend of a picture that is saved. Plotly leaves out one that has no point at all.
export const sample = (name, colour, outline = { width: 0 }) => ({
  x: [NaN], y: [NaN], mode: "markers", name, hoverinfo: "skip",
  marker: { symbol: "square", size: 10, color: colour, line: outline },
});

// Paths have a light edge, with which every colour stands out on every other.
function paths(meta, arrays) {
  return meta.paths.flatMap(({ name, colour, dash, earlier }, n) => {
    const line = { x: list(arrays[`surface.path_x${n}`]), y: list(arrays[`surface.path_y${n}`]) };
    return earlier
      ? [lines(line, fade(INK, 0.35), 2.4), lines(line, fade(PAPER, 0.8), 1)]
      : [lines(line, fade(PAPER, 0.85), 4.4),
        { ...lines(line, colour, 2.2), line: { color: colour, width: 2.2, dash },
          name: plotText(name), showlegend: true }];
  });
}

// The colour of the path that a model of the runs lies on.
function pathColour({ x, y }, meta, arrays) {
  let [least, colour] = [Infinity, INK];
  meta.paths.forEach((path, n) => {
    if (path.earlier) return;
    const [xs, ys] = ["x", "y"].map((letter) => arrays[`surface.path_${letter}${n}`].values);
    xs.forEach((at, i) => {
      const far = (at - x) ** 2 + (ys[i] - y) ** 2;
      if (far < least) [least, colour] = [far, path.colour];
    });
  });
  return colour;
}

export function marks(kinds, meta, arrays) {
  // The first of them lie above the others.
  return Object.entries(MARKS).filter(([kind]) => kinds.includes(kind)).reverse().flatMap(([kind, look]) => {
    const own = meta.marks.filter((mark) => mark.kind === kind);
    if (!own.length) return [];
    const shared = {
      x: own.map(({ x }) => x), y: own.map(({ y }) => y), mode: "markers", hoverinfo: "skip",
      cliponaxis: false,
    };
    const { symbol, size } = look;
    const marker = (colour, width, outline) =>
      ({ symbol, size, color: colour, line: { width, color: outline } });
    if (symbol.includes("open")) {
      return [{ ...shared, showlegend: false, marker: marker(PAPER, 3.4, PAPER) },
        { ...shared, name: look.name, marker: marker(INK, 1.4, INK) }];
    }
    const colour = kind === "now" ? own.map((mark) => pathColour(mark, meta, arrays)) : PAPER;
    return [{ ...shared, name: look.name,
      marker: marker(colour, 1.5, kind === "now" ? PAPER : INK) }];
  });
}

// Names beside a mark of each kind, where they lie on no other mark or name.
function names(meta, theme, plot, colourAt) {
  const [[x0, x1], [y0, y1]] = [meta.x.range, meta.y.range];
  const at = ({ x, y }) => [((x - x0) / (x1 - x0)) * plot[0], ((y1 - y) / (y1 - y0)) * plot[1]];
  const taken = meta.marks.map(at).map(([left, top]) => [left - BESIDE, left + BESIDE, top]);
  const placed = [];
  const fits = (mark, name, onRight) => {
    const [left, top] = at(mark);
    const width = BESIDE + LETTER * name.length;
    const ends = onRight ? [left + BESIDE + 1, left + width] : [left - width, left - BESIDE - 1];
    const free = ends[0] >= 0 && ends[1] <= plot[0] && top >= 0 && top <= plot[1]
      && taken.every(([from, to, other]) =>
        to < ends[0] || from > ends[1] || Math.abs(other - top) > NAME_HEIGHT);
    if (!free) return false;
    taken.push([...ends, top]);
    placed.push({ mark, name, onRight });
    return true;
  };
  for (const [kind, { name, written }] of Object.entries(MARKS)) {
    if (!written) continue;
    meta.marks.filter((mark) => mark.kind === kind)
      .some((mark) => fits(mark, name, true) || fits(mark, name, false));
  }
  return {
    x: placed.map(({ mark }) => mark.x), y: placed.map(({ mark }) => mark.y), mode: "markers+text",
    hoverinfo: "skip", showlegend: false, cliponaxis: false, text: placed.map(({ name }) => name),
    // Unseen, for the room that the mark itself takes.
    marker: { symbol: "circle", size: 18, opacity: 0, color: INK },
    textposition: placed.map(({ onRight }) => `middle ${onRight ? "right" : "left"}`),
    textfont: {
      size: 11, family: theme.font, color: placed.map(({ mark }) => readable(colourAt(mark.x, mark.y), 4.5)),
    },
  };
}

// The colour of a scale at a share of its range.
export function onScale(colours, share) {
  const at = Math.min(Math.max(share, 0), 1) * (colours.length - 1);
  const below = Math.min(Math.floor(at), colours.length - 2);
  return blend(colours[below + 1], colours[below], at - below);
}

const grid = (arrays) =>
  [list(arrays["surface.xs"]), list(arrays["surface.ys"]), rows(arrays["surface.values"])];

// The height of the surface at a place; NaN where it has none.
export function surfaceAt(arrays) {
  const [xs, ys, z] = grid(arrays);
  return (x, y) => between(xs, ys, z, x, y);
}

export function surface({ header, arrays }, theme, size) {
  const meta = header.charts.surface;
  const [xs, ys, z] = grid(arrays);
  const [low, high] = meta.range;
  const layout = planeLayout(theme, meta, size, meta.range);
  const { l, r, t, b } = layout.margin;
  const plot = [size[0] - l - r, size[1] - t - b];
  const ground = noModel(theme);
  const colourAt = (x, y) => {
    const value = between(xs, ys, z, x, y);
    return Number.isNaN(value) ? ground : onScale(meta.colours, (value - low) / (high - low));
  };
  // Cells without a model lie below, where the smooth colours end softly, and their lines above.
  const [below, ...above] = hatched(xs, ys, (i, j) => Number.isNaN(z[i][j]), ground, fade(theme.text, 0.45),
    "no model, or impossible", plot);
  const data = [
    ...(below ? [below] : []),
    {
      type: "heatmap", x: xs, y: ys, z, zmin: low, zmax: high, zsmooth: "best", hoverinfo: "skip",
      colorscale: colourScale(meta.colours), colorbar: bar(theme, "nats per observation, higher is better"),
    },
    ...above,
    ...contours(xs, ys, z, meta.range),
    ...paths(meta, arrays),
    ...marks(Object.keys(MARKS), meta, arrays),
    names(meta, theme, plot, colourAt),
  ];
  const words = (x, y) => {
    const value = between(xs, ys, z, x, y);
    return `${placeWords(meta, x, y)}\n${Number.isNaN(value) ? "no model here, or the data are impossible"
      : `log-likelihood ${compact(value)} per observation`}`;
  };
  const possible = (x, y) => !Number.isNaN(between(xs, ys, z, x, y));
  const title = `Log-likelihood per observation over ${plotText(meta.x.title)} and ${plotText(meta.y.title)}`;
  return { data, layout, title, cells: { xs, ys, words, possible, snaps: false } };
}

// A name as it is written inside a sentence.
const inner = (name) => name.charAt(0).toLowerCase() + name.slice(1);

export function line({ header, arrays }, theme) {
  const meta = header.charts.line;
  const [low, high] = meta.y_range;
  const [first, second] = meta.names.map(plotText);
  const upright = (x) => lines({ x: [x, x], y: [low, high] }, theme.line, 1);
  const data = [
    upright(0), upright(1),
    {
      x: list(arrays["line.positions"]), y: list(arrays["line.values"]), mode: "lines", showlegend: false,
      line: { color: theme.primary, width: 2.2 },
      hovertemplate: "%{x:.2f} of the way<br>log-likelihood per observation %{y:.5f}<extra></extra>",
    },
    {
      x: [0, 1].filter((n) => meta.ends[n] !== null), y: meta.ends.filter((value) => value !== null),
      mode: "markers", hoverinfo: "skip", showlegend: false,
      marker: { color: theme.text, size: 8, symbol: "circle" },
    },
  ];
  const annotations = [];
  if (meta.lowest) {
    const [x, bottom, top] = meta.lowest;
    const dashed = { line: { color: theme.muted, width: 1, dash: "5px,4px" } };
    data.push(lines({ x: [0, 1], y: [top, top] }, theme.muted, 1, dashed),
      lines({ x: [x, x], y: [bottom, top] }, theme.text, 2));
    annotations.push({
      x, y: (bottom + top) / 2, xanchor: "left", xshift: 5, showarrow: false, text: "barrier",
      font: { size: 11, color: theme.text }, bgcolor: fade(theme.ground, 0.7),
    });
  }
  const layout = {
    ...baseLayout(theme, { l: 56, r: 16, t: 10, b: 40 }),
    xaxis: axis(theme, `from ${inner(first)} to ${inner(second)}`, {
      range: [...meta.x_range], tickvals: [0, 0.25, 0.5, 0.75, 1], ticktext: [first, "¼", "½", "¾", second],
    }),
    yaxis: axis(theme, "nats per observation", { range: [low, high], nticks: 7 }),
    annotations,
  };
  const title = `Log-likelihood per observation along the line from ${inner(first)} to ${inner(second)}`;
  return { data, layout, title };
}
