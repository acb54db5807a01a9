// The colour bar: what the colours mean in data units, and where the uniform level lies.

/**
 * A horizontal colour bar with ticks, as primitives of the scene.
 *
 * The uniform level is always marked, by a line through the bar and "▲ uniform 0.0023" below it; it has a row of its
 * own where there is room; otherwise it is said without its number where that leaves room for the ends of the bar,
 * and drives out what it touches all the same. A step between that would touch another label is left out.
 * @param {object} scale of `makeScale`.
 * @param {number} width in pixels.
 * @param {number} height in pixels; 40 is room for everything, 26 for one row of labels.
 * @param {{ink: string, muted?: string, halo?: string, size?: number, bar?: number, x?: number, y?: number,
 *   measure?: function(string, number): number}} style colours, font size, thickness of the bar, where the upper left
 *   corner lies, and how wide a text is (estimated where not given).
 * @returns {object[]} primitives of type "ramp", "line" and "text".
 */
export function legendParts(scale, width, height, style) {
  const look = { muted: style.ink, halo: "#ffffff", size: 11, bar: 10, x: 0, y: 0, measure: legendTextWidth, ...style };
  const rows = height >= look.bar + 4 + 2 * (look.size + 2) ? 2 : 1;
  const labels = placedLabels(scale, width, rows, look);
  const ramp = { type: "ramp", x: look.x, y: look.y, width, height: look.bar, colours: scale.colours };
  return [ramp, ...labels.flatMap((label) => labelParts(label, labels, width, look))];
}

/** Width of a text in a sans-serif font, a little more than it usually is. */
function legendTextWidth(text, size) {
  return text.length * size * 0.6;
}

/** The labels that have room: for each its tick, its row, where it begins and how it is aligned. */
function placedLabels(scale, width, rows, look) {
  const ends = scale.ticks.filter((tick) => tick.end).map((tick) => plainLabel(tick, width, look));
  const steps = scale.ticks.filter((tick) => !tick.end && !tick.uniform).map((tick) => plainLabel(tick, width, look));
  const marked = scale.ticks.filter((tick) => tick.uniform).map((tick) => {
    const [full, short] = [tick.words, "uniform"].map((words) => uniformLabel(tick, words, width, rows - 1, look));
    const touched = (label) => ends.filter((end) => !apartEnough(label, end, look.size)).length;
    return touched(short) < touched(full) ? short : full;
  });
  const placed = [];
  for (const label of [...marked, ...ends, ...steps]) {
    if (placed.every((other) => apartEnough(label, other, look.size))) placed.push(label);
  }
  return placed;
}

function apartEnough(one, other, size) {
  return one.row !== other.row || one.stop + size / 2 <= other.start || other.stop + size / 2 <= one.start;
}

/** A label below its tick, moved inside at the ends, where it is held by that end however wide it is drawn. */
function plainLabel(tick, width, look) {
  const wide = look.measure(tick.words, look.size);
  const aim = tick.share * width - wide / 2;
  const start = Math.min(Math.max(aim, 0), width - wide);
  const align = aim < start ? "left" : aim > start ? "right" : "center";
  return { tick, row: 0, text: tick.words, align, start, stop: start + wide };
}

/**
 * The uniform level's label: its triangle stands below the place, its words on the side that has more room. Long words
 * on a narrow bar go without the triangle rather than with one that points elsewhere.
 */
function uniformLabel(tick, words, width, row, look) {
  const right = tick.share < 0.5;
  const text = right ? `▲ ${words}` : `${words} ▲`;
  const wide = look.measure(text, look.size);
  const half = look.measure("▲", look.size) / 2;
  const aim = tick.share * width + (right ? -half : half - wide);
  const start = Math.min(Math.max(aim, 0), width - wide);
  if (Math.abs(start - aim) > half + 1) return { ...plainLabel({ ...tick, words }, width, look), row };
  return { tick, row, text, align: right ? "left" : "right", start, stop: start + wide };
}

/** A tick and its label. The uniform level's line is seen on every colour, and leads to its words past other labels. */
function labelParts({ tick, row, text, align, start, stop }, labels, width, look) {
  const x = lineAt(tick, width);
  const below = look.y + look.bar;
  const top = below + 4 + row * (look.size + 2);
  const line = { type: "line", x1: look.x + x, x2: look.x + x, y1: below, y2: below + 3, stroke: look.muted, line: 1 };
  const held = { left: start, center: (start + stop) / 2, right: stop }[align];
  const label = {
    type: "text", text, x: look.x + held, y: top, size: look.size, align, baseline: "top",
    fill: tick.uniform ? look.ink : look.muted, weight: tick.uniform ? 600 : 400,
  };
  if (!tick.uniform) return [line, label];
  const free = labels.every((other) => other.row === row || other.stop + 3 < x || other.start - 3 > x);
  const through = { ...line, y1: look.y, y2: free ? top : below + 3, stroke: look.ink, line: 1.5 };
  return [{ ...through, y2: below, stroke: look.halo, line: 3 }, through, label];
}

/** Where a tick's line stands: whole inside the bar. */
function lineAt(tick, width) {
  return Math.min(Math.max(tick.share * width, 0.5), width - 0.5);
}
