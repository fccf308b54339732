// A model's states and transitions as a picture: circles, arrows as thick as their probability, rings
// for staying, and π as arrows that enter. Places depend on the number of states and on the size
// alone, so nothing moves while a model learns; only widths and numbers change.

import { shortProbability, stateName } from "./charts.js";
import { node, readable } from "./plotting.js";

const WIDEST = 5; // pixels of an arrow of probability 1
const NARROWEST = 0.8;
const SMALL = 0.6; // of that, the thickness of small rings
const WRITTEN = 0.1; // a smaller probability is not written beside its arrow
const MOST_WRITTEN = 8; // states up to which numbers and words are written
const MOST_CROSSING = 5; // states up to which numbers are written where arrows cross
const MOST_NAMED_INSIDE = 10;
const LINE = 11; // pixels of a line of text
const LETTER = 4.4; // pixels of a letter of that size, roughly
const WORD_LETTERS = 15;
const START = 15; // pixels of an entering arrow
const STRONGEST = 5; // transitions that the text for screen readers lists

// Smaller probabilities are not drawn: many thin arrows would hide the few that matter.
export const drawnFrom = (K) => (K <= 6 ? 0.01 : K <= 10 ? 0.02 : 0.05);
export const thickness = (p) => Math.max(NARROWEST, WIDEST * p);
export const isDrawn = (p, K) => p > 0 && p >= drawnFrom(K);

const round = (value) => Math.round(value * 10) / 10;
const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
const box = (x, y, halfWidth, halfHeight) =>
  ({ left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight });
export const overlap = (a, b) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

// Where everything is in a picture of K states, in pixels. The states stand on an ellipse, clockwise
// from the top; each has `x`, `y`, the middle `loop` of its ring, the ends of its entering arrow
// `start`, and the middles of its `word` and of its `name`. `radius` is that of a circle, `ring` that
// of a ring.
export function layout(K, width, height) {
  const radius = Math.max(6, 18 * (3 / Math.max(K, 3)) ** 0.55);
  const ring = K <= MOST_WRITTEN ? 10 : Math.max(3.5, 0.6 * radius);
  const away = radius + 0.75 * ring; // from the middle of a circle to that of its ring
  const reach = ring + (WIDEST * (K <= MOST_WRITTEN ? 1 : SMALL)) / 2;
  const inside = K <= MOST_NAMED_INSIDE;
  const line = K <= MOST_WRITTEN || !inside ? LINE : 1;
  const angles = Array.from({ length: K }, (_, k) => Math.PI * (2 * k / K - 0.5));
  // Two states stand side by side, with their rings above.
  const along = K === 2 ? [[-1, 0], [1, 0]]
    : K === 1 ? [[0, 0]] : angles.map((a) => [Math.cos(a), Math.sin(a)]);
  const outward = K <= 2 ? along.map(() => [0, -1]) : along;

  const most = (values) => Math.max(...values);
  const up = (k) => Math.max(radius, reach - outward[k][1] * away);
  const down = (k) => Math.max(radius, reach + outward[k][1] * away);
  const states = angles.map((_, k) => k);
  const [lowest, highest] = [most(along.map(([, s]) => s)), most(along.map(([, s]) => -s))];
  const above = line + most(states.filter((k) => -along[k][1] > highest - 0.01).map(up));
  const below = line + most(states.filter((k) => along[k][1] > lowest - 0.01).map(down));
  const aside = most(states.map((k) => Math.max(radius, reach + Math.abs(outward[k][0]) * away)));
  const high = Math.max(0, (height - above - below) / Math.max(lowest + highest, 0.01));
  const widest = most(along.map(([c]) => Math.abs(c))) || 1;
  const wide = clamp((width / 2 - aside - 2 - (inside ? 0 : 1.7 * LINE)) / widest, 0,
    K === 2 ? 110 : 1.6 * high);
  const [x0, y0] = [width / 2, above + highest * high];

  const places = states.map((k) => {
    const [x, y] = [x0 + wide * along[k][0], K <= 2 ? (height + above - below) / 2 : y0 + high * along[k][1]];
    const [c, s] = outward[k];
    const loop = { x: x + c * away, y: y + s * away };
    const top = s < 0.1;
    const half = (LETTER * WORD_LETTERS) / 2;
    const word = {
      x: clamp(loop.x, half, width - half),
      y: K <= 2 ? y + radius + 1 + LINE / 2
        : top ? Math.min(y - radius, loop.y - reach) - LINE / 2
          : Math.max(y + radius, loop.y + reach) + LINE / 2,
    };
    const name = inside ? { x, y }
      : { x: x + c * (away + reach + LINE * 0.7), y: y + s * (away + reach + LINE / 2) };
    return { x, y, loop, word, name, start: entering(x, y, c, s, radius) };
  });
  const found = { K, radius, ring, reach, inside, places };
  found.worded = K <= MOST_WRITTEN && !crowded(found);
  found.numbers = K <= MOST_WRITTEN ? numberPlaces(found, width, height) : {};
  return found;
}

