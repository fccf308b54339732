// The live panel: tiles with numbers and five charts, fed by messages of pages/ui/live/panel.py.

import * as charts from "./charts.js";
import { emissions } from "./emissions.js";
import { LiveView, card, gainText, minus, thousands, write } from "./live-view.js";
import { Hand } from "./hand.js";
import { node, viewKeeper } from "./plotting.js";

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

const SYMBOLS = [...Object.keys(GLYPHS), "circle-open"];

class Panel extends LiveView {
  constructor(plotly) {
    super(plotly, {
      key: "live_panel", testId: "hmm-panel", builders: BUILDERS, files: FILES, symbols: SYMBOLS,
    });
    const { curve, learned, true: truth, means, sequence } = this.layers;
    this.tiles = node("div", { class: "hmm-tiles" });
    this.captions = { learned: node("h5", {}, "learned"), true: node("h5", {}, "true") };
    this.remark = node("p", { class: "hmm-remark" }, "");
    this.truthColumn = node("div", { class: "hmm-column" }, this.captions.true, truth);
    this.root.append(node("div", { class: "hmm-grid" },
      this.tiles,
      card("curve", "Log-likelihood per observation", "", curve),
      card("matrices", "Transition matrix", "",
        node("div", { class: "hmm-columns" },
          node("div", { class: "hmm-column" }, this.captions.learned, learned),
          this.truthColumn, this.remark)),
      card("means", "Means and densities", "", means),
      card("sequence", "", "", sequence)));
    this.hands = { means: new Hand(means) };
    this.legend = node("span", { class: "hmm-legend", "aria-hidden": "true" });
    this.root.querySelector(".hmm-sequence header").append(this.legend);
  }

  writeTexts({ header, arrays }) {
    this.writeTiles(header);
    const { curve, sequence } = header.charts;
    const truth = header.charts.true.present !== false;
    const K = header.num_states;
    this.truthColumn.hidden = !truth;
    this.remark.hidden = truth;
    write(this.remark, header.no_truth);
    write(this.captions.learned, `learned by ${header.shown_run}`);
    write(this.note("curve"), charts.toGo(curve) ? "by hand" : "higher is better");
    write(this.note("matrices"), "rows sum to 1");
    const [title, marks] = header.card;
    const { shown, length, note } = header.charts.means; // of a scatter plot, and of a table
    write(this.root.querySelector(".hmm-means h4"), title);
    write(this.note("means"), shown < length
      ? `${marks}; ${thousands(shown)} of ${thousands(length)} points` : note ?? marks);
    write(this.root.querySelector(".hmm-sequence h4"), `States of ${sequence.name}`);
    const points = arrays["sequence.times"].shape[0];
    const gaps = sequence.missing ? `${thousands(sequence.missing)} missing, without a point` : "";
    const some = points < sequence.length
      ? `showing ${thousands(points)} of ${thousands(sequence.length)} points` : "";
    write(this.note("sequence"), [some, gaps].filter(Boolean).join("; ")
      || "drag to zoom in, double-click to return");
    const appearance = `${header.data_key}|${K}|${truth}|${title}|${header.states.colours.join()}`;
    if (this.appearance !== appearance) {
      this.appearance = appearance;
      this.sizes = null;
      this.legend.replaceChildren(...header.states.colours.slice(0, K).map((colour, k) =>
        node("span", {}, node("i", { style: `color:${colour}` }, GLYPHS[header.states.symbols[k]]),
          charts.stateName(k))));
      this.places.sequence.style.height = `${318 + 9 * Math.max(0, K - 8)}px`;
      const describe = (name, text) => this.places[name].setAttribute("aria-label", text);
      const runs = header.runs.map((run) => run.name).join(" and ");
      describe("curve", `Log-likelihood per observation against iteration for ${runs}`
        + (curve.truth === null ? "." : `; the true model has ${curve.truth.toFixed(3)} nats.`));
      describe("learned", `Heat map of the learned transition matrix of ${K} states.`);
      describe("true", `Heat map of the true transition matrix of ${K} states.`);
      describe("means", `${title} of the data and of each of ${K} states: learned`
        + (truth ? " and true." : "."));
      describe("sequence", `${sequence.name} on one time axis: ${sequence.length} observations coloured`
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
}

export const drawPanel = viewKeeper((plotly) => new Panel(plotly));
