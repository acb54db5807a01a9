// Where the crosshair is, and what every layer holds there, in words.
import { numberWords, placeWords } from "../attention_map/numbers.js";
import { SIDE_LETTERS, fileVoxel, inBox, indexIn, worldOf } from "./data.js";

/** The lines of the readout: what it is called and what it says. */
export function readoutLines({ volume, look, cross }) {
  const { header } = volume;
  const lines = [["Voxel", `${fileVoxel(cross, header.file).join(", ")} in the file`]];
  if (header.placed) lines.push(["World", worldWords(cross, header)]);
  const value = volume.image[indexIn(cross, header.shape.map((size) => [0, size]))];
  const unit = header.unit ? ` ${header.unit}` : "";
  lines.push(["Image", Number.isFinite(value) ? `${valueWords(value)}${unit}` : "no value"]);
  const inside = inBox(cross, header.region);
  if (volume.labels) lines.push(["Label", inside ? labelWords(volume, cross) : "outside the analysed region"]);
  for (const [at, layer] of look.header.layers.entries()) {
    lines.push([layer.word, inside ? weightWords(look, at, cross) : "outside the analysed region"]);
  }
  return lines;
}

/** A value of the file: whole numbers, labels and counts among them, to the last digit. */
export function valueWords(value) {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? placeWords(value, 0) : numberWords(value, 6);
}

function worldWords(cross, { affine, oriented }) {
  const mm = worldOf(cross, affine);
  const words = mm.map((at) => placeWords(at, 1)).join(", ");
  if (!oriented) return `${words} mm, sides unknown`;
  const sides = mm.map((at, axis) => `${SIDE_LETTERS[axis][at >= 0 ? 1 : 0]} ${placeWords(Math.abs(at), 1)}`);
  return `${words} mm (${sides.join(" ")})`;
}

function labelWords({ labels, header }, cross) {
  const label = labels[indexIn(cross, header.region)];
  return label < 0 ? "none: no value here" : header.labels.names[label];
}

/** A token's weight with its multiple of uniform. */
function weightWords({ header, layers }, at, cross) {
  const token = header.starts.map((starts, axis) => (
    starts.findIndex((start, index) => start <= cross[axis] && cross[axis] < header.stops[axis][index])));
  const [, ny, nz] = header.starts.map((starts) => starts.length);
  const value = token.includes(-1) ? NaN : layers[at][(token[0] * ny + token[1]) * nz + token[2]];
  if (!Number.isFinite(value)) return inBox(cross, header.query) ? "its own share is left out" : "no token here";
  const { uniform } = header.layers[at];
  return `${numberWords(value)}, ${numberWords(value / uniform, 2)}× uniform`;
}

/** Write the readout. */
export function showReadout(it) {
  const lines = readoutLines(it).map(([name, words]) => {
    const line = document.createElement("div");
    const [term, said] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    said.textContent = words;
    line.append(term, said);
    return line;
  });
  it.parts.readout.replaceChildren(...lines);
  it.root.dataset.cross = it.cross.join(",");
}

/** Say it to those who do not see the picture. */
export function speakReadout(it) {
  it.parts.live.textContent = readoutLines(it).map(([name, words]) => `${name} ${words}`).join(". ");
}
