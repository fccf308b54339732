// Zoom by keyboard, in charts whose axes can be zoomed: + and − zoom, arrows move what is shown, 0 or
// Escape returns to all of it.

import { dateNumber, dateText } from "./dates.js";

const NEARER = 0.6; // the share of an axis that + leaves
const STRIDE = 0.25; // the share by which an arrow moves
const ALIKE = 1e-6; // of a range, below which two ranges are the same

const ARROWS = {
  ArrowLeft: ["x", -STRIDE], ArrowRight: ["x", STRIDE],
  ArrowDown: ["y", -STRIDE], ArrowUp: ["y", STRIDE],
};

// For screen readers, and in the hint that a chart shows while it has the focus.
export const SPOKEN = "Plus and minus zoom, arrows move, 0 returns.";
export const HINT = "+ − zoom · arrows move · 0 returns";

export const isAxis = (name) => /^[xy]axis\d*$/.test(name);

// The ends of an axis as numbers; those of an axis of dates are texts.
export const numbers = (range) =>
  range.map((end) => (typeof end === "string" ? dateNumber(end) : end));

export const sameRange = (a, b) => Boolean(a && b)
  && [0, 1].every((i) => Math.abs(a[i] - b[i]) <= ALIKE * Math.abs(b[1] - b[0]));

// A range that is `factor` times as long, and moved by `shift` of its length, within `home`.
export function changedRange([low, high], home, factor, shift) {
  const length = Math.min(Math.abs(high - low) * factor, home ? Math.abs(home[1] - home[0]) : Infinity);
  let middle = (low + high) / 2 + shift * (high - low);
  if (home) {
    const [first, last] = [Math.min(...home), Math.max(...home)];
    middle = Math.min(Math.max(middle, first + length / 2), last - length / 2);
  }
  const half = (high < low ? -length : length) / 2;
  return [middle - half, middle + half];
}

// The axes that keys change. Plots one above the other share their x axis, and only that is zoomed.
function freeAxes(layout) {
  const axes = Object.entries(layout).filter(([name, { range }]) => isAxis(name) && range);
  const stacked = axes.filter(([name]) => name[0] === "y").length > 1;
  return axes.filter(([name, { fixedrange, matches }]) =>
    !fixedrange && !matches && !(stacked && name[0] === "y"));
}

// What Plotly.relayout has to be given after a key; null where the key does nothing here, and "home"
// where it returns to the whole. `homes` are the ranges of the whole, by axis, where they are known.
export function keyed(key, layout, homes) {
  const axes = freeAxes(layout).map(([name, { range, autorange }]) => {
    const [now, home] = [numbers(range), homes[name] && numbers(homes[name])];
    // As Plotly has the ends of this axis.
    const given = (ends) => (typeof range[0] === "string" ? ends.map(dateText) : ends);
    return { name, now, home, given, zoomed: home ? !sameRange(now, home) : autorange === false };
  }).filter(({ now }) => now.every(Number.isFinite));
  const zoomed = axes.some((axis) => axis.zoomed);
  if (key === "0" || key === "Escape") return zoomed ? "home" : null;
  const change = (chosen, factor, shift) => {
    const changed = chosen.map((axis) => [axis, changedRange(axis.now, axis.home, factor, shift)])
      .filter(([{ now }, range]) => !sameRange(range, now));
    return changed.length ? Object.fromEntries(changed.map(([{ name, given }, range]) =>
      [`${name}.range`, given(range)])) : null;
  };
  if (key === "+" || key === "=") return change(axes, NEARER, 0);
  if (key === "-" || key === "−") return zoomed ? change(axes, 1 / NEARER, 0) : null;
  const [letter, shift] = ARROWS[key] ?? [];
  return letter ? change(axes.filter((axis) => axis.zoomed && axis.name[0] === letter), 1, shift) : null;
}
