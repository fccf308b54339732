// Paints the traces of a chart on a canvas behind it, at a fraction of what Plotly.react takes.
//
// Plotly keeps what it is good at: axes, names, zoom, hover, download. While numbers change many
// times a second only the traces are painted, in the place, the colours and the shapes that Plotly
// gave them when it last drew; once they come to rest Plotly draws them itself.

// Paths of the marker symbols, as Plotly draws them at size 10: asked of it once.
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

// Stops of the colour scales that are given by name: read off what Plotly made of them.
const named = new Map();

export function learnScales(element, data) {
  data.forEach((trace, i) => {
    const { colorscale } = element._fullData[i];
    if (typeof trace.colorscale === "string" && Array.isArray(colorscale)) {
      named.set(trace.colorscale, colorscale);
    }
  });
}

const stops = ({ colorscale }) => (Array.isArray(colorscale) ? colorscale : named.get(colorscale));

// Whether every trace is of a kind that `paint` knows.
export function paintable(data) {
  return data.every((trace) => {
    if (trace.type === "bar") return true;
    if (trace.type === "heatmap") return Boolean(stops(trace));
    return !trace.type
      && [undefined, "none", "tozeroy", "toself"].includes(trace.fill)
      && [undefined, "linear", "hv", "hvh"].includes(trace.line?.shape)
      && (!trace.mode.includes("markers") || [trace.marker.symbol ?? "circle"].flat()
        .every((symbol) => outlines.has(symbol)));
  });
}

// Paint `data` where Plotly drew the chart in `element` last. `canvas` lies exactly behind it and has
// its `size` in pixels of the page.
export function paint(canvas, element, data, size) {
  const pen = opened(canvas, size);
  const layout = element._fullLayout;
  data.forEach((trace) => {
    const [x, y] = [axisOf(layout, trace.xaxis ?? "x"), axisOf(layout, trace.yaxis ?? "y")];
    const inside = (work) => {
      pen.save();
      pen.beginPath();
      pen.rect(x._offset, y._offset, x._length, y._length);
      pen.clip();
      pen.translate(x._offset, y._offset);
      work();
      pen.restore();
    };
    if (trace.type === "heatmap") inside(() => heatmap(pen, x, y, trace));
    else if (trace.type === "bar") inside(() => bars(pen, x, y, trace));
    else scatter(pen, x, y, trace, inside);
  });
}

// Traces with nothing to draw that set up what these do: every pair of axes, and colour bars.
export function withoutMarks(data) {
  // Without any number Plotly would leave out the bar; the one that there is, nobody sees.
  const bars = data.filter(({ type, showscale }) => type === "heatmap" && showscale !== false)
    .map(({ text, texttemplate, customdata, ...rest }) =>
      ({ ...rest, z: [[rest.zmin]], opacity: 0, hoverinfo: "skip" }));
  const pairs = new Map(data.map(({ xaxis = "x", yaxis = "y" }) =>
    [xaxis + yaxis, { xaxis, yaxis, mode: "lines", x: [], y: [] }]));
  return [...pairs.values(), ...bars];
}

