// The keyboard: arrows move the crosshair as seen in the framed plane, Enter chooses.
import { pick, stepCross } from "./pointer.js";
import { speakReadout } from "./readout.js";

const ARROWS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };
const PLANE_KEYS = { a: "axial", c: "coronal", s: "sagittal" };

/** Listen to the canvas. */
export function listenToViewerKeys(it) {
  const { canvas } = it.parts;
  const focus = (focused) => () => {
    it.focused = focused;
    if (it.volume && it.look) it.redraw();
  };
  canvas.addEventListener("focus", focus(true));
  canvas.addEventListener("blur", focus(false));
  canvas.addEventListener("keydown", (event) => {
    if (!it.volume || !it.look || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!act(it, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Do what a key says; whether it said anything. */
function act(it, event) {
  const plane = it.planes?.find(({ name }) => name === it.plane);
  if (event.key in ARROWS && plane) {
    const [way, sign] = ARROWS[event.key];
    const axis = way === "x" ? plane.across : plane.up;
    // where the next voxel lies on the screen says which way is which, however the plane is turned
    const along = Math.sign(plane[way](1) - plane[way](0));
    stepCross(it, axis, sign * along);
  } else if ((event.key === "PageUp" || event.key === "PageDown") && plane) {
    stepCross(it, plane.through, event.key === "PageUp" ? 1 : -1);
  } else if (event.key.toLowerCase() in PLANE_KEYS) {
    it.plane = PLANE_KEYS[event.key.toLowerCase()];
    it.redraw();
  } else if (event.key === "Enter") {
    pick(it, it.cross, event.shiftKey);
  } else {
    return false;
  }
  speakReadout(it);
  return true;
}
