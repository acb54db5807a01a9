// The pointer: a click chooses, with Shift the other of query and key; dragging looks around, as it does in other viewers.
import { inBox } from "./data.js";
import { shareToVoxel, voxelToShare } from "./stage.js";

const DEGREES_PER_PIXEL = 0.5;
const STILL_PX = 4; // a hand that clicks may tremble so much

/** Listen to the canvas. */
export function listenToViewerPointer(it) {
  const { canvas } = it.parts;
  let held = null;
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !it.volume || !it.look) return;
    const [x, y] = where(event);
    const plane = planeAt(it, x, y);
    held = { plane, x, y, from: [x, y], shift: event.shiftKey };
    canvas.setPointerCapture(event.pointerId);
    if (plane) it.plane = plane.name;
    if (plane && !event.shiftKey) moveCross(it, voxelAt(it, plane, x, y));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held || held.shift) return;
    const [x, y] = where(event);
    it.turning = !held.plane;
    if (held.plane) moveCross(it, voxelAt(it, held.plane, x, y));
    else turn(it, x - held.x, y - held.y);
    Object.assign(held, { x, y });
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!held) return;
    const [x, y] = where(event);
    const { plane, shift, from } = held;
    held = null;
    it.turning = false;
    if (plane && Math.hypot(x - from[0], y - from[1]) <= STILL_PX) pick(it, voxelAt(it, plane, x, y), shift);
  });
  canvas.addEventListener("pointercancel", () => {
    held = null;
    it.turning = false;
  });
  canvas.addEventListener("wheel", (event) => scroll(it, event, planeAt(it, ...where(event))), { passive: false });
}

function planeAt(it, x, y) {
  return it.planes?.find(({ left, top, width, height }) => (
    left <= x && x < left + width && top <= y && y < top + height));
}

/** The voxel under the pointer; outside the volume, the nearest one. */
function voxelAt(it, plane, x, y) {
  const { shape } = it.volume.header;
  const share = voxelToShare(it.cross, shape);
  [share[plane.across], share[plane.up]] = plane.share(x, y);
  return shareToVoxel(share, shape);
}

/** Put the crosshair at a voxel. */
export function moveCross(it, voxel) {
  if (String(voxel) === String(it.cross)) return;
  it.cross = voxel;
  it.changed();
}

/** Choose the token at a voxel; where none is, only the crosshair goes there. */
export function pick(it, voxel, shift) {
  if (!inBox(voxel, it.volume.header.region)) return;
  if (!shift && !inBox(voxel, it.look.header.query)) it.asked.push(voxel);
  it.send({ type: "pick", voxel, shift, volume: it.volume.header.identity });
}

function turn(it, across, down) {
  const { scene } = it.nv;
  scene.renderAzimuth += across * DEGREES_PER_PIXEL;
  scene.renderElevation = Math.max(-90, Math.min(90, scene.renderElevation + down * DEGREES_PER_PIXEL));
  it.redraw();
}

/** The wheel leafs through a plane, but only where somebody has clicked before: a page must scroll past the picture. */
function scroll(it, event, plane) {
  if (!it.focused || !plane || !it.volume) return;
  event.preventDefault();
  stepCross(it, plane.through, event.deltaY < 0 ? 1 : -1);
}

/** One voxel along an axis, within the volume. */
export function stepCross(it, axis, way) {
  const voxel = [...it.cross];
  voxel[axis] = Math.min(it.volume.header.shape[axis] - 1, Math.max(0, voxel[axis] + way));
  moveCross(it, voxel);
}
