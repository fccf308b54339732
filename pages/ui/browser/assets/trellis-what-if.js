// One observation in the reader's hand: sliders, boxes, a list of symbols, and "missing".

import { node } from "./plotting.js";
import { paragraph, plainTable } from "./trellis-words.js";

const short = (value) => +value.toPrecision(5);

export class WhatIf {
  // `say(text)` tells the server: "whatif 53_2.1" or "put_back".
  constructor(say) {
    this.say = say;
    this.fields = node("div", { class: "hmm-inputs" });
    this.missing = node("button", { type: "button", class: "hmm-button", "aria-pressed": "false" }, "missing");
    this.missing.addEventListener("click", () => this.say(`whatif ${this.change.time}_missing`));
    this.result = node("div", { class: "hmm-what-if-result" });
    this.root = node("div", {}, this.fields, this.result);
  }

  show(change) {
    this.change = change;
    const { time, inputs, missing } = change;
    // The fields stay while the reader holds one: they know better than a message what they say.
    const key = JSON.stringify([time, inputs.map(({ value, ...rest }) => rest)]);
    if (key !== this.key) {
      this.key = key;
      // Where nothing was observed, a slider begins in the middle.
      this.values = inputs.map(({ value, low, high }) => value ?? (low + high) / 2);
      this.boxes = inputs.map((input, i) => this.field(input, i, time));
      this.fields.replaceChildren(...this.boxes.map(({ row }) => row), this.missing);
    }
    this.missing.setAttribute("aria-pressed", missing);
    inputs.forEach(({ value }, i) => {
      if (value === null || this.boxes[i].row.contains(document.activeElement)) return;
      this.values[i] = value;
      for (const box of this.boxes[i].boxes) box.value = short(value);
      this.boxes[i].done?.();
    });
    const { banner, moved, head, rows } = change;
    this.result.replaceChildren(...(banner && moved ? [paragraph(moved), plainTable(head, rows)]
      : [paragraph("Move it, and see what changes before and after it.", { class: "hmm-after" })]));
  }

  field({ label, value, low, high, step, labels }, i, time) {
    const name = `${label} at t = ${time}`;
    if (labels.length) {
      const box = node("select", { "aria-label": name }, ...labels.map((text, c) =>
        node("option", { value: c + 1 }, text)));
      if (value === null) box.prepend(node("option", { value: "" }, "missing"));
      box.value = value ?? "";
      box.addEventListener("change", () => this.enter(i, box.value));
      return { boxes: [box], row: node("label", {}, node("span", {}, label), box) };
    }
    const range = node("input", { type: "range", class: "hmm-range", min: low, max: high, step, "aria-label": name });
    const box = node("input", { type: "number", step: "any", "aria-label": `${name}, as a number` });
    for (const one of [range, box]) one.value = short(this.values[i]);
    const done = () => range.style.setProperty("--done", (range.value - low) / (high - low));
    done();
    range.addEventListener("input", () => {
      done();
      box.value = range.value;
      this.enter(i, range.value);
    });
    box.addEventListener("change", () => {
      range.value = box.value;
      done();
      this.enter(i, box.value);
    });
    return { boxes: [range, box], done, row: node("div", { class: "hmm-input" }, node("span", {}, label), range, box) };
  }

  enter(i, text) {
    const value = Number(text);
    if (text === "" || !Number.isFinite(value)) return;
    this.values[i] = value;
    this.say(`whatif ${this.change.time}_${this.values.map((one) => +one.toPrecision(10)).join("_")}`);
  }
}
