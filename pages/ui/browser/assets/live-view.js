// What all live views share: frames of the page's own line, and charts that are painted while numbers
// change and drawn by Plotly when they come to rest. Subclasses define the charts, their arrangement
// and the texts beside them; see panel.js and run-comparison.js.

import { dashes, learnSymbols } from "./brush.js";
import { STYLE } from "./panel-style.js";
import { Chart, addStyle, coalesce, node, readTheme, unscaled } from "./plotting.js";
import { subscribe } from "./run-controls.js";

const REST = 200; // milliseconds without a new frame after which Plotly draws the painted charts

export const minus = (text) => text.replaceAll("-", "−");
export const thousands = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");
export function gainText(gain) {
  if (gain === null) return "–";
  if (gain === 0) return "0";
  const size = Math.abs(gain);
  const digits = size >= 0.001 && size < 1000 ? `${+gain.toPrecision(2)}` : gain.toExponential(1);
  return minus(`${gain > 0 ? "+" : ""}${digits}`);
}
// Set an element's text, without touching the page if it stays the same.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Style of a short line with a run's colour and dashes, at half their length so that they fit.
export function lineSample({ colour, dash }) {
  let end = 0;
  const parts = dashes(dash, 3).map((length, i) => {
    const begin = end;
    end += length / 2;
    return `${i % 2 ? "transparent" : colour} ${begin}px ${end}px`;
  });
  const paint = parts.length ? `repeating-linear-gradient(90deg,${parts})` : colour;
  return `height:3px;background:${paint}`;
}

export function card(name, title, note, ...charts) {
  return node("section", { class: `hmm-card hmm-${name}` },
    node("header", {}, node("h2", {}, title), node("span", { class: "hmm-note" }, note)),
    ...charts);
}

export class LiveView {
  // `key` names the view in messages, `testId` in tests. `builders` has a function (message, theme,
  // size) for each chart; the iteration of the first chart counts as the view's. `files` are the names of
  // downloads, `symbols` the marker symbols that the charts use. `unpointed` are the charts in which Plotly
  // has nothing to say of what lies under the pointer.
  constructor(plotly, { key, testId, builders, files, symbols, unpointed = [] }) {
    addStyle("hmm-panel-style", STYLE);
    Object.assign(this, { plotly, key, builders, files, symbols, unpointed });
    this.number = 0;
    this.seen = []; // names of the charts that are not hidden
    subscribe(key, this);
    this.away = true;
    const names = Object.keys(builders);
    const each = (make) => Object.fromEntries(names.map((name) => [name, make(name)]));
    this.places = each((name) =>
      node("div", { class: "hmm-plot", role: "figure", "data-chart": name }));
    this.canvases = each(() => node("canvas", { class: "hmm-canvas", "aria-hidden": "true" }));
    this.layers = each((name) =>
      node("div", { class: "hmm-layers" }, this.canvases[name], this.places[name]));
    this.root = node("div", { class: "hmm-panel", "data-testid": testId, "data-draws": 0 });
    this.redraw = coalesce(() => this.draw(), (drawing) => {
      this.drawing = drawing;
      this.updateBusy();
    });
    this.observer = new ResizeObserver(() => {
      this.sizes = null;
      this.redraw();
    });
    this.observer.observe(this.root);
  }

  note(name) {
    return this.root.querySelector(`.hmm-${name} .hmm-note`);
  }

  // The visitor left the page. The charts are kept as they are for when they come back.
  leave() {
    this.away = true;
    for (const timer of [this.rest, this.waiting]) clearTimeout(timer);
    for (const chart of Object.values(this.charts ?? {})) {
      clearTimeout(chart.later);
      chart.leave();
    }
  }

  // A message of the page.
  show(message) {
    this.away = false;
    const { live } = message.header;
    // Another session counts its frames anew.
    if (live && live.stream !== this.stream) this.number = 0;
    this.stream = live?.stream;
    this.take(message);
  }

  // A frame of the line, to be drawn now, after `wait` milliseconds, or in the next frame.
  receive(message, wait) {
    if (!this.away) this.take(message, wait);
  }

  // Draw a message: now, after `wait` milliseconds, or in the next frame.
  take(message, wait = null) {
    const number = message.header.live?.number ?? this.number;
    if (number < this.number) return; // it arrived after a later one
    this.number = number;
    this.message = message;
    this.resting = false;
    clearTimeout(this.rest);
    clearTimeout(this.waiting);
    if (wait === 0) this.redraw.now();
    else if (wait) this.waiting = setTimeout(this.redraw, wait);
    else this.redraw();
    this.updateBusy();
  }

  // Set aria-busy while anything is left to be drawn: for screen readers, and for tests that wait
  // until the view comes to rest.
  updateBusy() {
    const busy = this.painted || this.drawing || this.behind || this.message !== this.drawn;
    this.root.setAttribute("aria-busy", Boolean(busy) && !this.failed);
    if (!busy && this.message && this.message !== this.described) this.describe();
  }

  // Say in words what each chart shows, once it has come to rest. Subclasses have a sentence for each
  // chart that is present, by name, in descriptions(message).
  describe() {
    this.described = this.message;
    for (const [name, text] of Object.entries(this.descriptions(this.message))) {
      if (text) this.places[name].setAttribute("aria-label", text);
    }
  }

  // Whether a chart that is seen shows numbers that Plotly has not drawn yet.
  get painted() {
    return this.seen.some((name) => this.charts[name].painted);
  }

