// The two messages of hot_core.figures.viewer, read back: the volume, and what changes with every choice.

/** Where the array axes x, y and z begin and where they end: they run towards Right, Anterior, Superior. */
export const SIDE_LETTERS = [["L", "R"], ["P", "A"], ["I", "S"]];

const VOLUME_TYPES = { uint8: Uint8Array, int16: Int16Array, float32: Float32Array };

function openMessage(bytes) {
  const raw = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
  const length = new DataView(raw.buffer, raw.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(raw.subarray(4, 4 + length)));
  if (header.version !== 1) {
    throw new RangeError(`The volume's message has version ${header.version}; this page reads 1. Reload the page.`);
  }
  let at = 4 + length;
  const next = (Type, count) => {
    // a copy begins at 0, so that it is aligned wherever the message lay
    const values = new Type(raw.slice(at, at + count * Type.BYTES_PER_ELEMENT).buffer);
    at += Math.ceil((count * Type.BYTES_PER_ELEMENT) / 8) * 8;
    return values;
  };
  return { header, next };
}

const boxSize = (box) => box.map(([start, stop]) => stop - start);
const countOf = (shape) => shape.reduce((product, size) => product * size, 1);

/** How many voxels a box has. */
export function countVoxels(box) {
  return countOf(boxSize(box));
}

/**
 * Read a volume.
 * @param {Uint8Array|ArrayBuffer} bytes of `volume_bytes`.
 * @returns {{header: object, image: TypedArray, labels: Int8Array|null}} values of the volume and labels of its region
 *   (−1 where there is none), x fastest.
 */
export function openVolume(bytes) {
  const { header, next } = openMessage(bytes);
  const image = next(VOLUME_TYPES[header.type], countOf(header.shape));
  const labels = header.labels ? next(Int8Array, countOf(boxSize(header.region))) : null;
  return { header, image, labels };
}

/**
 * Read a choice.
 * @param {Uint8Array|ArrayBuffer} bytes of `look_bytes`.
 * @returns {{header: object, layers: Float32Array[]}} one number a token for each layer, z fastest.
 */
export function openLook(bytes) {
  const { header, next } = openMessage(bytes);
  const tokens = countOf(header.starts.map((starts) => starts.length));
  return { header, layers: header.layers.map(() => next(Float32Array, tokens)) };
}

/**
 * Which token each position of the region belongs to.
 * @param {object} header with starts and stops of the tokens along x, y and z.
 * @param {number[][]} region half-open interval of each axis.
 * @returns {Int32Array[]} for each axis the token of each position, counted from the region's first; −1 for none.
 */
export function tokenOwners({ starts, stops }, region) {
  return starts.map((begins, axis) => {
    const [first, last] = region[axis];
    const own = new Int32Array(last - first).fill(-1);
    begins.forEach((begin, token) => own.fill(token, begin - first, stops[axis][token] - first));
    return own;
  });
}

/**
 * The place of the strongest token.
 * @param {Float32Array} tokens one value a token, z fastest; NaN where there is none.
 * @param {object} header with starts and stops.
 * @returns {number[][]} its half-open interval along each axis.
 */
export function strongestToken(tokens, { starts, stops }) {
  let best = 0;
  tokens.forEach((value, at) => {
    if (value > tokens[best] || Number.isNaN(tokens[best])) best = at;
  });
  const [, ny, nz] = starts.map((begins) => begins.length);
  const token = [Math.floor(best / (ny * nz)), Math.floor(best / nz) % ny, best % nz];
  return token.map((at, axis) => [starts[axis][at], stops[axis][at]]);
}

/** Whether a voxel lies in a box. */
export function inBox(voxel, box) {
  return voxel.every((at, axis) => box[axis][0] <= at && at < box[axis][1]);
}

/** The voxel in the middle of a box, the lower one of two. */
export function middleOf(box) {
  return box.map(([start, stop]) => Math.floor((start + stop - 1) / 2));
}

/** Where a voxel stands in an array of a box, x fastest. */
export function indexIn(voxel, box) {
  const [nx, ny] = boxSize(box);
  const [x, y, z] = voxel.map((at, axis) => at - box[axis][0]);
  return x + nx * (y + ny * z);
}

/** World mm of a voxel. */
export function worldOf(voxel, affine) {
  return [0, 1, 2].map((row) => affine[row][3] + voxel.reduce((sum, at, axis) => sum + affine[row][axis] * at, 0));
}

/** A voxel's indices in the file's own array. */
export function fileVoxel(voxel, file) {
  return file.map(([axis, way, first]) => first + way * voxel[axis]);
}
