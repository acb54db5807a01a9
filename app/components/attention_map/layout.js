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

/** Below this width, in CSS pixels, the controls are folded away behind one button. */
export const NARROW = 440;

/**
 * Rectangles of the stage, in CSS pixels.
 *
 * @param {number} width of the stage
 * @param {boolean} small a compact instrument: one thin profile above, none beside
 * @param {number} longest width of the longest label of a mode
 * @returns {{width: number, height: number, map: object, above: object, beside: object|null,
 *   right: number}} `right`: how far labels below the map may reach
 */
export function layoutOf(width, small, longest) {
  const most = Math.max(58, (small ? 0.31 : 0.24) * width);
  const left = Math.round(Math.min(Math.max(longest + 27, small ? 46 : 58), most));
  const thick = small ? 22 : Math.round(Math.min(52, Math.max(24, width * 0.09)));
  const right = small ? 12 : thick + 12;
  const top = 6 + thick;
  const side = Math.max(60, Math.floor(Math.min(width - left - right - 4, 640)));
  const map = { x: left, y: top, width: side, height: side };
  const above = { x: left, y: 3, width: side, height: thick };
  const beside = small ? null : { x: left + side + 3, y: top, width: thick, height: side };
  const height = top + side + 36;
  return { width, height, map, above, beside, right: left + side + right };
}

// Widths below which the readout has so many lines; measured with days and hours at both ends, and a little to spare.
const SMALL_LINES = [[170, 5], [230, 4], [315, 3]];
const USUAL_LINES = [[190, 7], [240, 6], [285, 5], [365, 4], [535, 3]];

/**
 * How many lines the readout has: as many as long sentences need, whatever it says now.
 *
 * @param {number} width of the stage, in CSS pixels
 * @param {boolean} small a compact instrument: one mode's positions have short words
 * @returns {number} 2 or more
 */
export function linesOf(width, small) {
  const found = (small ? SMALL_LINES : USUAL_LINES).find(([below]) => width < below);
  return found ? found[1] : 2;
}

/** The text, or as much of it as fits with an ellipsis; `front`: the end is kept, where neighbours differ. */
export function fitted(text, room, measure, { size = SMALL, front = false } = {}) {
  const end = (kept) => `… ${text.slice(-kept).replace(/^[\s·]+/, "")}`;
  const part = (kept) => (front ? end(kept) : `${text.slice(0, kept).trimEnd()}…`);
  if (measure(text, size) <= room) return text;
  let kept = Math.min(text.length - 1, Math.ceil((text.length * room) / measure(text, size)));
  while (kept > 1 && measure(part(kept), size) > room) kept -= 1;
  return part(kept);
}

/** Width of the longest label of any mode: it does not change while the map is looked at. */
export function longestLabel(modes, measure) {
  const widest = (labels) => labels.reduce((most, label) => Math.max(most, label.length), 0);
  const candidates = modes.flatMap(({ labels }) => {
    const most = widest(labels);
    return labels.filter((label) => label.length >= most - 1).slice(0, 20);
  });
  return candidates.reduce((most, label) => Math.max(most, measure(label)), 0);
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
