// What the live panel and single figures share: Plotly itself, the page's theme, messages,
// and a place for one chart that redraws in place and keeps the reader's zoom.

import { erase, paint, paintable, withoutMarks } from "./brush.js";
import { dated } from "./dates.js";
import { fitted } from "./state-names.js";
import { HINT, SPOKEN, isAxis, keyed, numbers, sameRange } from "./zoom-keys.js";

let plotly = null;
let failures = 0;

// Import Plotly, which pages/ui/browser/assets.py serves as a module. It does not set
// `window.Plotly`, where Streamlit's own chart element may have put another version.
export function loadPlotly(url) {
  // A browser may remember that an address failed, so a retry uses another one.
  plotly ??= import(failures ? `${url}?${failures}` : url).then((module) => module.default, () => {
    plotly = null;
    failures += 1;
    throw new Error("The drawing library could not be loaded. Please reload the page.");
  });
  return plotly;
}

// A message of pages/ui/browser/wire.py: {header, arrays: {name: {values, shape}}}.
export function decode(bytes) {
  const copy = bytes.slice(); // with a buffer of its own, so that offsets count from its beginning
  const size = new DataView(copy.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(copy.subarray(4, 4 + size)));
  const arrays = {};
  for (const [name, [kind, offset, shape]] of Object.entries(header.arrays)) {
    const length = shape.reduce((a, b) => a * b, 1);
    const View = { f4: Float32Array, f8: Float64Array, u1: Uint8Array }[kind];
    const start = 4 + size + offset;
    // Copied, because a Float64Array can only begin at a multiple of eight bytes.
    const block = copy.buffer.slice(start, start + length * View.BYTES_PER_ELEMENT);
    arrays[name] = { values: new View(block), shape };
  }
  return { header, arrays };
}

const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

const channelCache = new Map();
const MOST_CACHED = 4096;

// Red, green, blue, alpha (0..255) of any CSS colour; cached, because reading a canvas takes long.
function channels(colour) {
  if (!channelCache.has(colour)) {
    if (channelCache.size >= MOST_CACHED) channelCache.clear();
    channelCache.set(colour, readChannels(colour));
  }
  return channelCache.get(colour);
}

function readChannels(colour) {
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = "#000";
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  return probe.getImageData(0, 0, 1, 1).data;
}

export function fade(colour, alpha) {
  const [r, g, b] = channels(colour);
  return `rgba(${r},${g},${b},${alpha})`;
}

// `colour` laid over `ground` with weight 0..1, as an opaque colour.
export function blend(colour, ground, weight) {
  const [top, below] = [channels(colour), channels(ground)];
  const mixed = [0, 1, 2].map((i) => Math.round(top[i] * weight + below[i] * (1 - weight)));
  return `rgb(${mixed.join(",")})`;
}

const luminance = (colour) => [...channels(colour)].slice(0, 3)
  .map((v) => (v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);

// Colour for text on `ground`: white while its contrast, as WCAG defines it, is 3.5 or more. Black
// and white have equal contrast at a luminance of 0.18, in the middle of our blues, where
// neighbouring cells would keep changing between the two. Where colours do not change, a `contrast`
// of 4.5 to 1 has the better one of the two.
export function readable(ground, contrast = 3.5) {
  return luminance(ground) > 1.05 / contrast - 0.05 ? "#101418" : "#ffffff";
}

// The page's colours and font, read from Streamlit's CSS variables around `element`.
export function readTheme(element) {
  const style = getComputedStyle(element);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const text = read("--st-text-color", "#262730");
  const ground = read("--st-background-color", "#ffffff");
  const primary = read("--st-primary-color", "#1f77d0");
  const font = read("--st-font", "sans-serif");
  return {
    text, ground, primary, font,
    muted: blend(text, ground, 0.72),
    faint: blend(text, ground, 0.4),
    grid: fade(text, 0.1),
    line: fade(text, 0.3),
    key: [text, ground, primary, font, scale].join("|"),
    read,
  };
}

export function baseLayout(theme, margin) {
  return {
    font: { family: theme.font, size: 11, color: theme.muted },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { pad: 0, ...margin },
    showlegend: false,
    separators: ".\u202f",
    dragmode: "zoom",
    hovermode: "closest",
    hoverlabel: {
      bgcolor: theme.ground, bordercolor: theme.line, align: "left",
      font: { family: theme.font, size: 12, color: theme.text },
    },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.faint, activecolor: theme.primary },
  };
}

