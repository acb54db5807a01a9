/**
 * A Kronecker map, known exactly by its factors: entries, lines and pictures of it, computed without the N × N matrix.
 *
 * A map is `{sizes, combine, scale, weights, heads}`: `heads[h][i]` is the factor of mode i of head h, a row-major
 * Float32Array of n_i × n_i weights (query, key). Over the N = n_1 ⋯ n_k positions in C order,
 *
 *   "product":  A = scale · Σ_h weights[h] · A_h1 ⊗ … ⊗ A_hk
 *   "sum":      A = scale · Σ_h weights[h] · (A_h1 ⊕ … ⊕ A_hk),   A ⊕ B = A ⊗ I + I ⊗ B.
 *
 * All arithmetic is float64. The Python twins are `KroneckerMap` and `KroneckerMixture`.
 */

import { cutAxis, stridesOf } from "./intervals.js";
import { meanBlocks } from "./meeting.js";
import { largestOf, lineOfHead, sparseLine } from "./lines.js";

const MOST_WEIGHTS = 2 ** 27; // of a line that is written out: a gigabyte

/**
 * How many positions the map has along each axis.
 * @param {{sizes: number[]}} map - the map.
 * @returns {number} N, the product of the sizes.
 */
export function tokens(map) {
  return map.sizes.reduce((total, size) => total * size, 1);
}

function requireWhole(value, low, high, what) {
  if (Number.isSafeInteger(value) && value >= low && value < high) return;
  throw new RangeError(`${what} must be a whole number from ${low} to ${high - 1}, got ${value}.`);
}

/**
 * The digits of a flat index. The floor of a rounded quotient of whole numbers below 2^53 is exact: a quotient that is
 * not whole stays 1/divisor or more below the next whole number, and rounding moves it by less.
 * @param {number} flat - the C-order index, from 0.
 * @param {number[]} sizes - positions along each mode.
 * @returns {number[]} one index for each mode.
 * @throws {RangeError} when there is no such position.
 */
export function positionOf(flat, sizes) {
  requireWhole(flat, 0, tokens({ sizes }), "A flat position");
  return stridesOf(sizes).map((stride, mode) => Math.floor(flat / stride) % sizes[mode]);
}

/**
 * One weight of the map.
 * @param {object} map - the map.
 * @param {number} query - flat index of the position that looks.
 * @param {number} key - flat index of the position that is looked at.
 * @returns {number} the weight, exact to the rounding of float64.
 * @throws {RangeError} when there is no such position.
 */
export function entryOf(map, query, key) {
  const [q, k] = [positionOf(query, map.sizes), positionOf(key, map.sizes)];
  const others = q.map((_, mode) => q.every((digit, other) => other === mode || digit === k[other]));
  const ofHead = (factors) => {
    const weights = factors.map((factor, mode) => factor[q[mode] * map.sizes[mode] + k[mode]]);
    if (map.combine === "product") return weights.reduce((product, weight) => product * weight, 1);
    return weights.reduce((total, weight, mode) => (others[mode] ? total + weight : total), 0);
  };
  return map.scale * map.heads.reduce((total, factors, head) => total + map.weights[head] * ofHead(factors), 0);
}

/**
 * Which flat positions each pixel of an axis shows, the rule of `KroneckerMap.view`: pixel i begins at
 * start + floor(i · (stop − start) / pixels) and ends where the next begins, but shows at least one position.
 * @param {number} start - first flat position of the axis.
 * @param {number} stop - one past its last.
 * @param {number} pixels - how many pixels.
 * @returns {{first: Float64Array, last: Float64Array}} first positions and one past the last ones, one a pixel.
 */
export function pixelEdges(start, stop, pixels) {
  const step = Math.floor((stop - start) / pixels);
  const rest = stop - start - step * pixels; // i · (stop − start) itself could leave the whole numbers of float64
  const bound = (index) => start + index * step + Math.floor((index * rest) / pixels);
  const first = Float64Array.from({ length: pixels }, (_, index) => bound(index));
  return { first, last: first.map((begin, index) => Math.max(bound(index + 1), begin + 1)) };
}

