// What the charts of the live views show, in words, for readers who cannot see them: the result first
// of all. One sentence or more for each chart, by its name, from a message of pages/ui/live.

import { literal } from "./brush.js";
import { partMessage } from "./emissions.js";
import { compact, plainName, rows, two } from "./charts.js";

const NONE = 255; // wire.MISSING

const fixed = (digits) => (value) => value.toFixed(digits).replace("-", "−");
const three = fixed(3);
const number = (value) => (value === null ? "none" : compact(value));
const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

// A value for each state, such as "S1 −2.00 (true −1.98), S2 0.01 (true 0.00)".
function ofStates(learned, truth, text, states) {
  return learned.map((value, k) =>
    `${plainName(k, states)} ${text(value)}${truth ? ` (true ${text(truth[k])})` : ""}`).join(", ");
}

// "EM: −1.151 at iteration 40; Gradient: −1.203 at iteration 12 of 40"
function reached(runs) {
  return runs.map(({ name, iteration, last, log_likelihood: value }) => {
    const of = last === undefined || last === iteration ? "" : ` of ${last}`;
    return `${name}: ${value === null ? "impossible" : three(value)} at iteration ${iteration}${of}`;
  }).join("; ");
}

function likelihoods({ runs, charts }) {
  const { truth, climbed = [] } = charts.curve;
  const posteriors = climbed.map((value) => (value === null ? "impossible" : three(value)));
  return `Log-likelihood per observation, in nats. ${reached(runs)}`
    + `${truth === null ? "" : `; true model ${three(truth)}`}.`
    + `${climbed.length ? ` Climbed is the log-posterior: ${posteriors.join(", ")}.` : ""}`;
}

export function panelWords(message) {
  const { header, arrays } = message;
  const known = header.charts.true.present !== false;
  return {
    curve: likelihoods(header),
    learned: matrix("learned", message),
    true: known ? matrix("true", message) : "",
    means: `${header.card[0]} of the data and of each of ${many(header.num_states, "state")}. `
      + EMISSIONS[header.charts.means.kind](message)
      + (header.charts.means.level ? ` Whiskers are intervals at ${header.charts.means.level} %.` : ""),
    sequence: sequence(message),
  };
}

function matrix(which, { header, arrays }) {
  const probs = rows(arrays[`${which}.probs`]);
  return `Heat map of the ${which} transition matrix of ${many(probs.length, "state")}. `
    + `Probability of staying: ${ofStates(probs.map((row, k) => row[k]), null, two, header.states)}.`;
}

const EMISSIONS = {
  parts(message) {
    return message.header.charts.means.parts.map((meta, j) =>
      `${literal(meta.x)}: ${EMISSIONS[meta.kind](partMessage(message, j))}`).join(" ");
  },
  marginals({ header, arrays }) {
    const [learned, truth] = ["means", "true_means"].map((name) => arrays[`means.${name}`]?.values);
    return `Learned ${header.charts.means.mean}s: ${ofStates([...learned], truth, compact, header.states)}.`;
  },
  symbols({ header, arrays }) {
    const { labels } = header.charts.means;
    const truth = arrays["means.true_probs"] && rows(arrays["means.true_probs"]);
    const most = rows(arrays["means.probs"]).map((row) => row.indexOf(Math.max(...row)));
    const probs = rows(arrays["means.probs"]);
    const words = most.map((c, k) => `${plainName(k, header.states)} ${literal(labels[c])} with ${two(probs[k][c])}`
      + `${truth ? ` (true ${two(truth[k][c])})` : ""}`);
    return `Most probable symbol of each state: ${words.join(", ")}.`;
  },
  ellipses({ header, arrays }) {
    const points = (name) => {
      const [x, y] = ["x", "y"].map((letter) => arrays[`means.${name}_${letter}`]?.values);
      return x && Array.from(x, (value, k) => [value, y[k]]);
    };
    const text = ([x, y]) => `(${compact(x)}, ${compact(y)})`;
    return `Learned means: ${ofStates(points("means"), points("true_means"), text, header.states)}.`;
  },
};

function sequence({ header, arrays }) {
  const { name, length, width } = header.charts.sequence;
  const viterbi = arrays["sequence.viterbi"].values;
  const truth = arrays["sequence.true_states"]?.values;
  const columns = viterbi.length;
  const share = (count) => `${Math.round((100 * count) / columns)} %`;
  const counts = Array.from({ length: header.num_states }, (_, k) =>
    viterbi.reduce((count, state) => count + (state === k), 0));
  const visited = counts.map((count, k) => [count, k]).filter(([count]) => count);
  const shares = visited.length ? visited.map(([count, k]) =>
    `${plainName(k, header.states)} ${share(count)}`).join(", ") : "no possible state";
  const known = truth ? truth.reduce((count, state) => count + (state !== NONE), 0) : 0;
  const right = known && truth.reduce((count, state, c) =>
    count + (state !== NONE && state === viterbi[c]), 0);
  const where = width === 1 ? "steps" : "stretches of time";
  return `${name} on one time axis: ${many(length, "observation")} coloured by state, `
    + `${truth ? "the true path, " : ""}the Viterbi path and the posterior probability of each state. `
    + `Viterbi path: ${shares}.`
    + `${known ? ` It is the true one at ${right} of ${known} ${where}.` : ""}`;
}

