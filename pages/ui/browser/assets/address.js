// The address bar's part that says where the runs stand, and the button that copies the link.
//
// Streamlit writes the settings there, an entry of the browser's history for each change. Where
// runs stand changes with every step and belongs into no history, so it is written from here, in
// place. Streamlit keeps its own copy of the address and compares ours only where it writes.

import { addStyle, node } from "./plotting.js";
import { hear, idle, unanswered } from "./presses.js";
import "./tooltips.js";

const NAMES = ["runs", "at", "marks"]; // as in pages/ui/experiment/run_position.py
const APART = 500; // milliseconds between two writings; browsers refuse more than some a second
const SOON = 100;
const OWN = "hmm-own-data"; // where this tab keeps the key of the data that it brought
const SHOWN_FOR = 6000;
const UNHEARD = 1000; // milliseconds until what the server has not heard is said again

const LOST = "Connected again, but your own data are gone from the server: bring the file again on "
  + "the Data page.";

const STYLE = `
.hmm-link { position: relative; }
.hmm-link > button {
  font: inherit; font-size: 0.875rem; color: var(--st-text-color); white-space: nowrap;
  background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: 0.5rem; padding: 0 0.75rem; height: 2.25rem; cursor: pointer;
}
.hmm-link > button:hover, .hmm-link > button:focus-visible {
  color: var(--st-primary-color); border-color: var(--st-primary-color); outline: none;
}
.hmm-link > button:focus-visible { box-shadow: 0 0 0 2px var(--st-primary-color); }
.hmm-link output {
  position: absolute; top: 2.6rem; right: 0; width: max-content; max-width: min(22rem, 70vw);
  z-index: 2; padding: 0.6rem 0.8rem; font-size: 0.85rem; line-height: 1.4;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: 0.5rem;
  box-shadow: 0 4px 16px rgba(0, 0, 0, 0.18);
}
.hmm-link output:empty { display: none; }
.hmm-link output input { display: block; width: 100%; margin-top: 0.4rem; font: inherit; }
`;

let said = null; // what the server said last: {run_position, unsaid, settings}
let query = ""; // the settings as the address bar holds them, and their number
let number = null;
let page = null; // the component that the server hears
let speak = () => {};
let returning = ""; // the address at which the connection was found again, until that is told
let calling = null; // timer of the next time that it is told
let asked = null; // the key that was given back already
let asking = false; // and no answer yet
let written = -APART;
let timer = null;
let due = null; // {from, to}: what waits to be written, and the address that it belongs to

// Whether the address bar holds the settings that the position of the runs belongs to. Streamlit writes them a
// little later, and in the address before a change the runs stay where they were then.
function settled() {
  // While the server has not heard where we were, it says something older.
  if (!said || returning || said.settings !== number) return false;
  const held = new URLSearchParams(location.search);
  for (const name of NAMES) held.delete(name);
  const wanted = new URLSearchParams(query);
  held.sort();
  wanted.sort();
  return held.toString() === wanted.toString();
}

function address() {
  const url = new URL(location.href);
  for (const name of NAMES) {
    if (said.run_position[name]) url.searchParams.set(name, said.run_position[name]);
    else url.searchParams.delete(name);
  }
  return url.href;
}

function write() {
  clearTimeout(timer);
  const held = settled();
  if (held) due = { from: location.href, to: address() };
  const wait = written + APART - performance.now();
  if (wait > 0 || !held) timer = setTimeout(write, Math.max(wait, SOON));
  else writeDue();
}

function writeDue() {
  if (due?.from === location.href && due.to !== due.from) {
    written = performance.now();
    history.replaceState(history.state, "", due.to);
  }
  due = null;
}

// An address that is left for another one first takes what still waits: Back leads to it.
const push = history.pushState.bind(history);
history.pushState = (...entry) => {
  writeDue();
  push(...entry);
};

// Take over what the server says of the runs.
export function stand(link) {
  // Overtaken by a later one.
  if (said?.session === link.session && link.number < said.number) return;
  said = link;
  write();
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure connection browsers know only the old way.
    const area = node("textarea", { "aria-hidden": "true", style: "position:fixed;opacity:0" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function button() {
  const root = node("div", { class: "hmm-link" });
  const press = node("button", {
    type: "button", title: "Copy a link that opens this experiment anywhere: the same data, the "
      + "same runs at the same iteration, on this page.",
  }, "Copy link");
  const bubble = node("output", { role: "status" });
  let hide;
  speak = (text, link = null) => {
    bubble.replaceChildren(text);
    if (link) {
      const field = node("input", { readonly: "", "aria-label": "Link" });
      field.value = link;
      bubble.append(field);
      field.select();
    }
    clearTimeout(hide);
    hide = setTimeout(() => bubble.replaceChildren(), link ? 10 * SHOWN_FOR : SHOWN_FOR);
  };
  press.addEventListener("click", async () => {
    const href = settled() ? address() : location.href;
    const unsaid = said?.unsaid ?? "";
    if (await copy(href)) speak(`Link copied. ${unsaid}`);
    else speak(`Copy this link. ${unsaid}`, href);
  });
  root.append(press, bubble);
  return root;
}

// What Streamlit is told while a connection begins it may drop: so it is told until it is heard.
function callBack() {
  if (!returning) return;
  if (idle() && !unanswered()) page.setTriggerValue("back", returning);
  calling = setTimeout(callBack, UNHEARD);
}

// After a lost connection the server may have forgotten us: it hears where we were.
function watchConnection() {
  const app = document.querySelector("[data-testid=stApp]");
  if (!app || app.hmmWatched) return;
  app.hmmWatched = true;
  const name = "data-test-connection-state";
  let before = app.getAttribute(name);
  new MutationObserver(() => {
    const now = app.getAttribute(name);
    if (now === "CONNECTED" && before !== now) {
      returning = location.href;
      page.setTriggerValue("back", returning);
      clearTimeout(calling);
      calling = setTimeout(callBack, UNHEARD);
    }
    before = now;
  }).observe(app, { attributes: true, attributeFilter: [name] });
}

// This tab keeps the key of the data that it brought. A session that was begun by a reload, or
// after a lost connection, gets it, to be used or to be kept beside others; a link that somebody
// opened here speaks of other data.
function bringOwnData({ own, lost }) {
  if (own) sessionStorage.setItem(OWN, own);
  const key = sessionStorage.getItem(OWN);
  const [visit] = performance.getEntriesByType("navigation");
  const again = returning || visit?.type === "reload" || visit?.type === "back_forward";
  asking = Boolean((lost || !own) && key && again && key !== asked);
  if (!asking) return;
  asked = key;
  page.setTriggerValue("own", key);
}

// A message of pages/ui/parts/frame.py.
export function follow(component) {
  const { parentElement } = component;
  const [data] = component.data ?? [];
  if (!data) return;
  if (data.query !== undefined) {
    page = component;
    number = data.settings;
    query = data.query;
    addStyle("hmm-link-style", STYLE);
    if (!parentElement.querySelector(".hmm-link")) parentElement.append(button());
    watchConnection();
    hear(data.presses);
    bringOwnData(data);
    // Before the server has heard it, it shows what its first address said.
    if (returning && !asking && data.back === returning) {
      returning = "";
      speak(data.lost ? LOST : "Connected again: everything is as it was.");
    }
  }
  stand(data);
}
