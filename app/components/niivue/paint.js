// The layers over the volume as one coloured image: blocks of tokens, nothing smoothed.
import { countVoxels, tokenOwners } from "./data.js";
import { mapColours } from "./maps.js";

/** A colour that fades in from transparent: what is near zero leaves the picture below it untouched. */
const fadeIn = (share) => Math.min(1, 1.6 * share ** 0.7);

/** Lay a colour over what is there: (red, green, blue in 0 … 255, alpha in 0 … 1) at a place of an array. */
function layOver(colours, at, red, green, blue, alpha) {
  const below = colours[at + 3] * (1 - alpha);
  const whole = alpha + below;
  if (whole <= 0) return;
  [red, green, blue].forEach((value, channel) => {
    colours[at + channel] = (value * alpha + colours[at + channel] * below) / whole;
  });
  colours[at + 3] = whole;
}

/**
 * The colour of every token, its layers on top of each other.
 * @param {object} look header and layers of `openLook`.
 * @param {object} choice for each layer's name whether it is on, its opacity, threshold (multiples of uniform) and map.
 * @returns {Float32Array} 4 · (red, green, blue in 0 … 255, alpha in 0 … 1), z fastest; transparent below the
 *   threshold and where there is no number.
 */
export function tokenColours({ header, layers }, choice) {
  const colours = new Float32Array(4 * layers[0].length);
  header.layers.forEach(({ name, limit, uniform }, index) => {
    const { on, opacity, threshold, map } = choice[name];
    if (!on) return;
    const palette = mapColours(map);
    layers[index].forEach((value, token) => {
      if (!(value >= threshold * uniform)) return;
      const share = Math.min(1, value / limit);
      const from = 4 * Math.round(255 * share);
      layOver(colours, 4 * token, palette[from], palette[from + 1], palette[from + 2], opacity * fadeIn(share));
    });
  });
  return colours;
}

/** The box around the region: one transparent voxel on each side, since WebGL repeats what lies at an edge. */
export function paintedBox(region) {
  return region.map(([start, stop]) => [start - 1, stop + 1]);
}

/**
 * The image over the volume.
 * @param {{header: object, labels: Int8Array|null}} volume of `openVolume`.
 * @param {object} look of `openLook`.
 * @param {object} choice how each layer is drawn; labels have an opacity alone.
 * @returns {Uint8Array} 4 · (red, green, blue, alpha) over `paintedBox`, x fastest.
 */
export function paintLayers({ header, labels }, look, choice) {
  const box = paintedBox(header.region);
  const [width, height] = box.map(([start, stop]) => stop - start);
  const image = new Uint8Array(4 * countVoxels(box));
  const tokens = tokenColours(look, choice);
  const owners = tokenOwners(look.header, header.region);
  const [, ny, nz] = look.header.starts.map((starts) => starts.length);
  const fill = labels && choice.labels.on ? choice.labels.opacity : 0;
  const classes = header.labels?.colours.map((hex) => hex && [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const mixed = new Float32Array(4);
  let voxel = 0;
  owners[2].forEach((z, up) => owners[1].forEach((y, deep) => owners[0].forEach((x, across) => {
    const own = classes?.[labels[voxel]];
    voxel += 1;
    mixed.fill(0);
    if (fill > 0 && own) layOver(mixed, 0, ...own, fill);
    if (x >= 0 && y >= 0 && z >= 0) {
      const from = 4 * ((x * ny + y) * nz + z);
      layOver(mixed, 0, tokens[from], tokens[from + 1], tokens[from + 2], tokens[from + 3]);
    }
    if (mixed[3] === 0) return;
    const at = 4 * (across + 1 + width * (deep + 1 + height * (up + 1)));
    image.set([mixed[0], mixed[1], mixed[2], 255 * mixed[3]].map(Math.round), at);
  })));
  return image;
}
