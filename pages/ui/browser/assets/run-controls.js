// The run controls of every page: Play or Pause, Step, Reset, New start and time travel, and below them
// the outcome. They speak over the page's own line, and where that is refused with runs of the page.
//
// Streamlit draws what is around the live view, and the figures of pages without one. It follows by
// runs of the page that are asked for here, by a value of the component, "said":
//   asked: counts the runs asked for; the page sends it back as "heard".
//   stream: the address of the line, which tells whose commands these are.
//   refused: whether the line is refused.
//   commands: if so, those that are not acknowledged yet.

import { updateLink } from "./address.js";
import { Outcome } from "./outcome.js";
import { addStyle, calm, node } from "./plotting.js";
import { STYLE } from "./run-controls-style.js";
import { Scrubber } from "./scrubber.js";
import { Stream } from "./stream.js";

const APART = 400; // milliseconds between two runs of the page that are asked for
const SEEN_FIRST = 200; // milliseconds after a press in which its frame is drawn
const UNHEARD = 3000; // milliseconds after which a run is asked for once more
const LONGEST_LEAVING = 20000; // milliseconds until the page that the visitor goes to is shown
const LEAVING_APART = 100; // milliseconds; a page that is left has nothing to ask for
const CLICK_APART = 1000; // milliseconds after a click or key, by when its run has begun as a rule
const SENT_BY_THEN = 400; // milliseconds after which Streamlit has sent what was changed
const COUNTED_BY_THEN = 1000; // and after which the server has counted it, as a rule
const CALM_APART = 500; // milliseconds between two pictures for a visitor who wants less motion
const LEAVING = ["click", "popstate"]; // events that may lead to another page
const TOUCHES = ["pointerdown", "keydown", "input", "focusout"];
const ICONS = { // of a square of 24 pixels
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zm8 0h4v14h-4z",
  step: "M6 6v12l8.5-6zM16 6h2v12h-2z",
  reset: "M12 5V1L7 6l5 5V7a6 6 0 1 1-6 6H4a8 8 0 1 0 8-8z",
  new_start: "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm3 3.5a1.5 1.5 0 "
    + "1 0 0 3 1.5 1.5 0 0 0 0-3zm8 8a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zm-4-4a1.5 1.5 0 1 0 0 3 1.5 "
    + "1.5 0 0 0 0-3z",
};
const SLOWER = "Slower here";
const WHY_SLOWER = "This network lets only a part of the page's connections through. Everything works, "
  + "with fewer pictures a second.";

// Whether an event leads to another page of the app.
function leadsAway({ type, target, button, altKey, ctrlKey, metaKey, shiftKey }) {
  if (type === "popstate") return true;
  const link = target.closest?.("a[href]");
  return Boolean(link) && link.origin === location.origin && link.pathname !== location.pathname
    && !(button || altKey || ctrlKey || metaKey || shiftKey || link.target || link.download);
}

// Let an event that led away happen once more.
function again({ type, target, state }) {
  if (type === "popstate") window.dispatchEvent(new PopStateEvent(type, { state }));
  else target.closest("a[href]").click();
}

class RunControls {
  constructor() {
    addStyle("hmm-run-controls-style", STYLE);
    this.views = new Map(); // what shows the frames of a key
    this.number = 0;
    this.asked = 0;
    this.heard = 0;
    this.askedAt = -UNHEARD;
    this.left = -LONGEST_LEAVING;
    this.touched = -CLICK_APART;
    this.notBefore = 0;
    this.seenAt = -CALM_APART; // when a frame was drawn last
    this.saidRefused = false;
    this.stream = new Stream((frame) => this.receive(frame), () => this.update());
    this.scrubber = new Scrubber((command) => this.tell(command));
    this.play = this.button("play", "Play", () => this.press(this.playing ? "pause" : "play"));
    this.step = this.button("step", "Step", () => this.press("step"));
    this.reset = this.button("reset", "Reset", () => this.press("reset"));
    this.newStart = this.button("new_start", "New start", () => this.press("new_start"));
    this.outcome = new Outcome((command) => this.press(command), this.play);
    this.slower = node("span", { class: "hmm-slower", title: WHY_SLOWER, role: "status" });
    this.root = node("div", { class: "hmm-controls", "data-testid": "hmm-run-controls" },
      node("div", { class: "hmm-buttons", role: "group", "aria-label": "Training" },
        this.play, this.step, this.reset, this.newStart),
      this.scrubber.root, this.slower, this.outcome.root);
    for (const name of LEAVING) window.addEventListener(name, (event) => this.leave(event), true);
    for (const name of TOUCHES) document.addEventListener(name, (event) => this.touch(event), true);
  }

