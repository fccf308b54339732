// The maps of the landscape, where training ends from each start, as a pure function of numbers. See
// landscape-charts.js for what it returns.

import { MAP_TITLES, apart, methodName, placeWords } from "./chart-words.js";
import { compact, rows } from "./charts.js";
import {
  MARGIN, PAPER, bar, colourScale, hatched, list, marks, planeLayout, sample, surfaceAt,
} from "./landscape-charts.js";
import { middles } from "./landscape-shapes.js";
import { blend, readable } from "./plotting.js";

const LEAST_LABELLED = 8; // pixels from the middle of a region to its edge where its number fits

// Codes of a map: the listed optima have their own number.
export const LISTED = 8;
export const CODES = { others: 8, open: 9, unknown: 10 };
const BYTES = { 253: CODES.others, 254: CODES.open, 255: CODES.unknown };
export const codesOf = (ends) => Uint8Array.from(ends, (byte) => BYTES[byte] ?? byte);

// What a map shows at a cell, in words.
function endWords(code, heights, steps, height) {
  const each = Number.isNaN(height) ? "" : `, ${compact(height)} per observation`;
  const taken = `${steps} step${steps === 1 ? "" : "s"}`;
  if (code === CODES.unknown) return "not known";
  if (code === CODES.open) return `not at rest after ${taken}${each}`;
  if (code === CODES.others) return `another optimum${each}, ${taken}`;
  return `optimum ${code + 1}, log-likelihood ${heights[code]}, ${taken}`;
}

const STEP_TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

// How the cells of each kind of map are coloured: their numbers, colours and colour bar.
const LOOKS = {
  ends(meta, theme, codes) {
    const colours = mapColours(meta.optima.map(([colour]) => colour), theme);
    const count = colours.length;
    return {
      values: codes, zmin: -0.5, zmax: count - 0.5, showscale: false,
      colorscale: colours.flatMap((colour, code) => [[code / count, colour], [(code + 1) / count, colour]]),
    };
  },
  height(meta, theme, codes, arrays) {
    const [low, high] = meta.heights;
    return {
      values: arrays.heights, zmin: low, zmax: high, colorscale: colourScale(meta.colours),
      colorbar: bar(theme, "nats per observation, where it ends"),
    };
  },
  steps(meta, theme, codes, arrays) {
    const most = Math.max(2, meta.most_steps);
    const within = STEP_TICKS.filter((tick) => tick <= most);
    const ticks = within.length > 7 ? within.filter((tick) => String(tick)[0] === "1") : within;
    return {
      values: arrays.steps.map((count) => Math.log10(Math.max(1, count))), zmin: 0, zmax: Math.log10(most),
      colorscale: [[0, blend(theme.primary, theme.ground, 0.08)], [1, blend(theme.primary, theme.text, 0.8)]],
      colorbar: bar(theme, "steps, logarithmic",
        { tickvals: ticks.map(Math.log10), ticktext: ticks.map(String) }),
    };
  },
};

// The colour of each code. `own` are those of the listed optima, and then that of the others.
export function mapColours(own, theme) {
  const listed = Array.from({ length: LISTED }, (_, code) => own[code] ?? theme.ground);
  return [...listed, own[LISTED] ?? blend(theme.text, theme.ground, 0.35), PAPER,
    blend(theme.text, theme.ground, 0.09)];
}

export function map({ header, arrays: all }, theme, size, name) {
  const meta = header.charts[name];
  const arrays = Object.fromEntries(["ends", "heights", "steps"].map((part) =>
    [part, all[`${name}.${part}`].values]));
  const [xs, ys] = [list(all[`${name}.xs`]), list(all[`${name}.ys`])];
  const [height, width] = all[`${name}.ends`].shape;
  const codes = codesOf(arrays.ends);
  const { values, ...look } = LOOKS[meta.shows](meta, theme, codes, arrays);
  const layout = planeLayout(theme, meta, size, [look.zmin, look.zmax]);
  const isEnds = meta.shows === "ends";
  // Two maps have the same colours, and the second one has the bar.
  if (name === "map0" && header.maps.length > 1) look.showscale = false;
  if (look.showscale === false) layout.margin.r -= MARGIN.r - 12;
  const { l, r, t, b } = layout.margin;
  const plot = [size[0] - l - r, size[1] - t - b];
  const at = (i, j) => codes[i * width + j];
  const is = (code) => (i, j) => at(i, j) === code;
  const colours = mapColours(meta.optima.map(([colour]) => colour), theme);
  const data = [{
    type: "heatmap", x: xs, y: ys, hoverinfo: "skip", ...look,
    z: rows({ values, shape: [height, width] }),
  }];
  if (isEnds) {
    const regions = middles(codes, [height, width], LISTED);
    const cell = Math.min(plot[0] / width, plot[1] / height);
    const fitting = regions.map((region, code) => ({ ...region, code }))
      .filter(({ depth }) => depth * cell >= LEAST_LABELLED);
    data.push(...header.optima.rows.map((_, code) =>
      sample(`optimum ${code + 1}${code ? "" : ", the best"}`, colours[code])));
    if (codes.includes(CODES.others)) data.push(sample("other optima", colours[CODES.others]));
    data.push(...hatched(xs, ys, is(CODES.open), PAPER, "#6b7580", "not at rest", plot), {
      x: fitting.map(({ j }) => xs[j]), y: fitting.map(({ i }) => ys[i]), mode: "text",
      hoverinfo: "skip", showlegend: false, text: fitting.map(({ code }) => String(code + 1)),
      textposition: "middle center",
      textfont: { size: 12, family: theme.font, color: fitting.map(({ code }) => readable(colours[code], 4.5)) },
    });
  } else data.push(...hatched(xs, ys, is(CODES.unknown), colours[CODES.unknown], theme.grid, "not known", null));
  data.push(...marks(["start"], meta, all));
  const heights = apart(meta.optima.slice(0, LISTED).map(([, value]) => value));
  const words = (x, y) => {
    const [i, j] = [place(ys, y), place(xs, x)];
    const cell = i * width + j;
    const end = endWords(at(i, j), heights, arrays.steps[cell], arrays.heights[cell]);
    return `from ${placeWords(meta, xs[j], ys[i])}\n${end}`;
  };
  // Of a start that was not searched, the surface knows whether there is a model.
  const known = header.charts.surface.present === false ? null : surfaceAt(all);
  const possible = (x, y) => at(place(ys, y), place(xs, x)) !== CODES.unknown
    || (known !== null && !Number.isNaN(known(x, y)));
  const title = MAP_TITLES[meta.shows](methodName(meta.method));
  return { data, layout, title, cells: { xs, ys, words, possible, snaps: true } };
}

// The index of the cell of an even grid at a place.
const place = (places, at) => {
  const share = places.length > 1 ? (at - places[0]) / (places.at(-1) - places[0]) : 0;
  return Math.min(Math.max(Math.round(share * (places.length - 1)), 0), places.length - 1);
};
