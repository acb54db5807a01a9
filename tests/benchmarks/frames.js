/**
 * How long a frame of the attention map takes: `node tests/benchmarks/frames.js [seconds a case]`.
 * Each line is the median and the slowest tenth of 512 × 512 exact block means of one map and zoom, in milliseconds.
 */

import { blockMeans, tokens } from "../../app/components/attention_map/kronecker.js";

const PIXELS = 512;

/** Numbers in (0, 1), the same in each run. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** A factor whose rows add up to 1, a few weights far above the rest. */
function factorOf(size, random) {
  const factor = Float32Array.from({ length: size * size }, () => random() ** 8);
  for (let row = 0; row < size; row += 1) {
    const line = factor.subarray(row * size, (row + 1) * size);
    const total = line.reduce((sum, weight) => sum + weight, 0);
    line.forEach((weight, at) => (line[at] = weight / total));
  }
  return factor;
}

function mapOf(sizes, heads, combine) {
  const random = randomNumbers(7);
  const factors = Array.from({ length: heads }, () => sizes.map((size) => factorOf(size, random)));
  return { sizes, combine, scale: 1, weights: factors.map(() => 1 / heads), heads: factors };
}

/** The ranges of both axes at a zoom: the share of the whole map, begun off any block. */
function rangesAt(map, share) {
  const total = tokens(map);
  const length = Math.max(Math.round(total * share), 1);
  const begin = Math.floor((total - length) * 0.37);
  return [begin, begin + length];
}

function timesOf(map, share, seconds) {
  const range = rangesAt(map, share);
  const times = [];
  const end = performance.now() + 1000 * seconds;
  for (let frame = 0; frame < 5 || performance.now() < end; frame += 1) {
    const start = performance.now();
    blockMeans(map, range, range, PIXELS, PIXELS);
    times.push(performance.now() - start);
  }
  return times.slice(2).sort((a, b) => a - b);
}

const CASES = [
  [[28, 28, 28], 1, "product", [1, 0.3, 0.05, 0.01]],
  [[100, 100, 100], 1, "product", [1, 0.3, 0.05, 0.01, 0.0005]],
  [[1000, 1000], 1, "product", [1, 0.3, 0.05, 0.01, 0.0005]],
  [[1000], 1, "product", [1, 0.3]],
  [[16, 16, 16, 16, 16], 1, "product", [1, 0.1]],
  [[1000, 1000, 1000, 1000, 1000], 1, "product", [1, 1e-3, 1e-9]],
  [[28, 28, 28], 4, "product", [1]],
  [[28, 28, 28], 8, "product", [1]],
  [[100, 100, 100], 8, "product", [1]],
  [[28, 28, 28], 1, "sum", [1, 0.05]],
  [[100, 100, 100], 1, "sum", [1, 0.05]],
];

const seconds = Number(process.argv[2] ?? 1);
for (const [sizes, heads, combine, shares] of CASES) {
  if (sizes.reduce((total, size) => total * size, 1) > Number.MAX_SAFE_INTEGER) continue;
  const map = mapOf(sizes, heads, combine);
  for (const share of shares) {
    const times = timesOf(map, share, seconds);
    const [median, late] = [0.5, 0.9].map((part) => times[Math.floor(part * times.length)].toFixed(1));
    console.log(`${sizes.join("·")} ${combine} heads=${heads} share=${share}: ${median} ms (${late})`);
  }
}
