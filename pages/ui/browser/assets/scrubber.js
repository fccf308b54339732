// Time travel: a slider over all iterations so far, with a film, marks and buttons.

import { calm, node, scaled } from "./plotting.js";

const FILM_SECONDS = 6;
const FILM_FRAME = 60; // milliseconds
const CALM_FRAME = 500; // for a visitor who wants less motion

const thousands = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");

export class Scrubber {
  // `tell` takes the commands of pages/ui/live/frame_source.py: "at 12", "now", "mark".
  constructor(tell) {
    this.tell = tell;
    this.live = { at: null, latest: 0, by_hand: 0, marks: [] };
    const button = (label, hint, act) => {
      const made = node("button", { type: "button", class: "hmm-button", title: hint }, label);
      made.addEventListener("click", act);
      return made;
    };
    this.film = button("Film", "Play what was learned so far from its start, as a film.",
      () => (this.timer ? this.stop() : this.play()));
    this.first = button("First", "Go back to iteration 0, where training began. Nothing is lost.",
      () => {
        this.stop();
        this.go(0);
      });
    this.range = node("input", {
      type: "range", min: 0, max: 0, value: 0, step: 1, class: "hmm-range",
      "aria-label": "Iteration shown",
    });
    this.range.addEventListener("input", () => {
      this.stop();
      this.fill();
      this.go(Number(this.range.value));
    });
    this.marks = node("div", { class: "hmm-marks" });
    this.where = node("span", { class: "hmm-where" });
    this.mark = button("Mark", "Mark this iteration, to find it again; press again to unmark it.",
      () => this.tell("mark"));
    this.now = button("Latest", "Return to the latest iteration.", () => {
      this.stop();
      this.tell("now");
    });
    this.root = node("div", { class: "hmm-scrubber", role: "group", "aria-label": "Time travel" },
      this.film, this.first, node("div", { class: "hmm-track" }, this.marks, this.range),
      this.where, this.mark, this.now);
  }

  // Show the current iteration. While a command of the reader is `unanswered`, the thumb stays
  // where it was put, so that the next key press continues from there.
  show(live, unanswered) {
    if (live.playing) this.stop();
    const { at, latest, marks } = live;
    this.live = live;
    const shown = at ?? latest;
    this.range.min = -live.by_hand;
    this.range.max = latest;
    if (!unanswered) this.range.value = shown;
    this.fill();
    this.range.setAttribute("aria-valuetext", `iteration ${shown} of ${latest}`);
    this.film.disabled = latest === 0;
    this.range.disabled = latest + live.by_hand === 0;
    this.mark.disabled = latest === 0 || shown < 0;
    this.first.disabled = shown === 0;
    this.now.disabled = at === null;
    this.mark.setAttribute("aria-pressed", marks.includes(shown));
    const text = shown < 0 ? `${-shown} by hand before the start`
      : at === null ? `iteration ${thousands(latest)}, the latest`
      : `iteration ${thousands(at)} of ${thousands(latest)}`;
    if (this.where.textContent !== text) this.where.textContent = text;
    this.drawMarks(marks);
    marks.forEach((iteration, i) => {
      const share = latest ? (iteration + live.by_hand) / (latest + live.by_hand) : 0;
      this.marks.children[i].style.left = `calc(${scaled(7)} + (100% - ${scaled(14)}) * ${share})`;
    });
  }

  // Flags that stay keep the focus, and take a click that takes its time.
  drawMarks(marks) {
    if (this.drawn === marks.join()) return;
    this.drawn = marks.join();
    this.marks.replaceChildren(...marks.map((iteration) => {
      const flag = node("button", {
        type: "button", class: "hmm-flag", title: `Go to iteration ${iteration}`,
        "aria-label": `Go to marked iteration ${iteration}`,
      });
      flag.addEventListener("click", () => {
        this.stop();
        this.go(iteration);
      });
      return flag;
    }));
  }

  // Colour the track up to the thumb.
  fill() {
    const { value, min, max } = this.range;
    this.range.style.setProperty("--done", max - min > 0 ? (value - min) / (max - min) : 0);
  }

  go(iteration) {
    this.tell(iteration >= this.live.latest ? "now" : `at ${iteration}`);
  }

  play() {
    const begin = performance.now();
    this.film.textContent = "Stop";
    this.timer = setInterval(() => {
      const share = (performance.now() - begin) / 1000 / FILM_SECONDS;
      if (share >= 1) this.stop();
      this.go(share >= 1 ? this.live.latest : Math.floor(share * this.live.latest));
    }, calm() ? CALM_FRAME : FILM_FRAME);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.film.textContent = "Film";
  }
}