// Ends of the arrow that enters a state beside its ring, on the side that is nearer to level.
function entering(x, y, c, s, radius) {
  const turn = (by) => [c * Math.cos(by) - s * Math.sin(by), c * Math.sin(by) + s * Math.cos(by)];
  const [one, other] = [turn(1.05), turn(-1.05)];
  const level = Math.abs(one[1]) - Math.abs(other[1]);
  const [dx, dy] = Math.abs(level) < 1e-6
    ? (one[1] > other[1] + 1e-6 ? one : other[1] > one[1] + 1e-6 ? other : one[0] > other[0] ? one : other)
    : level < 0 ? one : other;
  return {
    from: { x: x + dx * (radius + START), y: y + dy * (radius + START) },
    to: { x: x + dx * (radius + 1), y: y + dy * (radius + 1) },
  };
}

const circleBox = ({ x, y }, radius) => box(x, y, radius, radius);
export const wordBox = ({ word }) => box(word.x, word.y, (LETTER * WORD_LETTERS) / 2, LINE / 2 - 0.5);
export const numberBox = ({ x, y, letters = 3 }) =>
  box(x, y, (LETTER * letters) / 2 + 1, LINE / 2 - 0.5);

const startBox = ({ start: { from, to } }) => box((from.x + to.x) / 2, (from.y + to.y) / 2,
  Math.abs(from.x - to.x) / 2 + 2, Math.abs(from.y - to.y) / 2 + 2);

// Whether words would lie over each other, or over circles, rings or entering arrows.
function crowded({ places, radius, reach }) {
  const words = places.map(wordBox);
  return words.some((word, k) => words.some((other, j) => j !== k && overlap(word, other))
    || places.some((place) => overlap(word, startBox(place))
      || overlap(word, circleBox(place, radius * 0.8))
      || overlap(word, circleBox(place.loop, reach * 0.8))));
}

// Ends of the arrow from state i to state j. It keeps to its right, beside the one that returns.
export function ends({ places, radius }, i, j) {
  const [a, b] = [places[i], places[j]];
  const far = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [ux, uy] = [(b.x - a.x) / far, (b.y - a.y) / far];
  const side = Math.min(4, 0.3 * radius);
  const edge = Math.sqrt(radius ** 2 - side ** 2) + 1;
  const at = (along) => ({ x: a.x + ux * along - uy * side, y: a.y + uy * along + ux * side });
  return { from: at(edge), to: at(far - edge) };
}

// Outline of an arrow of this width, as the `d` of a path.
export function arrow({ from, to }, width) {
  const far = Math.hypot(to.x - from.x, to.y - from.y);
  if (far < 1) return "";
  const [ux, uy] = [(to.x - from.x) / far, (to.y - from.y) / far];
  const head = Math.min(4.5 + width, 0.7 * far);
  const [thin, broad] = [width / 2, Math.min(2.2 + width * 0.8, head)];
  const at = (along, side) =>
    `${round(from.x + ux * along - uy * side)} ${round(from.y + uy * along + ux * side)}`;
  const neck = far - head;
  return `M${at(0, thin)}L${at(neck, thin)}L${at(neck, broad)}L${at(far, 0)}`
    + `L${at(neck, -broad)}L${at(neck, -thin)}L${at(0, -thin)}Z`;
}

