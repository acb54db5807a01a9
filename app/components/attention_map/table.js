/** The strongest entries as tables, each row with a button that chooses the pair. */

import { pickPair } from "./actions.js";
import { strongestOf } from "./readout.js";
import { element } from "./toolbar.js";
import { numberWords } from "./numbers.js";
import { lostWords, positionWords, ratioWords } from "./words.js";

const HEADS = ["From", "To", "Weight", "× uniform", ""];

function entryRow(it, { query, key, weight }) {
  const { header } = it;
  const from = positionWords(header, query);
  const to = positionWords(header, key);
  const label = `Choose ${from} → ${to}`;
  const choose = element("button", { type: "button", class: "am-button", "aria-label": label }, "Choose");
  const own = header.direction === "row" ? [query, key] : [key, query];
  choose.addEventListener("click", () => pickPair(it, ...own));
  const times = header.uniform > 0 ? ratioWords(weight / header.uniform) : "–";
  const row = element("tr", {}, element("td", {}, from), element("td", {}, to + lostWords(header, key)));
  row.append(element("td", { class: "am-number" }, numberWords(weight)), element("td", { class: "am-number" }, times));
  row.append(element("td", {}, choose));
  return row;
}

function entryTable(it, caption, entries) {
  const head = element("tr", {}, ...HEADS.map((words) => element("th", { scope: "col" }, words)));
  head.lastChild.append(element("span", { class: "am-live" }, "Choose"));
  const body = element("tbody", {}, ...entries.map((entry) => entryRow(it, entry)));
  return element("table", {}, element("caption", {}, caption), element("thead", {}, head), body);
}

function ofQuery(it) {
  if (it.chosen.query === null) return [];
  const words = positionWords(it.header, it.chosen.query);
  const caption = it.header.direction === "row" ? `Where ${words} looks most` : `Who looks most at ${words}`;
  return [entryTable(it, caption, strongestOf(it))];
}

function ofMap(it) {
  if (!it.header.top?.length) return [];
  const entries = it.header.top.map(([query, key, weight]) => ({ query, key, weight }));
  return [entryTable(it, "Strongest of the whole map", entries)];
}

/** Fill the tables while they are open, and only when the query or the map has changed. */
export function showTables(it) {
  const { table, tables } = it.parts;
  table.hidden = it.header.small;
  if (!table.open || table.hidden) return;
  const { direction, top, identity, title } = it.header;
  const key = JSON.stringify([it.chosen.query, direction, top, identity, title, it.missingKey]);
  if (it.tablesMap === it.map && it.tablesKey === key) return;
  it.tablesMap = it.map;
  it.tablesKey = key;
  keepingFocus(it, () => tables.replaceChildren(...ofQuery(it), ...ofMap(it)));
}

/** A button that was pressed is made anew with its table: the focus goes to its like, or to the title. */
function keepingFocus({ parts: { table, tables } }, change) {
  const focused = tables.getRootNode().activeElement;
  const label = tables.contains(focused) ? focused.getAttribute("aria-label") : null;
  change();
  if (label === null) return;
  const like = [...tables.querySelectorAll("button")].find((each) => each.getAttribute("aria-label") === label);
  (like ?? table.querySelector("summary")).focus({ preventScroll: true });
}
