// Positions and weights in words: twins of hot_core.analysis.words and hot_core.analysis.reading.
import { positionOf } from "./kronecker.js";
import { isMissing } from "./missing.js";
import { numberWords, placeWords } from "./numbers.js";

/**
 * Where a position lies, in the words and units of the data; twin of position_words.
 * @param {object} header the payload's header.
 * @param {number} flat flat C-order position.
 * @returns {string} "JFK · humidity · 2013-12-30 14:00–18:00", "(−26.5, −18.5, −15) mm".
 */
export function positionWords(header, flat) {
  const token = positionOf(flat, header.map.sizes);
  const { template, slots } = header.words;
  return template.map((piece) => (typeof piece === "string" ? piece : slotWords(slots[piece], token))).join("");
}

/**
 * A weight beside the uniform level, in words.
 * @param {number} ratio weight over uniform weight.
 * @returns {string} "3.2× uniform"; "= uniform" within one per cent.
 */
export function timesWords(ratio) {
  return Math.abs(ratio - 1) < 0.01 ? "= uniform" : `${ratioWords(ratio)} uniform`;
}

/**
 * A weight over the uniform level, as a number alone.
 * @param {number} ratio weight over uniform weight.
 * @returns {string} "3.2×"; "1×" within one per cent.
 */
export function ratioWords(ratio) {
  if (Math.abs(ratio - 1) < 0.01) return "1×";
  return `${numberWords(ratio, ratio < 100 ? 2 : 3)}×`;
}

/**
 * The sentence for an entry or a block of the map.
 * @param {object} header the payload's header.
 * @param {number[]} rows half-open range of flat query positions.
 * @param {number[]} cols half-open range of flat key positions.
 * @param {number} weight the entry, or the mean of the block.
 * @returns {string} "EWR · … → JFK · …: 0.031, 3.2× uniform" (", no data there" where the key has none), or for a
 *   block "mean of 7 × 5 entries from EWR · … on, to JFK · … on: 0.0031, 1.3× uniform".
 */
export function readoutWords(header, rows, cols, weight) {
  const [from, to] = [rows, cols].map(([start]) => positionWords(header, start));
  const [height, width] = [rows, cols].map(([start, stop]) => stop - start);
  const times = header.uniform > 0 ? `, ${timesWords(weight / header.uniform)}` : "";
  const value = `${numberWords(weight)}${times}`;
  if (height * width === 1) return `${from} → ${to}: ${value}${lostWords(header, cols[0])}`;
  const [tall, wide] = [height, width].map((count) => placeWords(count, 0));
  const [down, across] = [height, width].map((count) => (count > 1 ? " on" : ""));
  return `mean of ${tall} × ${wide} entries from ${from}${down}, to ${to}${across}: ${value}`;
}

/**
 * What is added where a position that is looked at has no data.
 * @param {object} header the payload's header.
 * @param {number} key flat position that is looked at.
 * @returns {string} ", no data there", or nothing.
 */
export function lostWords(header, key) {
  return isMissing(header, key) ? ", no data there" : "";
}

/** A part of a position's words: looked up, or added up over the modes and written as middle_place does. */
function slotWords(slot, token) {
  if (slot.words) return slot.words[token[slot.mode]];
  let value = 0;
  slot.terms.forEach((term, mode) => { value += term.length ? term[token[mode]] : 0; });
  value += slot.offset;
  const signed = slot.signs.length > 0;
  const middle = middleWords(signed ? Math.abs(value) : value, slot.decimals, slot.even[token[slot.mode]]);
  return signed ? middle + slot.signs[value >= 0 ? 0 : 1] : middle;
}

/** The middle of neighbouring positions; of an even number of them it lies between two and may need a decimal more. */
function middleWords(value, [usual, finer], even) {
  const fine = even ? placeWords(value, finer) : "0";
  return fine.endsWith("0") ? placeWords(value, usual) : fine;
}
