/** The instrument's state and its frames: at most one a screen refresh, and only what has changed. */

import { isSeen, wholeLens } from "./camera.js";
import { clearedContext, paintScene } from "./canvas.js";
import { tokens } from "./kronecker.js";
import { layoutOf, linesOf, longestLabel, measuring, NARROW } from "./layout.js";
import { legendParts } from "./legend.js";
import { blockParts, selectionParts } from "./marks.js";
import { drawMinimap } from "./minimap.js";
import { blockAt, colouredCanvas, pictureFor, pictureSide, scaleFor } from "./picture.js";
import { profileLines, profileParts, profilesFor } from "./profiles.js";
import { pooledWords, readoutNow, strongestOf } from "./readout.js";
import { stillParts } from "./scene.js";
import { themeOf } from "./theme.js";

const REST_MS = 100;
const SLOW_MS = 30;
const LEGEND_HEIGHT = 44;

const CLASSES = [
  "title", "formula", "help", "more", "keys", "tools", "readout", "live", "stage", "still", "lines", "map",
  "hint", "minimap", "legend", "pooled", "table", "tables",
];

/** The state of a new instrument; it lives on its root element, since the page calls again with every change. */
export function newInstrument(root) {
  const parts = Object.fromEntries(CLASSES.map((name) => [name, root.querySelector(`.am-${name}`)]));
  return {
    root, parts, header: null, map: null, n: 0, lens: null, picture: null, layout: null, theme: null,
    scaleKind: "uniform", limits: "shared", hover: null, cursor: null, chosen: { query: null, key: null },
    moving: false, coarser: 1, due: 0, resting: 0, level: 0, ratio: 1, send: () => {}, afterFrame: () => {},
  };
}

/** Same numbers: then the picture that is drawn stays. */
function sameMap(one, other) {
  if (!one) return false;
  const form = (map) => JSON.stringify([map.sizes, map.weights, map.combine, map.scale, map.heads.length]);
  if (form(one) !== form(other)) return false;
  const equal = (a, b) => a.length === b.length && a.every((value, at) => Object.is(value, b[at]));
  return one.heads.every((head, h) => head.every((factor, i) => equal(factor, other.heads[h][i])));
}

/** Take over a payload; what the person has set stays, the zoom too unless the identity is another. */
export function takePayload(it, header, map) {
  const before = it.header;
  it.header = header;
  it.missingKey = JSON.stringify(header.missing ?? []);
  if (!sameMap(it.map, map)) it.map = map;
  it.n = tokens(it.map);
  it.chosen = { query: header.query, key: header.key };
  if (!before || before.identity !== header.identity || it.lens === null) {
    it.lens = wholeLens(it.n);
    it.cursor = it.hover = null;
  }
  if (!before || before.scale !== header.scale) it.scaleKind = header.scale;
}

/** The upper end that the colours share with other pictures, or null; only the person takes sharing back. */
export function sharedLimit(it) {
  return it.limits === "shared" ? it.header.limit : null;
}

/** Draw soon: level 1 the marks and profiles, 2 the picture too. */
export function refresh(it, level = 1) {
  it.level = Math.max(it.level, level);
  if (!it.due) it.due = requestAnimationFrame(() => frame(it));
}

/** The view moves: draw as coarsely as needed now, and exactly once it rests. */
export function moved(it) {
  it.moving = true;
  clearTimeout(it.resting);
  it.resting = setTimeout(() => {
    it.moving = false;
    refresh(it, 2);
  }, REST_MS);
  refresh(it, 2);
}

/** Measure the root again: width, sharpness of the screen, theme. */
export function measure(it) {
  const width = Math.floor(it.parts.stage.clientWidth);
  if (!width) return;
  it.theme = themeOf(it.root);
  it.measure = measuring(it.theme.font);
  it.ratio = window.devicePixelRatio || 1;
  it.layout = layoutOf(width, it.header.small, longestLabel(it.header.modes, it.measure));
  const { map, height } = it.layout;
  it.parts.stage.style.height = `${height}px`;
  const box = { left: map.x, top: map.y, width: map.width, height: map.height };
  for (const [name, length] of Object.entries(box)) it.parts.map.style[name] = `${length}px`;
  it.root.style.setProperty("--am-lines", linesOf(width, it.header.small));
  it.folded = it.header.small || width < NARROW;
  refresh(it, 2);
}

