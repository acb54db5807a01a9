// NiiVue on a canvas: the volume, its layers, and where things are on the screen.
import { countVoxels } from "./data.js";
import { paintedBox } from "./paint.js";

const NIFTI_CODES = { Uint8Array: 2, Int16Array: 4, Float32Array: 16 };
const NIFTI_RGBA = 2304;

const VIEWER_OPTIONS = {
  isResizeCanvas: true, // the pointer and the keys are ours: a page must scroll, a click must mean a token
  interactive: false, dragAndDropEnabled: false, logLevel: "silent",
  isNearestInterpolation: true, isSliceMM: false, show3Dcrosshair: true,
  isOrientationTextVisible: false, // ours have a dark edge, so that they are seen on bright tissue
  crosshairWidthUnit: "mm", crosshairColor: [0.6, 1, 0.2, 1], backColor: [0, 0, 0, 1],
};

/** An empty stage. */
export async function newStage(canvas) {
  const nv = new globalThis.niivue.Niivue(VIEWER_OPTIONS);
  await nv.attachToCanvas(canvas, false);
  return nv;
}

/**
 * An image over a box of voxels. NiiVue sees every volume straight and in mm from its first voxel; what its place in
 * the world is, the readout says from the file's own affine, so that no second opinion on orientation can differ.
 */
async function imageOver(values, box, zooms, code) {
  const { NVImage } = globalThis.niivue;
  const affine = zooms.flatMap((zoom, row) => [0, 1, 2, 3].map((column) => (
    column === row ? zoom : column === 3 ? zoom * box[row][0] : 0)));
  const sizes = box.map(([start, stop]) => stop - start);
  const file = NVImage.createNiftiArray(sizes, zooms, [...affine, 0, 0, 0, 1], code, values);
  return NVImage.new(file.buffer, "volume.nii");
}

/** Put a volume on the stage, with an empty image for its layers. */
export async function showVolume(nv, { header, image }) {
  while (nv.volumes.length) nv.removeVolumeByIndex(nv.volumes.length - 1);
  const whole = header.shape.map((size) => [0, size]);
  nv.addVolume(await imageOver(withoutGaps(image), whole, header.zooms, NIFTI_CODES[image.constructor.name]));
  const box = paintedBox(header.region);
  nv.addVolume(await imageOver(new Uint8Array(4 * countVoxels(box)), box, header.zooms, NIFTI_RGBA));
}

/** Missing values as the lowest one: WebGL has no colour for them. */
function withoutGaps(image) {
  if (!(image instanceof Float32Array) || image.every(Number.isFinite)) return image;
  const low = image.reduce((least, value) => (value < least ? value : least), Infinity);
  return image.map((value) => (Number.isFinite(value) ? value : low));
}

/** Show the layers, painted by `paintLayers`; the volume below them stays as it is. */
export function showLayers(nv, painted) {
  nv.volumes[1].img = painted;
  nv.refreshLayers(nv.volumes[1], 1);
}

/** Which values are black and white. */
export function setWindow(nv, { low, high }) {
  nv.volumes[0].cal_min = low;
  nv.volumes[0].cal_max = high;
  nv.updateGLVolume();
}

/** Pixels between two pictures. */
const GAP = 6;

/**
 * Where the pictures stand: coronal above axial and beside sagittal, all in one scale, the 3-D in the fourth field.
 * @param {object} header with shape and zooms.
 * @param {number} width of the stage in pixels.
 * @returns {{height: number, views: object[]}} pixels, and the views as NiiVue takes them, the 3-D last.
 */
export function stageLayout({ shape, zooms }, width) {
  const [x, y, z] = shape.map((size, axis) => size * zooms[axis]);
  const height = Math.round(Math.min(Math.max(((width - GAP) * (y + z)) / (x + y) + GAP, 280), 620));
  const column = ((width - GAP) * x) / (x + y) / width;
  const row = ((height - GAP) * z) / (y + z) / height;
  const [right, below] = [column + GAP / width, row + GAP / height];
  const view = (sliceType, left, top, wide, high) => ({ sliceType, position: [left, top, wide, high] });
  const views = [
    view(1, 0, 0, column, row), view(2, right, 0, 1 - right, row), view(0, 0, below, column, 1 - below),
    view(4, right, below, 1 - right, 1 - below),
  ];
  return { height, views };
}

