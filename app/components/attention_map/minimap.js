/** The whole map in a corner, with a frame around the part that is seen. */

import { clearedContext, paintScene } from "./canvas.js";
import { centredOn, viewOf, wholeLens } from "./camera.js";
import { colouredCanvas, computedPicture, scaleFor } from "./picture.js";
import { HALO_INK } from "./theme.js";

/** Pixels a side at most. */
export const OVERVIEW_PIXELS = 96;

/** The overview of a map, computed once for it. */
export function overviewOf(it) {
  if (it.overview?.map === it.map) return it.overview;
  return computedPicture(it.map, viewOf(wholeLens(it.n), it.n), Math.min(OVERVIEW_PIXELS, it.n));
}

/** The frame around what is seen, in pixels of the minimap; never too small to be found. */
export function seenFrame(view, n, side) {
  const least = 6;
  const size = Math.max(least, ((view.rows[1] - view.rows[0]) / n) * side);
  const place = (range) => Math.min(Math.max(((range[0] + range[1]) / 2 / n) * side - size / 2, 0), side - size);
  return { x: place(view.cols), y: place(view.rows), width: size, height: size };
}

/** Draw the minimap, its colours up to the shared limit where there is one; they change only with map and scale. */
export function drawMinimap(it, limit) {
  const canvas = it.parts.minimap;
  const side = canvas.clientWidth;
  if (!side) return;
  it.overview = overviewOf(it);
  const key = `${it.scaleKind} ${it.header.uniform} ${limit}`;
  if (it.overview.painted !== key) {
    const scale = scaleFor(it.overview, it.scaleKind, limit, it.header.uniform);
    it.overview.colours = colouredCanvas(it.overview, scale, it.overview.colours);
    it.overview.painted = key;
  }
  const context = clearedContext(canvas, side, side, it.ratio);
  const frame = { type: "rect", ...seenFrame(it.picture.view, it.n, side) };
  const parts = [
    { type: "image", x: 0, y: 0, width: side, height: side, canvas: it.overview.colours },
    { ...frame, stroke: HALO_INK, line: 4 },
    { ...frame, stroke: "#111827", line: 1.6 },
  ];
  paintScene(context, parts, it.theme.font);
}

/** The lens whose middle is at a place of the minimap, given as shares of its sides. */
export function lensAt(it, x, y) {
  const middle = (share) => Math.min(Math.max(share, 0), 1) * it.n - 0.5;
  return centredOn(it.lens, middle(y), middle(x), it.lens.side, it.n);
}
