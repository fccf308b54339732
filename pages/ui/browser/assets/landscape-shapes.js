// Shapes on a grid of numbers: contour lines, hatching, and the middles of regions. Places are the grid's
// own, xs and ys; `z` is a list of rows, one for each y, with NaN where there is no number.

// The corners that each edge of a cell joins, as [column, row]: below, right, above, left.
const EDGES = [[[0, 0], [1, 0]], [[1, 0], [1, 1]], [[0, 1], [1, 1]], [[0, 0], [0, 1]]];
// Which edges a line joins, by which corners are above the level: 1 lower left, 2 lower right, 4 upper
// right, 8 upper left. Of the two ways at a pass, 5 and 10, the middle of the cell decides.
const WAYS = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], null, [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], null, [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
];
const APART = [[3, 0], [1, 2]];
const TOGETHER = [[3, 2], [1, 0]];

// The contour line of a level, {x, y} with NaN between its parts, by marching squares.
export function contour(xs, ys, z, level) {
  const links = new Map(); // by the key of an edge: the keys of one or two edges that it is joined to
  const link = (from, to) => links.set(from, [...(links.get(from) ?? []), to]);
  for (let i = 0; i + 1 < ys.length; i += 1) {
    for (let j = 0; j + 1 < xs.length; j += 1) {
      const [a, b, c, d] = [z[i][j], z[i][j + 1], z[i + 1][j + 1], z[i + 1][j]];
      const above = (a > level) + 2 * (b > level) + 4 * (c > level) + 8 * (d > level);
      const sum = a + b + c + d;
      if (above === 0 || above === 15 || Number.isNaN(sum)) continue;
      const high = sum / 4 > level;
      const ways = WAYS[above] ?? ((above === 5) === high ? TOGETHER : APART);
      for (const way of ways) {
        const [from, to] = way.map((edge) => keyOf(i, j, edge, xs.length));
        link(from, to);
        link(to, from);
      }
    }
  }
  const place = (key) => {
    const upright = key % 2;
    const [i, j] = [Math.floor((key >> 1) / xs.length), (key >> 1) % xs.length];
    const [i2, j2] = upright ? [i + 1, j] : [i, j + 1];
    const share = (level - z[i][j]) / (z[i2][j2] - z[i][j]);
    return [xs[j] + share * (xs[j2] - xs[j]), ys[i] + share * (ys[i2] - ys[i])];
  };
  const line = { x: [], y: [] };
  const add = ([x, y]) => {
    line.x.push(x);
    line.y.push(y);
  };
  const done = new Set();
  const follow = (first) => {
    let [at, before] = [first, null];
    while (at !== undefined && !done.has(at)) {
      done.add(at);
      add(place(at));
      const next = links.get(at).find((key) => key !== before && !done.has(key));
      [at, before] = [next, at];
    }
    // A ring ends where it began.
    if (before !== first && links.get(before).length > 1 && links.get(before).includes(first)) {
      add(place(first));
    }
    add([NaN, NaN]);
  };
  // Open lines from one of their ends, and then the rings.
  for (const [key, joined] of links) if (joined.length === 1 && !done.has(key)) follow(key);
  for (const key of links.keys()) if (!done.has(key)) follow(key);
  return line;
}

// A number for an edge of the grid: of the corner where it begins, and whether it goes up from there.
function keyOf(i, j, edge, width) {
  const [[right, up], [, to]] = EDGES[edge];
  return 2 * ((i + up) * width + j + right) + (to !== up);
}

// The levels of at most `count` contour lines within a range: multiples of 1, 2 or 5 times a power of ten.
export function levels([low, high], count) {
  const step = steps((high - low) / count);
  const first = Math.floor(low / step) + 1;
  return Array.from({ length: Math.max(0, Math.ceil(high / step) - first) }, (_, n) => (first + n) * step);
}

// The least of 1, 2 and 5 times a power of ten that is not below `size`.
function steps(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 2, 5, 10].find((factor) => factor * power >= size * 0.999999) * power;
}

// The edges of columns or rows around their middles.
const halves = (places) => {
  const [first, last] = [places[0], places.at(-1)];
  const half = places.length > 1 ? (last - first) / (places.length - 1) / 2 : 0.5;
  return Array.from({ length: places.length + 1 }, (_, n) => first + (2 * n - 1) * half);
};

// Slanting lines over the cells for which holds(i, j), {x, y} with NaN between them; `apart` cells lie
// between two lines.
export function hatching(xs, ys, holds, apart = 1) {
  const [columns, rows] = [halves(xs), halves(ys)];
  const line = { x: [], y: [] };
  for (let slant = Math.ceil((1 - ys.length) / apart) * apart; slant < xs.length; slant += apart) {
    let begun = false;
    for (let j = Math.max(0, slant); j <= xs.length && j - slant <= ys.length; j += 1) {
      const i = j - slant;
      const inside = i < ys.length && j < xs.length && holds(i, j);
      if (inside === begun) continue;
      line.x.push(columns[j]);
      line.y.push(rows[i]);
      if (begun) {
        line.x.push(NaN);
        line.y.push(NaN);
      }
      begun = inside;
    }
  }
  return line;
}

// For each of the first `count` codes of a map the cell that lies deepest within its region: {i, j, depth},
// and how many cells it is to the region's edge. `codes` are listed row by row.
export function middles(codes, [height, width], count) {
  const depths = new Int32Array(codes.length);
  const depthAt = (i, j, code) => (i < 0 || j < 0 || i >= height || j >= width
    || codes[i * width + j] !== code ? 0 : depths[i * width + j]);
  // One more than the least depth of the neighbours on one side, row by row from there.
  const beside = (i, j, side) => {
    const code = codes[i * width + j];
    return 1 + Math.min(depthAt(i, j + side, code), depthAt(i + side, j - 1, code),
      depthAt(i + side, j, code), depthAt(i + side, j + 1, code));
  };
  for (let at = 0; at < codes.length; at += 1) {
    depths[at] = beside(Math.floor(at / width), at % width, -1);
  }
  const found = Array.from({ length: count }, () => null);
  for (let at = codes.length - 1; at >= 0; at -= 1) {
    const [i, j, code] = [Math.floor(at / width), at % width, codes[at]];
    const depth = Math.min(depths[at], beside(i, j, 1));
    depths[at] = depth;
    if (code < count && depth > (found[code]?.depth ?? 0)) found[code] = { i, j, depth };
  }
  return found;
}

// The index of the place that is nearest.
export const nearest = (places, place) => places.reduce((best, other, at) =>
  (Math.abs(other - place) < Math.abs(places[best] - place) ? at : best), 0);

// The number between those of a grid at a place; NaN beside the grid, or where one of them is missing.
export function between(xs, ys, z, x, y) {
  const find = (places, place) => {
    const share = (place - places[0]) / (places.at(-1) - places[0]) * (places.length - 1);
    if (places.length < 2 || !(share >= -1e-6 && share <= places.length - 1 + 1e-6)) return null;
    const at = Math.min(Math.max(Math.floor(share), 0), places.length - 2);
    return [at, share - at];
  };
  const [column, row] = [find(xs, x), find(ys, y)];
  if (!column || !row) return NaN;
  const [[j, a], [i, b]] = [column, row];
  return (1 - b) * ((1 - a) * z[i][j] + a * z[i][j + 1]) + b * ((1 - a) * z[i + 1][j] + a * z[i + 1][j + 1]);
}
