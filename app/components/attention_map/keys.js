/** The keyboard on the map: it can do all that the mouse can. */

import { cursorStart, moveCursor, panByShare, pick, showAll, showSelection, zoomBy } from "./actions.js";
import { refresh } from "./instrument.js";
import { announce, readoutNow, viewWords } from "./readout.js";

/** What the help says: keys or gestures, and what they do. */
export const HELP = Object.freeze([
  ["Click", "choose the query (with Shift: the key)"],
  ["Drag, pinch", "move, zoom"],
  ["Scroll", "zoom, after a click into the map or with Ctrl/⌘"],
  ["Double click", "zoom in"],
  ["Arrow keys", "move the cursor; with Shift: move the view"],
  ["+ and −", "zoom about the cursor"],
  ["0 or Home", "whole map"],
  ["Enter", "choose the query under the cursor; with Shift: the key"],
  ["Q", "go to the chosen query and key"],
  ["Ctrl/⌘ + Z", "undo a choice; with Shift, or Ctrl + Y: redo"],
  ["Escape", "leave the cursor"],
  ["Tab", "on to the table, where there is one"],
  ["Shift + Tab", "back to export, zoom, limits, scale and this help"],
  ["?", "open or close this help"],
]);

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PAN_SHARE = 0.15;
const ZOOM_STEP = 1.5;

function leaveCursor(it) {
  it.cursor = it.hover = null;
  refresh(it);
  announce(it, readoutNow(it));
}

/** Enter without a cursor first shows where it would choose. */
function enter(it, shift) {
  if (it.cursor) return pick(it, it.cursor, shift);
  it.cursor = cursorStart(it);
  return moveCursor(it, 0, 0);
}

/** Move the view and say which part is seen then. */
export function sayingView(it, move) {
  move();
  announce(it, viewWords(it));
}

function help(it) {
  it.parts.help.click();
  const told = HELP.map(([what, does]) => `${what}: ${does}.`).join(" ");
  announce(it, it.parts.keys.hidden ? "Help is closed." : told);
}

const zoomIn = (it) => sayingView(it, () => zoomBy(it, 1 / ZOOM_STEP));
const zoomOut = (it) => sayingView(it, () => zoomBy(it, ZOOM_STEP));
const wholeMap = (it) => sayingView(it, () => showAll(it));

const PLAIN = {
  "+": zoomIn,
  "=": zoomIn,
  "-": zoomOut,
  "−": zoomOut,
  _: zoomOut,
  0: wholeMap,
  Home: wholeMap,
  "?": help,
  q: (it) => showSelection(it),
  Q: (it) => showSelection(it),
  Escape: (it) => leaveCursor(it),
};

/** Undo and redo; what they change is said when the page answers. */
function withControl(it, event) {
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return false;
  it.send({ type: key === "y" || event.shiftKey ? "redo" : "undo" });
  return true;
}

function answered(it, event) {
  if (event.ctrlKey || event.metaKey) return withControl(it, event);
  if (event.altKey) return false;
  const arrow = ARROWS[event.key];
  if (arrow && event.shiftKey) sayingView(it, () => panByShare(it, arrow[0] * PAN_SHARE, arrow[1] * PAN_SHARE));
  else if (arrow) moveCursor(it, ...arrow);
  else if (event.key === "Enter") enter(it, event.shiftKey);
  else if (PLAIN[event.key]) PLAIN[event.key](it);
  else return false;
  return true;
}

/** Listen on the map; once, when the instrument is made. */
export function listenToKeys(it) {
  it.parts.map.addEventListener("keydown", (event) => {
    if (!it.picture || !answered(it, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}
