// Where everything is in the picture of a model, and how thick arrows are, as pure functions. Places
// depend on the number of states and on the size alone, so nothing moves while a model learns.

const WIDEST = 5; // pixels of an arrow of probability 1
const NARROWEST = 0.8;
const SMALL = 0.6; // the share of that which small rings have
export const MOST_WRITTEN = 8; // states up to which numbers and words are written
const MOST_CROSSING = 5; // states up to which numbers are written where arrows cross
const MOST_NAMED_INSIDE = 10;
const LINE = 11; // pixels of a line of text
const LETTER = 4.4; // pixels of a letter of that size, roughly
export const WORD_LETTERS = 15;
const START = 15; // pixels of an entering arrow

// Smaller probabilities are not drawn: many thin arrows would hide the few that matter.
export const drawnFrom = (K) => (K <= 6 ? 0.01 : K <= 10 ? 0.02 : 0.05);
export const thickness = (p) => Math.max(NARROWEST, WIDEST * p);
export const ringThickness = (p, K) => (K <= MOST_WRITTEN ? 1 : SMALL) * thickness(p);
export const isDrawn = (p, K) => p > 0 && p >= drawnFrom(K);

export const round = (value) => Math.round(value * 10) / 10;
export const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
const box = (x, y, halfWidth, halfHeight) =>
  ({ left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight });
export const overlap = (a, b) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

// Where everything is in a picture of K states, in pixels. The states stand on an ellipse, clockwise
// from the top; each has `x`, `y`, the middle `loop` of its ring, the ends of its entering arrow
// `start`, and the middles of its `word` and of its `name`. `radius` is that of a circle, `ring` that
// of a ring.
export function layout(K, width, height) {
  const inside = K <= MOST_NAMED_INSIDE;
  const radius = (inside ? 18 : 16) * (3 / Math.max(K, 3)) ** 0.55;
  const ring = K <= MOST_WRITTEN ? 10 : Math.max(3.5, 0.6 * radius);
  const away = radius + 0.75 * ring; // from the middle of a circle to that of its ring
  const reach = ring + ringThickness(1, K) / 2;
  const line = K <= MOST_WRITTEN || !inside ? LINE : 1;
  const angles = Array.from({ length: K }, (_, k) => Math.PI * (2 * k / K - 0.5));
  // Two states stand side by side, with their rings above.
  const along = K === 2 ? [[-1, 0], [1, 0]]
    : K === 1 ? [[0, 0]] : angles.map((a) => [Math.cos(a), Math.sin(a)]);
  const outward = K <= 2 ? along.map(() => [0, -1]) : along;

  const most = (values) => Math.max(...values);
  const up = (k) => Math.max(radius, reach - outward[k][1] * away);
  const down = (k) => Math.max(radius, reach + outward[k][1] * away);
  const states = angles.map((_, k) => k);
  const [lowest, highest] = [most(along.map(([, s]) => s)), most(along.map(([, s]) => -s))];
  const above = line + most(states.filter((k) => -along[k][1] > highest - 0.01).map(up));
  const below = line + most(states.filter((k) => along[k][1] > lowest - 0.01).map(down));
  const aside = most(states.map((k) => Math.max(radius, reach + Math.abs(outward[k][0]) * away)));
  const high = Math.max(0, (height - above - below) / Math.max(lowest + highest, 0.01));
  const widest = most(along.map(([c]) => Math.abs(c))) || 1;
  const wide = clamp((width / 2 - aside - 2 - (inside ? 0 : 1.7 * LINE)) / widest, 0,
    K === 2 ? 110 : 1.6 * high);
  const [x0, y0] = [width / 2, above + highest * high];

  const places = states.map((k) => {
    const [x, y] = [x0 + wide * along[k][0], K <= 2 ? (height + above - below) / 2 : y0 + high * along[k][1]];
    const [c, s] = outward[k];
    const loop = { x: x + c * away, y: y + s * away };
    const top = s < 0.1;
    const half = (LETTER * WORD_LETTERS) / 2;
    const word = {
      x: clamp(loop.x, half, width - half),
      y: K <= 2 ? y + radius + 1 + LINE / 2
        : top ? Math.min(y - radius, loop.y - reach) - LINE / 2
          : Math.max(y + radius, loop.y + reach) + LINE / 2,
    };
    const name = inside ? { x, y }
      : { x: x + c * (away + reach + LINE * 0.7), y: y + s * (away + reach + LINE / 2) };
    return { x, y, loop, word, name, start: entering(x, y, c, s, radius, x0) };
  });
  const found = { K, radius, ring, reach, inside, places };
  found.worded = K <= MOST_WRITTEN && !crowded(found);
  found.numbers = K <= MOST_WRITTEN ? numberPlaces(found, width, height) : {};
  return found;
}

