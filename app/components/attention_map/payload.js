// The bytes of hot_core.figures.canvas.encode, read back.

/**
 * Read a payload: u32 L, L bytes of JSON header, float32 factors head after head and mode after mode.
 * @param {Uint8Array|ArrayBuffer} bytes what Python sent.
 * @returns {{header: object, map: object}} the header, and the map {sizes, combine, scale, weights, heads} with
 *   heads[h][i] a row-major (query, key) Float32Array of n_i² numbers.
 * @throws {RangeError} when the bytes are no payload of this version, or end too early.
 */
export function decode(bytes) {
  const raw = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
  if (raw.length < 8) throw new RangeError(`decode: ${raw.length} bytes are no map.`);
  const length = new DataView(raw.buffer, raw.byteOffset).getUint32(0, true);
  if (4 + length > raw.length) {
    throw new RangeError(`decode: a header of ${length} bytes in ${raw.length} bytes. The message was cut short.`);
  }
  const header = JSON.parse(new TextDecoder().decode(raw.subarray(4, 4 + length)));
  if (header.version !== 1) {
    throw new RangeError(`decode: payload version ${header.version}; this page reads version 1. Reload the page.`);
  }
  const { sizes, combine, scale, weights } = header.map;
  return { header, map: { sizes, combine, scale, weights, heads: readFactors(raw, 4 + length, header.map) } };
}

function readFactors(raw, start, { sizes, heads }) {
  const count = heads * sizes.reduce((sum, n) => sum + n * n, 0);
  if (raw.length - start !== 4 * count) {
    throw new RangeError(`decode: ${count} numbers are announced, ${(raw.length - start) / 4} came.`);
  }
  // a message may begin anywhere in its buffer, but numbers must begin at a multiple of 4
  const aligned = (raw.byteOffset + start) % 4 === 0;
  const buffer = aligned ? raw.buffer : raw.slice(start).buffer;
  let at = aligned ? raw.byteOffset + start : 0;
  return Array.from({ length: heads }, () => sizes.map((n) => {
    const factor = new Float32Array(buffer, at, n * n);
    at += 4 * n * n;
    return factor;
  }));
}
