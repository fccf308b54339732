// A place on a chart of the plane, for the pointer and the keyboard: it says what lies there, and a click or
// Enter starts the training from there.
//
// A chart's builder says what its plane has:
//   xs, ys: the places of its columns and rows, in the chart's own numbers.
//   words(x, y): what lies at a place; possible(x, y): whether training can start there.
//   snaps: whether a click means the middle of a cell.

import { nearest } from "./landscape-shapes.js";
import { node } from "./plotting.js";
import { tell } from "./run-controls.js";

const CLICK = 3; // pixels that a pointer may move and still click
const TWICE = 350; // milliseconds in which a second click belongs to the first
const FAR = 10; // cells of an arrow key with Shift
const DIGITS = 6; // of a place, from the length of its axis on
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// A place as a plain decimal number, without an exponent.
function written(value, [low, high]) {
  const digits = DIGITS - Math.floor(Math.log10(Math.abs(high - low)));
  return value.toFixed(Math.min(Math.max(digits, 0), 30));
}

export class Cursor {
  // `layers` holds the chart, `element` is Plotly's. `zoomed()` says whether a double click has a use.
  constructor(layers, element, label, zoomed) {
    Object.assign(this, { layers, element, zoomed });
    this.bubble = node("div", { class: "hmm-place-words", "aria-hidden": "true" });
    this.bubble.hidden = true;
    this.ring = node("div", { class: "hmm-place", role: "slider", tabindex: 0, "aria-label": label });
    this.root = node("div", { class: "hmm-places" }, this.ring, this.bubble);
    layers.append(this.root);
    element.addEventListener("pointermove", (event) => this.point(event));
    element.addEventListener("pointerleave", () => this.point(null));
    element.addEventListener("pointerdown", (event) => this.begin(event));
    element.addEventListener("dblclick", () => clearTimeout(this.waiting));
    window.addEventListener("pointerup", (event) => this.end(event));
    this.ring.addEventListener("keydown", (event) => this.press(event));
    this.ring.addEventListener("focus", () => this.update());
    this.ring.addEventListener("blur", () => this.update());
  }

  // Where the plane lies now; without `cells` there is none.
  place(cells, plot) {
    Object.assign(this, { cells, plot });
    this.root.hidden = !cells;
    if (cells) this.update();
  }

  // The column and row where the keyboard is: at first the middle.
  get cell() {
    const { xs, ys } = this.cells;
    const [i, j] = this.chosen ?? [0.5, 0.5];
    return [Math.round(i * (xs.length - 1)), Math.round(j * (ys.length - 1))];
  }

  get own() {
    const [i, j] = this.cell;
    return [this.cells.xs[i], this.cells.ys[j]];
  }

  // The place below a pointer; null beside the plane.
  at({ clientX, clientY }) {
    if (!this.cells) return null;
    const box = this.element.getBoundingClientRect();
    const { left, top, width, height, x, y } = this.plot;
    const [across, down] = [(clientX - box.left - left) / width, (clientY - box.top - top) / height];
    if (!(across >= 0 && across <= 1 && down >= 0 && down <= 1)) return null;
    const found = [x[0] + across * (x[1] - x[0]), y[1] - down * (y[1] - y[0])];
    const { xs, ys, snaps } = this.cells;
    return snaps ? [xs[nearest(xs, found[0])], ys[nearest(ys, found[1])]] : found;
  }

  point(event) {
    this.pointed = event?.pointerType === "touch" ? null : event && this.at(event);
    this.update();
  }

  begin(event) {
    const where = event.button || event.target.closest(".modebar") ? null : this.at(event);
    this.begun = where && { where, x: event.clientX, y: event.clientY };
  }

  end({ clientX, clientY }) {
    const { begun } = this;
    this.begun = null;
    if (!begun || Math.hypot(clientX - begun.x, clientY - begun.y) > CLICK) return;
    const now = performance.now();
    clearTimeout(this.waiting);
    const again = now - (this.clicked ?? -TWICE) < TWICE;
    this.clicked = now;
    if (again) return;
    // Where the reader has zoomed, a double click returns to the whole.
    if (this.zoomed()) this.waiting = setTimeout(() => this.start(begun.where), TWICE);
    else this.start(begun.where);
  }

  start([x, y]) {
    if (!this.cells?.possible(x, y)) return;
    tell(`start_at ${written(x, this.plot.x)} ${written(y, this.plot.y)}`);
  }

  press(event) {
    const { key, shiftKey, altKey, ctrlKey, metaKey } = event;
    if (altKey || ctrlKey || metaKey || !this.cells) return;
    if (key === "Enter") {
      event.preventDefault();
      if (!event.repeat) this.start(this.own);
    }
    const step = ARROWS[key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const sizes = [this.cells.xs.length, this.cells.ys.length];
    this.chosen = this.cell.map((at, n) => {
      const next = Math.min(Math.max(at + step[n] * (shiftKey ? FAR : 1), 0), sizes[n] - 1);
      return next / Math.max(sizes[n] - 1, 1);
    });
    this.update();
  }

  // Put the ring and the words where they belong.
  update() {
    if (!this.cells) return;
    const { left, top, width, height, x, y } = this.plot;
    const across = (at) => left + ((at - x[0]) / (x[1] - x[0])) * width;
    const down = (at) => top + ((y[1] - at) / (y[1] - y[0])) * height;
    const [i, j] = this.cell;
    const own = this.own;
    this.ring.style.left = `${Math.min(Math.max(across(own[0]), left), left + width)}px`;
    this.ring.style.top = `${Math.min(Math.max(down(own[1]), top), top + height)}px`;
    const text = this.cells.words(...own);
    this.ring.setAttribute("aria-valuemin", 1);
    this.ring.setAttribute("aria-valuemax", this.cells.xs.length * this.cells.ys.length);
    this.ring.setAttribute("aria-valuenow", j * this.cells.xs.length + i + 1);
    this.ring.setAttribute("aria-valuetext", text.replace("\n", ": "));
    const shown = this.pointed ?? (document.activeElement === this.ring ? own : null);
    this.bubble.hidden = !shown;
    if (!shown) return;
    this.bubble.textContent = this.cells.words(...shown);
    const [middle, at] = [across(shown[0]), down(shown[1])];
    const [wide, high] = [this.bubble.offsetWidth, this.bubble.offsetHeight];
    const most = this.layers.clientWidth - wide;
    this.bubble.style.left = `${Math.min(Math.max(middle - wide / 2, 0), Math.max(most, 0))}px`;
    this.bubble.style.top = `${at - high - 14 < 0 ? at + 16 : at - high - 14}px`;
  }
}
