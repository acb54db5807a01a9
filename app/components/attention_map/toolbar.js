/** Buttons around the map: the scale and its limits, zoom, export, help. */

import { showAll, showSelection, zoomBy } from "./actions.js";
import { refresh } from "./instrument.js";
import { HELP, sayingView } from "./keys.js";
import { saveImage } from "./save.js";

const SCALES = [
  ["uniform", "× uniform", "Colours say how many times uniform a weight is"],
  ["linear", "linear", "Colours are even steps of weight, from 0"],
  ["log", "log", "Colours are even steps of the weight's logarithm"],
];

/** An element with attributes and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function button(words, title, act) {
  const made = element("button", { type: "button", class: "am-button", title, "aria-label": title }, words);
  made.addEventListener("click", act);
  return made;
}

/** Buttons of which one is pressed; the label is what is seen, the title explains. */
function segments(label, choices, chosen, choose) {
  const group = element("span", { class: "am-group", role: "group", "aria-label": label });
  for (const [value, words, title] of choices) {
    const made = element("button", { type: "button", class: "am-button", title, "data-value": value }, words);
    made.setAttribute("aria-pressed", String(value === chosen));
    made.addEventListener("click", () => choose(value));
    group.append(made);
  }
  return group;
}

function choosing(it, name) {
  return (value) => {
    it[name] = value;
    for (const each of it.parts.tools.querySelectorAll(`[data-name="${name}"] button`)) {
      each.setAttribute("aria-pressed", String(each.dataset.value === value));
    }
    it.toolsKey = toolsKeyOf(it);
    refresh(it, 2);
  };
}

function named(group, name) {
  group.dataset.name = name;
  return group;
}

function groups(it) {
  const { header } = it;
  const scales = SCALES.filter(([value]) => header.uniform > 0 || value !== "uniform");
  const made = [named(segments("Colour scale", scales, it.scaleKind, choosing(it, "scaleKind")), "scaleKind")];
  if (header.limit !== null) {
    const limits = [
      ["view", "this view", "Colours reach to the largest pixel shown"],
      ["shared", header.limit_words, `Colours reach to the same upper end for ${header.limit_words}`],
    ];
    made.push(named(segments("Limits of the colours", limits, it.limits, choosing(it, "limits")), "limits"));
  }
  const zoom = element("span", { class: "am-group", role: "group", "aria-label": "Zoom" });
  zoom.append(
    button("+", "Zoom in", () => sayingView(it, () => zoomBy(it, 0.5))),
    button("−", "Zoom out", () => sayingView(it, () => zoomBy(it, 2))),
    button("Whole map", "Show the whole map", () => sayingView(it, () => showAll(it))),
    button("To the query", "To the query: show the chosen query and key", () => showSelection(it)),
  );
  const save = element("span", { class: "am-group", role: "group", "aria-label": "Export" });
  save.append(
    button("PNG", "Save this picture as PNG", () => saveImage(it, "png")),
    button("SVG", "Save this picture as SVG", () => saveImage(it, "svg")),
  );
  return [...made, zoom, save];
}

/** Make the buttons anew where the payload asks for others; their state and the focus stay otherwise. */
export function showToolbar(it) {
  const key = toolsKeyOf(it);
  if (it.toolsKey === key) return;
  it.toolsKey = key;
  it.parts.tools.replaceChildren(...groups(it));
}

/** What the buttons depend on. */
function toolsKeyOf({ header, scaleKind, limits }) {
  return JSON.stringify([header.limit === null, header.limit_words, header.uniform > 0, scaleKind, limits]);
}

/** Where there is little room the buttons stand behind one. */
export function foldToolbar(it) {
  const { more, tools } = it.parts;
  if (more.hidden === !it.folded) return;
  more.hidden = !it.folded;
  tools.hidden = it.folded && more.getAttribute("aria-expanded") !== "true";
}

function toggling(control, panel) {
  control.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    control.setAttribute("aria-expanded", String(!panel.hidden));
  });
}

/** Help and the folded controls; once, when the instrument is made. */
export function prepareToolbar(it) {
  const { keys, help, more, tools } = it.parts;
  const list = element("dl");
  for (const [what, does] of HELP) list.append(element("dt", {}, what), element("dd", {}, does));
  keys.append(list);
  toggling(help, keys);
  toggling(more, tools);
}
