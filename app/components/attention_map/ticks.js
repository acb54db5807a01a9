// Ticks and block lines of an axis of flat positions: twin of flat_ticks in tests/oracles_ticks.py.
import { positionOf } from "./kronecker.js";

/**
 * Ticks at the beginnings of blocks, labelled with the coordinates that tell the blocks apart.
 *
 * The coarsest level at which at least three blocks begin inside the range is chosen; what all ticks have in
 * common is said once, in the title.
 * @param {number[]} range half-open range of flat positions.
 * @param {object} header the payload's header.
 * @param {number} most how many ticks there may be.
 * @returns {{places: number[], words: string[], title: string}} flat places (half a position on: the middle of the
 *   block's first entry), their words, and what the axis is called.
 */
export function axisTicks(range, header, most) {
  const { sizes } = header.map;
  let depth = 0;
  let begins = [];
  do {
    depth += 1;
    begins = blockBegins(range, blockSize(sizes, depth));
  } while (begins.length < 3 && depth < sizes.length);
  const stride = Math.max(1, Math.ceil(begins.length / most));
  begins = begins.filter((_, index) => index % stride === 0);
  const labels = begins.map((flat) => coordinateLabels(flat, header).slice(0, depth));
  const shared = sharedDepth(labels, depth);
  const common = header.modes.slice(0, shared).map((mode, at) => sharedWords(mode, labels[0][at]));
  return {
    places: begins.map((flat) => flat + 0.5),
    words: labels.map((label) => label.slice(shared).join(" · ")),
    title: [...common, ...header.modes.slice(shared).map((mode) => mode.title)].join(" · "),
  };
}

/**
 * Boundaries between the blocks of the modes, as far as their lines can be told apart.
 * @param {number[]} range half-open range of flat positions that is shown.
 * @param {number[]} sizes tokens along each mode.
 * @param {number} pixels how many pixels show the range.
 * @param {number} apart pixels that neighbouring lines of one depth must be apart.
 * @returns {{at: number, depth: number}[]} boundaries strictly inside the range, in order; depth 1 between tokens of
 *   the first mode, 2 of the second …, the outermost where several fall together.
 */
export function blockLines(range, sizes, pixels, apart = 6) {
  const lines = new Map();
  for (let depth = 1; depth < sizes.length; depth += 1) {
    const block = blockSize(sizes, depth);
    if ((block * pixels) / (range[1] - range[0]) < apart) continue;
    for (const at of blockBegins(range, block)) {
      if (at > range[0] && !lines.has(at)) lines.set(at, depth);
    }
  }
  return [...lines].map(([at, depth]) => ({ at, depth })).sort((one, other) => one.at - other.at);
}

/** Flat positions in a block of this depth. */
function blockSize(sizes, depth) {
  return sizes.slice(depth).reduce((product, size) => product * size, 1);
}

/** Flat positions inside a range at which blocks begin. */
function blockBegins([start, stop], block) {
  const begins = [];
  for (let at = start + ((block - (start % block)) % block); at < stop; at += block) begins.push(at);
  return begins;
}

/** The short label of every mode at a flat position. */
function coordinateLabels(flat, { map, modes }) {
  return positionOf(flat, map.sizes).map((token, mode) => modes[mode].labels[token]);
}

/** How many leading coordinates all ticks have in common; the last one always tells them apart. */
function sharedDepth(labels, depth) {
  let shared = 0;
  const same = (at) => labels.every((each) => each[at] === labels[0][at]);
  while (labels.length > 1 && shared < depth - 1 && same(shared)) shared += 1;
  return shared;
}

/** A coordinate that all ticks share, as the title says it: "entity JFK", "x −26 mm", "row 52.4994°". */
function sharedWords(mode, word) {
  return `${mode.name} ${word}${word.startsWith("voxel") ? "" : mode.unit}`;
}
