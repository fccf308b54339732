// What every live view shares: its line to the server, time travel, and charts that are painted
// while numbers move and drawn by Plotly when they rest. A view says which charts there are, where
// they stand, and what it writes beside them; see panel.js and run-comparison.js.

import { updateLink } from "./address.js";
import { learnSymbols } from "./brush.js";
import { STYLE } from "./panel-style.js";
import { Chart, addStyle, coalesce, node, readTheme } from "./plotting.js";
import { LEAVING, controlOf, idle, leadsAway, unanswered } from "./presses.js";
import { Scrubber } from "./scrubber.js";
import { Stream } from "./stream.js";

const REST = 200; // milliseconds without a new frame, after which Plotly draws what was painted
const TOUCHES = ["pointerdown", "keydown"];
const LONGEST_LEAVING = 3000; // milliseconds until the page that somebody went to is there
const NEWS_APART = 500; // milliseconds between two runs of the page for what the panel learned
const OWN_PRESSES = ["step", "reset"]; // run controls that go over the view's own line
const ENTRIES = "input:not([type=range]), textarea, [contenteditable]";
const SENT_BY_THEN = 250; // milliseconds after which the page has sent what was entered elsewhere
const CLICK_APART = 1000; // milliseconds after a click or key, by when its run has begun as a rule
const BUSY_APART = 50;

// Let an event that led away happen once more.
function again({ type, target, state }) {
  if (type === "popstate") window.dispatchEvent(new PopStateEvent(type, { state }));
  else target.closest("a[href]").click();
}

// The name of the run control that an event is for, among those that go over the view's own line.
function pressOf(target) {
  const name = controlOf(target);
  return OWN_PRESSES.includes(name) ? name : undefined;
}

export const minus = (text) => text.replaceAll("-", "−");
export const thousands = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");
export function gainText(gain) {
  if (gain === null) return "–";
  if (gain === 0) return "0";
  const size = Math.abs(gain);
  const digits = size >= 0.001 && size < 1000 ? `${+gain.toPrecision(2)}` : gain.toExponential(1);
  return minus(`${gain > 0 ? "+" : ""}${digits}`);
}
// Only touch the page where a number changed.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function card(name, title, note, ...charts) {
  return node("section", { class: `hmm-card hmm-${name}` },
    node("header", {}, node("h4", {}, title), node("span", { class: "hmm-note" }, note)),
    ...charts);
}

export class LiveView {
  // `key` is the view's in messages, `testId` in tests; `builders` makes each chart of (message, theme), the first of
  // them the one whose iteration is told; `files` names their downloads; `symbols` are the marks
  // that charts use.
  constructor(plotly, { key, testId, builders, files, symbols }) {
    addStyle("hmm-panel-style", STYLE);
    Object.assign(this, { plotly, key, builders, files, symbols });
    this.number = 0;
    this.told = -NEWS_APART;
    this.left = -LONGEST_LEAVING;
    this.stream = new Stream((message) => this.receive(message), () => this.tellNews());
    this.notBefore = 0;
    this.elsewhere = -SENT_BY_THEN;
    this.clicked = -CLICK_APART;
    this.pressed = (event) => {
      // Pause stops what is seen at once; where the training stands comes a moment later.
      if (controlOf(event.target) === "pause") {
        this.frozen = true;
        this.stream.tell("pause");
      } else if (this.press(pressOf(event.target))) {
        event.stopPropagation();
        // What is open elsewhere on the page closes all the same.
        document.body.click();
      } else if (event.target !== document.body && !this.root.contains(event.target)) {
        this.clicked = performance.now();
      }
    };
    this.leaves = (event) => {
      if (!leadsAway(event)) return;
      if (this.sending) {
        // Sent after it, the news would bring this page back in place of the other. So a click
        // waits for them; "back", which Streamlit has heard of before us, happens once more.
        event.stopImmediatePropagation();
        event.preventDefault();
        setTimeout(() => again(event));
        return;
      }
      this.left = performance.now();
      this.leftFrom = event.type === "click" ? location.pathname : "";
    };
    this.touched = ({ target }) => {
      if (this.root.contains(target)) return;
      this.stream.hold();
      // What is being typed is entered when its box loses the focus.
      if (!pressOf(target) || document.activeElement?.matches(ENTRIES)) {
        this.elsewhere = performance.now();
        this.runsForNews = false;
      }
    };
    this.heard = [
      [document, ["click"], this.pressed],
      [window, LEAVING, this.leaves],
      [document, TOUCHES, this.touched],
    ];
    this.away = true;
    const names = Object.keys(builders);
    const each = (make) => Object.fromEntries(names.map((name) => [name, make(name)]));
    this.places = each((name) =>
      node("div", { class: "hmm-plot", role: "img", "data-chart": name }));
    this.canvases = each(() => node("canvas", { class: "hmm-canvas", "aria-hidden": "true" }));
    this.layers = each((name) =>
      node("div", { class: "hmm-layers" }, this.canvases[name], this.places[name]));
    this.scrubber = new Scrubber((command) => this.stream.tell(command));
    this.root = node("div", { class: "hmm-panel", "data-testid": testId, "data-draws": 0 });
    this.redraw = coalesce(() => this.draw(), (drawing) => {
      this.drawing = drawing;
      this.sayBusy();
    });
    this.observer = new ResizeObserver(() => {
      this.sizes = null;
      this.redraw();
    });
    this.observer.observe(this.root);
  }

