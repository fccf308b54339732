// The landscape: the surface of the likelihood with the paths of the runs, and beside it where training ends
// from each start, or the likelihood along a line. Its messages come from pages/ui/live/landscape.py.

import { MAP_TITLES, apart, landscapeWords, methodName, percent } from "./chart-words.js";
import { MARKS, SYMBOLS, line, noModel, surface } from "./landscape-charts.js";
import { Cursor } from "./landscape-cursor.js";
import { CODES, codesOf, map, mapColours } from "./landscape-maps.js";
import { EYE, SPOKEN_TURNS, canBeSolid, solid, turned } from "./landscape-solid.js";
import { STYLE } from "./landscape-style.js";
import { LiveView, card, lineSample, thousands, write } from "./live-view.js";
import { addStyle, node, readTheme, viewKeeper } from "./plotting.js";
import { tell } from "./run-controls.js";
import { SPOKEN } from "./zoom-keys.js";

const MAPS = ["map0", "map1"];
const BUILDERS = {
  surface: (message, theme, size) => (isSolid(message) ? solid : surface)(message, theme, size),
  ...Object.fromEntries(MAPS.map((name) => [name, (...given) => map(...given, name)])),
  line,
};
const FILES = {
  surface: "landscape", map0: "where-training-ends", map1: "where-gradient-ascent-ends", line: "along-a-line",
};
const isSolid = ({ header }) => header.relief === "solid" && canBeSolid();

class Landscape extends LiveView {
  constructor(plotly) {
    addStyle("hmm-landscape-style", STYLE);
    super(plotly, {
      key: "landscape", testId: "hmm-landscape", builders: BUILDERS, files: FILES, symbols: SYMBOLS,
      unpointed: ["surface", ...MAPS],
    });
    this.problem = node("p", { class: "hmm-card hmm-problem", role: "status", "data-testid": "problem" });
    const key = () => node("div", { class: "hmm-key", "aria-hidden": "true" });
    this.keys = { surface: key(), maps: key() };
    this.projected = node("span", { class: "hmm-projected" }, "projected");
    this.captions = MAPS.map(() => node("h3", {}));
    this.failures = MAPS.map(() => node("p", { role: "status" }));
    this.columns = MAPS.map((name, n) =>
      node("div", { class: "hmm-map" }, this.captions[n], this.failures[n], this.layers[name]));
    this.maps = node("div", { class: "hmm-maps" }, ...this.columns);
    this.search = this.searchRow();
    this.table = this.optimaTable();
    this.barrier = node("p", { "data-testid": "barrier" });
    this.absent = node("p", { role: "status", "data-testid": "no-surface" });
    this.cards = {
      surface: card("surface", "Log-likelihood per observation", "", this.keys.surface, this.absent,
        this.layers.surface),
      ends: card("ends", "", "", this.search.root, this.maps, this.table.root),
      line: card("line", "Along a line", "higher is better", this.layers.line, this.barrier),
    };
    this.root.append(node("div", { class: "hmm-grid hmm-landscape" },
      this.problem, ...Object.values(this.cards)));
    const cursor = (name, label) => new Cursor(this.layers[name], this.places[name], label,
      () => this.charts[name].zoomed);
    this.cursors = {
      surface: cursor("surface", "Start of the training, on the surface; Enter starts there"),
      ...Object.fromEntries(MAPS.map((name) =>
        [name, cursor(name, "Start of the training, on the map; Enter starts there")])),
    };
    this.places.surface.addEventListener("keydown", (event) => this.turn(event));
  }

  searchRow() {
    const share = node("i", {});
    const bar = node("div", { class: "hmm-bar", role: "progressbar", "aria-label": "Search from all starts",
      "aria-valuemin": 0, "aria-valuemax": 100 }, share);
    const words = node("span", { "data-testid": "search" });
    const button = node("button", { type: "button", class: "hmm-button" });
    button.addEventListener("click", () => {
      if (button.ariaDisabled !== "true") tell(this.running ? "cancel_search" : "search_on");
    });
    return { root: node("div", { class: "hmm-search" },
      words, this.keys.maps, button, bar), bar, share, words, button };
  }

  optimaTable() {
    const head = node("tr", {});
    const body = node("tbody", {});
    const sentences = node("p", { "data-testid": "misses" });
    return { head, body, sentences, root: node("div", {},
      node("div", { class: "hmm-rows" }, node("table", {}, node("thead", {}, head), body)), sentences) };
  }

