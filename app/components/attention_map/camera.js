/**
 * Which part of a map is seen. A lens {top, left, side} counts in entries and may lie between them, so that many small
 * turns of a wheel add up; the view {rows: [a, b], cols: [c, d]} that is drawn is the nearest whole number of entries.
 */

/** The fewest entries a side that zooming in leaves. */
export const CLOSEST = 4;

/** The lens over the whole map of n × n entries. */
export function wholeLens(n) {
  return { top: 0, left: 0, side: n };
}

function within(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

function keptInside(top, left, side, n) {
  return { top: within(top, 0, n - side), left: within(left, 0, n - side), side };
}

/**
 * The half-open ranges of entries under a lens.
 *
 * @param {{top: number, left: number, side: number}} lens in entries
 * @param {number} n positions on each axis
 * @returns {{rows: [number, number], cols: [number, number]}} equally many rows and columns
 */
export function viewOf(lens, n) {
  const side = within(Math.round(lens.side), Math.min(CLOSEST, n), n);
  const top = within(Math.round(lens.top), 0, n - side);
  const left = within(Math.round(lens.left), 0, n - side);
  return { rows: [top, top + side], cols: [left, left + side] };
}

/**
 * The lens after zooming about a place that stays where it is on the screen.
 *
 * @param {object} lens
 * @param {number} times how many times as many entries a side: below 1 zooms in
 * @param {number} row place between 0 and n, in entries, fractions allowed
 * @param {number} col
 * @param {number} n positions on each axis
 */
export function zoomedAbout(lens, times, row, col, n) {
  const side = within(lens.side * times, Math.min(CLOSEST, n), n);
  const ratio = side / lens.side;
  return keptInside(row - (row - lens.top) * ratio, col - (col - lens.left) * ratio, side, n);
}

/** The lens moved by some entries, kept inside the map. */
export function pannedBy(lens, down, right, n) {
  return keptInside(lens.top + down, lens.left + right, lens.side, n);
}

/** The lens with its middle on the middle of an entry, as far as the map's border allows. */
export function centredOn(lens, row, col, side, n) {
  const inside = within(side, Math.min(CLOSEST, n), n);
  return keptInside(Math.round(row + 0.5 - inside / 2), Math.round(col + 0.5 - inside / 2), inside, n);
}

function shiftedTo(at, start, side) {
  if (at < start) return at;
  return at + 1 > start + side ? at + 1 - side : start;
}

/** The lens moved just so far that an entry is seen whole. */
export function revealing(lens, row, col, n) {
  const view = viewOf(lens, n);
  const side = view.rows[1] - view.rows[0];
  const top = shiftedTo(row, view.rows[0], side);
  const left = shiftedTo(col, view.cols[0], side);
  return top === view.rows[0] && left === view.cols[0] ? lens : keptInside(top, left, side, n);
}

/** Whether an entry is seen. */
export function isSeen(view, row, col) {
  return row >= view.rows[0] && row < view.rows[1] && col >= view.cols[0] && col < view.cols[1];
}

/** Pixels a side in which a view of so many entries is computed: no more than its entries, nor than there is room. */
export function pixelsFor(entries, room, coarser, most) {
  return Math.max(1, Math.min(entries, Math.floor(Math.min(room, most) / coarser)));
}
