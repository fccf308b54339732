// The surface of the landscape in three dimensions, with the paths and marks on it. A pure function of
// numbers, as those of landscape-charts.js are.

import { plotText, rows } from "./charts.js";
import { MARKS, bar, colourScale, list } from "./landscape-charts.js";
import { between } from "./landscape-shapes.js";
import { baseLayout, blend } from "./plotting.js";

const LIFT = 0.025; // of the height by which paths lie above the surface, so that it does not hide them
const FLAT = 0.65; // height of the picture where its sides are 1
const TURN = Math.PI / 24; // of an arrow key
const NEARER = 0.85; // of a plus
const NARROW = 420; // pixels
const STEEPEST = 1.5; // radians above and below the horizon
// For screen readers, and in the hint that the chart shows while it has the focus.
export const SPOKEN_TURNS = "arrows turn · + − zoom · 0 returns";
export const EYE = { x: -1.3, y: -1.5, z: 1.05 };

// Whether the browser can draw in three dimensions.
let able = null;
export const canBeSolid = () => {
  able ??= Boolean(document.createElement("canvas").getContext("webgl"));
  return able;
};

export function solid({ header, arrays }, theme, [width]) {
  const meta = header.charts.surface;
  const [xs, ys] = [list(arrays["surface.xs"]), list(arrays["surface.ys"])];
  const z = rows(arrays["surface.values"]);
  const [low, high] = meta.range;
  const lift = LIFT * (high - low);
  // Below the range of the colours the surface ends, or deep valleys would flatten all hills.
  const cut = z.map((row) => row.map((value) => (value < low ? NaN : value)));
  const heights = (places, others) => places.map((x, i) =>
    Math.max(between(xs, ys, z, x, others[i]), low) + lift);
  const path = ({ name, colour, dash, earlier }, n) => {
    const [x, y] = ["x", "y"].map((letter) => list(arrays[`surface.path_${letter}${n}`]));
    return {
      type: "scatter3d", mode: "lines", x, y, z: heights(x, y), name: plotText(name), hoverinfo: "skip",
      showlegend: !earlier,
      line: {
        color: earlier ? theme.faint : colour, width: earlier ? 2 : 6,
        dash: dash === "dash" ? "dash" : "solid",
      },
    };
  };
  const mark = ([kind, { glyph, name, written }]) => {
    const own = meta.marks.filter((one) => one.kind === kind);
    if (!own.length) return [];
    const [x, y] = [own.map((one) => one.x), own.map((one) => one.y)];
    return [{
      type: "scatter3d", mode: "text", x, y, z: heights(x, y).map((height) => height + lift), name,
      hoverinfo: "skip", showlegend: false,
      text: own.map((_, i) => (written && !i ? `${glyph} ${name}` : glyph)),
      textposition: "top center", textfont: { size: 13, color: theme.text, family: theme.font },
    }];
  };
  const grid = blend(theme.text, theme.ground, 0.25); // opaque, as lines in three dimensions have to be
  const shared = {
    tickfont: { size: 12, color: theme.muted }, gridcolor: grid, zerolinecolor: grid,
    showbackground: false, showspikes: false,
  };
  const along = ({ title, range, ticks, tick_texts: texts }) => ({
    title: { text: plotText(title), font: { size: 13, color: theme.muted } }, range: [...range],
    tickvals: ticks, ticktext: texts.map(plotText), ...shared,
  });
  const data = [
    {
      type: "surface", x: xs, y: ys, z: cut, cmin: low, cmax: high, hoverinfo: "skip",
      contours: { x: { highlight: false }, y: { highlight: false }, z: { highlight: false } },
      colorscale: colourScale(meta.colours), colorbar: bar(theme, "nats per observation", { len: 0.8 }),
      lighting: { ambient: 0.8, diffuse: 0.4, specular: 0.05 },
    },
    ...meta.paths.map(path),
    ...Object.entries(MARKS).flatMap(mark),
  ];
  const layout = {
    ...baseLayout(theme, { l: 0, r: 0, t: 0, b: 0 }),
    scene: {
      xaxis: along(meta.x), yaxis: along(meta.y),
      zaxis: { ...shared, title: { text: "" }, range: [low, high + 3 * lift], nticks: 5 },
      aspectmode: "manual", aspectratio: { x: 1, y: 1, z: FLAT }, camera: { eye: eyeAt(width) }, dragmode: "orbit",
    },
  };
  const title = `Log-likelihood per observation over ${plotText(meta.x.title)} and ${plotText(meta.y.title)}`;
  return { data, layout, title };
}

// On a telephone the eye is farther away, so that the names of the axes are not cut off.
const eyeAt = (width) => Object.fromEntries(Object.entries(EYE).map(([name, value]) =>
  [name, width < NARROW ? 1.25 * value : value]));

// Where the eye is after a key: arrows turn, plus and minus go nearer and farther, 0 returns. Null where the
// key does nothing here.
export function turned(key, { x, y, z }) {
  const far = Math.hypot(x, y, z);
  let [around, up, distance] = [Math.atan2(y, x), Math.asin(z / far), far];
  if (key === "0" || key === "Escape") return { ...EYE };
  if (key === "ArrowLeft") around -= TURN;
  else if (key === "ArrowRight") around += TURN;
  else if (key === "ArrowUp") up = Math.min(up + TURN, STEEPEST);
  else if (key === "ArrowDown") up = Math.max(up - TURN, -STEEPEST);
  else if (key === "+" || key === "=") distance *= NEARER;
  else if (key === "-" || key === "−") distance /= NEARER;
  else return null;
  const level = distance * Math.cos(up);
  return { x: level * Math.cos(around), y: level * Math.sin(around), z: distance * Math.sin(up) };
}
