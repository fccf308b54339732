// One Plotly figure that changes in place, fed by messages of pages/ui/live/figure.py.

import { Chart, addStyle, coalesce, node, readTheme, seen, viewKeeper } from "./plotting.js";

const STYLE = `
.hmm-figure { width: 100%; overflow: hidden; }
.hmm-figure.hmm-outdated { visibility: hidden; }
`;

let turn = Promise.resolve();
let asked = null; // the page's background when its figures were last asked for in its colours

// Streamlit does not run the page again when its theme changes, and a first run may not know it.
function askForTheme(component, background, shown) {
  if (background === shown) asked = null;
  else if (background !== asked) {
    asked = background;
    component.setTriggerValue("theme", background);
  }
}

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

  show({ header }, component) {
    const { away } = this;
    this.away = false;
    this.header = header;
    this.root.style.height = `${header.height}px`; // before Plotly is there: nothing may jump
    this.root.dataset.key = header.key;
    this.root.setAttribute("aria-label", header.label);
    // Back on the page, what was drawn before is not shown for anything else.
    if (away && this.chart && !this.isDrawn()) this.root.classList.add("hmm-outdated");
    this.redraw();
    askForTheme(component, readTheme(this.root).ground, header.background);
  }

  // The page shows something else. What is drawn is kept, with its zoom, for when it comes back.
  leave() {
    this.away = true;
    this.chart?.leave();
  }

  // All that a drawing depends on, as a key.
  drawingKey() {
    const { root, header } = this;
    return [header.figure, root.clientWidth, root.clientHeight].join("|");
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