export function axis(theme, title, extra = {}) {
  return {
    title: { text: title, font: { size: 11, color: theme.muted }, standoff: 4 },
    gridcolor: theme.grid, linecolor: theme.line, zeroline: false, showline: false,
    ticks: "", ticklabelstandoff: 3, tickfont: { size: 10, color: theme.muted }, automargin: false,
    minexponent: 4, exponentformat: "power",
    ...extra,
  };
}

const NARROW = 640; // pixels
const LONGEST_DRAWING = 2000; // milliseconds

// A chart that can be zoomed takes the keyboard's focus, and then says how.
const STYLE = `
.hmm-chart { position: relative; }
.hmm-chart:focus-visible { outline: none; }
/* Not an outline, which Plotly's drawing would cover. */
.hmm-chart:focus-visible::before { content: ""; position: absolute; inset: 0; z-index: 1; pointer-events: none;
  border: 2px solid var(--st-primary-color); border-radius: 4px; }
.hmm-chart:focus-visible::after { content: "${HINT}"; position: absolute; left: 50%; top: 4px; z-index: 1;
  transform: translateX(-50%); padding: 1px 8px; font-size: 11px; white-space: nowrap; pointer-events: none;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: 4px; }
/* Plotly marks the focused one of its buttons in black, which a dark page hides. */
.hmm-chart .modebar-btn:focus-visible { outline: 2px solid var(--st-primary-color) !important; }
`;

// One chart in `element`. draw() takes {data, layout}; `zoomKey` names what the zoom belongs to.
// Where there is a `canvas` behind the element, paint() shows new numbers on it for the meantime.
// A chart may also have a `title`, for pictures that are saved: they have it and a legend of its traces.
// One that is not `pointed` says nothing of Plotly's own about what lies under the pointer.
export class Chart {
  constructor(Plotly, element, { name, ownsRanges, canvas = null, pointed = true }) {
    addStyle("hmm-chart-style", STYLE);
    element.classList.add("hmm-chart");
    element.addEventListener("keydown", (event) => this.takeKey(event));
    Object.assign(this, { Plotly, element, name, ownsRanges, canvas });
    this.painted = false; // whether the canvas shows traces that Plotly has not drawn yet
    this.frame = ""; // key of the axes and titles of Plotly's last drawing
    this.hovered = false;
    if (canvas && pointed) {
      // Plotly itself finds the numbers under the pointer, so it must have drawn the latest ones.
      element.addEventListener("pointerenter", () => {
        this.hovered = true;
        if (this.painted) this.onStale?.();
      });
      element.addEventListener("pointerleave", () => { this.hovered = false; });
    }
    this.traces = []; // the traces on the screen
    this.given = {}; // the ranges of the whole that were last passed to Plotly, by axis
    this.resets = 0; // how often the reader reset the zoom
    this.cost = 0; // milliseconds that the last drawing took
    this.drawn = ""; // key of what is on the screen
    this.finished = 0; // time at which the last drawing ended
  }