// Middles of the numbers beside arrows, "i,j", and beside entering arrows, "start,k". An arrow without
// a free place is not in it.
function numberPlaces(found, width, height) {
  const { K, places, radius, reach, worded } = found;
  const taken = [
    ...places.map((place) => circleBox(place, radius)),
    ...places.map(({ loop }) => circleBox(loop, reach)),
    ...(worded ? places.map(wordBox) : []),
    ...places.map(startBox),
  ];
  const numbers = {};
  const put = (key, candidates) => {
    const place = candidates.find((one) => {
      const { left, right, top, bottom } = numberBox(one);
      return left >= 0 && right <= width && top >= 0 && bottom <= height
        && !taken.some((other) => overlap(numberBox(one), other));
    });
    if (!place) return;
    numbers[key] = place;
    taken.push(numberBox(place));
  };
  // Neighbours first: between the others arrows cross.
  const farthest = K <= MOST_CROSSING ? Math.floor(K / 2) : 1;
  for (let step = 1; step <= farthest; step += 1) {
    for (const by of new Set([step, K - step])) {
      for (let i = 0; i < K; i += 1) {
        const j = (i + by) % K;
        const { from, to } = ends(found, i, j);
        const far = Math.hypot(to.x - from.x, to.y - from.y) || 1;
        const aside = [-(to.y - from.y) / far, (to.x - from.x) / far];
        put(`${i},${j}`, [0.5, 0.4, 0.3, 0.6].flatMap((t) => [8, 10, 12].map((off) => ({
          x: from.x + (to.x - from.x) * t + aside[0] * off,
          y: from.y + (to.y - from.y) * t + aside[1] * off,
        }))));
      }
    }
  }
  places.forEach(({ x, y, start: { from } }, k) => {
    const far = Math.hypot(from.x - x, from.y - y);
    const beyond = (more) => ({
      x: from.x + ((from.x - x) / far) * (more + 5), y: from.y + ((from.y - y) / far) * more,
      letters: 5,
    });
    put(`start,${k}`, [beyond(6), beyond(8), beyond(10)]);
  });
  return numbers;
}

// A text no longer than so many letters.
const cut = (text, letters) => (text.length <= letters ? text : `${text.slice(0, letters - 1)}…`);

