// The model in the reader's hand: grips on a chart, which set numbers of the model when they are
// dragged, moved by arrow keys, or typed over.
//
// A chart's builder lists its grips beside its data:
//   key: names it; it keeps the focus while it is listed.
//   x, y: where it lies, in the chart's own numbers.
//   along: "x", "y" or "xy", how it can be dragged.
//   name: of the number, and `text`: all there is to say of it.
//   value: the number, or the two of "xy".
//   set(x, y): from where it was dragged to, [[coordinate, value], ...] as in hmmcore.coordinates.
//   low, high: bounds of the number; step: of an arrow key, if not a small part of the axis.
//   type(...): the same from numbers that were typed.
//   edge: whether it is drawn, as the edge of something; others lie on a mark of the chart.
//   domain, x_range, y_range: where in the chart the axes are that it lies on, as shares {x, y} of the
//     whole, and their ranges; without these they are the chart's only ones.

import { hold, tell, unanswered } from "./run-controls.js";
import { addStyle, node } from "./plotting.js";

const STEPS = 200; // arrow presses from end to end of an axis
const FAR = 10; // of them with Shift
const CLICK = 3; // pixels that a pointer may move and still click
const STYLE = `
.hmm-grips { position: absolute; inset: 0; overflow: hidden; pointer-events: none; }
.hmm-grip { position: absolute; width: 24px; height: 24px; margin: -12px 0 0 -12px; border-radius: 50%;
  pointer-events: auto; touch-action: none; cursor: grab; outline-offset: -3px; }
.hmm-grip[data-along="x"] { cursor: ew-resize; }
.hmm-grip[data-along="y"] { cursor: ns-resize; }
.hmm-grip[data-edge]::after { content: ""; position: absolute; inset: 7px; border-radius: 50%;
  border: 2px solid currentColor; background: var(--st-background-color); opacity: 0;
  transition: opacity 0.1s; }
.hmm-layers:hover .hmm-grip[data-edge]::after, .hmm-grips:focus-within .hmm-grip[data-edge]::after,
.hmm-grip[data-held]::after { opacity: 1; }
@media (hover: none) { .hmm-grip[data-edge]::after { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { .hmm-grip::after { transition: none; } }
.hmm-grip:focus-visible { outline: 2px solid var(--st-primary-color); }
.hmm-grip-text { position: absolute; padding: 2px 7px; border-radius: 5px; font-size: 12px; line-height: 1.35;
  white-space: pre; border: 1px solid var(--st-border-color); background: var(--st-background-color);
  color: var(--st-text-color); pointer-events: none; z-index: 3; font-variant-numeric: tabular-nums; }
.hmm-grip-text[hidden] { display: none; }
.hmm-grip-entry { position: absolute; width: 92px; z-index: 4; pointer-events: auto; font: inherit;
  padding: 2px 5px; border: 2px solid var(--st-primary-color); border-radius: 5px;
  background: var(--st-background-color); color: var(--st-text-color); }
`;

// Four significant digits, as pages/ui/experiment/hand_made.py has them.
const rounded = (value) => Number(value.toPrecision(4));
const written = (value) => String(rounded(value)).replaceAll("-", "−");
const said = ({ value }) => [value].flat().map(written).join(", ");

export class Hand {
  // `layers` holds the chart that the grips lie on.
  constructor(layers) {
    addStyle("hmm-hand-style", STYLE);
    this.layers = layers;
    this.grips = new Map(); // by key: {given, element}
    this.bubble = node("div", { class: "hmm-grip-text", "aria-hidden": "true" });
    this.bubble.hidden = true;
    this.root = node("div", { class: "hmm-grips", role: "group",
      "aria-label": "The model, to be changed by hand" }, this.bubble);
    layers.append(this.root);
  }

  // Put the grips where a chart has them. `plot` has the chart's margins and ranges in use.
  place(given, { left, top, width, height, x, y }) {
    this.plot = { left, top, width, height, x, y };
    const wanted = new Set(given.map(({ key }) => key));
    for (const [key, { element }] of this.grips) {
      if (wanted.has(key)) continue;
      element.remove();
      this.grips.delete(key);
    }
    for (const grip of given) {
      const found = this.grips.get(grip.key) ?? this.made(grip.key);
      found.given = grip;
      const { element } = found;
      if (found !== this.held) this.lay(found, this.across(grip), this.down(grip));
      element.style.color = grip.colour;
      element.dataset.along = grip.along;
      element.toggleAttribute("data-edge", Boolean(grip.edge));
      element.setAttribute("aria-label", grip.name);
      if (!unanswered()) found.told = null;
      this.announce(found);
    }
    if (this.shown) this.tellOf(this.shown);
  }

