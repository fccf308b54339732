// The run controls, whose presses go by Streamlit one after the other.
//
// Of presses that reach the server before it has time for them, Streamlit counts the same one once
// and calls the newest first: Play, pressed right after Reset, would be reset.

const CONTROLS = ["play", "pause", "step", "reset", "new_start"]; // as in pages/ui/parts/run_controls.py
const TURNS_INTO = { play: "pause", pause: "play" }; // each is gone once the other is there
const BEGIN_ANEW = ["reset", "new_start"]; // whatever stepped or played before
const MOST_WAITING = 10; // a key that is held down presses thirty times a second
export const LEAVING = ["click", "popstate"]; // events that may lead to another page
const ANSWERED_BY = 1000; // milliseconds; a page that rests as long has nothing more to answer

let waiting = []; // names of controls that were pressed and are not sent yet
let timer = null; // of the press that is on its way
let following = null; // what gives the focus on, once the button that has it turns into another
let heard; // how many presses the server has heard, as it said last

const buttonOf = (name) => document.querySelector(`.st-key-${name} button`);

// Whether the page itself has nothing to do.
export const idle = () =>
  document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning";

// Whether a press has gone by Streamlit that it has not answered.
export const unanswered = () => timer !== null;

// The name of the run control that an event is for, if it can be pressed.
export const controlOf = (target) =>
  CONTROLS.find((name) => target.closest?.(`.st-key-${name} button:enabled`));

// Whether an event leads to another page of the app.
export function leadsAway({ type, target, button, altKey, ctrlKey, metaKey, shiftKey }) {
  if (type === "popstate") return true;
  const link = target.closest?.("a[href]");
  return Boolean(link) && link.origin === location.origin && link.pathname !== location.pathname
    && !(button || altKey || ctrlKey || metaKey || shiftKey || link.target || link.download);
}

function answered() {
  clearTimeout(timer);
  timer = null;
  // A button that is gone or disabled by now takes no click.
  while (waiting.length && !unanswered()) buttonOf(waiting.shift())?.click();
}

// Streamlit does not answer a press of what it has disabled meanwhile. Looked at twice: just after a
// run has ended, what it said may not have been heard yet.
function expire(rested = false) {
  if (rested && idle()) answered();
  else timer = setTimeout(expire, ANSWERED_BY, idle());
}

function letFocusBe() {
  following?.disconnect();
  following = null;
}

// Who pressed Play finds Pause under the same key: the focus, which would be lost with the button,
// goes on to the one that takes its place. Unless it has gone elsewhere meanwhile.
function followFocus(name) {
  letFocusBe();
  const button = buttonOf(name);
  if (!(name in TURNS_INTO) || document.activeElement !== button) return;
  following = new MutationObserver(() => {
    const { activeElement, body } = document;
    const next = buttonOf(TURNS_INTO[name]);
    if (activeElement && ![body, button].includes(activeElement)) letFocusBe();
    else if (next && !button.isConnected) {
      letFocusBe();
      next.focus({ preventScroll: true });
    }
  });
  following.observe(document.body, { childList: true, subtree: true });
}

// Held down, the key would go on to press what has taken the place of what it pressed first.
function keepFromRepeating(event) {
  if (event.repeat && event.key === "Enter" && controlOf(event.target) in TURNS_INTO) event.preventDefault();
}

function press(event) {
  const name = controlOf(event.target);
  if (!name) return;
  followFocus(name);
  if (!unanswered()) {
    timer = setTimeout(expire, ANSWERED_BY);
    return;
  }
  event.stopPropagation();
  if (BEGIN_ANEW.includes(name)) waiting = waiting.filter((other) => other === "new_start");
  if (waiting.length < MOST_WAITING) waiting.push(name);
}

// What still waits would bring back the page that is left.
function leave(event) {
  if (!leadsAway(event)) return;
  waiting = [];
  letFocusBe();
}

function listen() {
  // A server that was updated brings this module again, to pages that are open.
  document.hmmPresses?.abort();
  document.hmmPresses = new AbortController();
  const how = { capture: true, signal: document.hmmPresses.signal };
  document.body.addEventListener("click", press, how);
  document.body.addEventListener("keydown", keepFromRepeating, how);
  document.body.addEventListener("pointerdown", letFocusBe, how);
  for (const name of LEAVING) window.addEventListener(name, leave, how);
}

// What every run of the page says: how many presses it has heard. The live view takes those that
// go over its own line before they get here; see live-view.js.
export function hear(presses) {
  if (heard === undefined) listen();
  const news = presses !== heard;
  heard = presses;
  if (news && unanswered()) answered();
}
