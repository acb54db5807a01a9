/** Mouse, pen and fingers on the map and on the minimap. */

import { pick, setLens, zoomBy } from "./actions.js";
import { pannedBy, zoomedAbout } from "./camera.js";
import { refresh } from "./instrument.js";
import { lensAt } from "./minimap.js";

const STILL_PX = { mouse: 4, pen: 6, touch: 9 };
const DOUBLE_MS = 350;
const DOUBLE_PX = 8;
const HINT_MS = 1800;

/** The place of the map under a point of the screen, in entries with fractions, and the whole entry there. */
export function placeUnder(it, point) {
  const box = it.parts.map.getBoundingClientRect();
  const { view } = it.picture;
  const at = (offset, length, range) => range[0] + (offset / length) * (range[1] - range[0]);
  const row = at(point.y - box.top, box.height, view.rows);
  const col = at(point.x - box.left, box.width, view.cols);
  const entry = (value, range) => Math.min(Math.max(Math.floor(value), range[0]), range[1] - 1);
  return { row, col, cell: { row: entry(row, view.rows), col: entry(col, view.cols) } };
}

function pointOf(event) {
  return { x: event.clientX, y: event.clientY };
}

/** Middle of two fingers and how far they are apart, in CSS pixels. */
function spread([one, other]) {
  const x = (one.x + other.x) / 2;
  const y = (one.y + other.y) / 2;
  return { x, y, apart: Math.max(10, Math.hypot(one.x - other.x, one.y - other.y)) };
}

function pressed(it, hand, event) {
  if (event.pointerType === "mouse" && event.button !== 0) return;
  it.parts.map.focus({ preventScroll: true });
  it.parts.map.setPointerCapture(event.pointerId);
  hand.points.set(event.pointerId, pointOf(event));
  hand.kind = event.pointerType;
  hand.moved = hand.points.size > 1;
  grasped(it, hand);
}

/** From where the fingers that are down now drag or pinch. */
function grasped(it, hand) {
  const points = [...hand.points.values()];
  hand.start = { ...points[0], lens: it.lens };
  hand.pinch = points.length === 2 ? { ...spread(points), lens: it.lens } : null;
}

function dragged(it, hand, point) {
  const far = Math.hypot(point.x - hand.start.x, point.y - hand.start.y);
  if (!hand.moved && far <= (STILL_PX[hand.kind] ?? 4)) return;
  hand.moved = true;
  it.parts.map.classList.add("am-dragged");
  const entries = hand.start.lens.side / it.layout.map.width;
  const lens = pannedBy(hand.start.lens, (hand.start.y - point.y) * entries, (hand.start.x - point.x) * entries, it.n);
  it.hover = null;
  setLens(it, lens);
}

/** Two fingers: what lay under their middle stays under it. */
function pinched(it, hand) {
  const now = spread([...hand.points.values()]);
  const { lens, apart, x, y } = hand.pinch;
  const box = it.parts.map.getBoundingClientRect();
  const entries = lens.side / box.width;
  const row = lens.top + (y - box.top) * entries;
  const col = lens.left + (x - box.left) * entries;
  const zoomed = zoomedAbout(lens, apart / now.apart, row, col, it.n);
  const after = zoomed.side / box.width;
  it.hover = null;
  setLens(it, pannedBy(zoomed, (y - now.y) * after, (x - now.x) * after, it.n));
}

function movedTo(it, hand, event) {
  if (!it.picture) return;
  if (!hand.points.has(event.pointerId)) {
    it.hover = placeUnder(it, pointOf(event)).cell;
    it.cursor = null;
    refresh(it);
    return;
  }
  hand.points.set(event.pointerId, pointOf(event));
  if (hand.points.size === 2) pinched(it, hand);
  else if (hand.points.size === 1) dragged(it, hand, pointOf(event));
}

function clicked(it, hand, event) {
  const point = pointOf(event);
  const place = placeUnder(it, point);
  const now = event.timeStamp;
  const { last } = hand;
  const again = last && now - last.time < DOUBLE_MS && Math.hypot(point.x - last.x, point.y - last.y) < DOUBLE_PX;
  hand.last = again ? null : { ...point, time: now };
  it.cursor = null;
  it.hover = place.cell;
  if (again) zoomBy(it, 0.5, place);
  else pick(it, place.cell, event.shiftKey);
}

function released(it, hand, event) {
  if (!hand.points.delete(event.pointerId)) return;
  if (hand.points.size) {
    grasped(it, hand);
    return;
  }
  it.parts.map.classList.remove("am-dragged");
  if (event.type === "pointerup" && !hand.moved) clicked(it, hand, event);
}

function hint(it, hand, words) {
  it.parts.hint.textContent = words;
  it.parts.hint.hidden = false;
  it.parts.hint.style.top = `${it.layout.map.y + it.layout.map.height / 2 - 14}px`;
  clearTimeout(hand.hinting);
  hand.hinting = setTimeout(() => {
    it.parts.hint.hidden = true;
  }, HINT_MS);
}

/** The wheel zooms only where that is meant; otherwise the page scrolls. */
function wheeled(it, hand, event) {
  const root = it.parts.map.getRootNode();
  const meant = event.ctrlKey || event.metaKey || root.activeElement === it.parts.map;
  if (!meant) {
    hint(it, hand, "Click, then scroll to zoom");
    return;
  }
  event.preventDefault();
  const lines = { 0: 1, 1: 16, 2: 240 }[event.deltaMode] ?? 1;
  const turn = Math.max(-240, Math.min(240, event.deltaY * lines));
  const place = placeUnder(it, pointOf(event));
  it.hover = place.cell;
  zoomBy(it, Math.exp(turn * (event.ctrlKey ? 0.008 : 0.0022)), place);
}

/** Listen on the map; once, when the instrument is made. */
export function listenToPointers(it) {
  const hand = { points: new Map(), kind: "mouse", start: null, pinch: null, moved: false, last: null, hinting: 0 };
  const { map } = it.parts;
  map.addEventListener("pointerdown", (event) => it.picture && pressed(it, hand, event));
  map.addEventListener("pointermove", (event) => movedTo(it, hand, event));
  map.addEventListener("pointerup", (event) => released(it, hand, event));
  map.addEventListener("pointercancel", (event) => released(it, hand, event));
  map.addEventListener("pointerleave", () => {
    it.hover = null;
    refresh(it);
  });
  map.addEventListener("wheel", (event) => it.picture && wheeled(it, hand, event), { passive: false });
}

/** Press or drag in the minimap moves the view there. */
export function listenToMinimap(it) {
  const { minimap } = it.parts;
  const go = (event) => {
    const box = minimap.getBoundingClientRect();
    setLens(it, lensAt(it, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
  };
  minimap.addEventListener("pointerdown", (event) => {
    minimap.setPointerCapture(event.pointerId);
    go(event);
  });
  minimap.addEventListener("pointermove", (event) => event.buttons && go(event));
}