  announce({ element, given, told }) {
    const value = told ?? given.value;
    element.setAttribute("aria-valuenow", rounded([value].flat()[0]));
    element.setAttribute("aria-valuetext", said({ value }));
  }

  // The plot that a grip lies in.
  area({ domain, x_range: x, y_range: y }) {
    const { plot } = this;
    if (!domain) return plot;
    return {
      left: plot.left + domain.x[0] * plot.width, width: (domain.x[1] - domain.x[0]) * plot.width,
      top: plot.top + (1 - domain.y[1]) * plot.height,
      height: (domain.y[1] - domain.y[0]) * plot.height, x, y,
    };
  }

  lay({ element, given }, across, down) {
    const { left, top, width, height } = this.area(given);
    // What lies outside waits at the edge, where it can be had.
    element.style.left = `${Math.min(Math.max(across, left), left + width)}px`;
    element.style.top = `${Math.min(Math.max(down, top), top + height)}px`;
  }

  across(given) {
    const { left, width, x } = this.area(given);
    return left + ((given.x - x[0]) / (x[1] - x[0])) * width;
  }

  down(given) {
    const { top, height, y } = this.area(given);
    return top + ((y[1] - given.y) / (y[1] - y[0])) * height;
  }

  // The chart's own numbers at a place in pixels.
  at(across, down, given) {
    const { left, top, width, height, x, y } = this.area(given);
    return [x[0] + ((across - left) / width) * (x[1] - x[0]),
      y[1] - ((down - top) / height) * (y[1] - y[0])];
  }

  made(key) {
    const element = node("div", { class: "hmm-grip", role: "slider", tabindex: 0, "data-grip": key });
    const found = { element, given: null, told: null };
    element.addEventListener("pointerdown", (event) => this.take(found, event));
    element.addEventListener("pointermove", (event) => this.drag(found, event));
    for (const name of ["pointerup", "pointercancel"]) {
      element.addEventListener(name, () => this.letGo(found));
    }
    element.addEventListener("keydown", (event) => this.press(found, event));
    element.addEventListener("dblclick", () => this.enter(found));
    element.addEventListener("pointerenter", () => this.show(found));
    element.addEventListener("focus", () => this.show(found));
    for (const name of ["pointerleave", "blur"]) {
      element.addEventListener(name, () => {
        if (this.held !== found && document.activeElement !== element) this.show(null);
      });
    }
    element.addEventListener("blur", () => { this.grabbed = null; });
    this.grips.set(key, found);
    this.root.append(element);
    return found;
  }

  show(found) {
    this.shown = found;
    this.bubble.hidden = !found;
    if (found) this.tellOf(found);
  }

  tellOf({ element, given, told }) {
    this.bubble.textContent = `${given.name}: ${said({ value: told ?? given.value })}`
      + (given.text ? `\n${given.text}` : "");
    const { left, width } = this.plot;
    const [x, y] = [parseFloat(element.style.left), parseFloat(element.style.top)];
    const half = this.bubble.offsetWidth / 2;
    const middle = Math.min(Math.max(x, half), left + width + 10 - half);
    this.bubble.style.left = `${middle - half}px`;
    const above = y - this.bubble.offsetHeight - 14;
    this.bubble.style.top = `${above < 0 ? y + 14 : above}px`;
  }

  take(found, event) {
    if (event.button) return;
    event.preventDefault();
    found.element.focus();
    found.element.setPointerCapture(event.pointerId);
    const { element } = found;
    this.held = found;
    this.grabbed = null; // each drag begins with the model as it is
    this.from = [event.clientX, event.clientY,
      parseFloat(element.style.left), parseFloat(element.style.top)];
    this.moved = false;
    this.begun = found.given; // the model that the server holds on to
    hold(true);
    element.toggleAttribute("data-held", true);
  }

  drag(found, event) {
    if (this.held !== found) return;
    const [x, y, across, down] = this.from;
    const [dx, dy] = [event.clientX - x, event.clientY - y];
    this.moved ||= Math.hypot(dx, dy) > CLICK;
    if (!this.moved) return;
    const { along } = found.given;
    this.lay(found, across + (along.includes("x") ? dx : 0),
      down + (along.includes("y") ? dy : 0));
    this.set(found, this.begun.set(...this.at(
      parseFloat(found.element.style.left), parseFloat(found.element.style.top), found.given)));
  }

