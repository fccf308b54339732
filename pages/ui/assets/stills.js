// Charts as they stood when the page was left. Where it is loaded again and shows the same, they are
// there at once; Plotly, which takes a third of a second for all of them, then takes their place.

import { node } from "./plotting.js";

const LARGEST = 1_000_000; // characters that the stills of a view may have
// A chart that is drawn by other code may be another one.
const VERSION = import.meta.url;

let loading = true; // until the first view has come

// An element with what Plotly drew, or null where it cannot be read again.
function element(layers) {
  // Scripts in what is read this way do not run, and all of it is Plotly's own drawing.
  const read = layers.map((layer) => new DOMParser().parseFromString(layer, "image/svg+xml"));
  if (read.some((layer) => layer.querySelector("parsererror"))) return null;
  return node("div", { class: "hmm-still", "aria-hidden": "true" },
    ...read.map((layer) => document.adoptNode(layer.documentElement)));
}

export class Stills {
  constructor(view) {
    this.item = `hmm-stills ${view}`;
    this.shown = new Map(); // by the name of a chart: {key, still}
  }

  // What this tab keeps: [name of a chart, key, markup of each layer]. The key says all that the
  // chart depended on.
  read() {
    try {
      const { version, kept } = JSON.parse(sessionStorage.getItem(this.item));
      const sound = version === VERSION && kept.every(([name, key, layers]) =>
        [name, key, ...layers].every((text) => typeof text === "string"));
      return sound ? kept : [];
    } catch {
      // There is nothing yet, or the browser keeps nothing.
      return [];
    }
  }

  // Keep `charts`, each [name, key, element that Plotly drew in], beside what is kept of others.
  keep(charts) {
    const anew = charts.map(([name, key, place]) => {
      // All but what stands there while the pointer does.
      const layers = [...place.querySelectorAll("svg.main-svg")]
        .filter((layer) => !layer.querySelector(".hoverlayer"));
      return [name, key, layers.map((layer) => new XMLSerializer().serializeToString(layer))];
    });
    const names = anew.map(([name]) => name);
    const size = ([, , layers]) => layers.join("").length;
    let room = LARGEST;
    const kept = [...anew, ...this.read().filter(([name]) => !names.includes(name))]
      .sort((one, other) => size(one) - size(other))
      .filter((entry) => (room -= size(entry)) >= 0);
    try {
      sessionStorage.setItem(this.item, JSON.stringify({ version: VERSION, kept }));
    } catch {
      // The browser keeps nothing: then Plotly's own drawing is the first.
    }
  }

  // Show each chart in `places` that is kept with its present key in `keys`. Only the first view
  // after a load does: later ones have Plotly and its code at hand, and are quicker without.
  show(keys, places) {
    if (!loading) return;
    loading = false;
    for (const [name, key, layers] of this.read()) {
      const still = keys[name] === key ? element(layers) : null;
      if (!still) continue;
      places[name].before(still);
      this.shown.set(name, { key, still });
    }
  }

  // Whether every chart that is shown still has its key.
  hold(keys) {
    return [...this.shown].every(([name, { key }]) => keys[name] === key);
  }

  // End showing a chart; whether it was shown.
  drop(name) {
    this.shown.get(name)?.still.remove();
    return this.shown.delete(name);
  }
}
