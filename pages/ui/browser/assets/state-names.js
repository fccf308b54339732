// Names of states in strips of states, so that these can be read without their colours: a run of one
// state has its name where it is wide enough, at any zoom.

import { edges } from "./brush.js";

const LETTER = 6; // pixels, at most, of a letter of the names
const ROOM = 4; // pixels beside a name
const SIZE = 10;

// The runs of equal states in strips. `rows` are lists of states, null where there is none, and
// `place` are the columns' places as in a heat map.
function runsOf(rows, place) {
  const runs = { start: [], end: [], strip: [], state: [] };
  rows.forEach((states, strip) => {
    const at = edges(place.x, place.x0, place.dx, states.length);
    let first = 0;
    for (let column = 1; column <= states.length; column += 1) {
      if (column < states.length && states[column] === states[first]) continue;
      if (states[first] !== null) {
        runs.start.push(at[first]);
        runs.end.push(at[column]);
        runs.strip.push(strip);
        runs.state.push(states[first]);
      }
      first = column;
    }
  });
  return runs;
}

// A trace with the names of the states in strips at the heights `strips`, in the colours `inks`. Which
// of them fit is decided when it is drawn. pages/ui/figures/time_axis.py makes the same for figures.
export function namesTrace(rows, place, { strips, names, inks }, axes, family) {
  return {
    mode: "text", hoverinfo: "skip", meta: { runs: runsOf(rows, place), strips, names, inks },
    x: [], y: [], text: [], textfont: { size: SIZE, family, color: [] }, ...axes,
  };
}

// The properties of such a trace on an axis that shows `range` on so many pixels.
export function fitted({ runs, strips, names, inks }, range, pixels) {
  const [low, high] = [Math.min(...range), Math.max(...range)];
  const shown = { x: [], y: [], text: [], "textfont.color": [] };
  runs.state.forEach((state, i) => {
    const [start, end] = [Math.max(runs.start[i], low), Math.min(runs.end[i], high)];
    if (((end - start) / (high - low)) * pixels < LETTER * names[state].length + ROOM) return;
    shown.x.push((start + end) / 2);
    shown.y.push(strips[runs.strip[i]]);
    shown.text.push(names[state]);
    shown["textfont.color"].push(inks[state]);
  });
  return shown;
}