  // Paint new numbers if axes and titles stay the same; returns false if Plotly must draw instead.
  // Here and below, `size` is the element's [width, height]; reading them could force a layout.
  paint(chart, zoomKey, size) {
    const { data, layout } = enlarged(chart);
    const ready = this.canvas && this.element._fullLayout && !this.hovered;
    if (!ready || this.frameOf(layout) !== this.frame || !paintable(data)) return false;
    // Painting would keep a zoom that belongs to other data.
    if (zoomKey !== this.zoomKey && this.zoomed) return false;
    this.title = chart.title;
    this.fitNames(data, this.withZooms(layout), size);
    paint(this.canvas, this.element, data, size);
    this.element.classList.add("hmm-painted");
    this.painted = true;
    this.traces = data;
    return true;
  }

  frameOf(layout) {
    return JSON.stringify([this.resets, layout]);
  }

  // Whether any axis has another range than it was given.
  get zoomed() {
    const full = this.element._fullLayout;
    return Object.entries(this.given).some(([name, range]) =>
      full[name] && !sameRange(numbers(full[name].range), numbers(range)));
  }

  // Whether no axis can be zoomed.
  get fixed() {
    const axes = Object.entries(this.element._fullLayout ?? {}).filter(([name]) => isAxis(name));
    return axes.length > 0 && axes.every(([, axis]) => axis.fixedrange);
  }

  // With `hurry`, Plotly draws only axes and titles, and the traces are painted for the time being.
  async draw(chart, zoomKey, size, hurry = false) {
    const { data, layout } = enlarged(chart);
    const begin = performance.now();
    const frame = this.canvas && this.frameOf(layout);
    const full = this.element._fullLayout;
    const light = hurry && full && frame !== null && !this.hovered && paintable(data);
    const uirevision = `${zoomKey}#${this.resets}`;
    Object.assign(this, { uirevision, zoomKey, title: chart.title });
    layout.uirevision = this.ownsRanges ? uirevision : layout.uirevision ?? uirevision;
    // A zoomed axis is given the range that it shows, because Plotly itself keeps no zoom by keys.
    const zooms = this.keptZooms(layout);
    for (const name of Object.keys(layout).filter(isAxis)) {
      if (layout[name].range) this.given[name] = [...layout[name].range];
      if (zooms[name]) layout[name].range = [...zooms[name]];
    }
    this.fitNames(data, layout, size);
    [layout.width, layout.height] = size;
    layout.autosize = false;
    const marks = light ? withoutMarks(data) : dated(data, layout);
    await Promise.race([
      this.Plotly.react(this.element, marks, layout, this.config()),
      // If Plotly never reports that it is done, the next drawing must still begin.
      new Promise((resolve) => { setTimeout(resolve, LONGEST_DRAWING); }),
    ]);
    this.frame = frame;
    this.traces = data;
    if (light) {
      paint(this.canvas, this.element, data, size);
      this.painted = true;
    } else if (this.canvas) {
      this.painted = false;
      this.element.classList.remove("hmm-painted");
      erase(this.canvas);
    }
    this.takeFocus();
    if (!this.listening) {
      this.listening = true;
      if (this.ownsRanges) this.element.on("plotly_doubleclick", () => this.resetZoom());
      this.element.on("plotly_relayout", () => {
        this.onMoved?.();
        if (this.painted) this.onStale?.();
        else this.refitNames();
      });
    }
    this.finished = performance.now();
    this.cost = this.finished - begin;
  }

  // Let the keyboard reach a chart that can be zoomed.
  takeFocus() {
    if (this.fixed === !this.element.hasAttribute("tabindex")) return;
    for (const [name, value] of [["tabindex", "0"], ["aria-description", SPOKEN]]) {
      if (this.fixed) this.element.removeAttribute(name);
      else this.element.setAttribute(name, value);
    }
  }

  takeKey(event) {
    const { target, key, altKey, ctrlKey, metaKey } = event;
    // Plotly's buttons have keys of their own, and the browser zooms by Ctrl.
    if (target !== this.element || altKey || ctrlKey || metaKey || !this.element.layout) return;
    const changes = keyed(key, this.element.layout, this.given);
    if (!changes) return;
    event.preventDefault();
    if (changes !== "home") this.Plotly.relayout(this.element, changes);
    else if (this.ownsRanges) this.resetZoom();
    else this.Plotly.relayout(this.element, this.wholeRanges());
  }

