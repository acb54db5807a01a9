/** The picture as a file: the same scene on white paper, with what it is written beside it. */

import { viewOf } from "./camera.js";
import { clearedContext, paintScene } from "./canvas.js";
import { legendFor, profilesNow, sharedLimit } from "./instrument.js";
import { layoutOf, longestLabel, measuring, SMALL, wrapped } from "./layout.js";
import { selectionParts } from "./marks.js";
import { colouredCanvas, computedPicture, pictureSide, scaleFor } from "./picture.js";
import { profileParts } from "./profiles.js";
import { pooledWords, readoutNow } from "./readout.js";
import { stillParts } from "./scene.js";
import { svgText } from "./svg.js";
import { PAPER } from "./theme.js";

const WIDTH = 640;
const MARGIN = 20;
const SHARPNESS = 2;
const VECTOR_CELLS = 64;
const LEGEND_ROOM = 50;

/** A file name from the title alone. */
export function fileName(title, ending) {
  const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `attention-map${slug ? `-${slug}` : ""}.${ending}`;
}

/** Primitives moved right and down. */
export function shifted(parts, right, down) {
  return parts.map((part) => {
    const moved = { ...part };
    for (const key of ["x", "x1", "x2"]) if (key in part) moved[key] += right;
    for (const key of ["y", "y1", "y2"]) if (key in part) moved[key] += down;
    if (part.points) moved.points = part.points.map(([x, y]) => [x + right, y + down]);
    return moved;
  });
}

function lines(words, size, y, measure, more = {}) {
  const texts = wrapped(words, WIDTH - 2 * MARGIN, measure, size);
  const step = Math.round(size * 1.4);
  const parts = texts.map((text, at) => ({
    type: "text", text, x: MARGIN, y: y + at * step, size, fill: PAPER.muted, align: "left", baseline: "top", ...more,
  }));
  return { parts, end: y + texts.length * step };
}

/** Few cells as rectangles of their own, which a drawing program can edit; what is no number stays blank. */
function vectorCells(picture, colours, map) {
  const { pixels } = picture;
  const { data } = colours.getContext("2d").getImageData(0, 0, pixels, pixels);
  const side = map.width / pixels;
  const cells = Array.from({ length: pixels * pixels }, (_, at) => at).filter((at) => data[4 * at + 3] > 0);
  return cells.map((at) => {
    const x = map.x + (at % pixels) * side;
    const y = map.y + Math.floor(at / pixels) * side;
    const fill = `rgb(${data[4 * at]},${data[4 * at + 1]},${data[4 * at + 2]})`;
    return { type: "rect", x, y, width: side, height: side, fill };
  });
}

function stageParts(it, layout, measure) {
  const view = viewOf(it.lens, it.n);
  const picture = computedPicture(it.map, view, pictureSide({ ...it, layout, ratio: SHARPNESS }, 1));
  const kind = it.header.uniform > 0 ? it.scaleKind : "linear";
  const scale = scaleFor(picture, kind, sharedLimit(it), it.header.uniform);
  const colours = colouredCanvas(picture, scale);
  const about = { header: it.header, sizes: it.map.sizes, layout, theme: PAPER, measure, kind };
  const seen = { ...it, picture, layout, profiles: null };
  const more = { uniform: it.header.uniform, hover: null };
  const parts = [
    ...stillParts(picture, colours, about),
    ...profileParts(profilesNow(seen, null), layout, PAPER, more),
    ...selectionParts(view, it.chosen, it.header.direction, layout.map),
  ];
  return { picture, scale, colours, parts };
}

/** Everything that the file shows, and its height in CSS pixels. */
export function exportScene(it) {
  const measure = measuring(PAPER.font);
  const { header } = it;
  const layout = layoutOf(WIDTH - 2 * MARGIN, false, longestLabel(header.modes, measure));
  const stage = stageParts(it, layout, measure);
  const title = lines(header.title, 17, 18, measure, { fill: PAPER.ink, weight: "600" });
  const formula = header.formula ? lines(header.formula, 13, title.end, measure) : { parts: [], end: title.end };
  const sentence = readoutNow({ ...it, hover: null, cursor: null });
  const chosen = lines(sentence, 12, formula.end + 4, measure, { fill: PAPER.ink });
  const top = chosen.end + 8;
  const legendTop = top + layout.height + 8;
  const legend = legendFor(stage.scale, layout.map.width, PAPER);
  const pooled = lines(pooledWords(stage.picture), SMALL, legendTop + LEGEND_ROOM, measure);
  const about = lines(header.about, SMALL, pooled.end + 2, measure);
  const height = about.end + 14;
  const parts = [
    { type: "rect", x: 0, y: 0, width: WIDTH, height, fill: PAPER.background },
    ...title.parts, ...formula.parts, ...chosen.parts,
    ...shifted(stage.parts, MARGIN, top),
    ...shifted(legend, MARGIN + layout.map.x, legendTop),
    ...pooled.parts, ...about.parts,
  ];
  return { parts, width: WIDTH, height, picture: stage.picture, colours: stage.colours };
}

/** The scene for SVG: few cells become rectangles. */
function withVectors(scene) {
  if (scene.picture.pixels > VECTOR_CELLS) return scene.parts;
  return scene.parts.flatMap((part) =>
    part.type === "image" && part.canvas === scene.colours ? vectorCells(scene.picture, scene.colours, part) : [part],
  );
}

function pngBlob({ parts, width, height }) {
  const canvas = document.createElement("canvas");
  paintScene(clearedContext(canvas, width, height, SHARPNESS), parts, PAPER.font);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, "image/png");
  });
}

/** Save what is seen, as "png" at twice the resolution or as "svg". */
export async function saveImage(it, ending) {
  const scene = exportScene(it);
  const { header } = it;
  const about = { font: PAPER.font, title: header.title, about: header.about };
  const text = () => svgText(withVectors(scene), scene.width, scene.height, about);
  const blob = ending === "png" ? await pngBlob(scene) : new Blob([text()], { type: "image/svg+xml" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName(header.title, ending);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
