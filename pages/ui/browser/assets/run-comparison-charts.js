// The charts of the comparison as pure functions of numbers: (message, theme) -> {data, layout}.

import { DASH, stateName } from "./charts.js";
import { axis, baseLayout, fade } from "./plotting.js";

const MARGIN = { l: 52, r: 14, t: 6, b: 34 };
const SYMBOLS = ["circle", "diamond", "square"];

const along = (meta, theme) => axis(theme, meta.x_title, { range: [...meta.x_range], nticks: 7 });

// Triangles on the lower axis at the marked iterations.
function flags(meta, theme, bottom) {
  return meta.marks.length ? [{
    x: meta.marks, y: meta.marks.map(() => bottom), mode: "markers", cliponaxis: false,
    marker: { color: theme.primary, size: 8, symbol: "triangle-up" },
    hovertemplate: "marked: %{x}<extra></extra>",
  }] : [];
}

// A line for each run, and a marker at its current position.
function lines({ header, arrays }, name, valueText) {
  const meta = header.charts[name];
  const [low, high] = name === "distance" ? meta.y_range.map((power) => 10 ** power) : meta.y_range;
  // Drawn last to first, so that the main runs lie on top of the others.
  return header.runs.map((run, i) => i).reverse().flatMap((i) => {
    const run = header.runs[i];
    const hovertemplate = `${run.name}, ${meta.x_title} %{x}<br>${valueText}<extra></extra>`;
    const value = meta.shown_values[i];
    // The marker is not clipped at the edge, and left out where it would lie beyond it.
    const visible = value !== null && value >= low && value <= high;
    return [
      {
        x: arrays[`${name}.x${i}`].values, y: arrays[`${name}.y${i}`].values, mode: "lines",
        hovertemplate, line: { color: run.colour, dash: run.dash, width: i < header.num_main ? 2.2 : 1.6 },
      },
      {
        x: visible ? [meta.shown[i]] : [], y: visible ? [value] : [], mode: "markers",
        hovertemplate, cliponaxis: false, marker: { color: run.colour, size: 8, symbol: SYMBOLS[i < header.num_main ? i : 2] },
      },
    ];
  });
}

export function curve(message, theme) {
  const meta = message.header.charts.curve;
  const data = [];
  if (meta.truth !== null) {
    data.push({
      x: [...meta.x_range], y: [meta.truth, meta.truth], mode: "lines", hoverinfo: "skip",
      line: { color: theme.muted, width: 1.2, dash: DASH.truth },
    });
  }
  data.push(...lines(message, "curve", "log-likelihood per observation %{y:.5f}"),
    ...flags(meta, theme, meta.y_range[0]));
  const layout = {
    ...baseLayout(theme, MARGIN),
    xaxis: along(meta, theme),
    yaxis: axis(theme, "nats per observation", { range: [...meta.y_range], nticks: 6 }),
    annotations: meta.truth === null ? [] : [{
      x: 1, xref: "paper", xanchor: "right", y: meta.truth, yanchor: "bottom", showarrow: false,
      text: `true model ${meta.truth.toFixed(3).replace("-", "−")}`,
      font: { size: 11, color: theme.muted },
    }],
  };
  return { data, layout };
}

export function distance(message, theme) {
  const meta = message.header.charts.distance;
  const [low, high] = meta.y_range;
  const data = [...lines(message, "distance", "%{y:.2e} nats per observation below"),
    ...flags(meta, theme, 10 ** low)];
  const layout = {
    ...baseLayout(theme, MARGIN),
    xaxis: along(meta, theme),
    yaxis: axis(theme, "nats per observation below", {
      type: "log", range: [low, high], dtick: high - low > 6 ? 2 : 1, exponentformat: "power",
    }),
  };
  return { data, layout };
}

// One parameter of every state over time: lines in the states' colours, dashed by run; the true
// value is dotted.
export function track({ header, arrays }, theme, name) {
  const meta = header.charts[name];
  const K = header.num_states;
  const { colours } = header.states;
  const data = [];
  meta.truth?.forEach((value, k) => data.push({
    x: [...meta.x_range], y: [value, value], mode: "lines", hoverinfo: "skip",
    line: { color: fade(colours[k], 0.75), width: 1, dash: DASH.truth },
  }));
  meta.runs.forEach((number, at) => {
    const run = header.runs[number];
    const x = arrays[`${name}.x${number}`].values;
    const { values } = arrays[`${name}.y${number}`];
    for (let k = 0; k < K; k += 1) {
      const hovertemplate = `${stateName(k, header.states)} by ${run.name}, ${meta.x_title} %{x}<br>`
        + `${meta.unit} = %{y:.4~g}<extra></extra>`;
      data.push({
        x, y: values.subarray(k * x.length, (k + 1) * x.length), mode: "lines", hovertemplate,
        line: { color: colours[k], dash: run.dash, width: 1.7 },
      });
    }
    data.push({
      x: colours.slice(0, K).map(() => meta.shown[number]), y: meta.shown_values[at],
      mode: "markers", hoverinfo: "skip", cliponaxis: false,
      marker: {
        color: colours.slice(0, K), size: 6, symbol: SYMBOLS[number],
        line: { width: 0.6, color: theme.text },
      },
    });
  });
  data.push(...flags(meta, theme, meta.y_range[0]));
  const layout = {
    ...baseLayout(theme, { ...MARGIN, l: 44 }),
    xaxis: along(meta, theme),
    yaxis: axis(theme, meta.unit, { range: [...meta.y_range], nticks: 6 }),
  };
  return { data, layout };
}