  writeTexts(message) {
    const { header } = message;
    const { problem, shows, charts } = header;
    const along = shows === "line";
    const absent = MAPS.map((name) => charts[name].present === false);
    this.problem.hidden = !problem;
    write(this.problem, problem);
    const tooLarge = charts.surface.present === false;
    this.cards.surface.hidden = Boolean(problem);
    this.layers.surface.hidden = this.keys.surface.hidden = tooLarge;
    this.absent.hidden = !tooLarge;
    write(this.absent, tooLarge ? header.hint : "");
    this.cards.line.hidden = Boolean(problem) || !along || charts.line.present === false;
    this.cards.ends.hidden = Boolean(problem) || along;
    const both = header.maps.length > 1;
    this.columns.forEach((column, n) => {
      column.hidden = !header.maps[n];
      write(this.captions[n], methodName(header.maps[n]?.method ?? ""));
      this.captions[n].hidden = !both;
      write(this.failures[n], header.maps[n]?.failed ?? "");
      this.failures[n].hidden = !header.maps[n]?.failed;
      this.layers[MAPS[n]].hidden = absent[n];
    });
    this.maps.classList.toggle("hmm-both", both);
    this.maps.classList.toggle("hmm-with-bar", shows !== "ends");
    this.cards.surface.classList.toggle("hmm-solid", isSolid(message));
    const flat = header.relief === "solid" && !canBeSolid() ? "flat, for this browser draws no 3-D" : "";
    write(this.note("surface"), tooLarge ? "" : [header.hint, flat].filter(Boolean).join("; "));
    this.note("surface").title = tooLarge ? "" : header.hint;
    const [picture] = header.maps;
    write(this.root.querySelector(".hmm-ends h2"), (MAP_TITLES[shows] ?? MAP_TITLES.ends)(
      picture && !both ? methodName(picture.method) : "training"));
    write(this.note("ends"), picture ? picture.size.map(thousands).join(" × ") + " starts" : "");
    write(this.barrier, charts.line.barrier ?? "");
    this.writeSearch(header.search);
    this.writeKeys(message);
    this.writeRows(header);
    const shown = [problem !== "", shows, charts.surface.present, ...absent, header.maps.length].join();
    if (this.shown !== shown) {
      this.shown = shown;
      this.sizes = null;
    }
  }

  writeSearch({ running, share, words, can_go_on: canGoOn }) {
    const { bar, share: done, words: text, button } = this.search;
    this.running = running;
    write(text, words);
    bar.hidden = !running;
    bar.setAttribute("aria-valuenow", Math.round(100 * share));
    bar.setAttribute("aria-valuetext", words);
    done.style.width = `${100 * share}%`;
    write(button, running ? "Cancel" : "Search");
    // One that has the focus would lose it with its place.
    const idle = !running && !canGoOn;
    button.hidden = idle && document.activeElement !== button;
    button.ariaDisabled = idle;
  }

  writeKeys({ header, arrays }) {
    const theme = readTheme(this.root);
    const { charts, paths, marks, projected } = header;
    const solidly = isSolid({ header });
    const gaps = charts.surface.present !== false && arrays["surface.values"].values.some(Number.isNaN);
    const codes = this.codesIn(charts, arrays);
    const appearance = JSON.stringify([paths, marks, projected, gaps, [...codes], theme.key, header.shows,
      header.optima.others, solidly]);
    if (this.appearance === appearance) return;
    this.appearance = appearance;
    const item = (sign, text) => node("span", {}, sign, text);
    const chip = (colour) => node("i", { class: "hmm-chip", style: `background:${colour}` });
    const sample = (look) => node("i", { class: "hmm-sample", style: lineSample(look) });
    const earlier = paths.some(([, , , faint]) => faint);
    this.keys.surface.replaceChildren(
      ...Object.entries(MARKS).filter(([kind]) => marks.includes(kind))
        .map(([, { glyph, name }]) => item(node("i", {}, glyph), name)),
      ...paths.filter(([, , , faint]) => !faint)
        .map(([name, colour, dash]) => item(sample({ colour, dash }), name)),
      ...(earlier ? [item(sample({ colour: theme.faint, dash: "solid" }), "earlier runs")] : []),
      ...(gaps && !solidly ? [item(chip(noModel(theme)), "no model, or impossible")] : []),
      ...(projected ? [this.projected] : []));
    const colours = mapColours(charts.map0.optima?.map(([colour]) => colour) ?? [], theme);
    const ends = header.shows === "ends";
    this.keys.maps.replaceChildren(...[
      ends && codes.has(CODES.others) && item(chip(colours[CODES.others]), "other optima"),
      ends && codes.has(CODES.open) && item(chip(colours[CODES.open]), "not at rest"),
      codes.has(CODES.unknown) && item(chip(colours[CODES.unknown]), "not known"),
    ].filter(Boolean));
  }

