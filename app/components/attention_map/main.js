/** The attention map: what the page calls with every payload. */

import { measure, newInstrument, refresh, takePayload } from "./instrument.js";
import { listenToMinimap, listenToPointers } from "./input.js";
import { listenToKeys } from "./keys.js";
import { decode } from "./payload.js";
import { announce, chosenWords } from "./readout.js";
import { showTables } from "./table.js";
import { foldToolbar, prepareToolbar, showToolbar } from "./toolbar.js";
import { reportEvent } from "../report.js";

/** Listeners of a new instrument: input, width, theme, screen. */
function prepare(it) {
  listenToPointers(it);
  listenToKeys(it);
  listenToMinimap(it);
  prepareToolbar(it);
  it.afterFrame = () => {
    foldToolbar(it);
    showTables(it);
  };
  it.parts.table.addEventListener("toggle", () => showTables(it));
  new ResizeObserver(() => it.header && measure(it)).observe(it.parts.stage);
  it.root.addEventListener("transitionend", (event) => {
    if (event.target === it.root && it.header) measure(it);
  });
}

function showWords(it) {
  const { header, parts } = it;
  parts.title.textContent = header.title;
  parts.formula.textContent = header.formula;
  it.root.setAttribute("aria-label", `${header.title}. ${header.about}`);
  const axes = header.direction === "row" ? "its row is marked" : "its column is marked";
  const told = `Attention map: ${header.title}. Rows look, columns are looked at; of the chosen query ${axes}.`;
  parts.map.setAttribute("aria-label", told);
  it.root.classList.toggle("am-small", Boolean(header.small));
  parts.minimap.hidden = Boolean(header.small);
}

/** Undo, redo and choices elsewhere are said where the person is; the map's own choices have been said already. */
function sayChange(it, before) {
  const { map } = it.parts;
  const same = before.query === it.chosen.query && before.key === it.chosen.key;
  if (!same && map.getRootNode().activeElement === map) announce(it, chosenWords(it));
}

/**
 * Show a payload in the instrument that stands in the component's root; called again whenever the data change.
 *
 * @param {{data: Uint8Array|ArrayBuffer, parentElement: Element|ShadowRoot, setTriggerValue: function}} component
 */
export default function attentionMap(component) {
  const root = component.parentElement.querySelector(".attention-map");
  const isNew = !root.attentionMap;
  if (isNew) root.attentionMap = newInstrument(root);
  const it = root.attentionMap;
  it.send = (event) => reportEvent(component, event);
  const { header, map } = decode(component.data);
  const before = it.chosen;
  takePayload(it, header, map);
  if (isNew) prepare(it);
  showWords(it);
  showToolbar(it);
  measure(it);
  refresh(it, 2);
  if (!isNew) sayChange(it, before);
  return undefined;
}
