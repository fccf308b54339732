// Dates on an axis, which are a file's own and have no time zone. The page counts them in milliseconds
// since 1970, as pages/ui/figures/time_scale.py does. Plotly writes them as texts, and must be given
// texts: of a number it would show the time in the browser's own zone.

// "2024-05-01T12:30:15.500000"
export function dateText(milliseconds) {
  const microseconds = Math.round(milliseconds * 1000);
  const whole = Math.floor(microseconds / 1000);
  return new Date(whole).toISOString().slice(0, -1)
    + String(microseconds - 1000 * whole).padStart(3, "0");
}

// The number of such a text, or of one as Plotly writes it: "2024-05-01", "2024-05-01 12:30:15.5".
export const dateNumber = (text) =>
  Date.parse(text.length > 10 ? `${text.replace(" ", "T")}Z` : text);

// Traces as Plotly takes them: numbers on the axes of dates of `layout` have become texts.
export function dated(data, layout) {
  const texts = (places) => Array.from(places, (place) =>
    (typeof place === "number" ? dateText(place) : place));
  return data.map((trace) => {
    const axis = layout[`xaxis${(trace.xaxis ?? "x").slice(1)}`];
    return trace.x && axis?.type === "date" ? { ...trace, x: texts(trace.x) } : trace;
  });
}
