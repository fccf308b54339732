// Paints the traces of a chart on a canvas behind it, at a fraction of what Plotly.react takes.
//
// Plotly still draws axes and names, and handles zoom, hover and download. While numbers change
// often, only the traces are painted, with the axes, colours and shapes of Plotly's last drawing;
// when the numbers come to rest, Plotly draws the traces itself.

// Paths of the marker symbols at size 10, read once from a drawing of Plotly's.
const outlines = new Map();

export async function learnSymbols(Plotly, symbols) {
  const unknown = symbols.filter((symbol) => !outlines.has(symbol));
  if (!unknown.length) return;
  const place = document.createElement("div");
  place.style.cssText = "position:absolute;visibility:hidden;width:300px;height:100px";
  document.body.append(place);
  try {
    await Plotly.newPlot(place, [{
      x: unknown.map((_, i) => i), y: unknown.map(() => 0), mode: "markers", cliponaxis: false,
      marker: { symbol: unknown, size: 10 },
    }], { width: 300, height: 100 }, { staticPlot: true });
    const points = place.querySelectorAll("path.point");
    unknown.forEach((symbol, i) => outlines.set(symbol, new Path2D(points[i].getAttribute("d"))));
  } finally {
    Plotly.purge(place);
    place.remove();
  }
}

// Whether `paint` can paint every trace.
export function paintable(data) {
  return data.every((trace) => {
    if (trace.type === "bar" || trace.type === "heatmap") return true;
    return !trace.type
      && [undefined, "none", "tozeroy", "toself"].includes(trace.fill)
      && [undefined, "linear", "hv", "hvh"].includes(trace.line?.shape)
      && (!trace.mode.includes("markers") || [trace.marker.symbol ?? "circle"].flat()
        .every((symbol) => outlines.has(symbol)));
  });
}

// Paint `data` on the axes of Plotly's last drawing in `element`. `canvas` lies exactly behind the
// element and has its `size`, in CSS pixels.
export function paint(canvas, element, data, size) {
  const pen = clearedContext(canvas, size);
  const layout = element._fullLayout;
  data.forEach((trace) => {
    const [x, y] = [axisOf(layout, trace.xaxis ?? "x"), axisOf(layout, trace.yaxis ?? "y")];
    const clipped = (work) => {
      pen.save();
      pen.beginPath();
      pen.rect(x._offset, y._offset, x._length, y._length);
      pen.clip();
      pen.translate(x._offset, y._offset);
      work();
      pen.restore();
    };
    if (trace.type === "heatmap") clipped(() => heatmap(pen, x, y, trace));
    else if (trace.type === "bar") clipped(() => bars(pen, x, y, trace));
    else scatter(pen, x, y, trace, clipped);
  });
}

// Traces that draw nothing but make Plotly set up the same axes and colour bars as `data` does.
export function withoutMarks(data) {
  // Plotly leaves out the colour bar of a trace without numbers, so there is one, invisible.
  const bars = data.filter(({ type, showscale }) => type === "heatmap" && showscale !== false)
    .map(({ text, texttemplate, customdata, x, zsmooth, ...rest }) =>
      ({ ...rest, z: [[rest.zmin]], opacity: 0, hoverinfo: "skip" }));
  const pairs = new Map(data.map(({ xaxis = "x", yaxis = "y" }) =>
    [xaxis + yaxis, { xaxis, yaxis, mode: "lines", x: [], y: [] }]));
  return [...pairs.values(), ...bars];
}