  // What Plotly.relayout needs for the whole of every axis.
  wholeRanges() {
    const axes = Object.entries(this.element.layout).filter(([name, { fixedrange, matches }]) =>
      isAxis(name) && !fixedrange && !matches);
    return Object.fromEntries(axes.map(([name]) => (this.given[name]
      ? [`${name}.range`, [...this.given[name]]] : [`${name}.autorange`, true])));
  }

  // Ranges of the axes that the reader zoomed, by axis, of which `layout` is another state.
  keptZooms(layout) {
    const shown = this.element.layout;
    if (!shown || shown.uirevision !== layout.uirevision) return {};
    const zoomed = Object.keys(layout).filter((name) => isAxis(name) && !layout[name].fixedrange
      && this.given[name] && shown[name]?.range
      && !sameRange(numbers(shown[name].range), numbers(this.given[name])));
    return Object.fromEntries(zoomed.map((name) => [name, shown[name].range]));
  }

  withZooms(layout) {
    const zooms = this.keptZooms({ ...layout, uirevision: this.uirevision });
    return { ...layout, ...Object.fromEntries(Object.entries(zooms).map(([name, range]) =>
      [name, { ...layout[name], range }])) };
  }

  // Give the strips of states in `data` the names that fit at the ranges of `layout`.
  fitNames(data, layout, size) {
    for (const trace of data.filter(({ meta }) => meta?.runs)) {
      const { "textfont.color": color, ...names } = this.namesOf(trace, layout, size);
      Object.assign(trace, names, { textfont: { ...trace.textfont, color } });
    }
  }

  namesOf(trace, layout, [width]) {
    const axisOf = (letter) => `xaxis${letter.slice(1)}`;
    const own = axisOf(trace.xaxis ?? "x");
    const name = layout[own].matches ? axisOf(layout[own].matches) : own;
    const { l, r } = layout.margin;
    return fitted(trace.meta, numbers(layout[name].range), (width - l - r) / scale);
  }

  // The reader zoomed. Not by Plotly.restyle, which would forget that an axis is one of dates.
  refitNames() {
    const { data, layout } = this.element;
    if (!data.some(({ meta }) => meta?.runs)) return;
    const fitting = data.map((trace) => ({ ...trace }));
    this.fitNames(fitting, layout, [layout.width]);
    this.Plotly.react(this.element, dated(fitting, layout), layout, this.config());
  }

  resetZoom() {
    this.resets += 1;
    this.drawn = "";
    this.onReset?.();
  }

  config() {
    this.settings ??= {
      displaylogo: false,
      // On a telephone there is no hovering, and the bar would cover what is drawn below it.
      displayModeBar: window.innerWidth > NARROW && "hover",
      responsive: false,
      doubleClick: this.ownsRanges ? false : "reset+autosize",
      modeBarButtons: [[
        this.download("png", "M12 15 6 9h4V3h4v6h4zM4 18h16v3H4z"),
        this.download("svg", "M4 4h16v2H6v12h14v2H4zM10 11h10v2H10zM16 8l5 4-5 4z"),
        ...(this.ownsRanges ? [] : ["resetScale2d"]),
      ]],
    };
    return this.settings;
  }

  download(format, path) {
    return {
      name: format,
      title: `Download as ${format.toUpperCase()}`,
      icon: { width: 24, height: 24, path },
      click: (element) => {
        const { width, height, ...saved } = this.saved(element);
        return this.Plotly.downloadImage(saved,
          { format, filename: this.name, scale: format === "png" ? 2 : 1, width, height });
      },
    };
  }

