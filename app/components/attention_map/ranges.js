/**
 * Sums over ranges of rows and columns of one factor, without ever subtracting.
 *
 * A difference of running totals loses digits where a range holds little of the whole. Here a range that begins at the
 * first digit comes from running totals forwards, one that ends at the last digit from running totals backwards, a
 * short one from its entries, and any other from totals that begin anew in each cell of 2^s digits: with
 * 2^s <= length < 2^(s+1) a range is the end of a cell, at most one whole cell and the beginning of another.
 * All terms are added as they are, so that for non-negative weights the error stays near the rounding of float64.
 */

const FEW = 3; // so few digits are added up one by one

/** The stream of running totals over cells of this length, in this direction; a number, from 1 (0: the entries). */
function streamOf(streams, cell, forward) {
  const found = streams.findIndex((stream) => stream.cell === cell && stream.forward === forward);
  return 1 + (found >= 0 ? found : streams.push({ cell, forward }) - 1);
}

/** The terms of one range, each a stream and a place in it, written as stream · size + place. */
function termsOf(low, high, size, streams) {
  const at = (cell, forward, place) => streamOf(streams, cell, forward) * size + place;
  if (high - low <= FEW) return Array.from({ length: high - low }, (_, step) => low + step);
  if (low === 0) return [at(size, true, high - 1)];
  if (high === size) return [at(size, false, low)];
  const cell = 2 ** (31 - Math.clz32(high - low));
  const terms = [];
  let line = Math.ceil(low / cell) * cell;
  if (low < line) terms.push(at(cell, false, low));
  for (; line + cell <= high; line += cell) terms.push(at(cell, true, line + cell - 1));
  if (line < high) terms.push(at(cell, true, high - 1));
  return terms;
}

/** What the ranges of one axis need: the window of digits, the streams, the first term of each range and the others. */
function planRanges({ low, high, size }) {
  const [streams, range, term] = [[], [], []];
  const first = new Int32Array(low.length);
  for (let index = 0; index < low.length; index += 1) {
    const [head, ...others] = termsOf(low[index], high[index], size, streams);
    first[index] = head;
    for (const other of others) {
      range.push(index);
      term.push(other);
    }
  }
  const [from, to] = [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))];
  return { size, from, to, streams, first, range: Int32Array.from(range), term: Int32Array.from(term) };
}

/** The running totals of one line, whose entries stand in the window of `line`, behind them stream by stream. */
function fillTotals(line, { size, from, to, streams }) {
  streams.forEach(({ cell, forward }, index) => {
    const place = (index + 1) * size;
    for (let begin = from - (from % cell); begin < to; begin += cell) {
      const [low, high] = [Math.max(begin, from), Math.min(begin + cell, to)];
      let total = 0;
      if (forward) for (let at = low; at < high; at += 1) line[place + at] = total += line[at];
      else for (let at = high - 1; at >= low; at -= 1) line[place + at] = total += line[at];
    }
  });
}

/** Which rows of the window any range needs. */
function neededRows({ low, high }, { from, to }) {
  const change = new Int32Array(to - from + 1);
  for (let index = 0; index < low.length; index += 1) {
    change[low[index] - from] += 1;
    change[high[index] - from] -= 1;
  }
  let open = 0;
  return Array.from(change.subarray(0, to - from), (step) => (open += step) > 0);
}

/** Every needed row of the window, its columns added up over their ranges; written into the table's first rows. */
function addColumns(factor, rows, needed, cols, table) {
  const line = new Float64Array(cols.size * (1 + cols.streams.length));
  const { size, from, to, first, range, term } = cols;
  const width = first.length;
  for (let row = rows.from; row < rows.to; row += 1) {
    if (!needed[row - rows.from]) continue;
    const [source, target] = [row * size, (row - rows.from) * width];
    for (let at = from; at < to; at += 1) line[at] = factor[source + at];
    fillTotals(line, cols);
    for (let index = 0; index < width; index += 1) table[target + index] = line[first[index]];
    for (let index = 0; index < term.length; index += 1) table[target + range[index]] += line[term[index]];
  }
}

function addRow(into, target, from, source, width) {
  for (let at = 0; at < width; at += 1) into[target + at] += from[source + at];
}

/** The terms of one stream, in the order in which its running totals come by. */
function addStream(table, width, rows, { cell, forward }, terms) {
  const total = new Float64Array(width);
  let [open, next] = [-1, 0];
  for (const { place, target } of terms.sort((a, b) => (forward ? a.place - b.place : b.place - a.place))) {
    const begin = place - (place % cell);
    if (begin !== open) {
      total.fill(0);
      open = begin;
      next = forward ? begin : begin + cell - 1; // within the window, as every range with this term is
    }
    const step = forward ? 1 : -1;
    for (; next !== place + step; next += step) addRow(total, 0, table, (next - rows.from) * width, width);
    addRow(table, target, total, 0, width);
  }
}

/** Where each range of rows stands in the table, and the terms of those that are not simply one row of it. */
function placeRows(plan, width) {
  const window = plan.to - plan.from;
  const starts = new Int32Array(plan.first.length);
  const several = new Set(plan.range);
  let used = window;
  for (let index = 0; index < starts.length; index += 1) {
    const single = plan.first[index] < plan.size && !several.has(index);
    starts[index] = (single ? plan.first[index] - plan.from : used++) * width;
  }
  const terms = [plan, ...plan.streams].map(() => []);
  const put = (index, term) => {
    const place = term % plan.size;
    terms[(term - place) / plan.size].push({ place, target: starts[index] });
  };
  plan.first.forEach((term, index) => starts[index] >= window * width && put(index, term));
  plan.range.forEach((index, other) => put(index, plan.term[other]));
  return { starts, terms, used };
}

/**
 * A factor added up over every range of rows and every range of columns.
 * @param {Float32Array|Float64Array} factor - size × size, row-major.
 * @param {{low: Int32Array, high: Int32Array, size: number}} rows - half-open ranges of digits of the rows.
 * @param {{low: Int32Array, high: Int32Array, size: number}} cols - the same for the columns.
 * @returns {{values: Float64Array, starts: Int32Array, width: number}} the sums of row range r begin at `starts[r]`,
 *   one for each range of columns.
 */
export function rangeSums(factor, rows, cols) {
  const [down, across] = [planRanges(rows), planRanges(cols)];
  const width = cols.low.length;
  const { starts, terms, used } = placeRows(down, width);
  const values = new Float64Array(used * width);
  addColumns(factor, down, neededRows(rows, down), across, values);
  for (const { place, target } of terms[0]) addRow(values, target, values, (place - down.from) * width, width);
  down.streams.forEach((stream, index) => addStream(values, width, down, stream, terms[index + 1]));
  return { values, starts, width };
}
