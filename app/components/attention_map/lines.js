/** Rows and columns of one head's Kronecker map, and the largest of their weights. */

import { stridesOf } from "./intervals.js";

/** A row ("row") or a column of a factor. */
function lineOfFactor(factor, size, digit, direction) {
  const [begin, step] = direction === "row" ? [digit * size, 1] : [digit, size];
  return Float64Array.from({ length: size }, (_, at) => factor[begin + at * step]);
}

/** The Kronecker product of two lines. */
function lineProduct(first, second) {
  const out = new Float64Array(first.length * second.length);
  for (let at = 0; at < first.length; at += 1) {
    for (let other = 0; other < second.length; other += 1) out[at * second.length + other] = first[at] * second[other];
  }
  return out;
}

/**
 * One head's row or column, `⊗_i a_i` of the factors' lines, or `Σ_i e_1 ⊗ … a_i … ⊗ e_k` in the sum form.
 * @param {(Float32Array|Float64Array)[]} factors - size × size, row-major.
 * @param {number[]} sizes - positions along each mode.
 * @param {number[]} digits - the position whose line it is.
 * @param {"row"|"column"} direction - "row": the position is the query.
 * @param {"product"|"sum"} combine - how the factors are combined.
 * @returns {Float64Array} N weights.
 */
export function lineOfHead(factors, sizes, digits, direction, combine) {
  const lines = factors.map((factor, mode) => lineOfFactor(factor, sizes[mode], digits[mode], direction));
  if (combine === "product") return lines.reduceRight((behind, line) => lineProduct(line, behind));
  const out = new Float64Array(sizes.reduce((total, size) => total * size, 1));
  eachOnCross(lines, sizes, digits, (at, weight) => {
    out[at] += weight;
  });
  return out;
}

/** The weights of a Kronecker sum's line that need not be 0: positions that differ in one mode only. */
function eachOnCross(lines, sizes, digits, take) {
  const strides = stridesOf(sizes);
  const own = digits.reduce((flat, digit, mode) => flat + digit * strides[mode], 0);
  lines.forEach((line, mode) => {
    line.forEach((weight, digit) => take(own + (digit - digits[mode]) * strides[mode], weight));
  });
}

/** Larger weights first, equal ones by the lower index. */
function byWeight(a, b) {
  return b.weight - a.weight || a.at - b.at;
}

/**
 * The largest weights of a line; what is no number is left out.
 * @param {Float64Array} line - the weights.
 * @param {number} count - how many.
 * @param {function(number): boolean} skip - which places are left out too.
 * @returns {{at: number, weight: number}[]} largest first, equal ones by the lower index.
 */
export function largestOf(line, count, skip) {
  const room = Math.max(2 * count, 1024);
  let [found, least] = [[], -Infinity];
  for (let at = 0; at < line.length; at += 1) {
    if (Number.isNaN(line[at]) || (!(line[at] > least) && found.length >= count) || skip(at)) continue;
    found.push({ at, weight: line[at] });
    if (found.length < room) continue;
    found = found.sort(byWeight).slice(0, count);
    least = found[count - 1].weight;
  }
  return found.sort(byWeight).slice(0, count);
}

/**
 * The largest weights of a row or column of a Kronecker sum, without the line: all but Σ_i n_i of them are 0.
 * @param {{factors: Float64Array[], weight: number}[]} heads - the heads and their weights.
 * @param {number[]} sizes - positions along each mode.
 * @param {number[]} digits - the position whose line it is.
 * @param {"row"|"column"} direction - "row": the position is the query.
 * @param {number} count - how many.
 * @param {function(number): boolean} skip - which places are left out.
 * @returns {{at: number, weight: number}[]} largest first, equal ones by the lower index.
 */
export function sparseLine(heads, sizes, digits, direction, count, skip) {
  const weights = new Map();
  for (const { factors, weight } of heads) {
    const lines = factors.map((factor, mode) => lineOfFactor(factor, sizes[mode], digits[mode], direction));
    eachOnCross(lines, sizes, digits, (at, value) => weights.set(at, (weights.get(at) ?? 0) + weight * value));
  }
  const found = Array.from(weights, ([at, weight]) => ({ at, weight })).filter(({ at }) => !skip(at));
  const total = sizes.reduce((product, size) => product * size, 1);
  for (let [at, zeros] = [0, 0]; at < total && zeros < count; at += 1) {
    if (weights.has(at) || skip(at)) continue;
    found.push({ at, weight: 0 });
    zeros += 1;
  }
  return found.sort(byWeight).slice(0, count);
}
