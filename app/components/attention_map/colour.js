// From a weight to a colour: linear, logarithmic, or as multiples of the uniform level.
import { numberWords } from "./numbers.js";
import { paletteOf } from "./palettes.js";

const DECADES = 6; // a logarithmic scale shows no more below its upper end
const DEEPEST = 64; // the relative scale does not go below 1/64× for the sake of the smallest weights alone

/**
 * A colour scale in data units.
 *
 * "linear": 0 … limit. "log": floor … limit, no more than six decades; everything below, zeros too, has the lowest
 * colour. "uniform": log2(value / uniform) from 1/top to top, neutral at 1×; top reaches up to the limit, and down to
 * the floor as far as 1/64×, but is at least 2×.
 * @param {string} kind "linear", "log" or "uniform"; "uniform" without a positive uniform level becomes "linear".
 * @param {{limit: number, uniform: number, floor: number}} range upper end, uniform weight, and smallest positive
 *   weight shown, all in data units.
 * @returns {{kind: string, low: number, high: number, share: function(number): number, colours: Uint8Array,
 *   ticks: {share: number, words: string, uniform: boolean, end: boolean}[], words: string}} ends in data units, a
 *   weight's share 0 … 1 of the bar (NaN for what is not finite), 256 RGBA colours, ticks in order, and a sentence.
 */
export function makeScale(kind, { limit, uniform, floor }) {
  const high = limit > 0 && Number.isFinite(limit) ? limit : uniform > 0 ? uniform : 1;
  const low = floor > 0 && floor < high ? floor : high;
  const level = uniform > 0 && Number.isFinite(uniform) ? uniform : 0;
  if (kind === "uniform" && level) return relativeScale(high, level, low);
  return kind === "log" ? logScale(high, level, low) : linearScale(high, level);
}

/**
 * Colour a picture.
 * @param {Float64Array} values weights; what is not finite becomes transparent.
 * @param {object} scale of `makeScale`.
 * @param {Uint8ClampedArray} out RGBA, four times as many; its buffer must begin at a multiple of 4 bytes.
 */
export function paintPixels(values, scale, out) {
  const colours = new Uint32Array(scale.colours.buffer);
  const pixels = new Uint32Array(out.buffer, out.byteOffset, values.length);
  const { factor, offset, logarithmic } = scale;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    const along = (logarithmic ? Math.log2(value > 0 ? value : 0) : value) * factor + offset;
    // Infinity − Infinity and NaN − NaN are NaN, every finite number less itself is 0
    pixels[at] = value - value === 0 ? colours[along <= 0 ? 0 : along >= 1 ? 255 : (along * 255 + 0.5) | 0] : 0;
  }
}

function linearScale(high, uniform) {
  const ticks = [0, ...roundSteps(high), high].map((value) => [value, numberWords(value)]);
  const words = `linear, from 0 to ${numberWords(high)}`;
  return scaleOf("linear", { low: 0, high, uniform, ticks, words });
}

function logScale(high, uniform, floor) {
  const low = Math.min(Math.max(floor, high / 10 ** DECADES), high / 10);
  const ticks = [[low, `≤ ${numberWords(low, 2)}`], ...decades(low, high), [high, numberWords(high)]];
  const words = `logarithmic, from ${numberWords(low)} and everything below, zeros too, to ${numberWords(high)}`;
  return scaleOf("log", { low, high, uniform, ticks, words });
}

function relativeScale(limit, uniform, floor) {
  const top = Math.max(2, limit / uniform, Math.min(uniform / floor, DEEPEST));
  const ends = [[uniform / top, `≤ 1/${numberWords(top, 2)}×`], [uniform * top, `${numberWords(top, 2)}×`]];
  const steps = powers(top).flatMap((times) => [
    [uniform / times, `1/${numberWords(times)}×`], [uniform * times, `${numberWords(times)}×`],
  ]);
  const words = `multiples of uniform, from ${ends[0][1].slice(2)} and everything below to ${ends[1][1]}`;
  return scaleOf("uniform", { low: uniform / top, high: uniform * top, uniform, ticks: [...ends, ...steps], words });
}

/** A scale from its ends; ticks come as [value, words] in data units, the uniform level is added to them. */
function scaleOf(kind, { low, high, uniform, ticks, words }) {
  const logarithmic = kind !== "linear";
  const [start, stop] = logarithmic ? [Math.log2(low), Math.log2(high)] : [low, high];
  const factor = 1 / (stop - start);
  const offset = -start * factor;
  const share = (value) => {
    if (!Number.isFinite(value)) return NaN;
    const along = (logarithmic ? Math.log2(Math.max(value, 0)) : value) * factor + offset;
    return Math.min(Math.max(along, 0), 1);
  };
  const marks = ticks.filter(([value]) => value !== uniform).map(([value, text]) => (
    { share: share(value), words: text, uniform: false, end: value === low || value === high }));
  if (uniform >= low && uniform <= high && uniform > 0) {
    marks.push({ share: share(uniform), words: `uniform ${numberWords(uniform)}`, uniform: true, end: false });
  }
  marks.sort((one, other) => one.share - other.share);
  const level = uniform > 0 ? `; uniform is ${numberWords(uniform)}` : "";
  const lookup = { colours: paletteOf(kind), factor, offset, logarithmic };
  return { kind, low, high, share, ticks: marks, words: words + level, ...lookup };
}

/** Round numbers strictly between 0 and an end: multiples of 1, 2 or 5 times a power of ten, two to four of them. */
function roundSteps(high) {
  const power = 10 ** Math.floor(Math.log10(high / 2.5));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => high / size < 5.001);
  const steps = [];
  for (let count = 1; count * step < high * 0.999; count += 1) steps.push(count * step);
  return steps;
}

/** Powers of ten strictly between two ends, and 2 and 5 times them where there are few, with their words. */
function decades(low, high) {
  const multiples = high / low < 1000 ? [1, 2, 5] : [1];
  const steps = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power < high; power += 1) {
    steps.push(...multiples.map((times) => times * 10 ** power));
  }
  const inside = steps.filter((value) => value > low * 1.001 && value < high * 0.999);
  return inside.map((value) => [value, numberWords(value, 1)]);
}

/** Multiples of uniform strictly between 1 and an end: powers of one base, up to 10²⁴ no more than three. */
function powers(top) {
  const base = [2, 4, 10, 100, 1000, 1e4].find((size) => size ** 4 > top) ?? 1e6;
  const steps = [];
  for (let times = base; times < top * 0.999; times *= base) steps.push(times);
  return steps;
}
