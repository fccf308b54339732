// The comparison of runs: a verdict, a row of numbers for each run, and five charts. Its messages
// come from pages/ui/live/run_comparison.py.

import { comparisonWords } from "./chart-words.js";
import { plainName } from "./charts.js";
import * as charts from "./run-comparison-charts.js";
import { STYLE } from "./run-comparison-style.js";
import { LiveView, card, gainText, lineSample, minus, thousands, write } from "./live-view.js";
import { addStyle, node, viewKeeper } from "./plotting.js";

const TRACKS = ["location", "spread", "stay"];
const BUILDERS = {
  curve: charts.curve,
  distance: charts.distance,
  ...Object.fromEntries(TRACKS.map((name) =>
    [name, (message, theme) => charts.track(message, theme, name)])),
};
const FILES = {
  curve: "log-likelihoods", distance: "distance", location: "locations", spread: "spreads",
  stay: "staying-probabilities",
};
const COLUMNS = [
  ["iteration", "Iteration", "Steps taken; 0 is the start."],
  ["log-likelihood", "Log-likelihood", "Per observation, in nats; higher is better."],
  ["distance", "Distance", "How far below what distances are measured from, in nats."],
  ["gain", "Last gain", "What the last step changed, in nats per observation."],
  ["rate", "Rate", "Factor by which the distance to its own limit shrinks in one step."],
  ["dips", "Dips", "Steps that lowered the likelihood."],
  ["seconds", "Time", "Time of computing on this server so far, and per step."],
];
const READABLE = 400; // milliseconds for which a sentence stays while the runs play

const small = (value) => (value === null ? "–" : value === 0 ? "0"
  : minus(Math.abs(value) >= 0.001 ? `${+value.toPrecision(3)}` : value.toExponential(1)));

const timePerStep = ({ seconds, iteration }) => (iteration
  ? `, ${(1000 * seconds / iteration).toPrecision(2)} ms a step` : "");

class RunComparison extends LiveView {
  constructor(plotly) {
    addStyle("hmm-run-comparison-style", STYLE);
    super(plotly, {
      key: "run_comparison", testId: "hmm-run-comparison", builders: BUILDERS, files: FILES,
      symbols: ["circle", "diamond", "square", "triangle-up"],
    });
    this.headline = node("h2", { "data-testid": "verdict" });
    this.reason = node("p", {});
    this.sweep = node("p", { "data-testid": "sweep" });
    this.verdict = node("section", { class: "hmm-card hmm-verdict", role: "status" },
      this.headline, this.reason, this.sweep);
    this.body = node("tbody", {});
    const head = node("tr", {}, node("th", { scope: "col" }, "Run"),
      ...COLUMNS.map(([name, label, help]) =>
        node("th", { scope: "col", title: help, class: `hmm-cell-${name}` }, label)));
    this.table = node("div", { class: "hmm-card hmm-runs" },
      node("table", {}, node("thead", {}, head), this.body));
    this.legend = node("span", { class: "hmm-legend", "aria-hidden": "true" });
    const { curve, distance, ...tracks } = this.layers;
    this.root.append(node("div", { class: "hmm-grid hmm-run-comparison" },
      this.verdict, this.table,
      card("curve", "Log-likelihood per observation", "higher is better", curve),
      card("distance", "Distance", "logarithmic; lower is better", distance),
      ...TRACKS.map((name) => card(name, "", "", tracks[name]))));
    this.root.querySelector(".hmm-location header").append(this.legend);
  }

  writeTexts({ header }) {
    this.writeVerdict(header);
    this.writeRows(header.runs);
    const { distance } = header.charts;
    write(this.title("distance"), `Distance to ${distance.reference_name}`);
    for (const name of TRACKS) {
      write(this.title(name), header.charts[name].title);
    }
    const names = header.runs.map((run) => run.name).join(", ");
    const appearance = [header.num_states, header.states.names, names, distance.reference_name,
      ...TRACKS.map((name) => header.charts[name].title)].join("|");
    if (this.appearance === appearance) return;
    this.appearance = appearance;
    this.legend.replaceChildren(...header.states.colours.map((colour, k) => node("span", {},
      node("i", { style: `color:${colour}` }, "■"), plainName(k, header.states))));
  }

  descriptions(message) {
    return comparisonWords(message);
  }

  title(name) {
    return this.root.querySelector(`.hmm-${name} h2`);
  }

  writeVerdict({ verdict, sweep, live }) {
    const now = performance.now();
    if (live.playing && now - (this.verdictTime ?? -READABLE) < READABLE) return;
    this.verdictTime = now;
    // Screen readers announce it only while nothing plays.
    this.verdict.setAttribute("aria-live", live.playing ? "off" : "polite");
    write(this.headline, verdict[0]);
    write(this.reason, verdict[1]);
    write(this.sweep, sweep);
    this.sweep.hidden = !sweep;
  }

  writeRows(runs) {
    const appearance = runs.map((run) => `${run.name} ${run.colour}`).join();
    if (this.rowAppearance !== appearance) {
      this.rowAppearance = appearance;
      this.cells = runs.map((run) => Object.fromEntries(COLUMNS.map(([name]) =>
        [name, node("td", { class: `hmm-cell-${name}`, "data-testid": `${name}-${run.name}` })])));
      for (const { seconds } of this.cells) {
        seconds.append(node("span", {}), node("span", { class: "hmm-each" }));
      }
      this.body.replaceChildren(...runs.map((run, i) => node("tr", {},
        node("th", { scope: "row" },
          node("i", { style: lineSample(run) }), run.name),
        ...Object.values(this.cells[i]))));
    }
    runs.forEach((run, i) => {
      const cells = this.cells[i];
      write(cells.iteration, thousands(run.iteration) + (run.ended ? `, ${run.ended}` : ""));
      write(cells["log-likelihood"],
        run.log_likelihood === null ? "impossible" : minus(run.log_likelihood.toFixed(5)));
      write(cells.distance, small(run.distance));
      write(cells.gain, gainText(run.gain));
      write(cells.rate, run.rate === null ? "–" : `× ${run.rate.toFixed(3)}`);
      write(cells.dips, thousands(run.dips));
      write(cells.seconds.firstChild, `${run.seconds.toFixed(2)} s`);
      write(cells.seconds.lastChild, timePerStep(run));
    });
  }
}

export const drawRunComparison = viewKeeper((plotly) => new RunComparison(plotly));