export function comparisonWords({ header }) {
  const { runs, charts } = header;
  const { distance } = charts;
  const below = runs.map(({ name, distance: value }) =>
    `${name} ${value === null ? "none" : +value.toPrecision(3)}`).join(", ");
  const track = ({ title, runs: shown, shown_values: values, truth }) => {
    const words = shown.map((run, at) =>
      `${runs[run].name}: ${ofStates(values[at], truth, number, header.states)}`);
    return `${title} of ${many(header.num_states, "state")}. ${words.join("; ")}.`;
  };
  return {
    curve: likelihoods(header),
    distance: distance.present === false ? ""
      : `Distance to ${distance.reference_name} in nats per observation, logarithmic. ${below}.`,
    location: track(charts.location),
    spread: track(charts.spread),
    stay: track(charts.stay),
  };
}

// The value at a position of an axis.
const VALUES = { value: (p) => p, log: Math.exp, logit: (p) => 1 / (1 + Math.exp(-p)) };
const valueAt = ({ scale }, position) => compact(VALUES[scale](position));

// "mean of S1 = 1.20, mean of S2 = 0.30"
export const placeWords = (meta, x, y) =>
  `${meta.x.title} = ${valueAt(meta.x, x)}, ${meta.y.title} = ${valueAt(meta.y, y)}`;

export const MAP_TITLES = {
  ends: (method) => `Where ${method} ends, from each start`,
  height: (method) => `How high ${method} ends, from each start`,
  steps: (method) => `How many steps ${method} takes, from each start`,
};
export const methodName = (method) => (method === "Gradient" ? "gradient ascent" : method);

// A share of all starts; only all of them are 100 %, and only none are 0 %.
export const percent = (share) => (share > 0 && share < 0.01 ? "< 1 %"
  : share < 1 && share > 0.99 ? "> 99 %" : `${Math.round(100 * share)} %`);

const MOST_MARKS = 12; // that are named; the others are counted

export function landscapeWords({ header, arrays }) {
  const { charts, optima, maps, projected } = header;
  return {
    surface: charts.surface.present === false ? "" : surface(charts.surface, arrays, projected),
    ...Object.fromEntries(maps.map(({ method, size, failed }, n) =>
      [`map${n}`, failed ? "" : ends(n, method, size, optima, header.shows)])),
    line: charts.line.present === false ? "" : line(charts.line),
  };
}

function surface(meta, arrays, projected) {
  const [xs, ys, values] = ["xs", "ys", "values"].map((part) => arrays[`surface.${part}`].values);
  const best = values.reduce((at, value, n) => (value > (values[at] ?? -Infinity) || Number.isNaN(values[at])
    ? n : at), 0);
  const top = Number.isNaN(values[best]) ? "no model is possible here"
    : `highest ${three(values[best])} at `
      + placeWords(meta, xs[best % xs.length], ys[Math.floor(best / xs.length)]);
  const marks = meta.marks.slice(0, MOST_MARKS).map(({ label, x, y }) => `${label}: ${placeWords(meta, x, y)}`);
  const more = meta.marks.length - marks.length;
  return `Log-likelihood per observation, in nats, over ${meta.x.title} and ${meta.y.title}: ${top}.`
    + `${marks.length ? ` ${marks.join("; ")}.` : ""}${more > 0 ? ` ${many(more, "more mark")}.` : ""}`
    + `${projected ? " Paths lie near the surface, not on it." : ""}`;
}

// Log-likelihoods of optima, with so many decimals that no two look the same; five at most.
export function apart(values) {
  const written = (convert) => values.map((value) => (value === null ? "impossible" : convert(value)));
  const ways = [compact, ...[2, 3, 4, 5].map(fixed)].map(written);
  return ways.find((texts) => new Set(texts).size === new Set(values).size) ?? ways.at(-1);
}

function ends(n, method, size, { rows: listed, others, other_shares: rest }, shows) {
  const heights = apart(listed.map(({ log_likelihood: value }) => value));
  const words = listed.map(({ shares }, i) =>
    `optimum ${i + 1}, log-likelihood ${heights[i]}: ${percent(shares[n])}`);
  if (others) words.push(`${many(others, "other")}: ${percent(rest[n])}`);
  return `${MAP_TITLES[shows](methodName(method))}. Map of ${size.join(" × ")} starts. `
    + `${words.length ? `${words.join("; ")}.` : "No optimum is known yet."}`;
}

function line({ names, ends: [first, second], barrier }) {
  const value = (one) => (one === null || one === undefined ? "impossible" : three(one));
  return `Log-likelihood per observation, in nats, along a line: ${names[0]} ${value(first)}, `
    + `${names[1]} ${value(second)}. ${barrier}`;
}