  // What is saved of the chart, and its size.
  saved(element) {
    const theme = readTheme(this.element);
    // The traces on the screen: Plotly itself may have older ones, or none.
    const data = this.painted ? dated(this.traces, element.layout) : element.data;
    const layout = { ...element.layout, paper_bgcolor: theme.ground };
    const [width, height] = [this.element.clientWidth, this.element.clientHeight];
    return this.title ? titled({ data, layout, width, height }, this.title, theme)
      : { data, layout, width, height };
  }

  // The chart is no longer on the page. Plotly does not notice that the pointer has left it.
  leave() {
    this.hovered = false;
    for (const area of this.element.querySelectorAll(".nsewdrag")) {
      area.dispatchEvent(new MouseEvent("mouseout"));
    }
  }

  destroy() {
    this.Plotly.purge(this.element);
  }
}

const TITLE_ROOM = 30; // pixels above a picture that is saved
const TITLE = [14, 0.5]; // pixels of its letters' height, and the share of that which is their width, about
const LEGEND_LINE = 20; // pixels below it for each line of its legend
const LETTER = 6; // pixels of a letter there, at most, and of a sample
const SAMPLE = 42;

// A picture with its title above it, and a legend of the traces that are to be named below it. The legend
// has columns of equal width below the plot.
function titled({ data, layout, width, height }, title, theme) {
  const named = data.filter(({ showlegend, name }) => showlegend !== false && name);
  const { l, r } = layout.margin;
  const widest = SAMPLE + LETTER * Math.max(0, ...named.map(({ name }) => name.length));
  const columns = Math.max(1, Math.floor((width - l - r) / (widest * scale)));
  const [above, below] = [TITLE_ROOM, Math.ceil(named.length / columns) * LEGEND_LINE].map((room) => room * scale);
  const size = Math.min(TITLE[0] * scale, (width - 24 * scale) / (TITLE[1] * title.length));
  const { t, b, ...sides } = layout.margin;
  const font = { family: theme.font, color: theme.text };
  return {
    // A colour bar that stands beside another picture is needed here too.
    data: data.map((trace) => (trace.colorbar ? { ...trace, showscale: true } : trace)),
    width, height: height + above + below,
    layout: {
      ...layout,
      margin: { ...sides, t: t + above, b: b + below },
      title: {
        text: title, font: { ...font, size }, x: 0, xref: "container", xanchor: "left",
        pad: { l: 12 * scale, t: 9 * scale }, y: 1, yref: "container", yanchor: "top",
      },
      showlegend: named.length > 0,
      legend: {
        orientation: "h", x: 0.01, xref: "container", y: 0, yref: "container", yanchor: "bottom",
        font: { ...font, size: 11 * scale }, bgcolor: "rgba(0,0,0,0)",
      },
    },
  };
}

// Whether the visitor's system asks for less motion: training then goes in steps, not in a film.
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Resolves after the browser has painted the current state of the page.
export const nextPaint = () => new Promise((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
});

// Runs `work` on the next animation frame, one at a time; requests in between become one.
// `now()` does not wait for the frame, which a busy browser would delay. `onChange` is called with
// true when there is work to do, and with false when all of it is done.
export function coalesce(work, onChange) {
  let busy = false;
  let again = false;
  let stopped = false;
  const turn = async () => {
    again = false;
    try {
      if (!stopped) await work();
    } catch (error) {
      console.error(error);
    }
    busy = false;
    if (again) run();
    else onChange(false);
  };
  const begin = (how) => {
    if (stopped) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    onChange(true);
    how(turn);
  };
  const run = () => begin(requestAnimationFrame);
  run.now = () => begin((work) => work());
  run.stop = () => { stopped = true; };
  return run;
}

// The scale of the page: every size in pixels, of charts and of what is around them, is multiplied by
// it. It is 1 but in lecture mode, see page.css.
let scale = 1;

function readScale() {
  const style = getComputedStyle(document.documentElement);
  scale = Number(style.getPropertyValue("--hmm-scale")) || 1;
}