function frame(it) {
  it.due = 0;
  const { level } = it;
  it.level = 0;
  if (!it.layout || !it.header) return;
  if (level > 1) drawPicture(it);
  drawMarks(it);
  it.parts.readout.textContent = readoutNow(it);
  // what the page has confirmed and what is drawn, for benchmarks and tests
  Object.assign(it.root.dataset, { query: it.header.query ?? "", key: it.header.key ?? "" });
  it.afterFrame();
}

function drawPicture(it) {
  const begin = performance.now();
  const old = it.picture;
  it.picture = pictureFor(it);
  const kind = it.header.uniform > 0 ? it.scaleKind : "linear";
  it.scale = scaleFor(it.picture, kind, sharedLimit(it), it.header.uniform);
  it.colours = colouredCanvas(it.picture, it.scale, it.colours);
  drawStill(it, kind);
  const spent = performance.now() - begin;
  if (it.picture !== old) it.root.dataset.frameMs = spent.toFixed(2);
  report(it);
  if (it.moving) it.coarser = nextCoarseness(it.coarser, spent);
  if (!it.header.small) drawMinimap(it, sharedLimit(it));
  drawLegend(it);
  it.parts.pooled.textContent = pooledWords(it.picture);
}

/** Few steps, taken down only when there is time to spare: a sharpness that changed with every frame would flicker. */
function nextCoarseness(coarser, spent) {
  const steps = [1, 1.5, 2, 3, 4];
  const at = steps.indexOf(coarser);
  if (spent > SLOW_MS) return steps[Math.min(at + 1, steps.length - 1)];
  return spent < SLOW_MS / 3 ? steps[Math.max(at - 1, 0)] : coarser;
}

/** What benchmarks and tests read off the root. */
function report(it) {
  const { view, pixels } = it.picture;
  const exact = pixels === pictureSide(it, 1);
  Object.assign(it.root.dataset, { pixels, exact, view: [...view.rows, ...view.cols].join(" ") });
}

function drawStill(it, kind) {
  const { layout, theme, header, measure: widths } = it;
  const context = clearedContext(it.parts.still, layout.width, layout.height, it.ratio);
  sized(it.parts.still, layout.width, layout.height);
  const about = { header, sizes: it.map.sizes, layout, theme, measure: widths, kind };
  paintScene(context, stillParts(it.picture, it.colours, about), theme.font);
}

function sized(canvas, width, height) {
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

/** The legend's primitives at a width. */
export function legendFor(scale, width, theme) {
  const widths = measuring(theme.font);
  const measured = (text, size) => widths(text, size, "600");
  const style = { ink: theme.ink, muted: theme.muted, measure: measured };
  return legendParts(scale, width, LEGEND_HEIGHT, style);
}

function drawLegend(it) {
  const canvas = it.parts.legend;
  const width = Math.floor(canvas.clientWidth);
  sized(canvas, width, LEGEND_HEIGHT);
  canvas.style.width = "100%";
  const context = clearedContext(canvas, width, LEGEND_HEIGHT, it.ratio);
  paintScene(context, legendFor(it.scale, width, it.theme), it.theme.font);
  canvas.setAttribute("aria-label", `Colour scale: ${it.scale.words}.`);
}

/** Everything that follows the pointer or the selection, in the stage's pixels. */
export function profilesNow(it, hover) {
  const strongest = it.chosen.key === null ? strongestOf(it)[0] : null;
  const partner = strongest ? (it.header.direction === "row" ? strongest.key : strongest.query) : null;
  return profilesFor(it, profileLines(it.chosen, hover, partner, it.header.direction));
}

function drawMarks(it) {
  const { layout, theme, header, picture } = it;
  const { map } = layout;
  const pointed = [it.hover, it.cursor].find((cell) => cell && isSeen(picture.view, cell.row, cell.col)) ?? null;
  it.profiles = profilesNow(it, pointed);
  const side = picture.view.rows[1] - picture.view.rows[0];
  const share = (at, start) => (at + 0.5 - start) / side;
  const hover = pointed && { x: share(pointed.col, picture.view.cols[0]), y: share(pointed.row, picture.view.rows[0]) };
  const lines = clearedContext(it.parts.lines, layout.width, layout.height, it.ratio);
  sized(it.parts.lines, layout.width, layout.height);
  const more = { uniform: header.uniform, hover };
  paintScene(lines, profileParts(it.profiles, layout, theme, more), theme.font);
  const marks = clearedContext(it.parts.map, map.width, map.height, it.ratio);
  marks.translate(-map.x, -map.y);
  const parts = selectionParts(picture.view, it.chosen, header.direction, map);
  if (pointed) parts.push(...blockParts(picture.view, blockAt(picture, pointed.row, pointed.col), map, !it.hover));
  paintScene(marks, parts, theme.font);
}
