/**
 * The picture of the part that is seen: block means, kept until the view, the map or the sharpness changes,
 * and their colours. In six runs at 512² pixels on a busy machine the colours took 0.2 to 0.95 times as long as the
 * means, mostly a third, and putting them on the stage 0.1 ms; the whole frame is within its limit, so there is no
 * WebGL. It could save the colours' part only, and it has not been tried.
 */

import { pixelsFor, viewOf } from "./camera.js";
import { makeScale, paintPixels } from "./colour.js";
import { blockMeans, pixelEdges } from "./kronecker.js";

/** Pixels a side beyond which a picture is not computed. */
const MOST_PIXELS = 512;

/**
 * The exact mean of every block of a view.
 *
 * @param {object} map factors
 * @param {{rows: number[], cols: number[]}} view
 * @param {number} pixels a side
 * @returns {object} view, pixels, values (row-major), their smallest positive and largest, edges of the blocks
 */
export function computedPicture(map, view, pixels) {
  const values = blockMeans(map, view.rows, view.cols, pixels, pixels);
  let low = Infinity;
  let high = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (value > high && value < Infinity) high = value;
    if (value > 0 && value < low) low = value;
  }
  const down = pixelEdges(view.rows[0], view.rows[1], pixels);
  const across = pixelEdges(view.cols[0], view.cols[1], pixels);
  return { map, view, pixels, values, low, high, down, across };
}

/** Pixels a side of the picture that a lens asks for, so many times coarser than there is room. */
export function pictureSide(it, coarser) {
  const { rows } = viewOf(it.lens, it.n);
  return pixelsFor(rows[1] - rows[0], it.layout.map.width * it.ratio, coarser, MOST_PIXELS);
}

/** The picture that a lens asks for; the one that is there where it already is this. */
export function pictureFor(it) {
  const view = viewOf(it.lens, it.n);
  const pixels = pictureSide(it, it.moving ? it.coarser : 1);
  const old = it.picture;
  const same = old && old.map === it.map && old.pixels === pixels && sameView(old.view, view);
  return same ? old : computedPicture(it.map, view, pixels);
}

function sameView(one, other) {
  return one.rows[0] === other.rows[0] && one.rows[1] === other.rows[1] && one.cols[0] === other.cols[0];
}

/**
 * The colour scale of a picture: shared limits where they are asked for, otherwise those of the pixels seen.
 *
 * @param {object} picture
 * @param {"linear"|"log"|"uniform"} kind
 * @param {number|null} limit shared upper end, in data units; null: this view's own
 * @param {number} uniform
 */
export function scaleFor(picture, kind, limit, uniform) {
  const high = limit ?? picture.high;
  const floor = limit === null ? floorOf(picture, kind, uniform) : sharedFloor(kind, high, uniform);
  return makeScale(kind, { limit: high, uniform, floor });
}

/**
 * Where a view's own scale begins. Weights fall much further below uniform than they rise above it: a relative scale
 * that reached down to all of them would leave little colour for those that are looked at.
 */
function floorOf(picture, kind, uniform) {
  if (kind !== "uniform") return picture.low;
  const above = Math.max(2, picture.high / uniform);
  return Math.max(picture.low, uniform / above ** 2);
}

/** Under a shared end nothing depends on what is seen, so that equal colours mean equal weights everywhere. */
function sharedFloor(kind, high, uniform) {
  return kind === "log" ? high * 1e-4 : uniform;
}

/** The picture's pixels as a canvas. */
export function colouredCanvas(picture, scale, canvas = document.createElement("canvas")) {
  if (canvas.width !== picture.pixels) canvas.width = canvas.height = picture.pixels;
  const context = canvas.getContext("2d");
  const image = context.createImageData(picture.pixels, picture.pixels);
  paintPixels(picture.values, scale, image.data);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The block under a place of the map: its ranges of entries and its mean. */
export function blockAt(picture, row, col) {
  const i = pixelAt(picture.down, row);
  const j = pixelAt(picture.across, col);
  return {
    rows: [picture.down.first[i], picture.down.last[i]],
    cols: [picture.across.first[j], picture.across.last[j]],
    weight: picture.values[i * picture.pixels + j],
  };
}

/** The pixel that holds a flat position: bisection in the blocks' first positions. */
export function pixelAt(edges, flat) {
  let low = 0;
  let high = edges.first.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges.first[middle] <= flat) low = middle;
    else high = middle - 1;
  }
  return low;
}
