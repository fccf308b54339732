// One Plotly figure that changes in place, fed by messages of pages/ui/live/figure.py.

import {
  Chart, addStyle, coalesce, nextPaint, node, readTheme, scaled, viewKeeper,
} from "./plotting.js";

const STYLE = `
.hmm-figure { width: 100%; overflow: hidden; }
.hmm-figure.hmm-outdated { visibility: hidden; }
`;

let lastDrawing = Promise.resolve();
let requested = null; // background colour of the theme for which a run was last requested

// Request a run of the page when the theme is not the one the figure was made for: Streamlit does
// not run the page when the theme changes, and at the first run it may not know the theme yet.
function requestTheme(component, background, shown) {
  if (background === shown) requested = null;
  else if (background !== requested) {
    requested = background;
    component.setTriggerValue("theme", background);
  }
}

// Draw one figure at a time, and let the browser show each before the next: events are handled in
// between, and the first figure is seen before the last is drawn.
function inTurn(work) {
  const done = lastDrawing.then(work);
  lastDrawing = done.catch(() => {}).then(nextPaint);
  return done;
}

class Figure {
  constructor(plotly) {
    addStyle("hmm-figure-style", STYLE);
    this.plotly = plotly;
    this.root = node("div", { class: "hmm-figure", role: "figure", "data-testid": "hmm-figure" });
    this.redraw = coalesce(() => (this.isDrawn() ? this.reveal() : inTurn(() => this.draw())),
      (busy) => this.root.setAttribute("aria-busy", busy));
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(this.root);
  }

  show({ header }, component) {
    const { away } = this;
    this.away = false;
    this.header = header;
    // Before Plotly is loaded, so that the page does not jump.
    this.root.style.height = scaled(header.height);
    this.root.dataset.key = header.key;
    this.root.setAttribute("aria-label", header.label);
    // When the visitor comes back to the page, an outdated drawing is hidden until it is redrawn.
    if (away && this.chart && !this.isDrawn()) this.root.classList.add("hmm-outdated");
    this.redraw();
    requestTheme(component, readTheme(this.root).ground, header.background);
  }

  // The visitor left the page. The drawing and its zoom are kept for when they come back.
  leave() {
    this.away = true;
    this.chart?.leave();
  }

  // A key of all that the drawing depends on.
  drawingKey() {
    const { root, header } = this;
    return [header.figure, readTheme(root).key, root.clientWidth, root.clientHeight].join("|");
  }

  isDrawn() {
    return Boolean(this.chart) && this.chart.drawn === this.drawingKey();
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
    const size = [this.root.clientWidth, this.root.clientHeight];
    this.chart.drawn = this.drawingKey();
    try {
      await this.chart.draw(JSON.parse(header.figure), header.key, size);
    } finally {
      // Unless another figure arrived while this one was being drawn.
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