  note(name) {
    return this.root.querySelector(`.hmm-${name} .hmm-note`);
  }

  arrive() {
    this.away = false;
    this.telling = null;
    for (const [where, names, hear] of this.heard) {
      for (const name of names) where.addEventListener(name, hear, true);
    }
  }

  // The page shows something else. The charts are kept as they are, for when it comes back.
  leave() {
    this.away = true;
    for (const [where, names, hear] of this.heard) {
      for (const name of names) where.removeEventListener(name, hear, true);
    }
    this.component = null;
    this.frozen = false;
    this.runsForNews = false;
    this.left = -LONGEST_LEAVING;
    this.stream.leave();
    this.scrubber.stop();
    for (const timer of [this.rest, this.telling, this.waiting]) clearTimeout(timer);
    for (const chart of Object.values(this.charts ?? {})) {
      clearTimeout(chart.later);
      chart.leave();
    }
  }

  // A message of the page.
  show(message, component) {
    if (this.away) this.arrive();
    const { live } = message.header;
    this.component = component;
    this.asked = false;
    // There, or at least not here any more.
    if (location.pathname !== this.leftFrom) this.left = -LONGEST_LEAVING;
    if (live) {
      this.frozen = false;
      this.news = live.news;
      if (live.stream !== this.stream.address) this.number = 0;
      this.stream.follow(live);
    }
    this.take(message);
  }

  // A frame of the stream.
  receive(message) {
    const { ahead, news, playing, wanted } = message.header.live;
    // While the visitor goes to another page, its frames may come here first.
    if (message.header.key !== this.key) return;
    // After Pause, what was on its way is let go; then comes where the training stands.
    if (this.frozen && playing) return;
    // What plays waits where the answer to what the visitor did goes first; that is seen at once.
    const plays = wanted && !this.frozen;
    this.take(message, plays ? this.stream.held || null : 0);
    // Where the page is about to run anyway, it will say the news itself.
    if (!ahead && !this.frozen && news !== this.news) this.tellNews();
  }

  // Draw a message: now, after `wait` milliseconds, or in the next frame.
  take(message, wait = null) {
    const number = message.header.live?.number ?? this.number;
    if (number < this.number) return; // overtaken by a later one
    this.number = number;
    this.message = message;
    if (message.header.live?.link) updateLink(message.header.live.link);
    this.resting = false;
    clearTimeout(this.rest);
    clearTimeout(this.waiting);
    if (wait === 0) this.redraw.now();
    else if (wait) this.waiting = setTimeout(this.redraw, wait);
    else this.redraw();
    this.sayBusy();
  }

  // Step and Reset over the view's own line, whether they went: its frame is there before
  // Streamlit would have sent the press, and the page follows once it has been seen. What goes by
  // Streamlit must not be overtaken: then, and while the runs play, the press goes that way too.
  press(name) {
    const now = performance.now();
    const live = this.message?.header.live;
    const free = live && !live.playing && !this.frozen && this.root.isConnected
      && now - this.elsewhere >= SENT_BY_THEN && now - this.left >= LONGEST_LEAVING
      && !unanswered() && (this.runsForNews || idle());
    if (!name || !free || !this.stream.press(name)) return false;
    this.scrubber.stop();
    this.notBefore = now + REST;
    this.tellNews();
    return true;
  }

  // Let the page run again, for it has something else to say now. A page that is being left would
  // run in place of the one it is left for. And a run that is asked for while Streamlit takes up a
  // press or an entry makes it drop that: it looks for a newer request before it calls for either.
  tellNews() {
    const due = Math.max(this.told + NEWS_APART, this.left + LONGEST_LEAVING, this.notBefore,
      Math.max(this.clicked, this.elsewhere) + CLICK_APART);
    const wait = Math.max(due - performance.now(), idle() && !unanswered() ? 0 : BUSY_APART);
    clearTimeout(this.telling);
    this.telling = wait > 0 ? setTimeout(() => this.tellNews(), wait) : null;
    this.asked ||= !this.telling;
    this.sayBusy();
    if (this.telling) return;
    this.told = performance.now();
    // A run that is for nothing else holds up no press.
    this.runsForNews = true;
    this.news = this.message?.header.live?.news;
    this.component?.setTriggerValue("news", this.number);
    // Streamlit sends it in a task of its own, which what the visitor does can still overtake.
    this.sending = true;
    setTimeout(() => {
      this.sending = false;
    });
  }

  // Whether anything is left to draw, to be drawn by Plotly, or to be heard from the page: said to
  // those who have the page read aloud, and to whoever waits for it to come to rest.
  sayBusy() {
    const painted = Object.values(this.charts ?? {}).some((chart) => chart.painted);
    const busy = painted || this.drawing || this.behind || this.message !== this.drawn
      || this.telling || this.asked;
    this.root.setAttribute("aria-busy", Boolean(busy) && !this.failed);
  }

