/** The volume viewer: what the page calls with every choice. */

import { keptChoice, listenToWindow, paintBars, showLayerRows, showWindowControls } from "./controls.js";
import { inBox, middleOf, openLook, strongestToken } from "./data.js";
import { drawFrames, wholeIsAnalysed } from "./frames.js";
import { listenToViewerKeys } from "./keys.js";
import { listenToViewerPointer, moveCross } from "./pointer.js";
import { showReadout, speakReadout } from "./readout.js";
import { paintLayers } from "./paint.js";
import {
  drawStage, endStage, newStage, setWindow, showLayers, showVolume, stageLayout, timedDraw,
  voxelToShare, zoomTo,
} from "./stage.js";
import { reportEvent } from "../report.js";

const PART_NAMES = [
  "canvas", "frames", "readout", "live", "layers", "presets", "low", "high", "query", "key", "strongest", "zoom", "here",
  "said",
];
const SLOW_MS = 40;
const REST_MS = 700;
const REST_WAITING_MS = 2500; // while the page answers a click, the processor is the page's
const NO_WEBGL = "This browser offers no WebGL 2, which the volume is drawn with: allow hardware acceleration, or use "
  + "another browser. Sliders, attention maps and exports on this page work without it.";
const LOST = "The browser has taken the graphics memory away, as it does when many pages want it. Load the page again.";

function newViewer(root) {
  const parts = Object.fromEntries(PART_NAMES.map((name) => [name, root.querySelector(`.nv-${name}`)]));
  const it = { root, parts, choice: keptChoice(), open: {}, plane: "axial", cross: [0, 0, 0], asked: [], work: Promise.resolve() };
  it.redraw = () => {
    cancelAnimationFrame(it.frame);
    it.frame = requestAnimationFrame(() => drawAll(it, it.turning || !it.slow));
  };
  it.changed = () => {
    showReadout(it);
    it.redraw();
  };
  it.style = (name, change, rows = true) => {
    Object.assign(it.choice[name], change);
    showLayers(it.nv, paintLayers(it.volume, it.look, it.choice));
    if (rows) showLayerRows(it);
    it.redraw();
  };
  it.setWindow = (window) => {
    it.window = window;
    setWindow(it.nv, window);
    showWindowControls(it);
    paintBars(it);
    it.redraw();
  };
  listenToButtons(it);
  listenToWindow(it);
  listenToViewerPointer(it);
  listenToViewerKeys(it);
  new ResizeObserver(() => it.nv && it.look && fit(it)).observe(parts.canvas.parentElement);
  parts.canvas.addEventListener("webglcontextlost", () => !it.ended && say(it, LOST));
  root.addEventListener("transitionend", (event) => event.target === root && it.look && paintBars(it));
  return it;
}

function listenToButtons(it) {
  const to = (box) => () => {
    if (!it.look || !box()) return;
    moveCross(it, middleOf(box()));
    speakReadout(it);
  };
  it.parts.query.addEventListener("click", to(() => it.look.header.query));
  it.parts.key.addEventListener("click", to(() => it.look.header.key));
  it.parts.strongest.addEventListener("click", to(() => strongestToken(it.look.layers[0], it.look.header)));
  it.parts.zoom.addEventListener("click", () => {
    it.choice.zoom = it.choice.zoom === "region" ? "whole" : "region";
    showZoom(it);
    it.redraw();
  });
  it.parts.here.addEventListener("click", () => (
    it.send({ type: "region", voxel: it.cross, volume: it.volume.header.identity })));
}

/**
 * Draw the planes now, and the 3-D with them; where that takes long, when nothing has happened for a while: until then
 * its last picture stands.
 */
function drawAll(it, solid = !it.slow) {
  clearTimeout(it.rest);
  if (it.ended || !it.views || !it.nv.volumes.length) return;
  it.nv.scene.crosshairPos = voxelToShare(it.cross, it.volume.header.shape);
  drawStage(it.nv, it.views, solid);
  if (solid) keepSolid(it);
  else it.rest = setTimeout(() => drawAll(it, true), it.waits ? REST_WAITING_MS : REST_MS);
  drawFrames(it, solid ? null : it.still);
  it.root.dataset.drawn = String(Number(it.root.dataset.drawn ?? 0) + 1);
}

/** The 3-D as it was drawn last; nothing is kept while the page gives the picture no room. */
function keepSolid(it) {
  const { canvas } = it.parts;
  const [left, top, width, height] = it.views[3].position.map((share, at) => (
    Math.round(share * (at % 2 ? canvas.height : canvas.width))));
  if (!width || !height) return;
  it.still ??= document.createElement("canvas");
  Object.assign(it.still, { width, height });
  it.still.getContext("2d").drawImage(canvas, left, top, width, height, 0, 0, width, height);
}

