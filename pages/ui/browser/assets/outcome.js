// The outcome beside Play: how the shown run stands, in words of pages/ui/live/outcome.py, and the one
// remedy that helps. Numbers follow every frame; only the pill is announced to screen readers.

import { addStyle, node } from "./plotting.js";
import { STYLE } from "./outcome-style.js";

export class Outcome {
  // `tell` takes the commands of pages/ui/session/commands.py; `elsewhere` takes the focus from a button
  // that goes away.
  constructor(tell, elsewhere) {
    addStyle("hmm-outcome-style", STYLE);
    this.elsewhere = elsewhere;
    const button = (act) => {
      const made = node("button", { type: "button", class: "hmm-button", hidden: "" });
      made.addEventListener("click", act);
      return made;
    };
    this.pill = node("b", { class: "hmm-pill", role: "status" });
    this.run = node("span", { class: "hmm-which" });
    this.share = fact("hmm-share");
    this.distance = fact("hmm-distance");
    this.criteria = node("span", { class: "hmm-criteria-text" });
    this.tip = node("span", { class: "hmm-tip", role: "tooltip", id: "hmm-outcome-help" });
    this.help = node("button", {
      type: "button", class: "hmm-help", "aria-label": "What do these numbers say?",
      "aria-describedby": this.tip.id,
    }, "?");
    this.help.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.help.blur();
    });
    this.remedy = button(() => tell(`remedy ${this.remedy.dataset.number}`));
    this.undo = button(() => tell("undo"));
    this.undo.textContent = "Undo";
    this.question = node("a", { class: "hmm-question", hidden: "" });
    this.question.addEventListener("click", goTo);
    this.root = node("div", {
      class: "hmm-outcome", "data-testid": "hmm-outcome", role: "group", "aria-label": "Outcome",
    },
    // With spaces between them, for whoever copies or hears them.
    node("div", { class: "hmm-facts" }, this.pill, " ", this.run, " ", this.share, " ", this.distance, " ",
      node("span", { class: "hmm-criteria" }, this.criteria,
        node("span", { class: "hmm-help-place" }, this.help, this.tip))),
    node("div", { class: "hmm-actions" }, this.question, this.remedy, this.undo));
  }

  show({ pill: [word, tone], run, share, distance, criteria, help, remedy, undo, elsewhere }) {
    this.root.dataset.tone = tone;
    write(this.pill, word);
    write(this.run, run);
    for (const [place, texts] of [[this.share, share], [this.distance, distance]]) {
      texts.forEach((text, i) => write(place.children[i], text));
    }
    write(this.criteria, criteria);
    const told = help.flat().join();
    this.help.hidden = !told;
    if (this.told !== told) {
      this.told = told;
      this.tip.replaceChildren(...help.map(([title, text]) =>
        node("span", {}, node("b", {}, `${title}. `), text)));
    }
    this.question.hidden = !elsewhere;
    if (elsewhere) {
      write(this.question, elsewhere[0]);
      // The settings are in the address, for a browser that opens the page by itself.
      this.question.href = new URL(elsewhere[1] + location.search, document.baseURI).href;
    }
    const focused = [this.remedy, this.undo].find((one) => one === document.activeElement);
    this.remedy.hidden = !remedy;
    if (remedy) {
      write(this.remedy, remedy.label);
      this.remedy.title = remedy.help;
      this.remedy.dataset.number = remedy.number;
    }
    this.undo.hidden = !undo;
    this.undo.title = undo;
    // It would be lost with the button.
    if (focused?.hidden) [this.undo, this.remedy, this.elsewhere].find((one) => !one.hidden).focus();
  }
}

// Follow a link to another page of the app by the page's own link to it, which keeps what the address does
// not hold; where there is none at the moment, by the address.
function goTo(event) {
  const { pathname } = event.currentTarget;
  const own = [...document.querySelectorAll("header a[href]")].find((link) => link.pathname === pathname);
  if (!own || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  own.click();
}

// A number, what it is, and what it is to be compared with.
function fact(name) {
  return node("span", { class: name }, node("b", {}), " ", node("span", {}), " ", node("small", {}));
}

// Set an element's text, without touching the page if it stays the same.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
