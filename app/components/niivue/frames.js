// What lies over the planes: frames of query and key, outlines of labels, the analysed region, names and a scale.
import { clearedContext } from "../attention_map/canvas.js";
import { placeWords } from "../attention_map/numbers.js";
import { HALO_INK, KEY_INK, QUERY_INK } from "../attention_map/theme.js";
import { SIDE_LETTERS, fileVoxel, indexIn, worldOf } from "./data.js";
import { planesOf } from "./stage.js";

const NARROW = 240;
const BARS_MM = [500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];

/** Draw everything over the planes, and in the place of the 3-D its last picture where there is one. */
export function drawFrames(it, still) {
  const { canvas, frames } = it.parts;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const context = clearedContext(frames, width, height, window.devicePixelRatio || 1);
  if (still) {
    const [left, top, wide, high] = it.views[3].position;
    context.drawImage(still, left * width, top * height, wide * width, high * height);
  }
  it.planes = planesOf(it.nv, it.volume.header.shape);
  for (const plane of it.planes) {
    context.save();
    context.beginPath();
    context.rect(plane.left, plane.top, plane.width, plane.height);
    context.clip();
    drawPlane(context, plane, it);
    context.restore();
  }
}

function drawPlane(context, plane, it) {
  const { header } = it.volume;
  if (!wholeIsAnalysed(header)) {
    boxFrame(context, plane, header.region, { colour: "rgba(255,255,255,0.75)", line: 1, dash: [2, 4] });
  }
  if (it.choice.labels.on && it.volume.labels) labelOutlines(context, plane, it);
  const cuts = (box) => box[plane.through][0] <= it.cross[plane.through] && it.cross[plane.through] < box[plane.through][1];
  const { query, key } = it.look.header;
  const seen = cuts(query);
  if (seen) boxFrame(context, plane, query, { colour: HALO_INK, line: 4 });
  boxFrame(context, plane, query, { colour: QUERY_INK, line: 2, dash: seen ? [] : [2, 3] });
  if (key && cuts(key)) {
    if (String(key) !== String(query)) boxFrame(context, plane, key, { colour: HALO_INK, line: 4 });
    boxFrame(context, plane, key, { colour: KEY_INK, line: 2, dash: [5, 3] });
  }
  planeWords(context, plane, it);
  if (header.oriented) sideLetters(context, plane);
  if (plane.name === "axial" && header.placed) scaleBar(context, plane, header);
}

/** Whether the region is the whole volume. */
export function wholeIsAnalysed({ region, shape }) {
  return region.every(([start, stop], axis) => start === 0 && stop === shape[axis]);
}

function boxFrame(context, plane, box, { colour, line, dash = [] }) {
  const [left, right] = box[plane.across].map(plane.x);
  const [low, high] = box[plane.up].map(plane.y);
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.setLineDash(dash);
  context.strokeRect(Math.min(left, right), Math.min(low, high), Math.abs(right - left), Math.abs(high - low));
}

/** Every class's outline in a plane, along the edges of voxels. */
function labelOutlines(context, plane, it) {
  const { labels, header } = it.volume;
  const { region } = header;
  const at = it.cross[plane.through];
  if (at < region[plane.through][0] || at >= region[plane.through][1]) return;
  const voxel = [0, 0, 0];
  voxel[plane.through] = at;
  const label = (across, up) => {
    if (across < region[plane.across][0] || across >= region[plane.across][1]) return -1;
    if (up < region[plane.up][0] || up >= region[plane.up][1]) return -1;
    voxel[plane.across] = across;
    voxel[plane.up] = up;
    return labels[indexIn(voxel, region)];
  };
  const paths = header.labels.colours.map(() => new Path2D());
  const line = (own, x1, y1, x2, y2) => {
    if (own < 0 || !header.labels.colours[own]) return;
    paths[own].moveTo(plane.x(x1), plane.y(y1));
    paths[own].lineTo(plane.x(x2), plane.y(y2));
  };
  for (let up = region[plane.up][0]; up <= region[plane.up][1]; up += 1) {
    for (let across = region[plane.across][0]; across <= region[plane.across][1]; across += 1) {
      const [own, beside, below] = [label(across, up), label(across - 1, up), label(across, up - 1)];
      if (own !== beside) [own, beside].forEach((one) => line(one, across, up, across, up + 1));
      if (own !== below) [own, below].forEach((one) => line(one, across, up, across + 1, up));
    }
  }
  context.setLineDash([]);
  context.lineWidth = 2;
  paths.forEach((path, own) => {
    context.strokeStyle = header.labels.colours[own] ?? "transparent";
    context.stroke(path);
  });
}

