// The live panel: tiles with numbers and five charts, fed by messages of pages/ui/panel.py.

import * as charts from "./charts.js";
import { emissions } from "./emissions.js";
import { Chart, addStyle, coalesce, node, readTheme, viewKeeper } from "./plotting.js";
import { STYLE } from "./panel-style.js";

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
    this.places = Object.fromEntries(Object.keys(BUILDERS).map((name) =>
      [name, node("div", { class: "hmm-plot", role: "img", "data-chart": name })]));
    const { curve, learned, true: truth, means, sequence } = this.places;
    this.tiles = node("div", { class: "hmm-tiles" });
    this.captions = { learned: node("h5", {}, "learned"), true: node("h5", {}, "true") };
    this.remark = node("p", { class: "hmm-remark" }, "no truth: uploaded data");
    this.truthColumn = node("div", { class: "hmm-column" }, this.captions.true, truth);
    this.root = node("div", { class: "hmm-panel", "data-testid": "hmm-panel", "data-draws": 0 },
      node("div", { class: "hmm-grid" },
        this.tiles,
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

  show(message) {
    this.message = message;
    this.redraw();
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
      const key = [meta.digest, header.data_key, header.num_states, size, theme.key].join("|");
      const chart = this.charts[name];
      if (chart.drawn === key) continue;
      if (this.postpone(chart, header)) {
        late ||= name === "curve";
        continue;
      }
      chart.drawn = key;
      await chart.draw(build(message, theme), header.data_key);
      if (this.destroyed) return;
      drew = true;
    }
    if (drew) this.root.dataset.draws = Number(this.root.dataset.draws) + 1;
    if (!late) this.root.dataset.iteration = Math.max(...header.runs.map((run) => run.iteration));
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
      const chart = new Chart(this.Plotly, place, { name: FILES[name], ownsRanges: true });
      chart.onReset = () => this.redraw();
      this.charts[name] = chart;
    }
    return this.Plotly;
  }

  writeTexts({ header, arrays }) {
    this.writeTiles(header);
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