  // Codes that occur on the maps.
  codesIn(charts, arrays) {
    const key = MAPS.map((name) => charts[name].digest).join();
    if (this.codesKey !== key) {
      this.codesKey = key;
      const present = MAPS.filter((name) => charts[name].present !== false);
      this.codes = new Set(present.flatMap((name) => [...new Set(codesOf(arrays[`${name}.ends`].values))]));
    }
    return this.codes;
  }

  writeRows({ optima, maps }) {
    const { head, body, sentences, root } = this.table;
    root.hidden = !optima.rows.length;
    write(sentences, maps.length > 1
      ? maps.filter(({ words }) => words).map(({ method, words }) => `${methodName(method)}: ${words}`).join(" ")
      : maps[0]?.words ?? "");
    const shape = [optima.rows.length, optima.others > 0, ...maps.map(({ method }) => method)].join();
    if (this.tableShape !== shape) {
      this.tableShape = shape;
      const shares = maps.map(({ method }) =>
        (maps.length > 1 ? `share of starts, ${method}` : "share of starts"));
      head.replaceChildren(...["optimum", "log-likelihood", ...shares].map((text) =>
        node("th", { scope: "col" }, text)),
      node("th", { scope: "col", class: "hmm-words" }, "what its states are"),
      node("th", { scope: "col", "aria-label": "make it the model" }));
      this.cells = [...optima.rows, ...(optima.others ? [null] : [])].map((row, n) => {
        const adopt = node("button", { type: "button", class: "hmm-button",
          title: "This optimum becomes the model.", "aria-label": `Adopt optimum ${n + 1}` }, "Adopt");
        adopt.addEventListener("click", () => tell(`adopt ${n}`));
        return {
          chip: node("i", { class: "hmm-chip" }), name: node("span", {}), level: node("td", {}),
          shares: maps.map(() => node("td", {})), words: node("td", { class: "hmm-words" }),
          adopt: node("td", {}, ...(row ? [adopt] : [])),
        };
      });
      body.replaceChildren(...this.cells.map(({ chip, name, level, shares: each, words, adopt }) =>
        node("tr", {}, node("th", { scope: "row" }, chip, name), level, ...each, words, adopt)));
    }
    const heights = apart(optima.rows.map((row) => row.log_likelihood));
    optima.rows.forEach((row, n) => {
      const cells = this.cells[n];
      cells.chip.style.background = row.colour;
      write(cells.name, `${n + 1}${n ? "" : ", the best"}`);
      write(cells.level, heights[n]);
      cells.shares.forEach((cell, m) => write(cell, percent(row.shares[m])));
      write(cells.words, row.words);
    });
    if (!optima.others) return;
    const rest = this.cells.at(-1);
    rest.chip.style.background = mapColours(this.message.header.charts.map0.optima?.map(([c]) => c) ?? [],
      readTheme(this.root))[CODES.others];
    write(rest.name, `${thousands(optima.others)} other${optima.others === 1 ? "" : "s"}`);
    write(rest.level, "");
    rest.shares.forEach((cell, m) => write(cell, percent(optima.other_shares[m])));
  }

  placeGrips(name) {
    const { built, element } = this.charts[name];
    if (!built || !this.cursors[name]) return;
    this.cursors[name].place(built.cells, built.cells && this.plotOf(name));
    if (element.hasAttribute("aria-description")) {
      element.setAttribute("aria-description", built.cells ? SPOKEN : SPOKEN_TURNS);
    }
  }

  // Turn the surface by a key.
  turn(event) {
    const { element } = this.charts?.surface ?? {};
    const camera = element?.layout?.scene?.camera;
    if (!camera || event.target !== element || event.altKey || event.ctrlKey || event.metaKey) return;
    const eye = turned(event.key, camera.eye ?? EYE);
    if (!eye) return;
    event.preventDefault();
    this.Plotly.relayout(element, { "scene.camera": { ...camera, eye } });
  }

  descriptions(message) {
    return landscapeWords(message);
  }
}

export const drawLandscape = viewKeeper((plotly) => new Landscape(plotly));