/** What a plane is and where it lies, in its lower left corner. */
function planeWords(context, plane, it) {
  const { header } = it.volume;
  const name = header.oriented ? plane.name : `${"xyz"[plane.across]}–${"xyz"[plane.up]} plane`;
  const axis = "xyz"[plane.through];
  const straight = header.placed && !header.oblique;
  const at = straight
    ? `${axis} ${placeWords(worldOf(it.cross, header.affine)[plane.through], 1)} mm`
    : fileSlice(it.cross, plane.through, header);
  shadowText(context, `${name} · ${at}`, plane.left + 5, plane.top + plane.height - 6, "left");
  if (plane.name === it.plane && it.focused) {
    context.strokeStyle = "#ffffff";
    context.setLineDash([]);
    context.lineWidth = 2;
    context.strokeRect(plane.left + 1, plane.top + 1, plane.width - 2, plane.height - 2);
  }
}

/** Which slice of the file a plane is, where its place has no single number in mm. */
function fileSlice(cross, through, { file }) {
  const axis = file.findIndex(([own]) => own === through);
  return `voxel ${"ijk"[axis]} = ${fileVoxel(cross, file)[axis]}`;
}

/** The patient's sides at the four edges, after the way in which the voxels really run across the screen. */
function sideLetters(context, plane) {
  const pair = (axis, place) => (place(1) > place(0) ? SIDE_LETTERS[axis] : [...SIDE_LETTERS[axis]].reverse());
  const [left, right] = pair(plane.across, plane.x);
  const [top, bottom] = pair(plane.up, plane.y);
  const [middle, half] = [plane.top + plane.height / 2 + 5, plane.left + plane.width / 2];
  shadowText(context, left, plane.left + 5, middle, "left", 14);
  shadowText(context, right, plane.left + plane.width - 5, middle, "right", 14);
  shadowText(context, top, half, plane.top + 15, "center", 14);
  // in a narrow plane its name needs that place; the letter above says as much
  if (plane.width >= NARROW) shadowText(context, bottom, half, plane.top + plane.height - 6, "center", 14);
}

function shadowText(context, text, x, y, align, size = 12) {
  context.font = `600 ${size}px "Source Sans", "Source Sans Pro", system-ui, sans-serif`;
  context.textAlign = align;
  context.setLineDash([]);
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = "rgba(0,0,0,0.75)";
  context.strokeText(text, x, y);
  context.fillStyle = "#ffffff";
  context.fillText(text, x, y);
}

/** A bar of a round length in mm, about a quarter of the plane wide. */
function scaleBar(context, plane, header) {
  const perMm = Math.abs(plane.x(1) - plane.x(0)) / header.zooms[plane.across];
  const length = BARS_MM.find((mm) => mm * perMm < plane.width / 3) ?? BARS_MM.at(-1);
  const right = plane.left + plane.width - 8;
  const y = plane.top + plane.height - (plane.width >= NARROW ? 8 : 26);
  for (const [colour, line] of [["rgba(0,0,0,0.75)", 5], ["#ffffff", 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.beginPath();
    context.moveTo(right - length * perMm, y);
    context.lineTo(right, y);
    context.stroke();
  }
  shadowText(context, `${length} mm`, right, y - 6, "right");
}