  // Write what a message says beside its charts. For each chart that is there: a key of all that its
  // frame depends on but for a zoom.
  writeAll(message) {
    const { header } = message;
    const theme = readTheme(this.root);
    if (header.live) this.scrubber.show(header.live, this.stream.unanswered);
    this.writeTexts(message);
    // All at once: after anything was drawn, the next question would cost another layout.
    const sizes = this.sizes ?? Object.fromEntries(Object.entries(this.places).map(
      ([name, place]) => [name, [place.clientWidth, place.clientHeight]]));
    if (this.root.isConnected) this.sizes = sizes;
    const names = Object.keys(this.builders).filter((name) =>
      header.charts[name].present !== false && sizes[name][0]);
    const keys = Object.fromEntries(names.map((name) => [name,
      [header.charts[name].digest, header.num_states, ...sizes[name], theme.key].join("|")]));
    return { theme, sizes, keys };
  }

  async draw() {
    if (!this.message) return;
    // What is written does not wait for Plotly.
    if (!this.charts) this.writeAll(this.message);
    const Plotly = await this.ready();
    if (!Plotly) return;
    const { message } = this; // the next one may arrive while this one is drawn
    const { header } = message;
    const { theme, sizes, keys } = this.writeAll(message);
    this.drawn = message;
    this.behind = false;
    let drew = false;
    let late = false;
    for (const name of Object.keys(keys)) {
      const chart = this.charts[name];
      const size = sizes[name];
      const zoomKey = chart.fixed ? "" : header.data_key;
      const key = `${keys[name]}|${zoomKey}`;
      const settles = chart.drawn === key && chart.painted && (this.resting || chart.hovered);
      if (chart.drawn === key && !settles && !chart.stale) continue;
      const built = this.builders[name](message, theme);
      const sameSize = String(chart.size) === String(size);
      if (!settles && sameSize && chart.paint(built, zoomKey, size)) {
        Object.assign(chart, { drawn: key, stale: false });
        drew = true;
        // Plotly has to draw it in the end, also where it is first seen after the view came to rest.
        this.resting = false;
        continue;
      }
      if (this.postpone(chart, header)) {
        this.behind = true;
        late ||= name === Object.keys(this.builders)[0];
        continue;
      }
      Object.assign(chart, { drawn: key, stale: false, size });
      await chart.draw(built, zoomKey, size, sameSize && !this.resting);
      if (this.destroyed) return;
      // Only now it is known whether it can be zoomed.
      if (chart.drawn === key && chart.fixed) chart.drawn = `${keys[name]}|`;
      drew ||= !settles;
      if (settles) {
        // The rest comes in frames of their own, so that nothing waits for all of them.
        this.redraw();
        break;
      }
    }
    if (drew) this.root.dataset.draws = Number(this.root.dataset.draws) + 1;
    if (!late) this.root.dataset.iteration = Math.max(...header.runs.map((run) => run.iteration));
    if (!this.resting && Object.values(this.charts).some((chart) => chart.painted)) {
      clearTimeout(this.rest);
      this.rest = setTimeout(() => {
        this.resting = true;
        this.redraw();
      }, REST);
    }
    // Needed when numbers begin to change, and not before what is there was seen.
    this.learning ??= setTimeout(() => learnSymbols(Plotly, this.symbols).catch((error) => {
      console.error(error);
      this.learning = null;
    }), REST);
  }

  // A chart that takes long (thousands of marks) may use at most a third of the time, so that
  // the others and the page's controls stay quick. It is caught up as soon as possible.
  postpone(chart, header) {
    const wait = chart.finished + 2 * chart.cost - performance.now();
    if (chart.cost < 60 || wait <= 0 || chart.dataKey !== header.data_key) {
      chart.dataKey = header.data_key;
      return false;
    }
    clearTimeout(chart.later);
    chart.later = setTimeout(() => this.redraw(), wait + 5);
    return true;
  }

  async ready() {
    if (this.charts) return this.Plotly;
    try {
      this.Plotly = await this.plotly;
    } catch (error) {
      this.failed = true;
      this.root.textContent = error.message;
      return null;
    }
    if (this.destroyed) return null;
    this.charts = {};
    for (const [name, place] of Object.entries(this.places)) {
      const chart = new Chart(this.Plotly, place, {
        name: this.files[name], ownsRanges: true, canvas: this.canvases[name],
      });
      chart.onReset = () => this.redraw();
      chart.onStale = () => {
        chart.stale = true;
        this.redraw();
      };
      this.charts[name] = chart;
    }
    return this.Plotly;
  }

  destroy() {
    this.destroyed = true;
    this.leave();
    clearTimeout(this.learning);
    this.redraw.stop();
    this.observer.disconnect();
    for (const chart of Object.values(this.charts ?? {})) chart.destroy();
    this.root.remove();
  }
}
