// The live panel: tiles with numbers and five charts, fed by messages of pages/ui/panel.py.

import { stand } from "./address.js";
import * as charts from "./charts.js";
import { learnSymbols } from "./brush.js";
import { emissions } from "./emissions.js";
import { Chart, addStyle, coalesce, node, readTheme, viewKeeper } from "./plotting.js";
import { Scrubber } from "./scrubber.js";
import { STYLE } from "./panel-style.js";
import { Stream } from "./stream.js";

const GLYPHS = {
  circle: "●", square: "■", diamond: "◆", "triangle-up": "▲", cross: "✚", x: "✖",
  "triangle-down": "▼", star: "★", pentagon: "⬟", hexagram: "✶",
  "triangle-left": "◀", "triangle-right": "▶", hexagon: "⬢", "diamond-tall": "♦",
  // Few fonts have these shapes themselves; their nearest common relatives stand for them.
  bowtie: "⋈", hourglass: "▮", "diamond-wide": "◆", "star-square": "▣",
  "star-diamond": "◈", octagon: "●",
};
const BUILDERS = {
  curve: charts.curve,
  learned: (message, theme) => charts.matrix(message, theme, "learned"),
  true: (message, theme) => charts.matrix(message, theme, "true"),
  means: emissions,
  sequence: charts.sequence,
};
const FILES = {
  curve: "log-likelihood", learned: "learned-transition-matrix", true: "true-transition-matrix",
  means: "emissions", sequence: "sequence",
};

const REST = 200; // milliseconds without a new picture, after which Plotly draws what was painted
const TOUCHES = ["pointerdown", "keydown"];
const NEWS_APART = 500; // milliseconds between two runs of the page for what the panel learned

const minus = (text) => text.replaceAll("-", "−");
const thousands = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");
function gainText(gain) {
  if (gain === null) return "–";
  if (gain === 0) return "0";
  const size = Math.abs(gain);
  const digits = size >= 0.001 && size < 1000 ? `${+gain.toPrecision(2)}` : gain.toExponential(1);
  return minus(`${gain > 0 ? "+" : ""}${digits}`);
}
// Only touch the page where a number changed.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function card(name, title, note, ...charts) {
  return node("section", { class: `hmm-card hmm-${name}` },
    node("header", {}, node("h4", {}, title), node("span", { class: "hmm-note" }, note)),
    ...charts);
}

class Panel {
  constructor(plotly) {
    addStyle("hmm-panel-style", STYLE);
    this.plotly = plotly;
    this.number = 0;
    this.stream = new Stream((message) => this.receive(message), () => this.tellNews());
    // Pause stops what is seen at once; the page's own answer comes a moment later.
    this.pressed = ({ target }) => {
      if (!target.closest?.(".st-key-pause button")) return;
      this.frozen = true;
      this.stream.tell("pause");
    };
    document.addEventListener("click", this.pressed, true);
    this.touched = ({ target }) => {
      if (!this.root.contains(target)) this.stream.hold();
    };
    for (const name of TOUCHES) document.addEventListener(name, this.touched, true);
    this.places = Object.fromEntries(Object.keys(BUILDERS).map((name) =>
      [name, node("div", { class: "hmm-plot", role: "img", "data-chart": name })]));
    this.canvases = Object.fromEntries(Object.keys(BUILDERS).map((name) =>
      [name, node("canvas", { class: "hmm-canvas", "aria-hidden": "true" })]));
    const { curve, learned, true: truth, means, sequence } = Object.fromEntries(
      Object.entries(this.places).map(([name, place]) =>
        [name, node("div", { class: "hmm-layers" }, this.canvases[name], place)]));
    this.tiles = node("div", { class: "hmm-tiles" });
    this.scrubber = new Scrubber((command) => this.stream.tell(command));
    this.captions = { learned: node("h5", {}, "learned"), true: node("h5", {}, "true") };
    this.remark = node("p", { class: "hmm-remark" }, "no truth: uploaded data");
    this.truthColumn = node("div", { class: "hmm-column" }, this.captions.true, truth);
    this.root = node("div", { class: "hmm-panel", "data-testid": "hmm-panel", "data-draws": 0,
      "data-painted": 0 },
      node("div", { class: "hmm-grid" },
        this.tiles,
        this.scrubber.root,
        card("curve", "Log-likelihood per observation", "", curve),
        card("matrices", "Transition matrix", "",
          node("div", { class: "hmm-columns" },
            node("div", { class: "hmm-column" }, this.captions.learned, learned),
            this.truthColumn, this.remark)),
        card("means", "Means and densities", "", means),
        card("sequence", "", "", sequence)));
    this.note = (name) => this.root.querySelector(`.hmm-${name} .hmm-note`);
    this.legend = node("span", { class: "hmm-legend", "aria-hidden": "true" });
    this.root.querySelector(".hmm-sequence header").append(this.legend);
    this.redraw = coalesce(() => this.draw());
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(this.root);
  }