// The strongest transitions in words, for readers who cannot see the picture.
export function strongest(probs, K) {
  const all = Array.from({ length: K * K }, (_, n) => [Math.floor(n / K), n % K, probs[n]])
    .filter(([, , p]) => p > 0)
    .sort((a, b) => b[2] - a[2])
    .slice(0, STRONGEST)
    .map(([i, j, p]) => `${stateName(i)} ${i === j ? "stays" : `to ${stateName(j)}`} ${p.toFixed(2)}`);
  return all.join(", ");
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// One picture. `show` takes {K, colours, probs (K × K, row by row), initial, words}.
export class StateGraph {
  constructor(name) {
    this.svg = svg("svg", { "aria-hidden": "true" });
    this.tip = node("div", { class: "hmm-tip", "aria-hidden": "true" });
    this.tip.hidden = true;
    this.root = node("div", { class: "hmm-graph", role: "img", "data-graph": name }, this.svg, this.tip);
    this.size = [0, 0];
    this.lit = null;
    new ResizeObserver(([{ contentRect: { width, height } }]) => {
      this.size = [Math.round(width), Math.round(height)];
      this.draw();
    }).observe(this.root);
    this.root.addEventListener("pointermove", (event) => this.point(event));
    this.root.addEventListener("pointerleave", () => this.point(null));
  }

  show(model) {
    this.model = model;
    this.draw();
  }

  // Light a state; null lights none.
  light(state) {
    if (this.lit === state) return;
    this.lit = state;
    this.states?.forEach(({ group }, k) => group.classList.toggle("hmm-lit", k === state));
  }

  draw() {
    const { model, size: [width, height] } = this;
    if (!model || !width || !height) return;
    const key = [model.K, width, height].join();
    if (this.key !== key) {
      this.key = key;
      this.build(width, height);
    }
    this.write();
    if (this.pointed) this.writeTip();
  }

  build(width, height) {
    const { K } = this.model;
    this.layout = layout(K, width, height);
    const { radius, ring, inside, places, numbers, worded } = this.layout;
    const text = (place, name) => svg("text", { class: `hmm-${name}`, x: round(place.x), y: round(place.y) });
    this.states = places.map((place, k) => {
      const parts = {
        loop: svg("circle", {
          class: "hmm-loop", "data-arrow": `${k},${k}`, r: ring,
          cx: round(place.loop.x), cy: round(place.loop.y),
        }),
        start: svg("path", { class: "hmm-arrow hmm-start", "data-arrow": `start,${k}` }),
        circle: svg("circle", { r: round(radius), cx: round(place.x), cy: round(place.y) }),
        name: text(place.name, inside ? "inside" : "beside"),
        word: worded ? text(place.word, "word") : null,
        stay: K <= MOST_WRITTEN ? text(place.loop, "number") : null,
      };
      const group = svg("g", { class: "hmm-state", "data-state": k }, parts.circle);
      if (inside) group.append(parts.name);
      return { ...parts, group };
    });
    this.arrows = new Map();
    for (let i = 0; i < K; i += 1) {
      for (let j = 0; j < K; j += 1) {
        if (i !== j) {
          const path = svg("path", { class: "hmm-arrow", "data-arrow": `${i},${j}` });
          this.arrows.set(`${i},${j}`, { path, ends: ends(this.layout, i, j) });
        }
      }
    }
    this.numbers = Object.fromEntries(
      Object.entries(numbers).map(([name, place]) => [name, text(place, "number")]));
    const of = (name) => this.states.map((state) => state[name]).filter(Boolean);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    // What was written to the elements before.
    this.written = new Map();
    this.svg.replaceChildren(...of("loop"), ...[...this.arrows.values()].map(({ path }) => path),
      ...of("start"), ...of("group"), ...(inside ? [] : of("name")), ...of("word"), ...of("stay"),
      ...Object.values(this.numbers));
    const { lit } = this;
    this.lit = null;
    this.light(lit);
  }

  // Set an attribute or a text, without touching the page if it stays the same.
  set(element, name, value) {
    const known = this.written.get(element) ?? {};
    if (known[name] === value) return;
    known[name] = value;
    this.written.set(element, known);
    if (name === "text") element.textContent = value;
    else if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }

  write() {
    const { K, colours, probs, initial, words } = this.model;
    const { radius, inside, places } = this.layout;
    const draw = (path, line, p, colour) => {
      const drawn = isDrawn(p, K);
      this.set(path, "display", drawn ? null : "none");
      if (!drawn) return;
      this.set(path, "d", arrow(line, round(thickness(p))));
      if (colour) this.set(path, "fill", colour);
    };
    const number = (p) => (p >= WRITTEN ? shortProbability(p) : "");
    this.states.forEach((state, k) => {
      const stay = probs[k * K + k];
      this.set(state.loop, "display", isDrawn(stay, K) ? null : "none");
      this.set(state.loop, "stroke-width", round((K <= MOST_WRITTEN ? 1 : SMALL) * thickness(stay)));
      this.set(state.loop, "stroke", colours[k]);
      if (state.stay) this.set(state.stay, "text", number(stay));
      draw(state.start, places[k].start, initial[k]);
      this.set(state.circle, "fill", colours[k]);
      if (state.word) this.set(state.word, "text", cut(words[k], WORD_LETTERS));
      this.writeName(state.name, stateName(k), inside ? colours[k] : null, radius);
    });
    for (const [name, { path, ends: line }] of this.arrows) {
      const [i, j] = name.split(",").map(Number);
      draw(path, line, probs[i * K + j], colours[i]);
    }
    for (const [name, element] of Object.entries(this.numbers)) {
      const [i, j] = name.split(",").map(Number);
      const p = name.startsWith("start") ? initial[j] : probs[i * K + j];
      this.set(element, "text", number(p) && (name.startsWith("start") ? `π ${number(p)}` : number(p)));
    }
  }

  // A name in its circle is as small as it has to be; what is still too long is cut.
  writeName(element, name, ground, radius) {
    if (!ground) {
      this.set(element, "text", cut(name, 4));
      return;
    }
    const room = (2 * radius - 3) / 0.62;
    const size = clamp(Math.floor(room / name.length), 8, 12);
    this.set(element, "font-size", size);
    this.set(element, "text", cut(name, Math.max(2, Math.floor(room / size))));
    this.set(element, "fill", readable(ground));
  }

  // The pointer is at something, or has left.
  point(event) {
    const target = event?.target.closest?.("[data-arrow], [data-state]");
    this.pointed = target ? { ...target.dataset } : null;
    this.tip.hidden = !target;
    if (!target) return;
    const place = this.root.getBoundingClientRect();
    this.at = [event.clientX - place.left, event.clientY - place.top];
    this.writeTip();
  }

  writeTip() {
    const { K, probs, initial, words } = this.model;
    const { arrow: name, state } = this.pointed;
    const [from, to] = (name ?? `${state},${state}`).split(",");
    if (!(Number(to) < K)) {
      this.tip.hidden = true;
      return;
    }
    const p = (value) => value.toFixed(3);
    let text = `${stateName(+from)} to ${stateName(+to)}: p = ${p(probs[from * K + +to])}`;
    if (from === "start") text = `a sequence begins in ${stateName(+to)}: π = ${p(initial[to])}`;
    else if (!name) {
      text = `${stateName(+state)}: ${words[state]}\nbegins: ${p(initial[state])}, `
        + `stays: ${p(probs[state * K + +state])}`;
    } else if (from === to) text = `${stateName(+from)} stays: p = ${p(probs[from * K + +to])}`;
    if (this.tip.textContent !== text) this.tip.textContent = text;
    const [width, height] = this.size;
    const [x, y] = this.at;
    this.tip.style.left = `${clamp(x + 10, 0, width - this.tip.offsetWidth)}px`;
    this.tip.style.top = `${y > height / 2 ? y - this.tip.offsetHeight - 8 : y + 14}px`;
  }
}