export function erase(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

function clearedContext(canvas, [width, height]) {
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  return pen;
}

const axisOf = (layout, name) => layout[`${name[0]}axis${name.slice(1)}`];

const DASHES = { solid: [], dot: [1, 1], dash: [3, 3], longdash: [5, 5], dashdot: [3, 1, 1, 1] };

// Lengths of dashes in pixels. As in Plotly, named dashes are multiples of the line's width, which
// counts as 3 at least; a list such as "5px,3px" is in pixels already.
export function dashes(dash, width) {
  return DASHES[dash]?.map((part) => part * Math.max(width, 3)) ?? dash.split(",").map(parseFloat);
}

function bars(pen, x, y, trace) {
  const { color, line } = trace.marker;
  const zero = y.l2p(0);
  for (let i = 0; i < trace.x.length; i += 1) {
    const left = x.l2p(trace.x[i] - trace.width / 2);
    const right = x.l2p(trace.x[i] + trace.width / 2);
    const box = [left, y.l2p(trace.y[i]), right - left, zero - y.l2p(trace.y[i])];
    if (!box.every(Number.isFinite)) continue;
    pen.fillStyle = color;
    pen.fillRect(...box);
    if (line?.width > 0) {
      pen.strokeStyle = line.color;
      pen.lineWidth = line.width;
      pen.strokeRect(...box);
    }
  }
}

const ROUNDING = 0.01; // pixels beyond the edge at which a mark still counts as lying on it

function scatter(pen, x, y, trace, clipped) {
  // c2p, not l2p: an axis may be logarithmic.
  const across = Array.from(trace.x, (value) => x.c2p(value));
  const down = Array.from(trace.y, (value) => y.c2p(value));
  const finite = (i) => Number.isFinite(across[i]) && Number.isFinite(down[i]);
  const within = (place, length) => place >= -ROUNDING && place <= length + ROUNDING;
  if (trace.mode.includes("lines")) clipped(() => lines(pen, y, trace, across, down, finite));
  const marks = (drawn) => {
    if (trace.mode.includes("markers")) markers(pen, trace, across, down, drawn);
    if (trace.mode.includes("text")) pointTexts(pen, trace, across, down, drawn);
  };
  if (trace.cliponaxis !== false) {
    clipped(() => marks(finite));
    return;
  }
  // As in Plotly, a mark on the edge is drawn whole, and a mark outside, as after a zoom, is not
  // drawn at all.
  pen.save();
  pen.translate(x._offset, y._offset);
  marks((i) => within(across[i], x._length) && within(down[i], y._length));
  pen.restore();
}

function lines(pen, y, trace, across, down, drawn) {
  const count = across.length;
  const path = new Path2D();
  let connected = false;
  for (let i = 0; i < count; i += 1) {
    if (!drawn(i)) {
      connected = false;
      continue;
    }
    if (!connected) path.moveTo(across[i], down[i]);
    else {
      if (trace.line?.shape === "hv") path.lineTo(across[i], down[i - 1]);
      if (trace.line?.shape === "hvh") {
        const middle = (across[i - 1] + across[i]) / 2;
        path.lineTo(middle, down[i - 1]);
        path.lineTo(middle, down[i]);
      }
      path.lineTo(across[i], down[i]);
    }
    connected = true;
  }
  if (trace.fill && trace.fill !== "none" && count) {
    const area = new Path2D(path);
    if (trace.fill === "tozeroy") {
      const zero = y.c2p(0);
      area.lineTo(across[count - 1], zero);
      area.lineTo(across[0], zero);
    }
    area.closePath();
    pen.fillStyle = trace.fillcolor;
    pen.fill(area);
  }
  const width = trace.line?.width ?? 2;
  if (width > 0) {
    pen.strokeStyle = trace.line.color;
    pen.lineWidth = width;
    pen.lineJoin = "round";
    pen.setLineDash(dashes(trace.line.dash ?? "solid", width));
    pen.stroke(path);
    pen.setLineDash([]);
  }
}

// Texts at points, placed by `textposition`: "middle right", "top center", ...
function pointTexts(pen, trace, across, down, drawn) {
  const { size, family, color } = trace.textfont;
  pen.font = `${size}px ${family}`;
  pen.textBaseline = "alphabetic";
  // As in Plotly, by the radius of the mark.
  const apart = trace.mode.includes("markers") ? trace.marker.size / 2 / 0.8 + 1 : 0;
  for (let i = 0; i < across.length; i += 1) {
    if (!drawn(i) || !trace.text[i]) continue;
    const [height, side] = valueAt(trace.textposition ?? "middle center", i).split(" ");
    const [dx, dy] = [{ left: -1, center: 0, right: 1 }[side], { top: -1, middle: 0, bottom: 1 }[height]];
    pen.textAlign = { left: "right", center: "center", right: "left" }[side];
    pen.fillStyle = valueAt(color, i);
    pen.fillText(literal(trace.text[i]), across[i] + dx * apart,
      down[i] + 0.35 * size + dy * (apart + 0.5 * size));
  }
}

// The text that stands for itself in a text of Plotly.
export const literal = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">")
  .replaceAll("&amp;", "&");

const valueAt = (value, i) => (Array.isArray(value) ? value[i] : value);

function markers(pen, trace, across, down, drawn) {
  const { marker } = trace;
  if (marker.opacity === 0) return;
  const outline = marker.line?.width ?? 0;
  for (let i = 0; i < across.length; i += 1) {
    if (!drawn(i)) continue;
    const symbol = valueAt(marker.symbol ?? "circle", i);
    const size = (valueAt(marker.size, i) ?? 6) / 10;
    pen.save();
    pen.translate(across[i], down[i]);
    pen.scale(size, size);
    pen.miterLimit = 2; // as in Plotly, or the points of a star would be longer
    const path = outlines.get(symbol);
    const colour = valueAt(marker.color, i);
    if (symbol.includes("open")) {
      pen.strokeStyle = colour;
      pen.lineWidth = (outline || 1) / size;
      pen.stroke(path);
    } else {
      pen.fillStyle = colour;
      pen.fill(path);
      if (outline > 0) {
        pen.strokeStyle = marker.line.color;
        pen.lineWidth = outline / size;
        pen.stroke(path);
      }
    }
    pen.restore();
  }
}

