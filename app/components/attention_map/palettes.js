// The two colour scales, as 256 colours each.

// plotly's own stops, straight lines between them: a weight has one colour in every picture of the page
export const VIRIDIS = "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725";

// Blue below, red-brown above a neutral middle. Each arm is a path through CIELAB from L* 94 to L* 24 (hue 238° to 280°
// and 66° to 40°), cut into eight steps of equal ΔE, so that lightness says how far from the middle in both arms and
// hue on which side; told apart with deuteranopia too, which shifts neither blue nor lightness.
const DIVERGING = "22395f 1f4f82 1b69a5 2a87c4 51a3d9 7bbae3 a2cde8 c8deeb eeeeee "
  + "f0d9c8 f0c2a4 ecaa80 e28f5d cd6d3c a94a25 85331b 642517";

/**
 * The colours of a scale.
 * @param {string} kind "linear", "log" (both viridis) or "uniform" (diverging).
 * @returns {Uint8Array} 256 · (red, green, blue, alpha), from the lowest share to the highest.
 */
export function paletteOf(kind) {
  return coloursAlong(kind === "uniform" ? DIVERGING : VIRIDIS);
}

/**
 * Colours between stops, in straight lines.
 * @param {string} stops hexadecimal colours with spaces between.
 * @returns {Uint8Array} 256 · (red, green, blue, alpha).
 */
export function coloursAlong(stops) {
  const parts = stops.split(" ");
  const colours = new Uint8Array(256 * 4).fill(255);
  for (let index = 0; index < 256; index += 1) {
    const along = (index / 255) * (parts.length - 1);
    const lower = Math.min(Math.floor(along), parts.length - 2);
    for (let channel = 0; channel < 3; channel += 1) {
      const [from, to] = [parts[lower], parts[lower + 1]].map((hex) => parseInt(hex.substr(2 * channel, 2), 16));
      colours[4 * index + channel] = Math.round(from + (to - from) * (along - lower));
    }
  }
  return colours;
}
