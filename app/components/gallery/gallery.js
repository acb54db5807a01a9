// All heads of all layers along one mode; a click opens one.
import { makeScale } from "../attention_map/colour.js";
import { reportEvent } from "../report.js";
import { HEAD_SORTS, headOrder, headRows } from "./order.js";
import { thumbSize, unpackGallery } from "./pack.js";
import {
  drawGalleryLegend, fillHeadTable, galleryPart, headName, headThumb, sortedValue, thumbRoom,
} from "./thumbs.js";

/**
 * Draw the gallery, or bring it up to date; what somebody chose stays on the root.
 * @param {{data: Uint8Array|ArrayBuffer, parentElement: Element, setTriggerValue: function(string, object)}} component
 *   the payload, the place that holds gallery.html, and the way back: "event" {type: "open", layer, head}.
 */
export default function gallery(component) {
  const root = component.parentElement.querySelector(".head-gallery");
  root.gallery ??= galleryState(root);
  const state = root.gallery;
  state.send = (event) => reportEvent(component, event);
  hideHeadTip(state); // the thumb that it spoke of may be gone
  Object.assign(state, unpackGallery(component.data));
  const { limit, uniform, heads } = state.header;
  state.scale = makeScale("linear", { limit, uniform, floor: 0 });
  state.room = thumbRoom(heads.length, root.clientWidth);
  const { cells, css } = thumbSize(state.header.side, state.room, window.devicePixelRatio || 1);
  root.style.setProperty("--hg-thumb", `${css}px`);
  drawGalleryLegend(root, state.header, state.scale, cells);
  state.thumbs = heads.map((head, at) => galleryThumb(state, head, at));
  arrangeHeads(state);
}

/** What lasts from one run to the next, with the listeners that are set once. */
function galleryState(root) {
  const state = { root, by: "layer", descending: false };
  const choices = Object.entries(HEAD_SORTS).map(([by, words]) => {
    const button = galleryPart("button", "hg-choice", words);
    button.type = "button";
    button.dataset.by = by;
    button.addEventListener("click", () => sortHeads(state, { by }));
    return button;
  });
  root.querySelector(".hg-sorts").replaceChildren(...choices);
  root.querySelector(".hg-way").addEventListener("click", () => sortHeads(state, { descending: !state.descending }));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideHeadTip(state);
  });
  return state;
}

function sortHeads(state, change) {
  Object.assign(state, change);
  arrangeHeads(state);
}

/** One thumb with what it does. */
function galleryThumb(state, head, at) {
  const look = { side: state.header.side, room: state.room, scale: state.scale };
  const button = headThumb(head, state.matrices[at], look);
  const { layer, head: number } = head;
  button.addEventListener("click", () => (
    state.send({ type: "open", layer, head: number })));
  for (const name of ["mouseenter", "focus"]) button.addEventListener(name, () => showHeadTip(state, button, head));
  for (const name of ["mouseleave", "blur"]) button.addEventListener(name, () => hideHeadTip(state));
  return button;
}

/** Put the thumbs, the buttons and the table in the chosen order; the focus stays where it was. */
function arrangeHeads(state) {
  const { root, header, by, descending } = state;
  const order = headOrder(header.heads, by, descending);
  const focused = root.getRootNode().activeElement?.dataset?.head;
  const rows = headRows(header.heads, order, by).map(({ title, members }) => headRow(state, title, members));
  root.querySelector(".hg-rows").replaceChildren(...rows);
  if (focused) root.querySelector(`[data-head="${focused}"]`)?.focus();
  for (const [at, button] of state.thumbs.entries()) {
    const { layer, head } = header.heads[at];
    const open = header.open !== null && header.open[0] === layer && header.open[1] === head;
    button.setAttribute("aria-current", String(open));
    button.querySelector(".hg-value").textContent = sortedValue(header.heads[at], by, header.unit);
  }
  for (const button of root.querySelectorAll(".hg-sorts .hg-choice")) {
    button.setAttribute("aria-pressed", String(button.dataset.by === by));
  }
  const way = root.querySelector(".hg-way");
  way.textContent = descending ? "↓ descending" : "↑ ascending";
  way.setAttribute("aria-label", `Order: ${descending ? "descending" : "ascending"}. Turn it round.`);
  fillHeadTable(root.querySelector("table"), header, order, { by, descending });
}

/** One row of thumbs with its title. */
function headRow(state, title, members) {
  const row = galleryPart("div", "hg-row");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", title || `All heads by ${state.by}`);
  const grid = galleryPart("div", "hg-grid");
  grid.append(...members.map((at) => state.thumbs[at]));
  row.append(...(title ? [galleryPart("div", "hg-title", title)] : []), grid);
  return row;
}

/** Say all about a head beside its thumb, without leaving the gallery. */
function showHeadTip(state, button, head) {
  const tip = state.root.querySelector(".hg-tip");
  const lines = [head.words, ...head.details].map((words) => galleryPart("div", "", words));
  tip.replaceChildren(galleryPart("b", "", headName(head)), ...lines);
  tip.hidden = false;
  const [outer, inner] = [state.root, button].map((part) => part.getBoundingClientRect());
  const middle = inner.left + inner.width / 2 - outer.left - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(0, Math.min(middle, outer.width - tip.offsetWidth))}px`;
  tip.style.top = `${inner.bottom - outer.top + 4}px`;
}

function hideHeadTip(state) {
  state.root.querySelector(".hg-tip").hidden = true;
}