/** Draw the planes at once; the 3-D, whose rays take a processor without a graphics card a third of a second, or not. */
export function drawStage(nv, views, solid) {
  nv.customLayout = solid ? views : views.slice(0, 3);
  nv.drawScene();
}

/** Milliseconds that planes and 3-D take until they are really drawn. */
export function timedDraw(nv, views) {
  const begin = performance.now();
  drawStage(nv, views, true);
  nv.gl.readPixels(0, 0, 1, 1, nv.gl.RGBA, nv.gl.UNSIGNED_BYTE, new Uint8Array(4)); // waits for the picture
  return performance.now() - begin;
}

export const voxelToShare = (voxel, shape) => voxel.map((at, axis) => (at + 0.5) / shape[axis]);
export const shareToVoxel = (share, shape) => shape.map((size, axis) => (
  Math.min(size - 1, Math.max(0, Math.floor(share[axis] * size)))));

/** Show the whole volume (so many pixels a mm), or a box of it with a margin, in the middle of the planes. */
export function zoomTo(nv, header, box, perMm) {
  const pan = [0, 0, 0, 1];
  if (box) {
    const spans = header.zooms.map((zoom, axis) => [
      zoom * (header.shape[axis] - 1) / 2, zoom * header.shape[axis],
      zoom * (box[axis][0] + box[axis][1] - 1) / 2, 1.2 * zoom * (box[axis][1] - box[axis][0]),
    ]);
    pan[3] = Math.max(1, Math.min(...spans.map(([, whole, , part]) => whole / part)));
    spans.forEach(([middle, , aim], axis) => { pan[axis] = middle - aim * pan[3]; });
  }
  nv.opts.crosshairWidth = 1.5 / (perMm * pan[3]); // as thin on the screen at any size and zoom
  nv.setPan2Dxyzmm(pan);
}

/**
 * The planes on the screen, in CSS pixels: the axes that lie across and up, the one they go through, and where the
 * edges of voxels are. An edge e of n voxels lies at share e / n.
 */
export function planesOf(nv, shape) {
  const ratio = nv.uiData.dpr;
  return nv.screenSlices.flatMap((tile, index) => {
    if (tile.axCorSag > 2) return [];
    const [left, top, width, height] = tile.leftTopWidthHeight;
    const [across, up, through] = [[0, 1, 2], [0, 2, 1], [1, 2, 0]][tile.axCorSag];
    const [from, to] = tileEnds((x, y) => nv.screenXY2TextureFrac(left + x * width, top + y * height, index, false));
    const place = (share, axis, begin, size) => (begin + ((share - from[axis]) / (to[axis] - from[axis])) * size) / ratio;
    return [{
      name: ["axial", "coronal", "sagittal"][tile.axCorSag], across, up, through,
      left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio,
      x: (edge) => place(edge / shape[across], across, left, width),
      y: (edge) => place(edge / shape[up], up, top, height),
      share: (x, y) => [
        from[across] + ((x * ratio - left) / width) * (to[across] - from[across]),
        from[up] + ((y * ratio - top) / height) * (to[up] - from[up]),
      ],
    }];
  });
}

/**
 * The shares at a tile's first and last corner. They are asked for well inside and drawn out to the corners: there,
 * rounding takes a place out of the volume now and then, and NiiVue answers −1 for it.
 *
 * @param {function(number, number): number[]} shareAt from shares of the tile's width and height.
 */
export function tileEnds(shareAt) {
  const [near, far] = [shareAt(0.25, 0.25), shareAt(0.75, 0.75)];
  return [near.map((at, axis) => 1.5 * at - 0.5 * far[axis]), far.map((at, axis) => 1.5 * at - 0.5 * near[axis])];
}

/** Give the canvas's graphics memory back. */
export function endStage(nv) {
  const gl = nv.gl;
  nv.cleanup();
  nv.volumes = [];
  gl.getExtension("WEBGL_lose_context")?.loseContext();
}
