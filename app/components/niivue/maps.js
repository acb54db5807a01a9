// Sequential colour maps for layers.
import { VIRIDIS, coloursAlong } from "../attention_map/palettes.js";

/** Perceptually even scales, plotly's stops with straight lines between them. */
export const LAYER_MAPS = {
  Viridis: VIRIDIS,
  Cividis: "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
  Inferno: "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
};

/**
 * The colours of a map as a legend needs them.
 * @param {string} name one of LAYER_MAPS.
 * @returns {Uint8Array} 256 · (red, green, blue, alpha).
 */
export const mapColours = (name) => coloursAlong(LAYER_MAPS[name]);
