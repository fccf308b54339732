// The run controls, whose presses go by Streamlit one after the other.
//
// Of presses that reach the server before it has time for them, Streamlit counts the same one once
// and calls the newest first: Play, pressed right after Reset, would be reset.

const CONTROLS = ["play", "pause", "step", "reset", "new_start"]; // as in pages/ui/live.py
const LONGEST_ANSWER = 3000; // milliseconds, after which a press counts as lost

const waiting = []; // names of controls that were pressed and are not sent yet
let timer = null; // of the press that is on its way
let heard; // how many presses the server has heard, as it said last

const button = (name) => document.querySelector(`.st-key-${name} button`);

// Whether the page itself has nothing to do.
export const idle = () =>
  document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning";

// Whether a press has gone by Streamlit that it has not answered.
export const unanswered = () => timer !== null;

// The name of the run control that an event is for, if it can be pressed.
export const controlOf = (target) =>
  CONTROLS.find((name) => target.closest?.(`.st-key-${name} button:enabled`));

function answered() {
  clearTimeout(timer);
  timer = null;
  // The answer may have taken a button away, or said that there is nothing left for it to do.
  while (waiting.length && !unanswered()) button(waiting.shift())?.click();
}

function press(event) {
  const name = controlOf(event.target);
  if (!name) return;
  if (unanswered()) {
    event.stopPropagation();
    waiting.push(name);
  } else timer = setTimeout(answered, LONGEST_ANSWER);
}

// What every run of the page says: how many presses it has heard. The live view takes those that
// go over its own line before they get here; see live-view.js.
export function hear(presses) {
  if (heard === undefined) document.body.addEventListener("click", press, true);
  const news = presses !== heard;
  heard = presses;
  if (news && unanswered()) answered();
}