  button(icon, label, act) {
    const made = node("button", { type: "button", class: "hmm-button hmm-run-button" });
    setLabel(made, icon, label);
    // Not disabled by the attribute, with which a button loses the focus.
    made.addEventListener("click", () => made.ariaDisabled !== "true" && act());
    // A key that is held down presses once.
    made.addEventListener("keydown", (event) => {
      if (event.repeat && event.key === "Enter") event.preventDefault();
    });
    return made;
  }

  press(command) {
    this.scrubber.stop();
    this.tell(command);
  }

  tell(command) {
    // What was changed just before is on its way to the server, which counts it.
    const changing = performance.now() - this.touched < COUNTED_BY_THEN
      && this.live.settings === this.touchedUnder;
    this.stream.tell(command, this.live.settings + changing);
    this.notBefore = performance.now() + SEEN_FIRST;
    this.update();
  }

  // A run of the page.
  show(live) {
    this.heard = live.heard ?? 0;
    this.asked = Math.max(this.asked, this.heard);
    this.news = live.news;
    if (live.page !== this.page) this.left = -LONGEST_LEAVING;
    this.page = live.page;
    if (live.stream !== this.stream.address) {
      this.number = 0;
      // Another session will not hear what the one before was asked.
      this.asked = this.heard;
    }
    // A frame that was made after it may be here already.
    if (live.number >= this.number) this.stream.follow(live);
    this.take(live);
  }

  // A frame of the line.
  receive(frame) {
    const { live, key } = frame.header;
    if (live.number < this.number) return; // it arrived after a later one
    clearTimeout(this.calmed);
    const wait = live.wanted && calm() ? this.seenAt + CALM_APART - performance.now() : 0;
    if (wait > 0) {
      this.calmed = setTimeout(() => this.receive(frame), wait);
      return;
    }
    this.seenAt = performance.now();
    // It was sent ahead of a run of the page, which is under way.
    if (live.ahead) this.news = live.news;
    // Frames of playing runs wait while the line is held; answers to commands are drawn at once.
    this.views.get(key)?.receive(frame, live.wanted ? this.stream.held || null : 0);
    this.take(live);
  }

  take(live) {
    if (live.number >= this.number) {
      this.number = live.number;
      this.live = live;
      updateLink(live.link);
    }
    this.update();
  }

  update() {
    const { live, stream } = this;
    if (!live) return;
    const playing = live.playing && !stream.pausing;
    this.playing = playing;
    this.scrubber.show({ ...live, playing }, stream.commands.length > 0);
    setLabel(this.play, playing ? "pause" : "play", playing ? "Pause" : "Play");
    this.play.ariaDisabled = !playing && !live.can_go_on;
    this.play.title = playing ? "Stop where the training is."
      : live.can_go_on ? "Train, and watch the model change." : "Nothing left to train.";
    this.outcome.show(live.outcome);
    this.step.ariaDisabled = !live.can_go_on;
    this.step.title = "Take one training step.";
    this.reset.title = "Go back to iteration 0 of the same starting point.";
    this.newStart.ariaDisabled = !live.new_start;
    this.newStart.title = live.new_start ? "Start from another random model, on the same data."
      : "This starting point has nothing random in it; choose another one first.";
    const slower = stream.refused ? SLOWER : "";
    if (this.slower.textContent !== slower) this.slower.textContent = slower;
    this.askForRun();
  }