/** The canvas is as high as four pictures in one scale need, within what a page can show. */
function fit(it) {
  const { header } = it.volume;
  const stage = it.parts.canvas.parentElement;
  const { height, views } = stageLayout(header, stage.clientWidth);
  stage.style.height = `${height}px`;
  it.views = views;
  it.still = null;
  it.nv.resizeListener();
  showZoom(it);
  paintBars(it);
  it.redraw();
}

function showZoom(it) {
  const { header } = it.volume;
  const whole = wholeIsAnalysed(header);
  it.parts.zoom.hidden = whole;
  it.parts.here.hidden = whole;
  it.parts.zoom.textContent = it.choice.zoom === "region" ? "Show the whole volume" : "Show the region";
  const perMm = (it.views[0].position[2] * it.parts.canvas.clientWidth) / (header.shape[0] * header.zooms[0]);
  zoomTo(it.nv, header, !whole && it.choice.zoom === "region" ? header.region : null, perMm);
}

async function takeVolume(it, volume) {
  it.volume = volume;
  it.asked = [];
  for (const layer of ["attention", "rollout"]) it.choice[layer].threshold = 0; // it was meant for what went before
  const { header } = volume;
  await showVolume(it.nv, volume);
  it.cross = middleOf(it.look.header.query);
  it.window = header.windows[0];
  setWindow(it.nv, it.window);
  showWindowControls(it);
  fit(it);
  drawStage(it.nv, it.views, true); // once to warm up, then timed
  it.slow = timedDraw(it.nv, it.views) > SLOW_MS;
}

/** Bring everything to the newest choice. */
async function takeLook(it, component) {
  if (it.ended || it.newest !== component) return;
  const look = openLook(component.data);
  const volume = await heldVolume(look.header.volume, it, component);
  if (!volume || it.newest !== component) return;
  it.nv ??= await newStage(it.parts.canvas);
  const before = it.look?.header.query;
  it.look = look;
  it.waits = false;
  if (it.volume !== volume) await takeVolume(it, volume);
  else if (String(before) !== String(look.header.query) && !answersClick(it, look.header.query)) {
    it.cross = middleOf(look.header.query);
  }
  it.nv.opts.isRadiologicalConvention = look.header.radiological;
  it.parts.key.disabled = !look.header.key;
  showLayers(it.nv, paintLayers(volume, look, it.choice));
  showLayerRows(it);
  showReadout(it);
  it.parts.said.hidden = true;
  drawAll(it);
  Object.assign(it.root.dataset, {
    query: middleOf(look.header.query).join(","), key: look.header.key ? middleOf(look.header.key).join(",") : "",
    volume: volume.header.identity,
  });
}

/**
 * Whether a new query answers a click in this picture. The crosshair then stays where it is: it stood there when the
 * click was made, and may have gone on since.
 */
function answersClick(it, query) {
  const at = it.asked.findLastIndex((voxel) => inBox(voxel, query));
  it.asked.splice(0, at + 1);
  return at >= 0 || inBox(it.cross, query);
}

/** The volume may come after the choice that belongs to it, or never, when a newer choice came between. */
function heldVolume(identity, it, component) {
  return new Promise((found) => {
    const look = () => {
      const volume = globalThis.hotLens.volumes?.get(identity);
      if (volume || !it.root.isConnected || it.ended || it.newest !== component) found(volume);
      else setTimeout(look, 15);
    };
    look();
  });
}

function say(it, words) {
  it.parts.said.hidden = false;
  it.parts.said.textContent = words;
}

function offersWebgl() {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(gl);
}

/** End once the page has been left: Streamlit does not always say so, and may say so while the picture still stands. */
function leave(it) {
  if (it.ended) return;
  if (it.root.isConnected) {
    setTimeout(() => leave(it), 1000);
    return;
  }
  it.ended = true;
  clearTimeout(it.rest);
  if (it.nv) endStage(it.nv);
}

/**
 * Show a choice in the viewer that stands in the component's root; called again whenever the choice changes.
 *
 * @param {{data: Uint8Array|ArrayBuffer, parentElement: Element|ShadowRoot, setTriggerValue: function}} component
 */
export default function volumeViewer(component) {
  const root = component.parentElement.querySelector(".niivue-volume");
  if (!root.viewer) {
    root.viewer = newViewer(root);
    setTimeout(() => leave(root.viewer), 1000);
  }
  const it = root.viewer;
  it.webgl ??= offersWebgl();
  if (!it.webgl) {
    it.parts.said.textContent = NO_WEBGL;
    root.classList.add("nv-without");
    return;
  }
  it.send = (event) => {
    it.waits = true;
    reportEvent(component, event);
  };
  it.newest = component;
  it.work = it.work.then(() => takeLook(it, component)).catch((error) => {
    say(it, `The volume cannot be drawn: ${error.message}. Load the page again.`);
  });
}
