// The gallery's payload, and one thumb's values from it.

/**
 * Read what `hot_core.figures.gallery.gallery_bytes` packed.
 * @param {Uint8Array|ArrayBuffer} given header length, JSON header, float32 matrices (query × key), head after head.
 * @returns {{header: object, matrices: Float32Array[]}} the header, and side · side weights for each of its heads.
 */
export function unpackGallery(given) {
  const bytes = given instanceof ArrayBuffer ? new Uint8Array(given) : given;
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  // a copy begins at 0, so that it is aligned wherever the message lay
  const values = new Float32Array(bytes.slice(4 + length).buffer);
  const size = header.side * header.side;
  const matrices = header.heads.map((_, at) => values.subarray(at * size, (at + 1) * size));
  return { header, matrices };
}

/**
 * How a thumb is drawn crisply: whole device pixels for every cell, or block means where there are more cells.
 * @param {number} side cells of the matrix along one side.
 * @param {number} room CSS pixels that a thumb may take.
 * @param {number} ratio device pixels in a CSS pixel.
 * @returns {{cells: number, css: number}} cells of the canvas along one side, and its side in CSS pixels.
 */
export function thumbSize(side, room, ratio) {
  const device = Math.floor(room * ratio);
  if (side > device) return { cells: device, css: device / ratio };
  return { cells: side, css: (side * Math.floor(device / side)) / ratio };
}

/**
 * A matrix at the resolution of its thumb: itself, or the exact mean over the block of every cell.
 * @param {Float32Array} weights side · side, row after row.
 * @param {number} side cells of the matrix along one side.
 * @param {number} cells cells of the thumb along one side, at most `side`.
 * @returns {Float64Array} cells · cells values, row after row.
 */
export function thumbMeans(weights, side, cells) {
  if (cells === side) return Float64Array.from(weights);
  const edge = Array.from({ length: cells + 1 }, (_, at) => Math.floor((at * side) / cells));
  const means = new Float64Array(cells * cells);
  for (let row = 0; row < cells; row += 1) {
    for (let column = 0; column < cells; column += 1) {
      let sum = 0;
      for (let query = edge[row]; query < edge[row + 1]; query += 1) {
        for (let key = edge[column]; key < edge[column + 1]; key += 1) sum += weights[query * side + key];
      }
      means[row * cells + column] = sum / ((edge[row + 1] - edge[row]) * (edge[column + 1] - edge[column]));
    }
  }
  return means;
}