  // Whether the page has something else to say now than when it ran last.
  get behind() {
    const { live, stream } = this;
    return live.news !== this.news || stream.forgotten || stream.refused !== this.saidRefused
      || (stream.refused && (live.playing || live.searching || stream.commands.length > 0));
  }

  // Whether another page was chosen: by a link a moment ago, or by Back, of which the address tells.
  get leaving() {
    return performance.now() - this.left < LONGEST_LEAVING
      || location.pathname.split("/").at(-1) !== this.page;
  }

  // Let the page run again if it is behind. A page that is being left would run in place of the one
  // it is left for. And a run that is asked for while Streamlit takes up a click or an entry makes it
  // drop that: it looks for a newer request before it calls for either.
  askForRun() {
    clearTimeout(this.timer);
    const unheard = this.asked !== this.heard;
    // An older copy of this module, from before an update, has no place any more.
    if (!this.root.isConnected) return;
    this.root.setAttribute("aria-busy", this.behind || unheard || this.stream.commands.length > 0);
    // Streamlit may lose one that is asked for, as while its server is started anew.
    if (!(this.behind || unheard) || !this.component) return;
    const pressed = this.stream.refused && this.stream.commands.length > 0;
    const due = Math.max(this.askedAt + (unheard ? UNHEARD : APART),
      ...(pressed ? [this.touched + SENT_BY_THEN]
        : [this.notBefore, this.touched + CLICK_APART]));
    const held = this.held && !this.stream.refused;
    const wait = this.leaving || held ? LEAVING_APART : due - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => this.askForRun(), wait);
      return;
    }
    this.asked += 1;
    this.askedAt = performance.now();
    this.saidRefused = this.stream.refused;
    this.component.setStateValue("said", {
      asked: this.asked,
      stream: this.stream.address,
      refused: this.saidRefused,
      commands: this.stream.refused ? this.stream.takeMessages() : [],
    });
    // Streamlit sends it in a later task, so an event of the visitor may still come before it.
    this.sending = true;
    setTimeout(() => {
      this.sending = false;
    });
    this.askForRun();
  }

  leave(event) {
    if (!leadsAway(event)) return;
    if (!this.sending) {
      // "Back" on the same page is an entry like any other.
      if (event.type === "click") this.left = performance.now();
      else this.touched = performance.now();
      return;
    }
    // Sent after it, the request would bring this page back in place of the other. So the event
    // happens once more, after it.
    event.stopImmediatePropagation();
    event.preventDefault();
    setTimeout(() => again(event));
  }

  // The visitor uses something else on the page.
  touch({ type, target, key }) {
    if (target.closest?.(".hmm-controls, .hmm-panel") || key === "Tab") return;
    // What was typed is entered by Enter, or when its box loses the focus.
    if (type === "focusout" && target !== this.typed) return;
    this.typed = type === "input" ? target : type === "focusout" || key === "Enter" ? null : this.typed;
    this.touched = performance.now();
    this.touchedUnder = this.live?.settings;
    this.stream.hold();
  }
}

// Set a button's icon and name, without touching the page if they stay the same.
function setLabel(button, icon, label) {
  if (button.textContent === label) return;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[icon]);
  svg.append(path);
  button.replaceChildren(svg, node("span", {}, label));
}

const controls = new RunControls();

// Whether a command is on its way.
export const unanswered = () => controls.stream.commands.length > 0;

// While the reader holds something, runs of the page wait: they would take the time of its frames.
export function hold(held) {
  controls.held = held;
  controls.update();
}

// Give a live view the frames of its key.
export function subscribe(key, view) {
  controls.views.set(key, view);
}

// Say a command of a live view.
export function tell(command) {
  if (command.startsWith("grab ")) controls.scrubber.stop();
  controls.tell(command);
}

// A message of pages/ui/parts/run_controls.py.
export function drawRunControls(component) {
  const { data, parentElement } = component;
  if (!data || !parentElement.isConnected) return;
  controls.component = component;
  if (controls.root.parentElement !== parentElement) parentElement.replaceChildren(controls.root);
  controls.show(data[0]);
}
