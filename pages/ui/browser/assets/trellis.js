// The Messages page: the trellis, the number that is chosen opened to its terms, the observation on its
// density, what another observation would change, and what it all gives to the next step of learning.
// Its messages come from pages/ui/live/trellis.py.

import { plainName } from "./charts.js";
import { LiveView, card, write } from "./live-view.js";
import { addStyle, node, viewKeeper } from "./plotting.js";
import { tell, unanswered } from "./run-controls.js";
import { density } from "./trellis-density.js";
import { TrellisFilm } from "./trellis-film.js";
import { TrellisPicture } from "./trellis-picture.js";
import { STYLE } from "./trellis-style.js";
import { WhatIf } from "./trellis-what-if.js";
import { explained, paragraph, plainTable, rich } from "./trellis-words.js";

class Trellis extends LiveView {
  constructor(plotly) {
    super(plotly, {
      key: "trellis", testId: "hmm-trellis", builders: { density }, files: { density: "likelihoods" },
      symbols: ["circle"],
    });
    addStyle("hmm-trellis-style", STYLE);
    this.waiting = new Map(); // commands that are not told yet, by their first word
    this.picture = new TrellisPicture((cell) => this.choose(cell));
    this.film = new TrellisFilm((seen) => this.reveal(seen));
    this.whatIf = new WhatIf((text) => this.say(text));
    this.problem = node("p", { class: "hmm-problem", role: "status", "data-testid": "problem" });
    this.banner = node("div", { class: "hmm-banner", role: "status" });
    this.remarks = node("div", { class: "hmm-remarks" });
    this.terms = node("div", { class: "hmm-explained", "data-testid": "explained" });
    this.said = node("span", { class: "hmm-said", role: "status" }); // what is chosen, read out
    this.learning = node("div", { class: "hmm-explained", "data-testid": "learning" });
    this.densityNote = node("p", { class: "hmm-after" });
    this.unscaled = node("details", { class: "hmm-unscaled" },
      node("summary", {}, "Why divide by c? Show the pass unscaled"), node("div", {}));
    this.back = node("button", { type: "button", class: "hmm-button" }, "Put back");
    this.back.addEventListener("click", () => this.say("put_back"));
    this.grid = node("div", { class: "hmm-grid hmm-trellis" },
      card("trellis-card", "", "", this.banner, this.remarks, this.picture.root, this.film.root),
      card("terms-card", "", "", this.said, this.terms, this.unscaled),
      card("likely", "", "", this.layers.density, this.densityNote),
      card("what-if", "", "", this.whatIf.root),
      card("learning", "", "", this.learning));
    this.where = node("span", { class: "hmm-trellis-where", "data-testid": "where" });
    this.grid.querySelector(".hmm-trellis-card header").append(this.where);
    this.root.append(this.problem, this.grid);
  }

  title(name) {
    return this.root.querySelector(`.hmm-${name} h2`);
  }

  writeTexts({ header, arrays }) {
    this.problem.hidden = !header.problem;
    this.grid.hidden = Boolean(header.problem);
    write(this.problem, header.problem);
    if (header.problem) return;
    const model = { ...header, fills: arrays["picture.fills"].values, ghosts: arrays["picture.ghosts"]?.values };
    // Frames that were made before the server heard of a choice do not undo it.
    if (!this.cell || (!this.waiting.has("cell") && !unanswered())) this.cell = header.cell;
    const { columns } = header;
    this.cell[0] = Math.min(this.cell[0], columns.length - 1);
    this.model = model;
    const window = [header.pass, columns[0].time, columns.length, header.num_states].join();
    this.film.take(columns, header.backwards, window);
    this.picture.show(model, this.cell, this.film.seen);
    this.writeWords(header);
    setTimeout(() => this.flush());
  }

  writeWords(header) {
    const { explanation, learning, change, unscaled, cell } = header;
    write(this.title("trellis-card"), header.title);
    write(this.where, header.where);
    this.put("note", this.note("trellis-card"), header.note, rich);
    this.put("title", this.title("terms-card"), `${explanation.title}, term by term`, rich);
    if (!header.live?.playing) write(this.said, explanation.title);
    this.put("explained", this.terms, [explanation, header.states, cell], () =>
      explained(explanation, header, (text) => this.say(`cell ${text}`)));
    const { time, value, text, note } = header.charts.density;
    this.put("likely", this.title("likely"), value === null ? `x_{${time}} is missing`
      : `How likely each state makes x_{${time}} = ${text}`, rich);
    write(this.densityNote, note);
    this.put("question", this.title("what-if"), `What if x_{${change.time}} were different?`, rich);
    this.whatIf.show(change);
    this.banner.hidden = !change.banner;
    this.put("banner", this.banner, change.banner, (words) => [node("span", {}, ...rich(words)), this.back]);
    write(this.title("learning"), "From messages to learning");
    this.put("learning", this.learning, learning, () => [
      ...learning.sentences.map((words) => paragraph(words)),
      ...(learning.rows.length ? [plainTable(learning.head, learning.rows, { "data-testid": "step" })] : []),
      ...learning.after.map((words) => paragraph(words, { class: "hmm-after" })),
    ]);
    this.put("remarks", this.remarks, header.remarks, (remarks) => remarks.map((words) => paragraph(words)));
    this.unscaled.hidden = header.pass !== "forward";
    this.put("unscaled", this.unscaled.lastChild, unscaled, ([words, rows]) => [
      paragraph(words), plainTable(["", `α of ${plainName(cell[1], header.states)}, unscaled`], rows)]);
  }

  // Put what `make` makes of a value into an element, if the value is another one than before.
  put(name, element, value, make) {
    this.made ??= {};
    const key = JSON.stringify(value);
    if (this.made[name] === key) return;
    this.made[name] = key;
    // A button in it that has the focus is made anew.
    const focused = element.contains(document.activeElement) && document.activeElement.textContent;
    element.replaceChildren(...make(value));
    if (!focused) return;
    [...element.querySelectorAll("button")].find((one) => one.textContent === focused)?.focus();
  }

  // The reader chose a circle or an arrow: [column, state, origin or null].
  choose([column, state, origin]) {
    this.cell = [column, state, origin];
    this.picture.show(this.model, this.cell, this.film.seen);
    const { time } = this.model.columns[column];
    this.say(`cell ${[time, ...(origin === null ? [] : [origin + 1]), state + 1].join(".")}`);
  }

  reveal(seen) {
    this.root.dataset.revealed = seen ?? "all";
    this.picture.show(this.model, this.cell, seen);
    if (seen !== null) this.picture.follow(this.film.at(seen));
  }

  // Tell the server, one thing at a time: of each kind the last only.
  say(command) {
    this.waiting.set(command.split(" ")[0], command);
    if (command === "put_back") this.waiting.delete("whatif");
    this.flush();
  }

  flush() {
    if (unanswered() || !this.waiting.size) return;
    const [[word, command]] = this.waiting;
    this.waiting.delete(word);
    tell(command);
  }

  leave() {
    super.leave();
    this.film?.stop();
  }

  descriptions({ header }) {
    if (header.problem) return {};
    const { marks, text, x } = header.charts.density;
    const told = marks.map((mark, k) => `${plainName(k, header.states)} ${mark}`).join(", ");
    return { density: told ? `Likelihood of ${x} ${text} under each state: ${told}.`
      : "Nothing was observed at this time." };
  }
}

export const drawTrellis = viewKeeper((plotly) => new Trellis(plotly));
