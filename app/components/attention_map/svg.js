/** Scene primitives as SVG: texts stay texts. */

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** Text as it may stand in XML; control characters, which XML forbids, are left out. */
export function escaped(text) {
  // eslint-disable-next-line no-control-regex
  const allowed = String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");
  return allowed.replace(/[&<>"']/g, (sign) => ESCAPES[sign]);
}

function short(value) {
  return Number(value.toFixed(2));
}

function tag(name, attributes, inside = "") {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? short(value) : escaped(value)}"`)
    .join("");
  return inside ? `<${name}${written}>${inside}</${name}>` : `<${name}${written}/>`;
}

function inks(part) {
  return {
    fill: part.fill ?? "none",
    stroke: part.stroke,
    "stroke-width": part.stroke ? (part.line ?? 1) : undefined,
    "stroke-dasharray": part.dash?.join(" "),
  };
}

const ANCHORS = { left: "start", center: "middle", right: "end" };
const DROPS = { top: 0.82, middle: 0.35, bottom: 0 };

/** Baselines are given as shifts: viewers disagree about dominant-baseline. */
function textTag(part) {
  const drop = (DROPS[part.baseline] ?? 0) * part.size;
  const turn = part.turn ? { transform: `rotate(${part.turn} ${short(part.x)} ${short(part.y)})` } : {};
  const attributes = {
    x: part.x,
    y: part.y + drop,
    "font-size": part.size,
    "font-weight": part.weight,
    fill: part.fill,
    "text-anchor": ANCHORS[part.align ?? "left"],
    ...turn,
  };
  return tag("text", attributes, escaped(part.text) || " ");
}

function imageTag(part) {
  const { x, y, width, height } = part;
  const box = { x, y, width, height, preserveAspectRatio: "none", style: "image-rendering:pixelated" };
  return tag("image", { ...box, href: part.canvas.toDataURL("image/png") });
}

function rampTag(part) {
  const { x, y, width, height, colours } = part;
  const steps = 64;
  const step = width / steps;
  const rects = Array.from({ length: steps }, (_, at) => {
    const index = 4 * Math.round((at / (steps - 1)) * (colours.length / 4 - 1));
    const fill = `rgb(${colours[index]},${colours[index + 1]},${colours[index + 2]})`;
    const wide = at < steps - 1 ? step + 0.3 : step; // a little overlap: no seams
    return tag("rect", { x: x + at * step, y, width: wide, height, fill });
  });
  return tag("g", {}, rects.join(""));
}

const TAGS = {
  rect: (part) => tag("rect", { x: part.x, y: part.y, width: part.width, height: part.height, ...inks(part) }),
  line: (part) => tag("line", { x1: part.x1, y1: part.y1, x2: part.x2, y2: part.y2, ...inks(part) }),
  path: (part) => {
    const places = part.points.map(([x, y]) => `${short(x)} ${short(y)}`);
    return tag("path", { d: `M${places.join("L")}`, ...inks(part) });
  },
  ring: (part) => tag("circle", { cx: part.x, cy: part.y, r: part.radius, ...inks(part) }),
  text: textTag,
  image: imageTag,
  ramp: rampTag,
};

/**
 * Scene primitives as the text of an SVG file.
 *
 * @param {object[]} parts in CSS pixels, painted in their order
 * @param {number} width
 * @param {number} height
 * @param {{font: string, title: string, about: string}} more title and description for screen readers
 */
export function svgText(parts, width, height, { font, title, about }) {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  const frame = { xmlns: "http://www.w3.org/2000/svg", ...size, "font-family": font, role: "img" };
  const told = tag("title", {}, escaped(title) || " ") + tag("desc", {}, escaped(about) || " ");
  return tag("svg", frame, told + parts.map((part) => TAGS[part.type](part)).join("\n"));
}
