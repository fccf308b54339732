// Writes the positions of the runs into the address, and draws the button that copies the link.
//
// Streamlit writes the settings into the address, with an entry in the browser's history for each
// change. Positions change with every step and do not belong in the history, so this module writes
// them with replaceState. Streamlit keeps its own copy of the address, which it does not compare
// with the real one unless it writes.

import { addStyle, node, setLecture } from "./plotting.js";

const NAMES = ["runs", "at", "marks"]; // as in pages/ui/experiment/run_position.py
const EMBEDDING = ["embed", "embed_options"]; // Streamlit's own parameters
const WRITE_INTERVAL = 500; // milliseconds; browsers refuse more than a few changes a second
const CHECK_INTERVAL = 100; // milliseconds
const UPLOAD_KEY = "hmm-own-data"; // entry of sessionStorage with the key of this tab's upload
const SHOWN_FOR = 6000; // milliseconds
const RETRY_AFTER = 1000; // milliseconds after which an unacknowledged report is repeated

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

let latest = null; // last message of the server: {run_position, unsaid, settings, ...}
let query = ""; // the settings as they should be in the address bar
let settings = null; // their number
let page = null; // the component through which the server is told
let returning = false; // from Back until the page that it leads to has run
let session = null; // number of the session that the page belongs to
let say = () => {}; // shows a message below the button
let reconnectedAt = ""; // address at the time of a reconnection, until the server acknowledges it
let reconnectTimer = null;
let reportedKey = null; // the upload key that was last reported
let awaitingUpload = false; // whether the server has yet to answer that report
let lastWrite = -WRITE_INTERVAL;
let writeTimer = null;
let pending = null; // {from, to}: the current address, and the one that will replace it

// Whether the address has the settings that the positions of the runs belong to. Streamlit writes
// new settings a little later than we hear of them; until then the positions in the address stay.
function settingsAreCurrent() {
  // Until the server acknowledges a reconnection, its messages are about an older address.
  if (!latest || reconnectedAt || latest.settings !== settings) return false;
  return settingsIn(location.search) === settingsIn(query);
}

function settingsIn(search) {
  const found = new URLSearchParams(search);
  for (const name of [...NAMES, ...EMBEDDING]) found.delete(name);
  found.sort();
  return found.toString();
}

// The address with the positions of the runs.
function address(url = new URL(location.href)) {
  for (const name of NAMES) {
    if (latest.run_position[name]) url.searchParams.set(name, latest.run_position[name]);
    else url.searchParams.delete(name);
  }
  return url.href;
}

// A link to what the page shows, also where the address does not have the settings yet: that of a page
// that has just been opened has none.
function link() {
  const url = new URL(location.href);
  if (!latest || reconnectedAt || !query) return url.href;
  const embedding = EMBEDDING.flatMap((name) => url.searchParams.getAll(name).map((v) => [name, v]));
  url.search = query;
  for (const [name, value] of embedding) url.searchParams.append(name, value);
  return latest.settings === settings ? address(url) : url.href;
}

function write() {
  clearTimeout(writeTimer);
  const current = settingsAreCurrent();
  if (current) pending = { from: location.href, to: address() };
  const wait = lastWrite + WRITE_INTERVAL - performance.now();
  if (wait > 0 || !current) writeTimer = setTimeout(write, Math.max(wait, CHECK_INTERVAL));
  else writePending();
}

function writePending() {
  if (pending?.from === location.href && pending.to !== pending.from) {
    lastWrite = performance.now();
    history.replaceState(history.state, "", pending.to);
  }
  pending = null;
}

