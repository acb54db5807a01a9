/** Coordinates beside the map: ticks that never overlap, and what each axis is called. */

import { fitted, SMALL } from "./layout.js";
import { axisTicks } from "./ticks.js";

const GAP = 10;

function placed(ticks, range, start, length) {
  const share = length / (range[1] - range[0]);
  return ticks.places.map((flat, at) => ({ at: start + (flat - range[0]) * share, text: ticks.words[at] }));
}

function areApart(labels, measure) {
  return labels.every((label, at) => {
    if (!at) return true;
    const before = labels[at - 1];
    return label.at - before.at >= (measure(label.text) + measure(before.text)) / 2 + GAP;
  });
}

/** Of several coordinates the last ones tell neighbours apart: they are kept. */
function shortLabel(text, room, measure) {
  return fitted(text, room, measure, { front: text.includes(" · ") });
}

/** Ticks below the map: as many as stand beside each other without touching; a last pair is shortened. */
function labelsBelow(range, header, map, measure) {
  for (let most = 12; most > 1; most -= 1) {
    const ticks = axisTicks(range, header, most);
    const labels = placed(ticks, range, map.x, map.width);
    if (areApart(labels, measure)) return { labels, title: ticks.title };
  }
  const ticks = axisTicks(range, header, 2);
  const all = placed(ticks, range, map.x, map.width);
  const labels = all.filter((label, at) => at === 0 || label.at - all[0].at > map.width / 3).slice(0, 2);
  const room = labels.length > 1 ? labels[1].at - labels[0].at - GAP : map.width;
  return { labels: labels.map(({ at, text }) => ({ at, text: shortLabel(text, room, measure) })), title: ticks.title };
}

/** Keeps a centred label on the stage. */
function nudged(at, width, layout) {
  return Math.min(Math.max(at, width / 2 + 2), layout.right - width / 2 - 2);
}

function below(view, header, layout, theme, measure) {
  const { map } = layout;
  const y = map.y + map.height;
  const { labels, title } = labelsBelow(view.cols, header, map, measure);
  const parts = labels.flatMap(({ at, text }) => [
    { type: "line", x1: at, y1: y, x2: at, y2: y + 3, stroke: theme.muted, line: 1 },
    tickText(text, nudged(at, measure(text), layout), y + 5, "center", "top", theme),
  ]);
  const words = fitted(`looks at · ${title}`, layout.right - map.x, measure);
  const middle = nudged(map.x + map.width / 2, measure(words), layout);
  return [...parts, tickText(words, middle, y + 20, "center", "top", theme, theme.ink)];
}

function tickText(text, x, y, align, baseline, theme, fill = theme.muted) {
  return { type: "text", text, x, y, align, baseline, size: SMALL, fill };
}

function besideMap(view, header, layout, theme, measure) {
  const { map } = layout;
  const most = Math.max(2, Math.min(14, Math.floor(map.height / 22)));
  const ticks = axisTicks(view.rows, header, most);
  const room = map.x - 24;
  const labels = placed(ticks, view.rows, map.y, map.height);
  const parts = labels.flatMap(({ at, text }) => [
    { type: "line", x1: map.x - 3, y1: at, x2: map.x, y2: at, stroke: theme.muted, line: 1 },
    tickText(shortLabel(text, room, measure), map.x - 6, at, "right", "middle", theme),
  ]);
  const words = fitted(`from · ${ticks.title}`, map.height, measure);
  const title = tickText(words, 9, map.y + map.height / 2, "center", "middle", theme, theme.ink);
  return [...parts, { ...title, turn: -90 }];
}

/**
 * Ticks and titles of both axes as scene primitives.
 *
 * @param {{rows: number[], cols: number[]}} view
 * @param {object} header of the payload
 * @param {object} layout of the stage
 * @param {object} theme
 * @param {function} measure width of a text
 */
export function axesParts(view, header, layout, theme, measure) {
  return [...below(view, header, layout, theme, measure), ...besideMap(view, header, layout, theme, measure)];
}