export function erase(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

function opened(canvas, [width, height]) {
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

// Names of dashes count in widths of the line; a list such as "5px,3px" is in pixels.
function dashes(dash, width) {
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

const ROUNDING = 0.01; // pixels by which a mark on the edge may seem to lie outside

function scatter(pen, x, y, trace, inside) {
  // c2p, not l2p: an axis may be logarithmic.
  const across = Array.from(trace.x, (value) => x.c2p(value));
  const down = Array.from(trace.y, (value) => y.c2p(value));
  const finite = (i) => Number.isFinite(across[i]) && Number.isFinite(down[i]);
  const within = (place, length) => place >= -ROUNDING && place <= length + ROUNDING;
  if (trace.mode.includes("lines")) inside(() => lines(pen, y, trace, across, down, finite));
  const marks = (drawn) => {
    if (trace.mode.includes("markers")) markers(pen, trace, across, down, drawn);
    if (trace.mode.includes("text")) words(pen, trace, across, down, drawn);
  };
  if (trace.cliponaxis !== false) {
    inside(() => marks(finite));
    return;
  }
  // As Plotly has it: a mark on the edge is whole, and none stands outside, as in a zoom most do.
  pen.save();
  pen.translate(x._offset, y._offset);
  marks((i) => within(across[i], x._length) && within(down[i], y._length));
  pen.restore();
}

function lines(pen, y, trace, across, down, drawn) {
  const count = across.length;
  const path = new Path2D();
  let begun = false;
  for (let i = 0; i < count; i += 1) {
    if (!drawn(i)) {
      begun = false;
      continue;
    }
    if (!begun) path.moveTo(across[i], down[i]);
    else {
      if (trace.line?.shape === "hv") path.lineTo(across[i], down[i - 1]);
      if (trace.line?.shape === "hvh") {
        const middle = (across[i - 1] + across[i]) / 2;
        path.lineTo(middle, down[i - 1]);
        path.lineTo(middle, down[i]);
      }
      path.lineTo(across[i], down[i]);
    }
    begun = true;
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
    // As Plotly measures them: in widths of the line, three pixels at the least.
    pen.setLineDash(dashes(trace.line.dash ?? "solid", width));
    pen.stroke(path);
    pen.setLineDash([]);
  }
}

// Texts beside points or upon them, as textposition says: "middle right", "top center", ...
function words(pen, trace, across, down, drawn) {
  const { size, family, color } = trace.textfont;
  pen.font = `${size}px ${family}`;
  pen.fillStyle = color;
  pen.textBaseline = "alphabetic";
  const apart = (trace.marker?.size ?? 0) / 2 + 1;
  for (let i = 0; i < across.length; i += 1) {
    if (!drawn(i) || !trace.text[i]) continue;
    const [height, side] = each(trace.textposition ?? "middle center", i).split(" ");
    const [dx, dy] = [{ left: -1, center: 0, right: 1 }[side], { top: -1, middle: 0, bottom: 1 }[height]];
    pen.textAlign = { left: "right", center: "center", right: "left" }[side];
    pen.fillText(trace.text[i], across[i] + dx * apart,
      down[i] + 0.35 * size + dy * (apart + 0.5 * size));
  }
}

const each = (value, i) => (Array.isArray(value) ? value[i] : value);

function markers(pen, trace, across, down, drawn) {
  const { marker } = trace;
  if (marker.opacity === 0) return;
  const outline = marker.line?.width ?? 0;
  for (let i = 0; i < across.length; i += 1) {
    if (!drawn(i)) continue;
    const symbol = each(marker.symbol ?? "circle", i);
    const size = (each(marker.size, i) ?? 6) / 10;
    pen.save();
    pen.translate(across[i], down[i]);
    pen.scale(size, size);
    const path = outlines.get(symbol);
    const colour = each(marker.color, i);
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

// Colours of a scale with stops [[0..1, colour], ...], as 256 steps of red, green, blue.
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

// Edges of the columns or rows of a heat map whose places are even.
function edges(places, start, step, count) {
  if (places) return ends(places[0], places.length > 1 ? places[1] - places[0] : 1, count);
  return ends(start ?? 0, step ?? 1, count);
}

let sheet = null;

function heatmap(pen, x, y, trace) {
  const [height, width] = [trace.z.length, trace.z[0].length];
  const columns = edges(trace.x, trace.x0, trace.dx, width).map((value) => x.l2p(value));
  const rows = edges(trace.y, trace.y0, trace.dy, height).map((value) => y.l2p(value));
  const colours = table(stops(trace));
  const [low, high] = [trace.zmin, trace.zmax];
  sheet ??= document.createElement("canvas");
  sheet.width = width;
  sheet.height = height;
  const paper = sheet.getContext("2d", { willReadFrequently: true });
  const image = paper.createImageData(width, height);
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
  paper.putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false;
  const [gapX, gapY] = [trace.xgap ?? 0, trace.ygap ?? 0];
  for (let i = 0; i < height; i += 1) {
    const [top, bottom] = [Math.min(rows[i], rows[i + 1]), Math.max(rows[i], rows[i + 1])];
    const lines = [top + gapY / 2, bottom - top - gapY];
    if (!gapX) {
      pen.drawImage(sheet, 0, i, width, 1, columns[0], lines[0], columns[width] - columns[0], lines[1]);
      continue;
    }
    for (let j = 0; j < width; j += 1) {
      pen.drawImage(sheet, j, i, 1, 1, columns[j] + gapX / 2, lines[0],
        columns[j + 1] - columns[j] - gapX, lines[1]);
    }
  }
  if (trace.text && trace.texttemplate) texts(pen, trace, columns, rows);
}

const INKED = /^<span style="color:([^"]+)">(.*)<\/span>$/;

function texts(pen, trace, columns, rows) {
  pen.font = `${trace.textfont.size}px ${trace.textfont.family}`;
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  trace.text.forEach((row, i) => row.forEach((text, j) => {
    const inked = INKED.exec(text);
    if (!inked) return;
    [, pen.fillStyle] = inked;
    const middle = (rows[i] + rows[i + 1]) / 2 + 0.35 * trace.textfont.size;
    pen.fillText(inked[2], (columns[j] + columns[j + 1]) / 2, middle);
  }));
}
