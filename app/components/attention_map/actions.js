/** What a person can do, whether by mouse, touch, keyboard or button. */

import { centredOn, isSeen, pannedBy, revealing, viewOf, wholeLens, zoomedAbout } from "./camera.js";
import { moved, refresh } from "./instrument.js";
import { pixelEdges } from "./kronecker.js";
import { pictureSide, pixelAt } from "./picture.js";
import { announce, cellWords, chosenWords, selectedCell } from "./readout.js";
import { positionWords } from "./words.js";

/** Entries a side that "to the query" leaves at most. */
const NEAR = 32;

/** Which role a pick has: shift picks the other one. */
export function roleOf(picks, shift) {
  if (!shift) return picks;
  return picks === "query" ? "key" : "query";
}

/** The flat position that a role has in a cell: in "row" the query is the row, in "column" it is the column. */
export function positionIn(cell, role, direction) {
  return (role === "query") === (direction === "row") ? cell.row : cell.col;
}

/** Choose; shown at once, confirmed by the page's next payload. */
export function pick(it, cell, shift) {
  const role = roleOf(it.header.picks, shift);
  const position = positionIn(cell, role, it.header.direction);
  it.chosen = { ...it.chosen, [role]: position };
  it.send({ type: "pick", role, position });
  announce(it, `Chosen as ${role}: ${positionWords(it.header, position)}.`);
  refresh(it);
}

/** Choose a query and its key at once. */
export function pickPair(it, query, key) {
  it.chosen = { query, key };
  it.send({ type: "pair", query, key });
  announce(it, `Query and key chosen. ${chosenWords(it)}`);
  refresh(it);
}

/** Show another part of the map. */
export function setLens(it, lens) {
  it.lens = lens;
  moved(it);
}

/** Zoom about a place given in entries; without one about the cursor, or the middle of the view. */
export function zoomBy(it, times, place = null) {
  const view = viewOf(it.lens, it.n);
  const cursor = it.cursor && isSeen(view, it.cursor.row, it.cursor.col) ? it.cursor : null;
  const middle = { row: it.lens.top + it.lens.side / 2, col: it.lens.left + it.lens.side / 2 };
  const { row, col } = place ?? (cursor ? { row: cursor.row + 0.5, col: cursor.col + 0.5 } : middle);
  setLens(it, zoomedAbout(it.lens, times, row, col, it.n));
}

/** Move the view by shares of its side. */
export function panByShare(it, down, right) {
  const step = (share) => Math.sign(share) * Math.max(1, Math.round(Math.abs(share) * it.lens.side));
  setLens(it, pannedBy(it.lens, step(down), step(right), it.n));
}

/** Show the whole map. */
export function showAll(it) {
  setLens(it, wholeLens(it.n));
}

/** Go to the chosen cell, near enough to see its neighbours. */
export function showSelection(it) {
  const cell = selectedCell(it);
  if (!cell) return announce(it, "Nothing is chosen yet.");
  it.cursor = { row: cell.row, col: cell.col };
  setLens(it, centredOn(it.lens, cell.row, cell.col, Math.min(it.lens.side, NEAR), it.n));
  return announce(it, cellWords(it, cell));
}

/** The cell from which arrows start: the chosen one if it is seen, otherwise the middle of the view. */
export function cursorStart(it) {
  const view = viewOf(it.lens, it.n);
  const cell = selectedCell(it);
  if (cell && isSeen(view, cell.row, cell.col)) return { row: cell.row, col: cell.col };
  const middle = (range) => Math.floor((range[0] + range[1]) / 2);
  return { row: middle(view.rows), col: middle(view.cols) };
}

/** The first position of the next or previous pixel; at the border of the view as many entries on. */
function stepped(edges, at, step, n) {
  if (!step) return at;
  const pixel = pixelAt(edges, at);
  const next = pixel + step;
  if (next >= 0 && next < edges.first.length) return edges.first[next];
  const size = edges.last[pixel] - edges.first[pixel];
  return Math.min(Math.max(edges.first[pixel] + step * size, 0), n - 1);
}

/** Move the cursor by one entry, or by one pixel where a pixel is many entries; the view follows. */
export function moveCursor(it, down, right) {
  const from = it.cursor ?? cursorStart(it);
  const { rows, cols } = viewOf(revealing(it.lens, from.row, from.col, it.n), it.n);
  // of the view that is asked for: keys may come faster than frames
  const pixels = pictureSide(it, 1);
  const row = stepped(pixelEdges(...rows, pixels), from.row, down, it.n);
  const col = stepped(pixelEdges(...cols, pixels), from.col, right, it.n);
  it.cursor = { row, col };
  it.hover = null;
  const lens = revealing(it.lens, row, col, it.n);
  if (lens === it.lens) refresh(it);
  else setLens(it, lens);
  announce(it, cellWords(it, it.cursor));
}