// A colour scale with stops [[0..1, colour], ...] as 256 colours: red, green, blue and alpha each.
const tables = new Map();
function table(scale) {
  const key = JSON.stringify(scale);
  if (!tables.has(key)) {
    if (tables.size > 64) tables.clear();
    const strip = document.createElement("canvas");
    strip.width = 256;
    strip.height = 1;
    const pen = strip.getContext("2d", { willReadFrequently: true });
    const ramp = pen.createLinearGradient(0.5, 0, 255.5, 0);
    for (const [stop, colour] of scale) ramp.addColorStop(stop, colour);
    pen.fillStyle = ramp;
    pen.fillRect(0, 0, 256, 1);
    tables.set(key, pen.getImageData(0, 0, 256, 1).data);
  }
  return tables.get(key);
}

const ends = (start, step, count) => Array.from({ length: count + 1 }, (_, i) => start + (i - 0.5) * step);

// Edges of the columns or rows of a heat map: in the middle between neighbours, as Plotly has them.
export function edges(places, start, step, count) {
  if (!places || places.length < 2) return ends(places?.[0] ?? start ?? 0, step ?? 1, count);
  const inner = places.slice(1).map((place, i) => (place + places[i]) / 2);
  return [2 * places[0] - inner[0], ...inner, 2 * places.at(-1) - inner.at(-1)];
}

// The number of the column of a heat map below a place of the window; negative beside them.
export function columnAt(element, trace, clientX) {
  const x = axisOf(element._fullLayout, trace.xaxis ?? "x");
  const place = clientX - element.getBoundingClientRect().left - x._offset;
  if (place < 0 || place > x._length) return -1;
  return edges(trace.x, trace.x0, trace.dx, trace.z[0].length)
    .findIndex((edge) => x.l2p(edge) > place) - 1;
}

const UNEVEN = 0.5; // pixels by which a column may lie beside its place in a row of equal columns

let cellCanvas = null;

function heatmap(pen, x, y, trace) {
  const [height, width] = [trace.z.length, trace.z[0].length];
  const columns = edges(trace.x, trace.x0, trace.dx, width).map((value) => x.l2p(value));
  const rows = edges(trace.y, trace.y0, trace.dy, height).map((value) => y.l2p(value));
  const colours = table(trace.colorscale);
  const [low, high] = [trace.zmin, trace.zmax];
  cellCanvas ??= document.createElement("canvas");
  cellCanvas.width = width;
  cellCanvas.height = height;
  const cells = cellCanvas.getContext("2d", { willReadFrequently: true });
  const image = cells.createImageData(width, height);
  for (let i = 0; i < height; i += 1) {
    for (let j = 0; j < width; j += 1) {
      const value = trace.z[i][j];
      if (value === null || Number.isNaN(value)) continue;
      const level = Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1));
      const at = 4 * (i * width + j);
      image.data.set(colours.subarray(4 * level, 4 * level + 3), at);
      image.data[at + 3] = 255;
    }
  }
  cells.putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = Boolean(trace.zsmooth);
  if (trace.zsmooth) {
    // Whole, because smoothing goes across its rows. Where the first row is the lowest, it is turned.
    pen.translate(columns[0], rows[0]);
    pen.scale((columns[width] - columns[0]) / width, (rows[height] - rows[0]) / height);
    pen.drawImage(cellCanvas, 0, 0);
    return;
  }
  const [gapX, gapY] = [trace.xgap ?? 0, trace.ygap ?? 0];
  const each = (columns[width] - columns[0]) / width;
  const even = columns.every((edge, j) => Math.abs(edge - columns[0] - j * each) < UNEVEN);
  for (let i = 0; i < height; i += 1) {
    const [top, bottom] = [Math.min(rows[i], rows[i + 1]), Math.max(rows[i], rows[i + 1])];
    const lines = [top + gapY / 2, bottom - top - gapY];
    if (!gapX && even) {
      pen.drawImage(cellCanvas, 0, i, width, 1, columns[0], lines[0], columns[width] - columns[0], lines[1]);
      continue;
    }
    for (let j = 0; j < width; j += 1) {
      // On whole pixels, since two that are half covered would leave a seam between them.
      const [left, right] = gapX ? columns.slice(j, j + 2) : columns.slice(j, j + 2).map(Math.round);
      pen.drawImage(cellCanvas, j, i, 1, 1, left + gapX / 2, lines[0], right - left - gapX, lines[1]);
    }
  }
  if (trace.text && trace.texttemplate) cellTexts(pen, trace, columns, rows);
}

const COLOURED = /^<span style="color:([^"]+)">(.*)<\/span>$/;

function cellTexts(pen, trace, columns, rows) {
  pen.font = `${trace.textfont.size}px ${trace.textfont.family}`;
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  trace.text.forEach((row, i) => row.forEach((text, j) => {
    const match = COLOURED.exec(text);
    if (!match) return;
    [, pen.fillStyle] = match;
    const middle = (rows[i] + rows[i + 1]) / 2 + 0.35 * trace.textfont.size;
    pen.fillText(match[2], (columns[j] + columns[j + 1]) / 2, middle);
  }));
}