  // Write the texts of a message. Returns the theme, the sizes of the charts, and for each chart
  // that is present a key of all that its drawing depends on except for its zoom.
  writeAll(message) {
    const { header } = message;
    const theme = readTheme(this.root);
    this.writeTexts(message);
    // All sizes are read before anything is drawn, because a drawing would force another layout.
    const sizes = this.sizes ?? Object.fromEntries(Object.entries(this.places).map(
      ([name, place]) => [name, [place.clientWidth, place.clientHeight]]));
    if (this.root.isConnected) this.sizes = sizes;
    const names = Object.keys(this.builders).filter((name) =>
      header.charts[name].present !== false && sizes[name][0]);
    const keys = Object.fromEntries(names.map((name) => [name,
      [header.charts[name].digest, header.num_states, header.states.names, ...sizes[name],
        theme.key].join("|")]));
    return { theme, sizes, keys };
  }

  async draw() {
    if (!this.message) return;
    // Texts do not wait for Plotly to be loaded.
    if (!this.charts) this.writeAll(this.message);
    const Plotly = await this.ready();
    if (!Plotly) return;
    const { message } = this; // the next message may arrive while this one is being drawn
    const { header } = message;
    const { theme, sizes, keys } = this.writeAll(message);
    this.drawn = message;
    this.seen = Object.keys(keys);
    this.behind = false;
    let drew = false;
    let late = false;
    for (const name of this.seen) {
      const chart = this.charts[name];
      const size = sizes[name];
      const zoomKey = chart.fixed ? "" : header.data_key;
      const key = `${keys[name]}|${zoomKey}`;
      const settles = chart.drawn === key && chart.painted && (this.resting || chart.hovered);
      if (chart.drawn === key && !settles && !chart.stale) continue;
      const built = this.builders[name](message, theme, unscaled(size));
      const sameSize = String(chart.size) === String(size);
      chart.built = built;
      if (!settles && sameSize && chart.paint(built, zoomKey, size)) {
        Object.assign(chart, { drawn: key, stale: false, size });
        this.placeGrips(name);
        drew = true;
        // Plotly still has to draw it, even if the view had already come to rest.
        this.resting = false;
        continue;
      }
      if (this.postpone(chart, header)) {
        this.behind = true;
        late ||= name === Object.keys(this.builders)[0];
        continue;
      }
      Object.assign(chart, { drawn: key, stale: false, size });
      await chart.draw(built, zoomKey, size, sameSize && !this.resting);
      if (this.destroyed) return;
      this.placeGrips(name);
      // Only after a drawing is it known whether the chart can be zoomed.
      if (chart.drawn === key && chart.fixed) chart.drawn = `${keys[name]}|`;
      drew ||= !settles;
      if (settles) {
        // The other charts are drawn in frames of their own, so that events are handled in between.
        this.redraw();
        break;
      }
    }
    if (drew) this.root.dataset.draws = Number(this.root.dataset.draws) + 1;
    if (!late) this.root.dataset.iteration = Math.max(...header.runs.map((run) => run.iteration));
    if (!this.resting && this.painted) {
      clearTimeout(this.rest);
      this.rest = setTimeout(() => {
        this.resting = true;
        this.redraw();
      }, REST);
    }
    // Needed once numbers change, and not before the charts are on the screen.
    this.learning ??= setTimeout(() => learnSymbols(Plotly, this.symbols).catch((error) => {
      console.error(error);
      this.learning = null;
    }), REST);
  }

  // Whether to draw a chart later. A chart that takes long (thousands of markers) may use at most a
  // third of the time, so that the other charts and the page's controls stay quick.
  postpone(chart, header) {
    const wait = chart.finished + 2 * chart.cost - performance.now();
    if (chart.cost < 60 || wait <= 0 || chart.dataKey !== header.data_key) {
      chart.dataKey = header.data_key;
      return false;
    }
    clearTimeout(chart.later);
    chart.later = setTimeout(() => this.redraw(), wait + 5);
    return true;
  }

  // Put the grips of a chart where its numbers are now; a view without a hand has none.
  placeGrips(name) {
    const { built } = this.charts[name];
    if (!built || !this.hands?.[name]) return;
    this.hands[name].place(this.message.header.no_hand ? [] : built.grips ?? [], this.plotOf(name));
  }

  // Where the plot of a chart lies in its element, and the ranges of its axes that are shown.
  plotOf(name) {
    const { element, size: [width, height] } = this.charts[name];
    const { xaxis, yaxis, margin: { l, r, t, b } } = element.layout;
    return {
      left: l, top: t, width: width - l - r, height: height - t - b, x: xaxis.range, y: yaxis.range,
    };
  }

  async ready() {
    if (this.charts) return this.Plotly;
    try {
      this.Plotly = await this.plotly;
    } catch (error) {
      this.failed = true;
      this.root.textContent = error.message;
      return null;
    }
    if (this.destroyed) return null;
    this.charts = {};
    for (const [name, place] of Object.entries(this.places)) {
      const chart = new Chart(this.Plotly, place, {
        name: this.files[name], ownsRanges: true, canvas: this.canvases[name],
        pointed: !this.unpointed.includes(name),
      });
      chart.onReset = () => this.redraw();
      chart.onMoved = () => this.placeGrips(name);
      chart.onStale = () => {
        chart.stale = true;
        this.redraw();
      };
      this.charts[name] = chart;
    }
    return this.Plotly;
  }

  destroy() {
    this.destroyed = true;
    this.leave();
    clearTimeout(this.learning);
    this.redraw.stop();
    this.observer.disconnect();
    for (const chart of Object.values(this.charts ?? {})) chart.destroy();
    this.root.remove();
  }
}
