// The explanations of the Messages page: sentences, formulas and tables of terms as elements.

import { plainName } from "./charts.js";
import { node } from "./plotting.js";

// A text in which _{…} is below the line and ^{…} above it.
export function rich(text) {
  return text.split(/([_^]\{[^{}]*\})/).map((part, i) => {
    if (i % 2 === 0) return part;
    return node(part[0] === "_" ? "sub" : "sup", {}, part.slice(2, -1));
  });
}

export const paragraph = (text, attributes = {}) => node("p", attributes, ...rich(text));

const cell = (text, strong = false) => node("td", strong ? { class: "hmm-strong" } : {}, ...rich(text));

// The terms of a sum, with a bar for each; names of rows choose what they belong to.
function termTable({ head, rows, totals }, states, choose) {
  const columns = head.length;
  const body = rows.map((row) => {
    let name = row.name;
    if (row.cell) {
      name = node("button", { type: "button", class: "hmm-term-name" }, row.name);
      name.addEventListener("click", () => choose(row.cell));
    }
    const mark = row.state === null ? [] : [node("i", {
      style: `background:${states.colours[row.state]}`, "aria-hidden": "true" })];
    const colour = row.state === null ? "currentColor" : states.colours[row.state];
    const bar = node("i", { style: `width:${(100 * row.share).toFixed(1)}%;background:${colour}` });
    return node("tr", row.chosen ? { class: "hmm-chosen" } : {},
      node("th", { scope: "row" }, ...mark, name), ...row.cells.map((text, i) => cell(text, head[i + 1].startsWith("="))),
      node("td", { class: "hmm-term-bar", "aria-hidden": "true" }, bar));
  });
  const foot = totals.map(([what, number, is], i) => node("tr", {},
    node("th", { scope: "row", colspan: Math.max(columns - 1, 1) }, ...rich(what)),
    node("td", { class: "hmm-strong", "data-testid": i ? "total" : "sum" }, ...rich(number)),
    node("td", { class: "hmm-term-what" }, ...rich(is))));
  const heads = columns ? [node("thead", {}, node("tr", {},
    ...head.map((text) => node("th", { scope: "col" }, ...rich(text))),
    node("th", { "aria-hidden": "true" }, "")))] : [];
  return node("table", { class: "hmm-terms" }, ...heads, node("tbody", { "data-testid": "terms" }, ...body),
    node("tfoot", {}, ...foot));
}

// The K × K table of ξ.
function pairTable(matrix, states, [, state, origin], time) {
  const names = matrix.map((_, k) => plainName(k, states));
  return node("table", { class: "hmm-terms hmm-matrix", "data-testid": "pairs" },
    node("caption", {}, `ξ of all steps to t = ${time}; rows: from, columns: to. They add up to 1.`),
    node("thead", {}, node("tr", {}, node("td", {}, ""),
      ...names.map((name) => node("th", { scope: "col" }, name)))),
    node("tbody", {}, ...matrix.map((row, i) => node("tr", {}, node("th", { scope: "row" }, names[i]),
      ...row.map((text, j) => node("td", i === origin && j === state ? { class: "hmm-chosen" } : {}, text))))));
}

export function explained(explanation, header, choose) {
  const { words, formula, head, rows, totals, after, matrix, other } = explanation;
  const found = [paragraph(words, { class: "hmm-words" }),
    paragraph(formula, { class: "hmm-formula" })];
  if (rows.length || totals.length) {
    found.push(node("div", { class: "hmm-scroll" }, termTable({ head, rows, totals }, header.states, choose)));
  }
  if (matrix.length) {
    found.push(node("div", { class: "hmm-scroll" }, pairTable(matrix, header.states, header.cell,
      header.columns[header.cell[0]].time)));
  }
  found.push(...after.map((text) => paragraph(text, { class: "hmm-after" })));
  if (other) {
    found.push(node("section", { class: "hmm-other" }, node("h3", {}, ...rich(other.title)),
      ...explained({ ...other, other: null }, header, choose)));
  }
  return found;
}

// A plain table of texts, whose first column names its rows.
export function plainTable(head, rows, attributes = {}) {
  return node("div", { class: "hmm-scroll" }, node("table", { class: "hmm-terms hmm-plain", ...attributes },
    ...(head.length ? [node("thead", {}, node("tr", {},
      ...head.map((text) => node("th", { scope: "col" }, ...rich(text)))))] : []),
    node("tbody", {}, ...rows.map(([name, ...cells]) => node("tr", {},
      node("th", { scope: "row" }, ...rich(name)), ...cells.map((text) => cell(text)))))));
}
