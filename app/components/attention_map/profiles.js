/** The weights of one row above the map and of one column beside it, as filled step curves in data units. */

import { pixelsFor } from "./camera.js";
import { blockMeans } from "./kronecker.js";
import { SMALL } from "./layout.js";
import { KEY_INK, QUERY_INK } from "./theme.js";
import { numberWords } from "./numbers.js";

/**
 * Which row and which column the profiles show: the query's line, and across it the key's line or, without a key,
 * that under the pointer or that of the strongest partner.
 *
 * @returns {{row: {position: number, role: string}|null, col: {position: number, role: string}|null}}
 */
export function profileLines(chosen, hover, strongest, direction) {
  const own = chosen.query === null ? null : { position: chosen.query, role: "query" };
  const across = direction === "row" ? hover?.col : hover?.row;
  let partner = null;
  if (chosen.key !== null) partner = { position: chosen.key, role: "key" };
  else if (across !== undefined) partner = { position: across, role: "hover" };
  else if (strongest !== null) partner = { position: strongest, role: "hover" };
  return direction === "row" ? { row: own, col: partner } : { row: partner, col: own };
}

/** Block means of one row over the columns seen, or of one column over the rows seen. */
export function lineMeans(map, view, line, isRow, pixels) {
  const own = [line.position, line.position + 1];
  if (isRow) return blockMeans(map, own, view.cols, 1, pixels);
  return blockMeans(map, view.rows, own, pixels, 1);
}

/** Both profiles' values, kept as long as view, map and lines stay. */
export function profilesFor(it, lines) {
  const { view } = it.picture;
  const pixels = pixelsFor(view.rows[1] - view.rows[0], it.layout.map.width, 1, 512);
  const kept = it.profiles?.map === it.map ? it.profiles : { map: it.map };
  const line = (one, isRow, old) => {
    if (!one) return null;
    const key = `${one.position} ${isRow ? view.cols : view.rows} ${pixels}`;
    if (old?.key === key) return { ...old, role: one.role };
    return { ...one, key, values: lineMeans(it.map, view, one, isRow, pixels) };
  };
  const row = line(lines.row, true, kept.row);
  const col = it.layout.beside ? line(lines.col, false, kept.col) : null;
  return { map: it.map, row, col };
}

function largest(values) {
  let most = 0;
  for (const value of values) if (value > most && value < Infinity) most = value;
  return most;
}

/** The shared upper end of both profiles, in data units. */
export function profileLimit(profiles, uniform) {
  const highs = [profiles.row, profiles.col].filter(Boolean).map((line) => largest(line.values));
  return Math.max(...highs, 1.25 * uniform, 1e-300);
}

function inkOf(role, theme) {
  return { query: QUERY_INK, key: KEY_INK, hover: theme.muted }[role];
}

/** Corners of a step curve that is closed along its base; along: 0…1 across the map, up: 0…1 of the limit. */
function corners(values, limit, place) {
  const points = [place(0, 0)];
  values.forEach((value, at) => {
    const up = Math.min(Math.max(value / limit, 0), 1) || 0;
    points.push(place(at / values.length, up), place((at + 1) / values.length, up));
  });
  return [...points, place(1, 0)];
}

function curve(line, limit, place, theme) {
  const points = corners(line.values, limit, place);
  const ink = inkOf(line.role, theme);
  return [
    { type: "path", points, fill: ink.startsWith("#") ? `${ink}38` : theme.line },
    { type: "path", points: points.slice(1, -1), stroke: ink, line: 1.2 },
  ];
}

function across(from, to, stroke, dash) {
  return { type: "line", x1: from[0], y1: from[1], x2: to[0], y2: to[1], stroke, line: 1, dash };
}

function oneProfile(line, limit, uniform, place, theme, mark) {
  const base = across(place(0, 0), place(1, 0), theme.line);
  const level = across(place(0, uniform / limit), place(1, uniform / limit), theme.ink, [1.5, 2.5]);
  const marks = mark === null ? [] : [across(place(mark, 0), place(mark, 1), theme.ink, [2, 2])];
  return [base, ...(line ? curve(line, limit, place, theme) : []), level, ...marks];
}

/**
 * Both profiles as scene primitives.
 *
 * @param {object} profiles values of the row and the column
 * @param {object} layout of the stage
 * @param {object} theme
 * @param {{uniform: number, hover: {x: number, y: number}|null}} more hover as shares of the map
 */
export function profileParts(profiles, layout, theme, { uniform, hover }) {
  const { above, beside } = layout;
  const limit = profileLimit(profiles, uniform);
  const up = (share, high) => [above.x + share * above.width, above.y + above.height * (1 - 0.94 * high) - 1];
  const parts = oneProfile(profiles.row, limit, uniform, up, theme, hover?.x ?? null);
  const text = { type: "text", size: SMALL, fill: theme.muted, text: numberWords(limit) };
  parts.push({ ...text, x: above.x - 6, y: above.y + 1, align: "right", baseline: "top" });
  if (!beside) return parts;
  const out = (share, high) => [beside.x + 1 + 0.94 * high * beside.width, beside.y + share * beside.height];
  return [...parts, ...oneProfile(profiles.col, limit, uniform, out, theme, hover?.y ?? null)];
}
