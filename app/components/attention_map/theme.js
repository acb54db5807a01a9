/** Colours of the page as the canvas needs them: read from the computed style, so that both themes work. */

/** The query is orange and its key blue, on every page. */
export const QUERY_INK = "#F26A0F";
export const KEY_INK = "#3D7BFF";
export const HALO_INK = "rgba(255,255,255,0.92)";

/** What exports are drawn in: paper is white. */
export const PAPER = Object.freeze({
  ink: "#1F2A37",
  muted: "#5B6776",
  line: "#D5DBE2",
  background: "#FFFFFF",
  font: "Helvetica, Arial, sans-serif",
});

function channels(colour) {
  return (colour.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
}

/**
 * Colours and font of an element that carries the style sheet's variables.
 *
 * @param {Element} root
 * @returns {{ink: string, muted: string, line: string, background: string, font: string}}
 */
export function themeOf(root) {
  const style = getComputedStyle(root);
  const [red, green, blue] = channels(style.color);
  return {
    ink: style.color,
    muted: `rgba(${red},${green},${blue},0.72)`,
    line: style.borderTopColor,
    background: style.backgroundColor,
    font: style.fontFamily,
  };
}
