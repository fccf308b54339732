// The live panel: tiles with numbers, the model as a picture or as matrices, and three charts, fed by
// messages of pages/ui/live/panel.py.

import { columnAt } from "./brush.js";
import { panelWords } from "./chart-words.js";
import * as charts from "./charts.js";
import { emissions, partRows } from "./emissions.js";
import { Hand } from "./hand.js";
import { LiveView, card, gainText, lineSample, minus, thousands, write } from "./live-view.js";
import { node, scaled, unscaled, viewKeeper } from "./plotting.js";
import { tell } from "./run-controls.js";
import { drawnFrom, isDrawn } from "./state-graph-layout.js";
import { StateGraph, strongest } from "./state-graph.js";

const GLYPHS = {
  circle: "●", square: "■", diamond: "◆", "triangle-up": "▲", cross: "✚", x: "✖",
  "triangle-down": "▼", star: "★", pentagon: "⬟", hexagram: "✶",
  "triangle-left": "◀", "triangle-right": "▶", hexagon: "⬢", "diamond-tall": "♦",
  // Few fonts have these shapes, so similar ones are used.
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

const VIEWS = ["picture", "matrix"]; // of the model; each is a command of session/commands.py
const NONE = 255; // wire.MISSING

const SYMBOLS = [...Object.keys(GLYPHS), "circle-open"];

class Panel extends LiveView {
  constructor(plotly) {
    super(plotly, {
      key: "live_panel", testId: "hmm-panel", builders: BUILDERS, files: FILES, symbols: SYMBOLS,
    });
    const { curve, learned, true: truth, means, sequence } = this.layers;
    this.tiles = node("div", { class: "hmm-tiles" });
    this.captions = { learned: node("h3", {}, "learned"), true: node("h3", {}, "true") };
    this.remark = node("p", { class: "hmm-remark" }, "");
    this.graphs = { learned: new StateGraph("learned"), true: new StateGraph("true") };
    const column = (name, layer) =>
      node("div", { class: "hmm-column" }, this.captions[name], layer, this.graphs[name].root);
    this.truthColumn = column("true", truth);
    this.columns = node("div", { class: "hmm-columns" },
      column("learned", learned), this.truthColumn, this.remark);
    this.viewButtons = VIEWS.map((view) => {
      const button = node("button", { type: "button", class: "hmm-button" }, view);
      button.addEventListener("click", () => this.choose(view));
      return button;
    });
    this.root.append(node("div", { class: "hmm-grid" },
      this.tiles,
      card("curve", "Log-likelihood per observation", "", curve),
      card("matrices", "The model", "", this.columns),
      card("means", "Means and densities", "", means),
      card("sequence", "", "", sequence)));
    this.hands = { means: new Hand(means), learned: new Hand(learned) };
    this.legend = node("span", { class: "hmm-legend", "aria-hidden": "true" });
    this.root.querySelector(".hmm-sequence header").append(this.legend);
    this.root.querySelector(".hmm-matrices header").append(node("div",
      { class: "hmm-views", role: "group", "aria-label": "The model as" }, ...this.viewButtons));
    this.places.sequence.addEventListener("pointermove", (event) => this.pointAt(event.clientX));
    this.places.sequence.addEventListener("pointerleave", () => this.pointAt(null));
  }

  // Draw the model in another way, at once; the server hears of it for the link.
  choose(view) {
    if (view === this.view) return;
    this.view = view;
    tell(view);
    this.redraw();
  }

  // Light the states of the time at this place of the window; null lights none.
  pointAt(clientX) {
    this.pointedAt = clientX;
    const { header, arrays } = this.message;
    const trace = this.charts?.sequence.traces.find(({ type }) => type === "heatmap");
    const column = clientX === null || !trace || this.view !== "picture" ? -1
      : columnAt(this.places.sequence, trace, clientX);
    const state = (name) => {
      const found = arrays[`sequence.${name}`]?.values[column];
      return found === undefined || found === NONE ? null : found;
    };
    this.graphs.learned.light(state("viterbi"));
    this.graphs.true.light(state("true_states"));
  }

  writeModel({ header, arrays }) {
    const K = header.num_states;
    // Frames that were made before the server heard of a press do not undo it.
    if (header.model_view !== this.saidView) {
      this.saidView = header.model_view;
      this.view = header.model_view;
    }
    const picture = this.view === "picture";
    const truth = header.charts.true.present !== false;
    const { words, true_words: trueWords, whole_words: whole, true_whole_words: trueWhole } =
      header.charts.graph;
    this.truthColumn.hidden = !truth;
    this.remark.hidden = truth || picture;
    write(this.remark, header.no_truth);
    write(this.captions.learned, `learned by ${header.shown_run}`
      + (truth || !picture ? "" : `; ${header.no_truth}`));
    write(this.root.querySelector(".hmm-matrices h2"), picture ? "The model" : "Transition matrix");
    const matrices = [arrays["learned.probs"], ...(truth ? [arrays["true.probs"]] : [])];
    const faint = matrices.some(({ values }) => values.some((p) => p > 0 && !isDrawn(p, K)));
    const rounded = !matrices.every(charts.sumAsWritten);
    const about = picture ? faint && `no arrows below ${drawnFrom(K)}`
      : rounded ? "rounded" : "rows sum to 1";
    write(this.note("matrices"), [about, header.numbering].filter(Boolean).join("; "));
    const shown = `${this.view}|${truth}`;
    if (this.shownModel !== shown) {
      this.shownModel = shown;
      this.sizes = null;
      this.columns.classList.toggle("hmm-pictures", picture);
      this.columns.classList.toggle("hmm-single", picture && !truth);
      for (const [name, graph] of Object.entries(this.graphs)) {
        graph.root.hidden = !picture;
        this.layers[name].hidden = picture;
      }
      this.viewButtons.forEach((button, i) =>
        button.setAttribute("aria-pressed", VIEWS[i] === this.view));
    }
    if (!picture) return;
    const { colours } = header.states;
    const show = (name, initial, texts, tips) => {
      const probs = arrays[`${name}.probs`].values;
      this.graphs[name].show({
        K, colours, probs, initial: initial.values, words: texts, tips, states: header.states,
      });
      const label = `State graph of ${K} state${K === 1 ? "" : "s"}, ${name}. `
        + `Strongest: ${strongest(probs, K, header.states)}.`;
      if (this.graphs[name].root.ariaLabel !== label) this.graphs[name].root.ariaLabel = label;
    };
    show("learned", arrays["graph.initial"], words, whole ?? words);
    if (truth) show("true", arrays["graph.true_initial"], trueWords, trueWhole ?? trueWords);
    // What is under a pointer that rests changes while the model learns.
    if (this.pointedAt !== null && this.pointedAt !== undefined) this.pointAt(this.pointedAt);
  }

  writeTexts({ header, arrays }) {
    this.writeTiles(header);
    this.writeModel({ header, arrays });
    const { curve, sequence } = header.charts;
    const truth = header.charts.true.present !== false;
    const K = header.num_states;
    write(this.note("curve"), charts.toGo(curve) ? "by hand"
      : curve.climbed?.length ? "points: log-posterior" : "higher is better");
    const [title, marks] = header.card;
    const { shown, length, note } = header.charts.means; // of a scatter plot, and of a table
    write(this.root.querySelector(".hmm-means h2"), title);
    write(this.note("means"), shown < length
      ? `${marks}; ${thousands(shown)} of ${thousands(length)} points` : note ?? marks);
    this.note("means").title = header.no_hand;
    write(this.root.querySelector(".hmm-sequence h2"), `States of ${sequence.name}`);
    const points = arrays["sequence.times"].shape[0];
    const gaps = sequence.missing ? `${thousands(sequence.missing)} missing, without a point` : "";
    const some = points < sequence.length
      ? `showing ${thousands(points)} of ${thousands(sequence.length)} points` : "";
    write(this.note("sequence"), [header.numbering, some, gaps].filter(Boolean).join("; ")
      || `${this.view === "picture" ? "point at a time: its state is lit above; " : ""}`
        + "drag or + zooms in, double-click or 0 returns");
    const appearance = [header.data_key, K, truth, title, sequence.further?.length, header.states.colours.join(),
      header.states.names.join()].join("|");
    if (this.appearance !== appearance) {
      this.appearance = appearance;
      this.sizes = null;
      this.legend.replaceChildren(...header.states.colours.slice(0, K).map((colour, k) =>
        node("span", {}, node("i", { style: `color:${colour}` }, GLYPHS[header.states.symbols[k]]),
          charts.plainName(k, header.states))));
      this.places.sequence.style.height = scaled(240 + 9 * Math.max(0, K - 5)
        + charts.PANEL * (sequence.further?.length ?? 0));
      const parts = header.charts.means.parts?.length ?? 0;
      this.root.querySelector(".hmm-grid").classList.toggle("hmm-with-parts", parts > 0);
      const [width] = unscaled([this.root.clientWidth]);
      this.places.means.style.height = parts ? scaled(20 + 165 * partRows(parts, width - 80)) : "";
    }
  }

  descriptions(message) {
    return panelWords(message);
  }

  writeTiles(header) {
    const names = header.runs.map((run) => run.name).join();
    if (this.tileNames !== names) {
      this.tileNames = names;
      const value = (run, name, label) => node("div", { class: "hmm-value" },
        node("span", {}, label), node("b", { "data-testid": `${name}-${run.name}` }, "–"));
      this.tiles.replaceChildren(...header.runs.map((run) => node("div", { class: "hmm-tile" },
        node("div", { class: "hmm-run" },
          node("i", { style: lineSample(run) }),
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
}

export const drawPanel = viewKeeper((plotly) => new Panel(plotly));
