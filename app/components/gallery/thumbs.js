// The thumbs, their colour bar and the table that says the same.
import { numberWords } from "../attention_map/numbers.js";
import { paintPixels } from "../attention_map/colour.js";
import { thumbMeans, thumbSize } from "./pack.js";

const THUMB_ROOM = 96; // CSS pixels
const TIGHT_ROOM = 72; // four in a row on a phone
const SMALL_ROOM = 64;
const MANY_HEADS = 40;
const NARROW_GALLERY = 480;

/** An element with a class and a text. */
export function galleryPart(tag, name, text = "") {
  const part = document.createElement(tag);
  part.className = name;
  part.textContent = text;
  return part;
}

/**
 * CSS pixels that a thumb may take: fewer where there are many heads or little width.
 * @param {number} count of heads.
 * @param {number} width of the gallery in CSS pixels, 0 while it is hidden.
 * @returns {number}
 */
export function thumbRoom(count, width) {
  if (count > MANY_HEADS) return SMALL_ROOM;
  return width > 0 && width < NARROW_GALLERY ? TIGHT_ROOM : THUMB_ROOM;
}

/**
 * One head as a button: its matrix, its name and its pattern.
 * @param {object} head of the payload's header.
 * @param {Float32Array} weights side · side, query × key.
 * @param {{side: number, room: number, scale: object}} look cells of the matrix, CSS pixels, colours in data units.
 * @returns {HTMLButtonElement}
 */
export function headThumb(head, weights, { side, room, scale }) {
  const button = galleryPart("button", "hg-thumb");
  button.type = "button";
  button.dataset.head = `${head.layer},${head.head}`;
  button.setAttribute("aria-label", `Open layer ${head.layer}, head ${head.head}. ${headSentence(head)}`);
  const { cells, css } = thumbSize(side, room, window.devicePixelRatio || 1);
  const canvas = galleryPart("canvas", "hg-canvas");
  canvas.width = canvas.height = cells;
  canvas.style.width = canvas.style.height = `${css}px`;
  const pixels = new ImageData(cells, cells);
  paintPixels(thumbMeans(weights, side, cells), scale, pixels.data);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const words = { "hg-name": headName(head), "hg-pattern": head.caption, "hg-value": "" };
  button.append(canvas, ...Object.entries(words).map(([name, text]) => galleryPart("span", name, text)));
  return button;
}

/**
 * The measure that the heads are sorted by, as it stands below a thumb.
 * @param {{entropy: ?number, distance: ?number, agreement: ?number}} head measures.
 * @param {string} by what is sorted by.
 * @param {string} unit of the distance; "share" for modes without order.
 * @returns {string} "2.28 nats", "17.7 h", "shares 37 %", "leaves 67 %"; "" for "layer".
 */
export function sortedValue(head, by, unit) {
  if (by === "layer") return "";
  const value = head[by];
  if (value === null) return "–";
  if (by === "entropy") return `${value.toFixed(2)} nats`;
  const share = `${Math.round(100 * value)}\u00a0%`;
  if (by === "agreement") return `shares ${share}`;
  return unit === "share" ? `leaves ${share}` : `${numberWords(value)} ${unit}`;
}

/**
 * A head in few characters.
 * @param {{layer: number, head: number}} head which one, from 0.
 * @returns {string} "L1 H3"
 */
export function headName(head) {
  return `L${head.layer} H${head.head}`;
}

/**
 * Everything that is known of a head.
 * @param {{words: string, details: string[]}} head its pattern in words, and its measures with their units.
 * @returns {string} a sentence for each.
 */
export function headSentence(head) {
  return [head.words, ...head.details].map((words) => `${words[0].toUpperCase()}${words.slice(1)}.`).join(" ");
}

/**
 * Draw the colour bar that all thumbs share.
 * @param {Element} root holding .hg-ramp, .hg-limit, .hg-level and .hg-scale.
 * @param {{limit: number, uniform: number, positions: number}} header weights in data units.
 * @param {object} scale of `makeScale`.
 * @param {number} cells of a thumb along one side; fewer than positions show means of blocks.
 */
export function drawGalleryLegend(root, header, scale, cells) {
  const ramp = root.querySelector(".hg-ramp");
  ramp.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(scale.colours), 256, 1), 0, 0);
  root.querySelector(".hg-limit").textContent = numberWords(header.limit);
  const level = root.querySelector(".hg-level");
  level.style.left = `${100 * scale.share(header.uniform)}%`;
  const pooled = cells < header.positions
    ? ` Each cell is the mean of a block: ${header.positions} positions in ${cells} cells.` : "";
  root.querySelector(".hg-scale").textContent = `▲ uniform ${numberWords(header.uniform)}`;
  root.querySelector(".hg-legend").setAttribute("aria-label",
    `Weight, one scale for all heads: linear from 0 to ${numberWords(header.limit)}; uniform attention gives ${
      numberWords(header.uniform)}.${pooled}`);
  root.querySelector(".hg-pooled").textContent = pooled;
}

/**
 * Fill the table with the heads in their order.
 * @param {HTMLTableElement} table
 * @param {{heads: object[], unit: string}} header
 * @param {number[]} order indices into the heads.
 * @param {{by: string, descending: boolean}} sort
 */
export function fillHeadTable(table, header, order, { by, descending }) {
  const away = header.unit === "share" ? "leaves own position, share" : `distance, ${header.unit}`;
  const columns = {
    layer: "head", pattern: "pattern", entropy: "entropy, nats", distance: away, agreement: "agreement",
  };
  const titles = Object.entries(columns).map(([name, words]) => {
    const title = galleryPart("th", "", words);
    title.scope = "col";
    if (name === by) title.setAttribute("aria-sort", descending ? "descending" : "ascending");
    return title;
  });
  const rows = order.map((at) => {
    const { layer, head, words, entropy, distance, agreement } = header.heads[at];
    const first = galleryPart("th", "", headName({ layer, head }));
    first.scope = "row";
    const cells = [entropy, distance, agreement].map((value) => (
      galleryPart("td", "hg-number", value === null ? "–" : numberWords(value))));
    const row = document.createElement("tr");
    row.append(first, galleryPart("td", "", words), ...cells);
    return row;
  });
  table.tHead.rows[0].replaceChildren(...titles);
  table.tBodies[0].replaceChildren(...rows);
}
