// One Plotly figure that changes in place, fed by messages of pages/ui/live/figure.py.

import { Chart, addStyle, baseLayout, coalesce, node, readTheme, seen, viewKeeper }
  from "./plotting.js";

// Colours may be theme variables: "var(--st-primary-color)" becomes what it stands for here.
function resolveColours(value, theme) {
  if (typeof value === "string") {
    const match = /^var\((--st-[a-z0-9-]+)\)$/.exec(value);
    return match ? theme.read(match[1], theme.text) : value;
  }
  if (Array.isArray(value)) return value.map((item) => resolveColours(item, theme));
  if (value && typeof value === "object" && !ArrayBuffer.isView(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, resolveColours(item, theme)]));
  }
  return value;
}

// `own` wins over `base`, property by property.
function merge(base, own) {
  const merged = { ...base };
  for (const [name, value] of Object.entries(own ?? {})) {
    const both = [merged[name], value].every((v) => v && typeof v === "object" && !Array.isArray(v));
    merged[name] = both ? merge(merged[name], value) : value;
  }
  return merged;
}

function themed(figure, header, theme) {
  const { template, ...own } = resolveColours(figure.layout ?? {}, theme);
  const base = baseLayout(theme, { l: 56, r: 16, t: own.title ? 36 : 12, b: 42 });
  delete base.showlegend;
  const axis = {
    gridcolor: theme.grid, linecolor: theme.line, zerolinecolor: theme.grid,
    automargin: true, exponentformat: "power", title: { standoff: 8, font: { size: 12, color: theme.muted } },
  };
  const defaults = {
    ...base,
    font: { ...base.font, size: 12 },
    colorway: header.colours,
    title: { font: { size: 14, color: theme.text }, x: 0.01, xanchor: "left" },
    legend: { bgcolor: "rgba(0,0,0,0)" },
    xaxis: axis, yaxis: axis,
  };
  for (const name of Object.keys(own).filter((key) => /^[xy]axis\d+$/.test(key))) {
    defaults[name] = axis;
  }
  const layout = merge(defaults, own);
  // Figures speak of annotations as text on the page: same ink unless they say otherwise.
  layout.annotations = own.annotations?.map((note) => merge({ font: { color: theme.muted } }, note));
  return { data: resolveColours(figure.data ?? [], theme), layout };
}

const STYLE = `
.hmm-figure { width: 100%; overflow: hidden; }
.hmm-figure.hmm-outdated { visibility: hidden; }
`;

let turn = Promise.resolve();

// One figure after the other, each seen before the next is drawn: nothing waits for all of them.
function inTurn(work) {
  const done = turn.then(work);
  turn = done.catch(() => {}).then(seen);
  return done;
}

class Figure {
  constructor(plotly) {
    addStyle("hmm-figure-style", STYLE);
    this.plotly = plotly;
    this.root = node("div", { class: "hmm-figure", role: "img", "data-testid": "hmm-figure" });
    this.redraw = coalesce(() => (this.isDrawn() ? this.reveal() : inTurn(() => this.draw())),
      (busy) => this.root.setAttribute("aria-busy", busy));
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(this.root);
  }

  show({ header }) {
    const { away } = this;
    this.away = false;
    this.header = header;
    this.root.style.height = `${header.height}px`; // before Plotly is there: nothing may jump
    this.root.dataset.key = header.key;
    this.root.setAttribute("aria-label", header.label);
    // Back on the page, what was drawn before is not shown for anything else.
    if (away && this.chart && !this.isDrawn()) this.root.classList.add("hmm-outdated");
    this.redraw();
  }

  // The page shows something else. What is drawn is kept, with its zoom, for when it comes back.
  leave() {
    this.away = true;
    this.chart?.leave();
  }

  // All that a drawing depends on, as a key.
  drawingKey(theme) {
    const { root, header } = this;
    return [header.figure, root.clientWidth, root.clientHeight, theme.key].join("|");
  }

  isDrawn() {
    return Boolean(this.chart) && this.chart.drawn === this.drawingKey(readTheme(this.root));
  }

  reveal() {
    this.root.classList.remove("hmm-outdated");
  }

  async draw() {
    let Plotly;
    try {
      Plotly = await this.plotly;
    } catch (error) {
      this.failed = true;
      this.root.textContent = error.message;
      return;
    }
    if (this.destroyed || !this.root.clientWidth) return;
    const { header } = this;
    this.chart ??= new Chart(Plotly, this.root, { name: header.key, ownsRanges: false });
    const theme = readTheme(this.root);
    const size = [this.root.clientWidth, this.root.clientHeight];
    this.chart.drawn = this.drawingKey(theme);
    try {
      await this.chart.draw(themed(JSON.parse(header.figure), header, theme), header.key, size);
    } finally {
      // Unless the next one came while this one was drawn.
      if (this.isDrawn()) this.reveal();
    }
  }

  destroy() {
    this.destroyed = true;
    this.redraw.stop();
    this.observer.disconnect();
    this.chart?.destroy();
    this.root.remove();
  }
}

export const drawFigure = viewKeeper((plotly) => new Figure(plotly));
