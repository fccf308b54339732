// A model's states and transitions as a picture: circles, arrows as thick as their probability, rings
// for staying, and π as arrows that enter. While the model learns, only attributes and numbers change.

import { plainName, shortProbability } from "./charts.js";
import { node, readable, unscaled } from "./plotting.js";
import {
  MOST_WRITTEN, WORD_LETTERS, arrow, clamp, ends, isDrawn, layout, ringThickness, round, thickness,
} from "./state-graph-layout.js";

const WRITTEN = 0.1; // a smaller probability is not written beside its arrow
const STRONGEST = 5; // transitions that the text for screen readers lists

// A text no longer than so many letters.
const cut = (text, letters) => (text.length <= letters ? text : `${text.slice(0, letters - 1)}…`);

// The strongest transitions in words, for readers who cannot see the picture.
export function strongest(probs, K, states) {
  const named = (k) => plainName(k, states);
  const all = Array.from({ length: K * K }, (_, n) => [Math.floor(n / K), n % K, probs[n]])
    .filter(([, , p]) => p > 0)
    .sort((a, b) => b[2] - a[2])
    .slice(0, STRONGEST)
    .map(([i, j, p]) => `${named(i)} ${i === j ? "stays" : `to ${named(j)}`} ${p.toFixed(2)}`);
  return all.join(", ");
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// One picture. `show` takes {K, colours, probs (K × K, row by row), initial, words, tips}.
export class StateGraph {
  constructor(name) {
    this.svg = svg("svg", { "aria-hidden": "true" });
    this.tip = node("div", { class: "hmm-graph-tip", "aria-hidden": "true" });
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

  build(...size) {
    const { K } = this.model;
    const [width, height] = unscaled(size); // what is drawn grows with the picture
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
      this.set(state.loop, "stroke-width", round(ringThickness(stay, K)));
      this.set(state.loop, "stroke", colours[k]);
      if (state.stay) this.set(state.stay, "text", number(stay));
      draw(state.start, places[k].start, initial[k]);
      this.set(state.circle, "fill", colours[k]);
      if (state.word) this.set(state.word, "text", cut(words[k], WORD_LETTERS));
      this.writeName(state.name, this.named(k), inside ? colours[k] : null, radius);
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

  named(k) {
    return plainName(k, this.model.states);
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
    const { K, probs, initial, tips } = this.model;
    const { arrow: name, state } = this.pointed;
    const [from, to] = (name ?? `${state},${state}`).split(",");
    if (!(Number(to) < K)) {
      this.tip.hidden = true;
      return;
    }
    const p = (value) => value.toFixed(3);
    let text = `${this.named(+from)} to ${this.named(+to)}: p = ${p(probs[from * K + +to])}`;
    if (from === "start") text = `a sequence begins in ${this.named(+to)}: π = ${p(initial[to])}`;
    else if (!name) {
      const emitted = tips[state].includes("\n") ? `\n${tips[state]}` : ` ${tips[state]}`;
      text = `${this.named(+state)}:${emitted}\nbegins: ${p(initial[state])}, `
        + `stays: ${p(probs[state * K + +state])}`;
    } else if (from === to) text = `${this.named(+from)} stays: p = ${p(probs[from * K + +to])}`;
    if (this.tip.textContent !== text) this.tip.textContent = text;
    const [width, height] = this.size;
    const [x, y] = this.at;
    this.tip.style.left = `${clamp(x + 10, 0, width - this.tip.offsetWidth)}px`;
    this.tip.style.top = `${y > height / 2 ? y - this.tip.offsetHeight - 8 : y + 14}px`;
  }
}