  // A message of the page.
  show(message, component) {
    const { live } = message.header;
    this.component = component;
    if (live) {
      this.frozen = false;
      this.news = live.news;
      if (live.stream !== this.stream.address) this.number = 0;
      this.stream.follow(live);
    }
    this.take(message);
  }

  // A picture of the stream.
  receive(message) {
    if (this.frozen) return;
    this.take(message);
    if (message.header.live.news !== this.news) this.tellNews();
  }

  take(message) {
    const number = message.header.live?.number ?? this.number;
    if (number < this.number) return; // overtaken by a later one
    this.number = number;
    this.message = message;
    if (message.header.live?.link) stand(message.header.live.link);
    this.resting = false;
    clearTimeout(this.rest);
    this.redraw();
  }

  // Let the page run again, for it has something else to say now.
  tellNews() {
    const wait = (this.told ?? -NEWS_APART) + NEWS_APART - performance.now();
    clearTimeout(this.telling);
    if (wait > 0) {
      this.telling = setTimeout(() => this.tellNews(), wait);
      return;
    }
    this.told = performance.now();
    this.news = this.message?.header.live?.news;
    this.component?.setTriggerValue("news", this.number);
  }

  async draw() {
    const Plotly = await this.ready();
    if (!Plotly || !this.message) return;
    const { message } = this; // the next one may arrive while this one is drawn
    const { header } = message;
    const theme = readTheme(this.root);
    this.writeTexts(message);
    let drew = false;
    let late = false;
    for (const [name, build] of Object.entries(BUILDERS)) {
      const meta = header.charts[name];
      const place = this.places[name];
      if (meta.present === false || !place.clientWidth) continue;
      const size = `${place.clientWidth}x${place.clientHeight}`;
      const chart = this.charts[name];
      const zoomKey = chart.fixed ? "" : header.data_key;
      const key = [meta.digest, zoomKey, header.num_states, size, theme.key].join("|");
      const settles = chart.drawn === key && chart.painted && (this.resting || chart.hovered);
      if (chart.drawn === key && !settles && !chart.stale) continue;
      const built = build(message, theme);
      const sameSize = chart.size === size;
      if (!settles && sameSize && chart.paint(built, zoomKey)) {
        Object.assign(chart, { drawn: key, stale: false });
        drew = true;
        continue;
      }
      if (this.postpone(chart, header)) {
        late ||= name === "curve";
        continue;
      }
      Object.assign(chart, { drawn: key, stale: false, size });
      await chart.draw(built, zoomKey, sameSize && !this.resting);
      if (this.destroyed) return;
      drew ||= !settles;
      if (settles) {
        // The rest comes in frames of their own, so that nothing waits for all of them.
        this.redraw();
        break;
      }
    }
    if (drew) this.root.dataset.draws = Number(this.root.dataset.draws) + 1;
    if (!late) this.root.dataset.iteration = Math.max(...header.runs.map((run) => run.iteration));
    const painted = Object.values(this.charts).filter((chart) => chart.painted).length;
    this.root.dataset.painted = painted;
    if (painted && !this.resting) {
      clearTimeout(this.rest);
      this.rest = setTimeout(() => {
        this.resting = true;
        this.redraw();
      }, REST);
    }
    await learnSymbols(Plotly, [...Object.keys(GLYPHS), "circle-open"]);
  }

  // A chart that takes long (thousands of marks) may use at most a third of the time, so that
  // the others and the page's controls stay quick. It is caught up as soon as possible.
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

  async ready() {
    if (this.charts) return this.Plotly;
    try {
      this.Plotly = await this.plotly;
    } catch (error) {
      this.tiles.textContent = error.message;
      return null;
    }
    if (this.destroyed) return null;
    this.charts = {};
    for (const [name, place] of Object.entries(this.places)) {
      const chart = new Chart(this.Plotly, place, {
        name: FILES[name], ownsRanges: true, canvas: this.canvases[name],
      });
      chart.onReset = () => this.redraw();
      chart.onStale = () => {
        chart.stale = true;
        this.redraw();
      };
      this.charts[name] = chart;
    }
    return this.Plotly;
  }

