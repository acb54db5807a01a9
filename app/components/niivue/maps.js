// Sequential colour maps for layers.

/** Perceptually even scales, plotly's stops with straight lines between them. */
export const LAYER_MAPS = {
  Viridis: "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
  Cividis: "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
  Inferno: "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
};

function stopsOf(name) {
  return LAYER_MAPS[name].split(" ").map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
}

/**
 * The colours of a map as a legend needs them.
 * @param {string} name one of LAYER_MAPS.
 * @returns {Uint8Array} 256 · (red, green, blue, alpha).
 */
export function mapColours(name) {
  const stops = stopsOf(name);
  const colours = new Uint8Array(256 * 4).fill(255);
  for (let index = 0; index < 256; index += 1) {
    const along = (index / 255) * (stops.length - 1);
    const lower = Math.min(Math.floor(along), stops.length - 2);
    for (let channel = 0; channel < 3; channel += 1) {
      const [from, to] = [stops[lower][channel], stops[lower + 1][channel]];
      colours[4 * index + channel] = Math.round(from + (to - from) * (along - lower));
    }
  }
  return colours;
}