  letGo(found) {
    if (this.held !== found) return;
    this.held = null;
    this.grabbed = null;
    hold(false);
    found.element.toggleAttribute("data-held", false);
    this.lay(found, this.across(found.given), this.down(found.given));
    if (!found.element.matches(":hover") && document.activeElement !== found.element) this.show(null);
  }

  press(found, event) {
    const { key, shiftKey } = event;
    const { along, x, y, set, step, type, value } = found.given;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
    if (key === "Enter" || key === "F2" || /^[-−.\d]$/.test(key)) {
      event.preventDefault();
      this.enter(found, key.length === 1 ? key : null);
    }
    if (!steps || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    // On one axis all four arrows serve: right and up are more.
    const [dx, dy] = along === "xy" ? steps : along === "x" ? [steps[0] + steps[1], 0]
      : [0, steps[0] + steps[1]];
    const times = shiftKey ? FAR : 1;
    if (step) this.set(found, type((found.told?.[0] ?? value) + (dx + dy) * step * times));
    else {
      const size = (range) => niceStep((range[1] - range[0]) / STEPS) * times;
      const [atX, atY] = found.told ? found.at : [x, y];
      const area = this.area(found.given);
      found.at = [atX + dx * size(area.x), atY + dy * size(area.y)];
      this.set(found, set(...found.at));
    }
    this.announce(found);
    this.show(found);
  }

  // Set numbers of the model: [[coordinate, value], ...].
  set(found, numbers) {
    const { low = -Infinity, high = Infinity } = found.given;
    const bounded = numbers.map(([coordinate, value]) =>
      [coordinate, rounded(Math.min(Math.max(value, low), high))]);
    found.told = bounded.map(([, value]) => value);
    const word = this.grabbed === found ? "drag" : "grab";
    this.grabbed = found;
    tell([word, ...bounded.map(([coordinate, value]) => `${coordinate}=${value}`)].join(" "));
    if (this.shown === found) this.tellOf(found);
  }

  // Type a number, or two with a space or semicolon between them, over the grip.
  enter(found, begun = null) {
    const { given, element } = found;
    const entry = node("input", { class: "hmm-grip-entry", type: "text", inputmode: "decimal",
      "aria-label": `${given.name}: type a number, then Enter` });
    entry.value = begun ?? said({ value: given.value });
    const { left, width } = this.plot;
    entry.style.left = `${Math.min(Math.max(parseFloat(element.style.left) - 46, 0), left + width - 82)}px`;
    entry.style.top = `${Math.max(parseFloat(element.style.top) - 34, 0)}px`;
    let open = true;
    const leave = () => {
      // Where it has the focus, to remove it makes it leave once more.
      if (open) {
        open = false;
        entry.remove();
      }
    };
    const close = () => {
      leave();
      element.focus();
    };
    entry.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") close();
      if (event.key !== "Enter") return;
      const numbers = entry.value.replaceAll("−", "-").trim().split(/[\s;]+|,\s+/).map(typed);
      const wanted = [given.value].flat().length;
      const { low = -Infinity, high = Infinity } = given;
      if (numbers.length !== wanted || !numbers.every((n) => n >= low && n <= high)) {
        entry.setAttribute("aria-invalid", "true");
        this.bubble.textContent = `${wanted > 1 ? `${wanted} numbers` : "a number"}${bounds(low, high)}`;
        this.bubble.hidden = false;
        return;
      }
      this.grabbed = null;
      this.set(found, given.type(...numbers));
      this.grabbed = null;
      close();
    });
    entry.addEventListener("blur", leave);
    this.root.append(entry);
    entry.focus();
    if (!begun) entry.select();
  }
}

// A number with a point or a comma; NaN for anything else.
const typed = (text) => (/^[-+]?(\d+([.,]\d*)?|[.,]\d+)(e[-+]?\d+)?$/i.test(text)
  ? Number(text.replace(",", ".")) : NaN);

function bounds(low, high) {
  if (Number.isFinite(low) && Number.isFinite(high)) return ` from ${low} to ${high}`;
  return Number.isFinite(low) ? ` from ${low} on` : "";
}

// The largest of 1, 2 and 5 times a power of ten that is not above `size`.
function niceStep(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return [5, 2, 1].find((factor) => factor * power <= size * 1.000001) * power;
}
