// Play the pass: the recursion runs through the window column by column, step by step or as a film.

import { calm, node } from "./plotting.js";

const APART = 900; // milliseconds between two columns
const CALM_APART = 1800; // for a visitor who wants less motion

export class TrellisFilm {
  // `show(seen)` draws so many columns, null for all.
  constructor(show) {
    this.show = show;
    this.seen = null;
    this.columns = [];
    this.play = this.button("Play the pass", () => (this.timer ? this.stop() : this.start()));
    this.back = this.button("\u25c0\ufe0e", () => this.step(-1), "One time back");
    this.on = this.button("\u25b6\ufe0e", () => this.step(1), "One time on");
    this.all = this.button("Show all", () => this.end());
    this.story = node("span", { class: "hmm-trellis-story", role: "status", "data-testid": "story" });
    this.root = node("div", { class: "hmm-film", role: "group", "aria-label": "Play the pass" },
      this.play, this.back, this.on, this.all, this.story);
  }

  button(label, act, name = null) {
    const made = node("button", { type: "button", class: "hmm-button" }, label);
    if (name) made.setAttribute("aria-label", name);
    made.addEventListener("click", act);
    return made;
  }

  // The columns of a new message; `key` names the pass and the window.
  take(columns, backwards, key) {
    Object.assign(this, { columns, backwards });
    if (this.key !== key) {
      this.key = key;
      clearTimeout(this.timer);
      this.timer = null;
      this.seen = null;
    }
    this.write();
  }

  start() {
    if (this.seen === null || this.seen >= this.columns.length) this.seen = 0;
    this.next();
  }

  next() {
    this.seen += 1;
    const over = this.seen >= this.columns.length;
    this.timer = over ? null : setTimeout(() => this.next(), calm() ? CALM_APART : APART);
    this.draw();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.draw();
  }

  step(by) {
    clearTimeout(this.timer);
    this.timer = null;
    const from = this.seen ?? (by < 0 ? this.columns.length : 0);
    this.seen = Math.min(Math.max(from + by, 1), this.columns.length);
    this.draw();
  }

  end() {
    clearTimeout(this.timer);
    this.timer = null;
    this.seen = null;
    this.draw();
  }

  draw() {
    this.write();
    this.show(this.seen);
  }

  // The column that is seen last.
  at(seen) {
    return this.backwards ? this.columns.length - seen : seen - 1;
  }

  write() {
    const { seen, columns } = this;
    const label = this.timer ? "Pause" : "Play the pass";
    if (this.play.textContent !== label) this.play.textContent = label;
    const told = seen === null ? "" : columns[this.at(seen)]?.story ?? "";
    if (this.story.textContent !== told) this.story.textContent = told;
    this.all.hidden = seen === null;
    // A film is not read out column by column.
    this.story.setAttribute("aria-live", this.timer ? "off" : "polite");
  }
}
