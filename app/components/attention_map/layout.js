/** Where everything stands on the stage, from its width alone: nothing moves when a number or a label changes. */

/** Size of all small text on the stage, in CSS pixels. */
export const SMALL = 11;

/** Width of a text at the size and font of the stage. */
export function measuring(font) {
  const context = document.createElement("canvas").getContext("2d");
  return (text, size = SMALL, weight = "") => {
    context.font = `${weight} ${size}px ${font}`;
    return context.measureText(text).width;
  };
}

/**
 * Rectangles of the stage, in CSS pixels.
 *
 * @param {number} width of the stage
 * @param {boolean} small a compact instrument: one thin profile above, none beside
 * @returns {{width: number, height: number, map: object, above: object, beside: object|null, bottom: number}}
 */
export function layoutOf(width, small) {
  const left = Math.round(Math.min(small ? 84 : 124, Math.max(small ? 56 : 62, width * (small ? 0.24 : 0.2))));
  const thick = small ? 22 : Math.round(Math.min(52, Math.max(34, width * 0.09)));
  const right = small ? 12 : thick + 12;
  const top = 6 + thick;
  const side = Math.max(60, Math.floor(Math.min(width - left - right - 4, 640)));
  const map = { x: left, y: top, width: side, height: side };
  const above = { x: left, y: 3, width: side, height: thick };
  const beside = small ? null : { x: left + side + 3, y: top, width: thick, height: side };
  const height = top + side + 36;
  return { width, height, map, above, beside, right: left + side + right };
}

/** The text, or as much of it as fits with an ellipsis. */
export function fitted(text, room, measure, size = SMALL) {
  if (measure(text, size) <= room) return text;
  let kept = Math.max(1, Math.floor((text.length * room) / measure(text, size)));
  while (kept > 1 && measure(`${text.slice(0, kept)}…`, size) > room) kept -= 1;
  return `${text.slice(0, kept).trimEnd()}…`;
}

/** Text broken into lines that fit. */
export function wrapped(text, room, measure, size = SMALL) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer, size) <= room || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
