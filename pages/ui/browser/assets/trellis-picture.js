// The trellis as a picture: a row for each state, a column for each time, circles filled by the value
// of the pass, arrows as thick as their term. While numbers change, only attributes and texts do.
//
// For a keyboard it is a grid: arrow keys move the choice from circle to circle, Enter goes to the
// arrows that lead to the circle (backwards: that leave it), up and down choose among them, Enter or
// Escape goes back to the circle.

import { plainName } from "./charts.js";
import { node, readable, unscaled } from "./plotting.js";
import { clamp, round } from "./state-graph-layout.js";

const HEAD = 46; // over the circles: the time, its own label, and the observation
const HEAD_LABELLED = 60;
const RIGHT = 14;
const FOOT = 8;
const NARROWEST = 46; // a column
const THICKEST = 13; // an arrow
const READABLE = 13; // the smallest radius of a circle with its number in it
const LETTERS = 9; // of a state's name beside its row
const LETTER = 7.2; // pixels of one of them
const WIDE = 0.56; // of a digit, as a share of the size of type
const OBSERVED = 14; // characters of an observation over its column
const OBSERVED_LETTER = 6.4; // pixels of one of them

const cut = (text, letters) => (text.length <= letters ? text : `${text.slice(0, letters - 1)}…`);

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Set an attribute, without touching the page if it stays the same.
function set(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// A line of this width, as the `d` of a path.
function line(from, to, width) {
  const far = Math.hypot(to.x - from.x, to.y - from.y);
  const [across, down] = [((to.y - from.y) / far) * (width / 2), ((to.x - from.x) / far) * (width / 2)];
  const at = ({ x, y }, side) => `${round(x + side * across)} ${round(y - side * down)}`;
  return `M${at(from, 1)}L${at(to, 1)}L${at(to, -1)}L${at(from, -1)}Z`;
}

const rowHeight = (K) => (K <= 3 ? 92 : K <= 5 ? 74 : K <= 8 ? 56 : K <= 12 ? 42 : 32);

export class TrellisPicture {
  // `choose(cell)` is called with [column, state, origin or null] when the reader chooses.
  constructor(choose) {
    this.choose = choose;
    this.svg = svg("svg", { role: "grid", "aria-label": "Trellis", class: "hmm-trellis-svg" });
    this.root = node("div", { class: "hmm-trellis-scroll" }, this.svg);
    this.svg.addEventListener("keydown", (event) => this.press(event));
    this.width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      const [width] = unscaled([contentRect.width]);
      if (Math.abs(width - this.width) < 1) return;
      this.width = width;
      this.draw();
    }).observe(this.root);
  }

  // `model` is the header of a message with fills and ghosts; `cell` what is chosen; `seen` how many
  // columns of the pass are shown, null for all.
  show(model, cell, seen) {
    Object.assign(this, { model, cell, seen });
    this.draw();
  }

  draw() {
    const { model, width } = this;
    if (!model || !width) return;
    const labelled = model.columns.some(({ label }) => label);
    // Observations stand side by side: where the page is narrow, the trellis is wider than it.
    const letters = Math.max(...model.columns.map(({ observation }) => observation.length));
    const narrowest = Math.max(NARROWEST, OBSERVED_LETTER * (Math.min(letters, OBSERVED) + 1));
    const key = [model.num_states, model.columns.length, round(width), labelled, round(narrowest),
      model.states.names].join();
    if (this.key !== key) {
      this.key = key;
      this.build(width, labelled, narrowest);
    }
    this.write();
  }

  build(width, labelled, narrowest) {
    const { num_states: K, columns, states } = this.model;
    const letters = Math.max(...states.colours.map((_, k) =>
      Math.min(plainName(k, states).length, LETTERS)));
    const left = 24 + LETTER * letters;
    const head = labelled ? HEAD_LABELLED : HEAD;
    const step = Math.max(narrowest, (width - left - RIGHT) / columns.length);
    this.fits = Math.floor(step / OBSERVED_LETTER);
    const high = rowHeight(K);
    const whole = left + RIGHT + step * columns.length;
    const height = head + K * high + FOOT;
    this.radius = Math.min(0.36 * high, 0.3 * step, 27);
    this.x = (column) => left + step * (column + 0.5);
    this.y = (state) => head + high * (state + 0.5);
    this.svg.setAttribute("viewBox", `0 0 ${round(whole)} ${height}`);
    this.svg.style.width = `${(100 * whole) / width}%`;
    this.arrows = svg("g", { "aria-hidden": "true" });
    this.paths = [];
    const text = (x, y, name) => svg("text", { class: `hmm-trellis-${name}`, x: round(x), y });
    this.heads = columns.map((_, column) => ({
      time: text(this.x(column), 12, "time"),
      label: labelled ? text(this.x(column), 25, "time") : null,
      observation: text(this.x(column), labelled ? 42 : 30, "observation"),
    }));
    this.circles = [];
    const rows = Array.from({ length: K }, (_, state) => {
      const name = text(left - 12, round(this.y(state)), "name");
      const cells = columns.map((_column, column) => this.circle(column, state));
      this.circles.push(cells);
      return { name, row: svg("g", { role: "row" }, ...cells.map(({ group }) => group)) };
    });
    this.names = rows.map(({ name }) => name);
    this.svg.replaceChildren(
      svg("g", { "aria-hidden": "true" }, ...this.heads.flatMap((one) => Object.values(one)).filter(Boolean),
        ...this.names),
      this.arrows, ...rows.map(({ row }) => row));
  }

  circle(column, state) {
    const at = { cx: round(this.x(column)), cy: round(this.y(state)) };
    const ring = svg("circle", { ...at, r: round(this.radius), class: "hmm-trellis-ring" });
    const fill = svg("circle", { ...at, class: "hmm-trellis-fill" });
    const ghost = svg("circle", { ...at, class: "hmm-trellis-ghost" });
    const number = svg("text", { x: at.cx, y: at.cy, class: "hmm-trellis-number" });
    const group = svg("g", { role: "gridcell", tabindex: -1, "data-cell": `${column},${state}` },
      ring, fill, ghost, number);
    group.addEventListener("click", () => {
      this.choose([column, state, null]);
      group.focus();
    });
    return { group, ring, fill, ghost, number };
  }

  write() {
    const { model, radius, seen } = this;
    const { columns, values, states, num_states: K, quantity, backwards } = model;
    const W = columns.length;
    this.svg.setAttribute("aria-label", `Trellis of ${K} states, t = ${columns[0].time} to `
      + `${columns[W - 1].time}. ${model.title}. Arrow keys move the choice, Enter goes to the arrows.`);
    const hidden = (column) => seen !== null
      && (backwards ? column < W - seen : column >= seen);
    this.heads.forEach((head, column) => {
      const { time, label, observation, changed } = columns[column];
      head.time.textContent = `t = ${time}`;
      if (head.label) head.label.textContent = label;
      const whole = `${model.symbol} = ${observation}`;
      const bare = observation === "missing" || observation.startsWith("(") || whole.length >= this.fits;
      head.observation.textContent = cut(bare ? observation : whole, OBSERVED);
      set(head.observation, "class", `hmm-trellis-observation${changed ? " hmm-changed" : ""}`);
    });
    this.names.forEach((name, state) => {
      name.textContent = cut(plainName(state, states), LETTERS);
      set(name, "fill", "currentColor");
      set(name, "stroke", "none");
    });
    const [anchor, anchorState] = this.anchor();
    this.circles.forEach((row, state) => row.forEach((circle, column) => {
      const share = model.fills[column * K + state];
      const colour = states.colours[state];
      const unseen = hidden(column);
      const text = values[column][state];
      set(circle.ring, "stroke", colour);
      set(circle.fill, "fill", colour);
      set(circle.fill, "r", unseen ? 0 : round((radius - 1.5) * Math.sqrt(clamp(share, 0, 1))));
      const ghost = model.ghosts?.[column * K + state];
      set(circle.ghost, "r", ghost === undefined || unseen ? 0 : round(radius * Math.sqrt(clamp(ghost, 0, 1))));
      const size = clamp(Math.floor((1.75 * radius) / Math.max(text.length, 3) / WIDE), 7, 12);
      // On the filled part, if that is as wide as the number.
      const full = radius * Math.sqrt(share) > (text.length * WIDE * size) / 2;
      circle.number.textContent = unseen || radius < READABLE ? "" : text;
      set(circle.number, "font-size", size);
      set(circle.fill, "fill-opacity", full || radius < READABLE ? 1 : 0.55);
      set(circle.number, "fill", full ? readable(colour, 4.5) : "currentColor");
      set(circle.number, "class", `hmm-trellis-number${full ? "" : " hmm-haloed"}`);
      const chosen = column === anchor && state === anchorState;
      set(circle.group, "class", unseen ? "hmm-unseen" : null);
      set(circle.group, "aria-selected", chosen);
      set(circle.group, "tabindex", chosen ? 0 : -1);
      set(circle.group, "aria-label", `${plainName(state, states)} at t = ${columns[column].time}, `
        + `${unseen ? "not reached yet" : `${quantity} ${text}`}`);
    }));
    this.writeArrows(hidden);
  }

  writeArrows(hidden) {
    const { model, cell: [column, state, origin], radius } = this;
    const { trellis, states, columns, backwards } = model;
    const room = radius + 1.5;
    const thickest = Math.min(THICKEST, 0.55 * radius);
    const [anchor, anchorState] = this.anchor();
    while (this.paths.length < trellis.length) {
      const path = svg("path", { class: "hmm-trellis-arrow" }, svg("title"));
      path.addEventListener("click", () => {
        this.choose(path.leads);
        this.focus();
      });
      this.paths.push(path);
      this.arrows.append(path);
    }
    this.paths.forEach((path, index) => {
      const one = trellis[index];
      const shown = one && !hidden(one.column) && !hidden(one.column - 1);
      set(path, "display", shown ? null : "none");
      if (!shown) return;
      path.leads = [one.column, one.state, one.origin];
      const [from, to] = [{ x: this.x(one.column - 1), y: this.y(one.origin) },
        { x: this.x(one.column), y: this.y(one.state) }];
      const far = Math.hypot(to.x - from.x, to.y - from.y);
      const [ux, uy] = [((to.x - from.x) / far) * room, ((to.y - from.y) / far) * room];
      const term = backwards ? one.column - 1 === anchor && one.origin === anchorState
        : one.column === anchor && one.state === anchorState;
      const chosen = one.column === column && one.state === state && one.origin === origin;
      const strength = one.kind === "dropped" ? 0.12 * one.strength
        : one.kind === "kept" ? 0.2 : one.strength;
      const width = Math.max(strength * thickest, one.kind === "dropped" ? 0.8 : 0.6);
      set(path, "d", line({ x: from.x + ux, y: from.y + uy }, { x: to.x - ux, y: to.y - uy }, width));
      set(path, "fill", term ? "currentColor" : states.colours[backwards ? one.state : one.origin]);
      const strong = chosen ? 1 : term ? 0.85 : one.kind === "dropped" ? 0.3
        : one.kind === "term" ? 0.25 + 0.45 * one.strength : 0.75;
      set(path, "fill-opacity", round(strong));
      set(path, "class", `hmm-trellis-arrow hmm-${one.kind}${chosen ? " hmm-chosen" : ""}`);
      const named = (k) => plainName(k, states);
      path.firstChild.textContent = `${named(one.origin)} to ${named(one.state)}, t = `
        + `${columns[one.column - 1].time} to ${columns[one.column].time}: ${one.text}`
        + `${one.kind === "term" ? "" : `, ${one.kind === "best" ? "on a best path" : one.kind}`}`;
    });
  }

  // The circle of what is chosen: of an arrow, the one whose number it is a term of.
  anchor() {
    const [column, state, origin] = this.cell;
    return origin !== null && this.model.backwards ? [column - 1, origin] : [column, state];
  }

  // The arrows of the chosen circle, as states at their other end, in the order of the states.
  ends() {
    const [column, state] = this.anchor();
    const { trellis, backwards } = this.model;
    const found = trellis.filter((one) => (backwards
      ? one.column === column + 1 && one.origin === state
      : one.column === column && one.state === state));
    return found.sort((a, b) => (backwards ? a.state - b.state : a.origin - b.origin));
  }

  press(event) {
    const { key, altKey, ctrlKey, metaKey } = event;
    if (altKey || ctrlKey || metaKey || !this.model) return;
    const [column, state] = this.anchor();
    const onArrow = this.cell[2] !== null;
    const { num_states: K, columns } = this.model;
    let next = null;
    const leads = (one) => [one.column, one.state, one.origin];
    if (key === "Enter" || key === " " || (key === "Escape" && onArrow)) {
      const ends = this.ends();
      const best = ends.reduce((a, b) => (b.strength > (a?.strength ?? -1) ? b : a), null);
      next = onArrow || !best ? [column, state, null] : leads(best);
    } else if (onArrow && (key === "ArrowUp" || key === "ArrowDown")) {
      const ends = this.ends();
      const at = ends.findIndex((one) => String(leads(one)) === String(this.cell));
      next = leads(ends[clamp(at + (key === "ArrowUp" ? -1 : 1), 0, ends.length - 1)]);
    } else {
      const [dx, dy] = {
        ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
        Home: [-columns.length, 0], End: [columns.length, 0],
      }[key] ?? [];
      if (dx === undefined) return;
      next = [clamp(column + dx, 0, columns.length - 1), clamp(state + dy, 0, K - 1), null];
    }
    event.preventDefault();
    event.stopPropagation();
    this.choose(next);
    this.focus().scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }

  // On a narrow page the trellis is wider than it: bring a column into sight, without moving the page.
  follow(column) {
    const box = this.root.getBoundingClientRect();
    const { left, right } = this.circles[0][column].ring.getBoundingClientRect();
    if (left < box.left) this.root.scrollLeft += left - box.left;
    else if (right > box.right) this.root.scrollLeft += right - box.right;
  }

  // Keys go on from what is chosen.
  focus() {
    const [column, state] = this.anchor();
    const { group } = this.circles[state][column];
    group.focus({ preventScroll: true });
    return group;
  }
}