/** One axis of a picture: its pixels cut into stretches, and how many positions each shows. */
function axisOf([start, stop], pixels, sizes, what) {
  const total = tokens({ sizes });
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(stop) && 0 <= start && start < stop && stop <= total)) {
    throw new RangeError(`The ${what} ${start} … ${stop} must be a range of whole numbers within 0 … ${total}.`);
  }
  requireWhole(pixels, 1, 2 ** 24, `The pixels along the ${what}`);
  const edges = pixelEdges(start, stop, pixels);
  return { ...cutAxis(edges, sizes), lengths: edges.last.map((last, pixel) => last - edges.first[pixel]) };
}

/** Several heads' factors of each mode added up, weighted. */
function mixedFactors(heads) {
  return heads[0].factors.map((like, mode) =>
    Float64Array.from(like, (_, at) => heads.reduce((sum, head) => sum + head.weight * head.factors[mode][at], 0)),
  );
}

/** The heads that have weight, each times the map's scale; one alone where their mixture is again one map. */
function weightyHeads(map) {
  const heads = map.heads.map((factors, head) => ({ factors, weight: map.weights[head] * map.scale }));
  const weighty = heads.filter(({ weight }) => weight !== 0);
  if (weighty.length < 2 || (map.combine === "product" && map.sizes.length > 1)) return weighty;
  return [{ factors: mixedFactors(weighty), weight: 1 }];
}

/**
 * A picture of a rectangle of the map: each pixel the exact mean of its block of entries.
 *
 * The cost, about height · width · k for each head, does not depend on N. No difference is ever taken, so that for
 * non-negative factors each pixel is right to the rounding of float64 at every zoom.
 * @param {object} map - the map; N up to 2^53.
 * @param {[number, number]} rows - half-open range of flat queries.
 * @param {[number, number]} cols - half-open range of flat keys.
 * @param {number} height - pixels along the queries.
 * @param {number} width - pixels along the keys.
 * @returns {Float64Array} height × width means, row-major.
 * @throws {RangeError} when a range is empty or leaves the map, or a size is not positive.
 */
export function blockMeans(map, rows, cols, height, width) {
  const down = axisOf(rows, height, map.sizes, "rows");
  const across = axisOf(cols, width, map.sizes, "columns");
  return meanBlocks(weightyHeads(map), map.combine, down, across);
}

/**
 * The whole row ("row": where the position looks) or column ("column": who looks at it).
 * @param {object} map - the map.
 * @param {number} position - flat index of the position.
 * @param {"row"|"column"} direction - which line of the map.
 * @returns {Float64Array} N weights.
 * @throws {RangeError} when there is no such position, or the line is too long to be written out.
 */
export function lineOf(map, position, direction) {
  const digits = positionOf(position, map.sizes);
  const total = tokens(map);
  if (total > MOST_WEIGHTS) {
    throw new RangeError(`A line of ${total} weights is not written out; ask blockMeans for a picture of it.`);
  }
  const out = new Float64Array(total);
  for (const { factors, weight } of weightyHeads(map)) {
    lineOfHead(factors, map.sizes, digits, direction, map.combine).forEach((value, at) => {
      out[at] += weight * value;
    });
  }
  return out;
}

/**
 * The largest weights of a row or a column.
 * @param {object} map - the map; for a product of more than 2^27 positions there is no answer.
 * @param {number} position - flat index of the position.
 * @param {"row"|"column"} direction - "row": it is the query of all entries, "column": their key.
 * @param {number} count - how many; fewer come back where there are fewer.
 * @param {function(number): boolean} skip - which partners are left out; none where not given.
 * @returns {{query: number, key: number, weight: number}[]} largest first, equal ones by the lower partner.
 * @throws {RangeError} when there is no such position, or the line is too long.
 */
export function topOfLine(map, position, direction, count, skip = () => false) {
  requireWhole(count, 1, 2 ** 24, "The count");
  const digits = positionOf(position, map.sizes);
  const sum = map.combine === "sum";
  const found = sum
    ? sparseLine(weightyHeads(map), map.sizes, digits, direction, count, skip)
    : largestOf(lineOf(map, position, direction), count, skip);
  return found.map(({ at, weight }) =>
    direction === "row" ? { query: position, key: at, weight } : { query: at, key: position, weight },
  );
}
