/** What stands still on the stage while the pointer moves: the picture, its block lines and its axes. */

import { axesParts } from "./axes.js";
import { blockLines } from "./ticks.js";

/** Lines at the boundaries of the modes' blocks, stronger for outer modes; dark on the scale that is pale in its middle. */
export function blockLineParts(view, sizes, map, kind) {
  const share = map.width / (view.rows[1] - view.rows[0]);
  const lines = (range, isRow) =>
    blockLines(range, sizes, map.width).map(({ at, depth }) => {
      const place = (at - range[0]) * share;
      const ends = isRow
        ? { x1: map.x, y1: map.y + place, x2: map.x + map.width, y2: map.y + place }
        : { x1: map.x + place, y1: map.y, x2: map.x + place, y2: map.y + map.height };
      const strength = depth === 1 ? 0.62 : 0.26;
      const stroke = kind === "uniform" ? `rgba(31,42,55,${strength})` : `rgba(255,255,255,${strength})`;
      return { type: "line", ...ends, stroke, line: depth === 1 ? 1.1 : 0.7 };
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
