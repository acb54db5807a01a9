/** What stands still on the stage while the pointer moves: the picture, its block lines and its axes. */

import { axesParts } from "./axes.js";
import { blockLines } from "./ticks.js";

/** Ink of a block line: stronger for the outermost mode, fainter the denser the lines stand. */
function blockInk(depth, apart, kind) {
  const strength = (depth === 1 ? 0.7 : 0.42) * Math.min(1, 0.25 + apart / 80);
  const ink = kind === "uniform" ? "128,138,152" : "255,255,255";
  return `rgba(${ink},${strength.toFixed(2)})`;
}

/** Lines at the boundaries of the modes' blocks; grey on the scale that is both pale and dark. */
export function blockLineParts(view, sizes, map, kind) {
  const share = map.width / (view.rows[1] - view.rows[0]);
  const apart = (depth) => share * sizes.slice(depth).reduce((product, size) => product * size, 1);
  const lines = (range, isRow) =>
    blockLines(range, sizes, map.width).map(({ at, depth }) => {
      const place = (at - range[0]) * share;
      const ends = isRow
        ? { x1: map.x, y1: map.y + place, x2: map.x + map.width, y2: map.y + place }
        : { x1: map.x + place, y1: map.y, x2: map.x + place, y2: map.y + map.height };
      return { type: "line", ...ends, stroke: blockInk(depth, apart(depth), kind), line: depth === 1 ? 1.2 : 0.8 };
    });
  return [...lines(view.rows, true), ...lines(view.cols, false)];
}

/**
 * The still parts of the stage.
 *
 * @param {object} picture its view and pixels
 * @param {HTMLCanvasElement} colours the picture in colours
 * @param {object} about header, sizes, layout, theme, measure and the colour scale's kind
 */
export function stillParts(picture, colours, { header, sizes, layout, theme, measure, kind }) {
  const { map } = layout;
  return [
    { type: "image", ...map, canvas: colours },
    ...blockLineParts(picture.view, sizes, map, kind),
    { type: "rect", x: map.x - 0.5, y: map.y - 0.5, width: map.width + 1, height: map.height + 1, stroke: theme.line },
    ...axesParts(picture.view, header, layout, theme, measure),
  ];
}