  writeTexts({ header, arrays }) {
    this.writeTiles(header);
    if (header.live) this.scrubber.show(header.live);
    const { curve, sequence } = header.charts;
    const truth = header.charts.true.present !== false;
    const K = header.num_states;
    this.truthColumn.hidden = !truth;
    this.remark.hidden = truth;
    write(this.captions.learned, `learned by ${header.shown_run}`);
    write(this.note("curve"), "higher is better");
    write(this.note("matrices"), "rows sum to 1");
    const [title, marks] = header.card;
    const { shown, length, note } = header.charts.means; // of a cloud of points, of a table
    write(this.root.querySelector(".hmm-means h4"), title);
    write(this.note("means"), shown < length
      ? `${marks}; ${thousands(shown)} of ${thousands(length)} points` : note ?? marks);
    write(this.root.querySelector(".hmm-sequence h4"), `States of ${sequence.name}`);
    const points = arrays["sequence.times"].shape[0];
    write(this.note("sequence"), points < sequence.length
      ? `showing ${thousands(points)} of ${thousands(sequence.length)} points` : "drag to zoom in on a stretch of time, double-click to return");
    const looks = `${header.data_key}|${K}|${truth}|${title}|${header.states.colours.join()}`;
    if (this.looks !== looks) {
      this.looks = looks;
      this.legend.replaceChildren(...header.states.colours.slice(0, K).map((colour, k) =>
        node("span", {}, node("i", { style: `color:${colour}` }, GLYPHS[header.states.symbols[k]]),
          charts.stateName(k))));
      this.root.dataset.states = K;
      this.places.sequence.style.height = `${330 + 9 * Math.max(0, K - 8)}px`;
      const say = (name, text) => this.places[name].setAttribute("aria-label", text);
      const runs = header.runs.map((run) => run.name).join(" and ");
      say("curve", `Log-likelihood per observation against iteration for ${runs}`
        + (curve.truth === null ? "." : `; the true model has ${curve.truth.toFixed(3)} nats.`));
      say("learned", `Heat map of the learned transition matrix of ${K} states.`);
      say("true", `Heat map of the true transition matrix of ${K} states.`);
      say("means", `${title} of the data and of each of ${K} states: learned`
        + (truth ? " and true." : "."));
      say("sequence", `${sequence.name} on one time axis: ${sequence.length} observations coloured`
        + ` by state, ${truth ? "the true path, " : ""}the Viterbi path and`
        + " the posterior probability of each state.");
    }
  }

  writeTiles(header) {
    const names = header.runs.map((run) => run.name).join();
    if (this.tileNames !== names) {
      this.tileNames = names;
      const value = (run, name, label) => node("div", { class: "hmm-value" },
        node("span", {}, label), node("b", { "data-testid": `${name}-${run.name}` }, "–"));
      this.tiles.replaceChildren(...header.runs.map((run) => node("div", { class: "hmm-tile" },
        node("div", { class: "hmm-run" },
          node("i", { style: `border-top:3px ${run.dash === "solid" ? "solid" : "dashed"} ${run.colour}` }),
          run.name),
        value(run, "iteration", "Iteration"),
        value(run, "log-likelihood", "Log-likelihood per observation"),
        value(run, "gain", "Gain of the last step"))));
      this.values = (name, run) => this.tiles.querySelector(`[data-testid="${name}-${run.name}"]`);
    }
    for (const run of header.runs) {
      const likelihood = run.log_likelihood;
      write(this.values("iteration", run), thousands(run.iteration));
      write(this.values("log-likelihood", run),
        likelihood === null ? "impossible" : minus(likelihood.toFixed(4)));
      write(this.values("gain", run), gainText(run.gain));
    }
  }

  destroy() {
    this.destroyed = true;
    document.removeEventListener("click", this.pressed, true);
    for (const name of TOUCHES) document.removeEventListener(name, this.touched, true);
    this.stream.close();
    this.scrubber.stop();
    clearTimeout(this.rest);
    clearTimeout(this.telling);
    this.redraw.stop();
    this.observer.disconnect();
    for (const chart of Object.values(this.charts ?? {})) {
      clearTimeout(chart.later);
      chart.destroy();
    }
    this.root.remove();
  }
}

export const drawPanel = viewKeeper((plotly) => new Panel(plotly));