// Begin or end lecture mode. Views see that their sizes change, and draw their charts anew.
export function setLecture(on) {
  document.documentElement.toggleAttribute("data-lecture", on);
  readScale();
}
window.addEventListener("resize", readScale);
readScale();

// Sizes [width, height] of an element as a page of scale 1 would have them.
export const unscaled = (sizes) => sizes.map((pixels) => pixels / scale);

// A size for an inline style.
export const scaled = (pixels) => `calc(${pixels}px * var(--hmm-scale, 1))`;

// Sizes of traces and layouts in pixels, by the name of what has them; "*" stands for everything.
const SIZES = {
  font: ["size"],
  line: ["width", "dash"],
  marker: ["size"],
  margin: ["l", "r", "t", "b"],
  "*": [
    "xgap", "ygap", "standoff", "ticklabelstandoff", "ticklen", "thickness", "xpad", "ypad",
    "xshift", "yshift", "ax", "ay", "borderpad",
  ],
};

const larger = (size) => {
  if (Array.isArray(size)) return size.map(larger);
  if (typeof size === "number") return size * scale;
  // Dashes such as "5px,3px".
  return size?.replace?.(/[\d.]+(?=px)/g, (pixels) => pixels * scale) ?? size;
};

function enlarge(part, name) {
  const sizes = [...SIZES["*"], ...(SIZES[/font$/.test(name) ? "font" : name] ?? [])];
  return Object.fromEntries(Object.entries(part).map(([key, value]) => {
    if (sizes.includes(key)) return [key, larger(value)];
    if (value?.constructor === Object) return [key, enlarge(value, key)];
    if (key === "annotations" || key === "shapes") return [key, value.map((one) => enlarge(one, ""))];
    return [key, value];
  }));
}

// A chart {data, layout} as the page's scale has it.
export function enlarged({ data, layout }) {
  if (scale === 1) return { data, layout };
  return { data: data.map((trace) => enlarge(trace, "")), layout: enlarge(layout, "") };
}

export function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const CONTAINER_FONT = 13; // pixels: the font of every container that a style asks for the width of

// The same style, with every size in pixels multiplied by the page's scale. In a condition there can
// be no variable, but units of the container's font, which has the scale.
function withScale(text) {
  // With its sign: "-calc(…)" is no size, and the whole rule would be lost.
  return text.replace(/@container[^{]*|((?<![\w)])-?[\d.]+)px/g, (found, pixels) => (pixels ? scaled(pixels)
    : found.replace(/([\d.]+)px/g, (_, width) => `${width / CONTAINER_FONT}em`)));
}

// `text` is CSS for a page of scale 1.
export function addStyle(id, text) {
  if (!document.getElementById(id)) {
    const style = node("style", { id });
    style.textContent = withScale(text);
    document.head.append(style);
  }
}

// Keeps one view per key, and passes every message to it. When runs of the script overtake each
// other, Streamlit may unmount a component and mount it again, and calls the cleanup function also
// for a message that another one replaced. So a view stays for a moment after its cleanup: if the
// component is mounted again, the view moves there with its charts and zoom. Otherwise its leave()
// is called, and it is kept until the visitor comes back to its page.
export function viewKeeper(create) {
  const views = new Map();
  return (component, plotlyUrl) => {
    const { data, parentElement } = component;
    if (!data || !parentElement.isConnected) return undefined;
    const message = decode(data);
    const { key } = message.header;
    const view = views.get(key) ?? create(loadPlotly(plotlyUrl));
    views.set(key, view);
    if (view.root.parentElement !== parentElement) parentElement.append(view.root);
    view.show(message, component);
    return () => setTimeout(() => {
      if (view.root.isConnected || views.get(key) !== view) return;
      view.leave();
      // A view that is still attached would keep its removed surroundings in memory.
      view.root.remove();
      if (!view.failed) return;
      // After a failure, the next visit of the page creates a new view.
      views.delete(key);
      view.destroy();
    }, 1500);
  };
}
