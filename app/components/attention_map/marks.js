/** The chosen query and key on the map, the pointer and the keyboard's cursor. */

import { HALO_INK, KEY_INK, QUERY_INK } from "./theme.js";

function span(flat, range, start, length) {
  const share = length / (range[1] - range[0]);
  return { from: start + (flat - range[0]) * share, thick: share };
}

function isInside(flat, range) {
  return flat !== null && flat >= range[0] && flat < range[1];
}

/** A line across the map: through the middle of thin entries, around entries that are wide enough to be seen. */
function markLine(flat, range, map, isRow, ink, dash) {
  if (!isInside(flat, range)) return [];
  const { from, thick } = span(flat, range, isRow ? map.y : map.x, map.width);
  const ends = (at) =>
    isRow
      ? { type: "line", x1: map.x, y1: at, x2: map.x + map.width, y2: at }
      : { type: "line", x1: at, y1: map.y, x2: at, y2: map.y + map.height };
  const places = thick >= 9 ? [from, from + thick] : [from + thick / 2];
  return places.flatMap((at) => [
    { ...ends(at), stroke: HALO_INK, line: 3.6 },
    { ...ends(at), stroke: ink, line: 1.8, dash },
  ]);
}

function crossing(rows, cols, chosen, map) {
  if (!isInside(chosen.row, rows) || !isInside(chosen.col, cols)) return [];
  const down = span(chosen.row, rows, map.y, map.height);
  const across = span(chosen.col, cols, map.x, map.width);
  const radius = Math.max(5, Math.min(down.thick, 40) * 0.42);
  const ring = { type: "ring", x: across.from + across.thick / 2, y: down.from + down.thick / 2, radius };
  return [
    { ...ring, stroke: HALO_INK, line: 4 },
    { ...ring, stroke: QUERY_INK, line: 2 },
  ];
}

/** The chosen row and column, whichever way the map is read. */
export function chosenCell(chosen, direction) {
  if (direction === "row") return { row: chosen.query, col: chosen.key };
  return { row: chosen.key, col: chosen.query };
}

/** Lines of the query (orange, solid) and the key (blue, dashed), and a ring where they cross. */
export function selectionParts(view, chosen, direction, map) {
  const cell = chosenCell(chosen, direction);
  const isRow = direction === "row";
  return [
    ...markLine(chosen.key, isRow ? view.cols : view.rows, map, !isRow, KEY_INK, [5, 3]),
    ...markLine(chosen.query, isRow ? view.rows : view.cols, map, isRow, QUERY_INK),
    ...crossing(view.rows, view.cols, cell, map),
  ];
}

/** A frame around a block of entries; for the keyboard's cursor it is strong, for the pointer thin. */
export function blockParts(view, block, map, strong) {
  const share = map.width / (view.rows[1] - view.rows[0]);
  const grown = strong ? 1.5 : 0.5;
  const least = strong ? 8 : 3;
  const width = Math.max(least, (block.cols[1] - block.cols[0]) * share);
  const height = Math.max(least, (block.rows[1] - block.rows[0]) * share);
  const middle = (range, start, first) => start + ((range[0] + range[1]) / 2 - first) * share;
  const x = middle(block.cols, map.x, view.cols[0]) - width / 2 - grown;
  const y = middle(block.rows, map.y, view.rows[0]) - height / 2 - grown;
  const box = { type: "rect", x, y, width: width + 2 * grown, height: height + 2 * grown };
  return [
    { ...box, stroke: "rgba(255,255,255,0.95)", line: strong ? 4 : 2.5 },
    { ...box, stroke: "#111827", line: strong ? 2 : 1 },
  ];
}