// Before Streamlit adds a new address to the history, the old one gets the positions that are still
// pending, because Back leads to it. Some that it adds would need another press of Back: of a page that
// is opened the bare address first, then the one with its settings; of a page that is left its settings
// once more; and after Back the page that was left, where a run of it was under way, then the page that
// Back led to.
const push = history.pushState.bind(history);
history.pushState = (state, title, url) => {
  writePending();
  const to = new URL(url, location.href);
  const same = to.pathname === location.pathname;
  if (same && settingsIn(to.search) === settingsIn(location.search)) return;
  if (same && (returning || !location.search)) history.replaceState(state, title, url);
  else if (same || !returning) push(state, title, url);
  // The next address may come before the timer, and Back has to lead to where the runs stand.
  if (latest) write();
};
window.addEventListener("popstate", () => {
  returning = true;
}, true);
document.addEventListener("click", ({ target }) => {
  if (target.closest?.("a[href]")) returning = false;
}, true);

// Take a message of the server with the positions of the runs.
export function updateLink(link) {
  // It arrived after a later one.
  if (latest?.session === link.session && link.number < latest.number) return;
  latest = link;
  write();
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure connection browsers offer only the old way.
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
  const copyButton = node("button", {
    type: "button", title: "Copy a link that opens this experiment anywhere: the same data, the "
      + "same runs at the same iteration, on this page.",
  }, "Copy link");
  const bubble = node("output", { role: "status" });
  let hide;
  say = (text, link = null) => {
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
  copyButton.addEventListener("click", async () => {
    const href = link();
    const unsaid = latest?.unsaid ?? "";
    if (await copy(href)) say(`Link copied. ${unsaid}`);
    else say(`Copy this link. ${unsaid}`, href);
  });
  root.append(copyButton, bubble);
  return root;
}

// After a restart the server has forgotten this session, and is told the address. Streamlit may drop
// what it is sent while a connection begins, so that is repeated until it is acknowledged.
function reportReturn() {
  clearTimeout(reconnectTimer);
  if (!reconnectedAt) return;
  page.setTriggerValue("back", reconnectedAt);
  reconnectTimer = setTimeout(reportReturn, RETRY_AFTER);
}

// This tab keeps the key of the data that were uploaded in it, and reports it to a session that
// began with a reload or after a lost connection. It does not when a link was opened here, because
// a link is about other data.
function reportUploadKey({ own, lost }) {
  if (own) sessionStorage.setItem(UPLOAD_KEY, own);
  const key = sessionStorage.getItem(UPLOAD_KEY);
  const [visit] = performance.getEntriesByType("navigation");
  const returned = reconnectedAt || visit?.type === "reload" || visit?.type === "back_forward";
  awaitingUpload = Boolean((lost || !own) && key && returned && key !== reportedKey);
  if (!awaitingUpload) return;
  reportedKey = key;
  page.setTriggerValue("own", key);
}

// At once, so that what the page draws next is drawn in its size: Streamlit's tables keep that of
// their first drawing.
document.addEventListener("click", ({ target }) => {
  if (target.closest?.(".st-key-lecture button")) setLecture(!document.documentElement.hasAttribute("data-lecture"));
}, true);
window.addEventListener("popstate", () => {
  setLecture(new URLSearchParams(location.search).get("lecture") === "on");
});

// A message of pages/ui/parts/frame.py.
export function follow(component) {
  const { parentElement } = component;
  const [data] = component.data ?? [];
  if (!data) return;
  page = component;
  if (data.page === location.pathname.split("/").at(-1)) returning = false;
  settings = data.settings;
  query = data.query;
  setLecture(Boolean(data.lecture));
  addStyle("hmm-link-style", STYLE);
  if (!parentElement.querySelector(".hmm-link")) parentElement.append(button());
  if (session !== null && session !== data.session) {
    reconnectedAt = location.href;
    reportReturn();
  }
  session = data.session;
  reportUploadKey(data);
  // Until the server acknowledges the reconnection, it shows the state of its first address.
  if (reconnectedAt && !awaitingUpload && data.back === reconnectedAt) {
    reconnectedAt = "";
    say(data.lost ? LOST : "Connected again: everything is as it was.");
  }
  updateLink(data);
}
