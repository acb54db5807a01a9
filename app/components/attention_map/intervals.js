/**
 * One axis of a picture, cut mode by mode.
 *
 * A pixel shows the flat positions from `start` to before `stop`, a *stretch*. With the first digits a of `start` and
 * b of `stop`, and what is left of them behind the first mode, a stretch falls into at most three parts:
 * digit a alone with a stretch behind it, the digits between with everything behind them, digit b alone with a stretch
 * behind it. The stretches behind are cut in the same way, and each is kept once, however many pixels need it: the
 * beginnings and ends of blocks, of which there are few, are shared by all pixels that cut a block.
 */

/**
 * How many positions stand behind each mode: the step of its digit in a flat index.
 * @param {number[]} sizes - positions along each mode.
 * @returns {number[]} the product of the later sizes, one for each mode.
 */
export function stridesOf(sizes) {
  const strides = sizes.map(() => 1);
  for (let mode = sizes.length - 2; mode >= 0; mode -= 1) strides[mode] = strides[mode + 1] * sizes[mode + 1];
  return strides;
}

/** Pairs of whole numbers, each kept once: `indexOfPair` gives a pair's place. `end` is no less than any of them. */
function newPairs(end) {
  const wide = (end + 1) * (end + 1) > Number.MAX_SAFE_INTEGER; // then two numbers are no longer one
  return { known: new Map(), lows: [], highs: [], factor: wide ? 0 : end + 1 };
}

function indexOfPair(pairs, low, high) {
  const key = pairs.factor ? low * pairs.factor + high : `${low} ${high}`;
  let index = pairs.known.get(key);
  if (index === undefined) {
    index = pairs.lows.length;
    pairs.known.set(key, index);
    pairs.lows.push(low);
    pairs.highs.push(high);
  }
  return index;
}

/** Digits low … high−1 of this mode with the stretch from `start` to `stop` behind them, as one part more. */
function addPart(cut, low, high, start, stop) {
  cut.ranges.push(indexOfPair(cut.digits, low, high));
  cut.children.push(indexOfPair(cut.behind, start, stop));
}

/** The parts of one stretch: at most three, at least one. */
function cutStretch(cut, start, stop, stride) {
  const [first, last] = [Math.floor(start / stride), Math.floor(stop / stride)]; // exact: see positionOf
  const [above, below] = [start - first * stride, stop - last * stride];
  if (first === last) {
    addPart(cut, first, first + 1, above, below);
    return;
  }
  const inner = above > 0 ? first + 1 : first;
  if (above > 0) addPart(cut, first, first + 1, above, stride);
  if (last > inner) addPart(cut, inner, last, 0, stride);
  if (below > 0) addPart(cut, last, last + 1, 0, below);
}

/** The cuts of all stretches of one mode, and the stretches behind it that they need. */
function cutMode(stretches, size, stride) {
  const cut = { digits: newPairs(size), behind: newPairs(stride), ranges: [], children: [] };
  const count = stretches.lows.length;
  const begins = new Int32Array(count + 1);
  for (let index = 0; index < count; index += 1) {
    cutStretch(cut, stretches.lows[index], stretches.highs[index], stride);
    begins[index + 1] = cut.ranges.length;
  }
  return { cut, begins };
}

/** First parts apart from the others, so that a loop over first parts needs no index of its stretch. */
function partsInOrder(stretches, { cut, begins }) {
  const count = stretches.lows.length;
  const [firstRange, firstChild] = [new Int32Array(count), new Int32Array(count)];
  const moreBegins = new Int32Array(count + 1);
  const [node, range, child] = [[], [], []];
  for (let index = 0; index < count; index += 1) {
    firstRange[index] = cut.ranges[begins[index]];
    firstChild[index] = cut.children[begins[index]];
    for (let part = begins[index] + 1; part < begins[index + 1]; part += 1) {
      node.push(index);
      range.push(cut.ranges[part]);
      child.push(cut.children[part]);
    }
    moreBegins[index + 1] = node.length;
  }
  const more = { begins: moreBegins, node: Int32Array.from(node), range: Int32Array.from(range) };
  return { firstRange, firstChild, more: { ...more, child: Int32Array.from(child) } };
}

/**
 * Cut all pixels of an axis.
 * @param {{first: Float64Array, last: Float64Array}} edges - first flat positions and one past the last ones.
 * @param {number[]} sizes - positions along each mode.
 * @returns {{pixelNode: Int32Array, levels: object[]}} which stretch of the first level each pixel shows, and for each
 *   mode a level: `count` stretches `start`, `stop` (of the positions from this mode on); the ranges of digits `low`,
 *   `high`; the parts of each stretch, `firstRange` and `firstChild` (an index of the next level's stretches) and,
 *   where there are several, `more` with `begins` (by stretch), `node`, `range`, `child`. In the last level range and
 *   stretch are the same thing and have the same index.
 */
export function cutAxis(edges, sizes) {
  const strides = stridesOf(sizes);
  let stretches = newPairs(strides[0] * sizes[0]);
  const pixelNode = Int32Array.from(edges.first, (start, pixel) => indexOfPair(stretches, start, edges.last[pixel]));
  const levels = sizes.map((size, mode) => {
    const parts = cutMode(stretches, size, strides[mode]);
    const level = { count: stretches.lows.length, ...partsInOrder(stretches, parts), size };
    level.start = Float64Array.from(stretches.lows);
    level.stop = Float64Array.from(stretches.highs);
    level.low = Int32Array.from(parts.cut.digits.lows);
    level.high = Int32Array.from(parts.cut.digits.highs);
    stretches = parts.cut.behind;
    return level;
  });
  return { pixelNode, levels };
}