// Ends of the arrow that enters a state beside its ring, on the side that is nearer to level; where
// both are, from below, and otherwise from the middle of the picture.
function entering(x, y, c, s, radius, middle) {
  const turn = (by) => [c * Math.cos(by) - s * Math.sin(by), c * Math.sin(by) + s * Math.cos(by)];
  const inward = x > middle + 0.5 ? -1 : 1;
  const order = ([ax, ay], [bx, by]) => [Math.abs(ay) - Math.abs(by), by - ay, inward * (bx - ax)]
    .find((difference) => Math.abs(difference) > 1e-6) ?? 0;
  const [[dx, dy]] = [turn(1.05), turn(-1.05)].sort(order);
  const at = (far) => ({ x: x + dx * far, y: y + dy * far });
  return { from: at(radius + START), to: at(radius + 1) };
}

const circleBox = ({ x, y }, radius) => box(x, y, radius, radius);
export const wordBox = ({ word }) => box(word.x, word.y, (LETTER * WORD_LETTERS) / 2, LINE / 2 - 0.5);
export const numberBox = ({ x, y, letters = 3 }) =>
  box(x, y, (LETTER * letters) / 2 + 1, LINE / 2 - 0.5);

const startBox = ({ start: { from, to } }) => box((from.x + to.x) / 2, (from.y + to.y) / 2,
  Math.abs(from.x - to.x) / 2 + 2, Math.abs(from.y - to.y) / 2 + 2);

// Whether words would lie over each other, or over circles, rings or entering arrows.
function crowded({ places, radius, reach }) {
  const words = places.map(wordBox);
  return words.some((word, k) => words.some((other, j) => j !== k && overlap(word, other))
    || places.some((place) => overlap(word, startBox(place))
      || overlap(word, circleBox(place, radius * 0.8))
      || overlap(word, circleBox(place.loop, reach * 0.8))));
}

// Ends of the arrow from state i to state j. It keeps to its right, beside the one that returns.
export function ends({ places, radius }, i, j) {
  const [a, b] = [places[i], places[j]];
  const far = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [ux, uy] = [(b.x - a.x) / far, (b.y - a.y) / far];
  const side = Math.min(4, 0.3 * radius);
  const edge = Math.sqrt(radius ** 2 - side ** 2) + 1;
  const at = (along) => ({ x: a.x + ux * along - uy * side, y: a.y + uy * along + ux * side });
  return { from: at(edge), to: at(far - edge) };
}

// Outline of an arrow of this width, as the `d` of a path.
export function arrow({ from, to }, width) {
  const far = Math.hypot(to.x - from.x, to.y - from.y);
  if (far < 1) return "";
  const [ux, uy] = [(to.x - from.x) / far, (to.y - from.y) / far];
  const head = Math.min(4.5 + width, 0.7 * far);
  const [thin, broad] = [width / 2, Math.min(2.2 + width * 0.8, head)];
  const at = (along, side) =>
    `${round(from.x + ux * along - uy * side)} ${round(from.y + uy * along + ux * side)}`;
  const neck = far - head;
  return `M${at(0, thin)}L${at(neck, thin)}L${at(neck, broad)}L${at(far, 0)}`
    + `L${at(neck, -broad)}L${at(neck, -thin)}L${at(0, -thin)}Z`;
}

// Middles of the numbers beside arrows, "i,j", and beside entering arrows, "start,k". An arrow without
// a free place is not in it.
function numberPlaces(found, width, height) {
  const { K, places, radius, reach, worded } = found;
  const taken = [
    ...places.map((place) => circleBox(place, radius)),
    ...places.map(({ loop }) => circleBox(loop, reach)),
    ...(worded ? places.map(wordBox) : []),
    ...places.map(startBox),
  ];
  const numbers = {};
  const put = (key, candidates) => {
    const place = candidates.find((one) => {
      const { left, right, top, bottom } = numberBox(one);
      return left >= 0 && right <= width && top >= 0 && bottom <= height
        && !taken.some((other) => overlap(numberBox(one), other));
    });
    if (!place) return;
    numbers[key] = place;
    taken.push(numberBox(place));
  };
  // Neighbours first: between the others arrows cross.
  const farthest = K <= MOST_CROSSING ? Math.floor(K / 2) : 1;
  for (let step = 1; step <= farthest; step += 1) {
    for (const by of new Set([step, K - step])) {
      for (let i = 0; i < K; i += 1) {
        const j = (i + by) % K;
        const { from, to } = ends(found, i, j);
        const far = Math.hypot(to.x - from.x, to.y - from.y) || 1;
        const aside = [-(to.y - from.y) / far, (to.x - from.x) / far];
        put(`${i},${j}`, [0.5, 0.4, 0.3, 0.6].flatMap((t) => [8, 10, 12].map((off) => ({
          x: from.x + (to.x - from.x) * t + aside[0] * off,
          y: from.y + (to.y - from.y) * t + aside[1] * off,
        }))));
      }
    }
  }
  places.forEach(({ x, y, start: { from } }, k) => {
    const far = Math.hypot(from.x - x, from.y - y);
    const beyond = (more) => ({
      x: from.x + ((from.x - x) / far) * (more + 10), y: from.y + ((from.y - y) / far) * more,
      letters: 5,
    });
    put(`start,${k}`, [6, 7, 8, 10].map(beyond));
  });
  return numbers;
}
