// Charts as they stood when the page was left. Where it is loaded again and shows the same, they are
// there at once; Plotly, which takes a third of a second for all of them, then takes their place.

import { node } from "./plotting.js";

const STORE = "hmm-stills";
const LARGEST = 1_000_000; // characters of all stills of a view
// A chart that is drawn by other code may be another one.
const VERSION = import.meta.url;

// The stills of a view, by chart: [key, markup]. The key says all that the chart depended on.
function read(view) {
  try {
    const { version, stills } = JSON.parse(sessionStorage.getItem(`${STORE} ${view}`));
    return version === VERSION ? stills : {};
  } catch {
    // There are none yet, or the browser keeps nothing.
    return {};
  }
}

// Keep `charts`, a list of [name, key, element that Plotly drew in], beside what is kept of others.
export function keepStills(view, charts) {
  const stills = read(view);
  for (const [name, key, element] of charts) {
    // All but what stands there while the pointer does.
    const layers = [...element.querySelectorAll("svg.main-svg")]
      .filter((layer) => !layer.querySelector(".hoverlayer"));
    stills[name] = [key, layers.map((layer) => new XMLSerializer().serializeToString(layer))];
  }
  const text = JSON.stringify({ version: VERSION, stills });
  try {
    if (text.length <= LARGEST) sessionStorage.setItem(`${STORE} ${view}`, text);
  } catch {
    // The browser keeps nothing: then Plotly's own drawing is the first.
  }
}

// The still of each chart for which there is one with its present key in `keys`, as an element.
export function findStills(view, keys) {
  const found = Object.entries(read(view)).filter(([name, [key]]) => key === keys[name]);
  return Object.fromEntries(found.map(([name, [key, layers]]) => {
    const still = node("div", { class: "hmm-still", "aria-hidden": "true", "data-content": key });
    // Read as an image is, not as a page: nothing in it would run.
    still.append(...layers.map((layer) =>
      document.adoptNode(new DOMParser().parseFromString(layer, "image/svg+xml").documentElement)));
    return [name, still];
  }));
}
