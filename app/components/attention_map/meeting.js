/**
 * The rows' stretches of a picture meet the columns' stretches, mode by mode, from the last mode to the first.
 *
 * With A the factor of a mode, [p, q] its sum over a range of rows and a range of columns, and T' the sums of what is
 * behind it, the sum over a stretch of rows and a stretch of columns is
 *
 *   product:  T = Σ_p Σ_q [p, q] · T'(behind p, behind q)
 *   sum:      S = Σ_p Σ_q [p, q] · I'(behind p, behind q) + |p ∩ q| · S'(behind p, behind q)
 *
 * over the parts p of the one and q of the other (at most three each, see intervals.js). I' is how many positions two
 * stretches share: the Kronecker sum is S_l = A_l ⊗ I + I ⊗ S_{l+1}. Nothing is ever subtracted.
 */

import { rangeSums } from "./ranges.js";

/** How much each stretch of a list shares with one stretch. */
function fillShared(out, low, high, lows, highs) {
  for (let index = 0; index < lows.length; index += 1) {
    const length = Math.min(high, highs[index]) - Math.max(low, lows[index]);
    out[index] = length > 0 ? length : 0;
  }
}

/** One part of the rows against all columns, product form; added to `out`. */
function addProduct(out, at, near, p, far, x, cols) {
  const { firstRange, firstChild, more } = cols;
  for (let m = 0; m < firstRange.length; m += 1) out[at + m] += near[p + firstRange[m]] * far[x + firstChild[m]];
  const { node, range, child } = more;
  for (let k = 0; k < node.length; k += 1) out[at + node[k]] += near[p + range[k]] * far[x + child[k]];
}

/** One part of the rows against all columns, sum form; added to `out`. */
function addSum(out, at, near, p, far, x, cols, digits, shared) {
  const { firstRange, firstChild, more } = cols;
  for (let m = 0; m < firstRange.length; m += 1) {
    const [q, y] = [firstRange[m], firstChild[m]];
    out[at + m] += near[p + q] * shared[y] + digits[q] * far[x + y];
  }
  for (let part = 0; part < more.node.length; part += 1) {
    const [q, y] = [more.range[part], more.child[part]];
    out[at + more.node[part]] += near[p + q] * shared[y] + digits[q] * far[x + y];
  }
}

/** What adds one part of the rows in this mode: its range of digits, and the stretch behind. */
function adderOf(near, far, rows, cols, behind, combine) {
  if (combine === "product") {
    return (out, at, range, child) =>
      addProduct(out, at, near.values, near.starts[range], far.values, far.starts[child], cols);
  }
  const [digits, shared] = [new Float64Array(cols.low.length), new Float64Array(behind.cols.count)];
  return (out, at, range, child) => {
    fillShared(digits, rows.low[range], rows.high[range], cols.low, cols.high);
    fillShared(shared, behind.rows.start[child], behind.rows.stop[child], behind.cols.start, behind.cols.stop);
    addSum(out, at, near.values, near.starts[range], far.values, far.starts[child], cols, digits, shared);
  };
}

/** All parts of one stretch of rows against all columns; added to `out`. */
function addStretch(add, rows, index, out, at) {
  add(out, at, rows.firstRange[index], rows.firstChild[index]);
  const { begins, range, child } = rows.more;
  for (let part = begins[index]; part < begins[index + 1]; part += 1) add(out, at, range[part], child[part]);
}

/** All stretches of a mode's rows against all of its columns. */
function meetMode(add, rows, width) {
  const values = new Float64Array(rows.count * width);
  const starts = Int32Array.from({ length: rows.count }, (_, index) => index * width);
  starts.forEach((at, index) => addStretch(add, rows, index, values, at));
  return { values, starts, width };
}

/** The sums over all blocks of one head, handed on row by row: `emit(index, line, at)`. */
function meetHead(factors, combine, rows, cols, emit) {
  const last = factors.length - 1;
  let far = rangeSums(factors[last], rows.levels[last], cols.levels[last]);
  for (let mode = last - 1; mode >= 0; mode -= 1) {
    const [down, across] = [rows.levels[mode], cols.levels[mode]];
    const near = rangeSums(factors[mode], down, across);
    const behind = { rows: rows.levels[mode + 1], cols: cols.levels[mode + 1] };
    const add = adderOf(near, far, down, across, behind, combine);
    if (mode > 0) far = meetMode(add, down, across.count);
    else emitStretches(add, down, across.count, emit);
  }
  if (last === 0) far.starts.forEach((at, index) => emit(index, far.values, at));
}

/** The first mode's stretches of rows, one after the other in the same line. */
function emitStretches(add, rows, width, emit) {
  const line = new Float64Array(width);
  for (let index = 0; index < rows.count; index += 1) {
    line.fill(0);
    addStretch(add, rows, index, line, 0);
    emit(index, line, 0);
  }
}

/**
 * The weighted sum of all heads' blocks, each divided by its number of entries.
 * @param {{factors: (Float32Array|Float64Array)[], weight: number}[]} heads - factors size × size, row-major.
 * @param {"product"|"sum"} combine - how a head combines its factors.
 * @param {{pixelNode: Int32Array, levels: object[], lengths: Float64Array}} rows - the rows' pixels, from `cutAxis`,
 *   and how many entries each has.
 * @param {{pixelNode: Int32Array, levels: object[], lengths: Float64Array}} cols - the same for the columns.
 * @returns {Float64Array} (row pixel, column pixel), row-major.
 */
export function meanBlocks(heads, combine, rows, cols) {
  const [height, width] = [rows.pixelNode.length, cols.pixelNode.length];
  const out = new Float64Array(height * width);
  const shares = cols.lengths.map((length) => 1 / length);
  for (const { factors, weight } of heads) {
    let pixel = 0; // equal stretches are neighbours, and stretches are numbered in the order of their pixels
    meetHead(factors, combine, rows, cols, (index, line, at) => {
      for (; pixel < height && rows.pixelNode[pixel] === index; pixel += 1) {
        addPixels(out, pixel * width, line, at, cols.pixelNode, shares, weight / rows.lengths[pixel]);
      }
    });
  }
  return out;
}

function addPixels(out, target, line, at, nodes, shares, share) {
  for (let pixel = 0; pixel < nodes.length; pixel += 1) {
    out[target + pixel] += line[at + nodes[pixel]] * (shares[pixel] * share);
  }
}
