/** The sentence of what is under the pointer or the cursor, or else of what is chosen. */

import { isSeen, viewOf } from "./camera.js";
import { entryOf, topOfLine } from "./kronecker.js";
import { chosenCell } from "./marks.js";
import { isMissing } from "./missing.js";
import { blockAt } from "./picture.js";
import { positionWords, readoutWords } from "./words.js";

/** How many entries the table of the query holds. */
export const STRONGEST = 10;

/** The query's strongest entries with positions that have data, computed once for a map, query and direction. */
export function strongestOf(it) {
  const { query } = it.chosen;
  if (query === null) return [];
  const key = `${query} ${it.header.direction} ${it.missingKey}`;
  if (it.strongest?.map !== it.map || it.strongest.key !== key) {
    const { header, map, n } = it;
    const skip = (flat) => isMissing(header, flat);
    const entries = topOfLine(map, query, header.direction, Math.min(STRONGEST, n), skip);
    it.strongest = { map: it.map, key, entries };
  }
  return it.strongest.entries;
}

/** The chosen cell; without a key, the query with its strongest partner. */
export function selectedCell(it) {
  const cell = chosenCell(it.chosen, it.header.direction);
  if (cell.row !== null && cell.col !== null) return { ...cell, whole: true };
  const first = strongestOf(it)[0];
  return first ? { row: first.query, col: first.key, whole: false } : null;
}

function entryWords(it, row, col) {
  return readoutWords(it.header, [row, row + 1], [col, col + 1], entryOf(it.map, row, col));
}

/** What is chosen, with the weight between query and key. */
export function chosenWords(it) {
  const cell = selectedCell(it);
  const { query } = it.chosen;
  if (!cell && query !== null) return `Chosen: ${positionWords(it.header, query)}; no position of the map has data.`;
  if (!cell) return "Nothing is chosen yet: click an entry of the map.";
  const words = entryWords(it, cell.row, cell.col);
  return `${cell.whole ? "Chosen" : "Strongest"}: ${words}`;
}

/** The sentence for the entry under a place, or for the mean of the block that its pixel shows. */
export function cellWords(it, cell) {
  if (!isSeen(it.picture.view, cell.row, cell.col)) return entryWords(it, cell.row, cell.col);
  const block = blockAt(it.picture, cell.row, cell.col);
  return readoutWords(it.header, block.rows, block.cols, block.weight);
}

/** What the line above the map says now. */
export function readoutNow(it) {
  const cell = it.hover ?? it.cursor;
  return cell ? cellWords(it, cell) : chosenWords(it);
}

/** Have a sentence read out by a screen reader: for the keyboard and for picks, never for the moving mouse. */
export function announce(it, words) {
  const { live } = it.parts;
  // the same text again would not be a change; a sign of no width makes it one
  live.textContent = live.textContent === words ? `${words}\u200b` : words;
}

/** Which part of the map is seen, for those who do not see it. */
export function viewWords(it) {
  const { rows, cols } = viewOf(it.lens, it.n);
  const ends = ([start, stop]) => `${positionWords(it.header, start)} to ${positionWords(it.header, stop - 1)}`;
  return `Rows ${ends(rows)}, columns ${ends(cols)} shown.`;
}

/** What a pixel shows, in words. */
export function pooledWords(picture) {
  const entries = picture.view.rows[1] - picture.view.rows[0];
  if (entries === picture.pixels) return "Each pixel is one entry.";
  const side = entries / picture.pixels;
  const count = Math.round(side).toLocaleString("en");
  if (Number.isInteger(side)) return `Each pixel is the exact mean of ${count} × ${count} entries.`;
  if (side > 10) return `Each pixel is the exact mean of about ${count} × ${count} entries.`;
  const range = `${Math.floor(side)}–${Math.ceil(side)}`;
  return `Each pixel is the exact mean of ${range} × ${range} entries.`;
}
