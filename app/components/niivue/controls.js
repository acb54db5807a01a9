// What can be set beside the picture: where the crosshair goes, the window, what is shown, and each layer's look.
import { legendParts } from "../attention_map/legend.js";
import { makeScale } from "../attention_map/colour.js";
import { clearedContext, paintScene } from "../attention_map/canvas.js";
import { numberWords } from "../attention_map/numbers.js";
import { themeOf } from "../attention_map/theme.js";
import { LAYER_MAPS, mapColours } from "./maps.js";

const BAR_HEIGHT = 40;

/** An element with words and properties. */
export function made(tag, words, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  if (words) element.textContent = words;
  return element;
}

/** The choices that somebody made are kept while the page is open, whatever is shown. */
export function keptChoice() {
  globalThis.hotLens.viewerChoice ??= {
    zoom: "region",
    labels: { on: true, opacity: 0 },
    attention: { on: true, opacity: 0.85, threshold: 0, map: "Viridis" },
    rollout: { on: false, opacity: 0.85, threshold: 0, map: "Cividis" },
  };
  return globalThis.hotLens.viewerChoice;
}

/** The window's presets and its two ends. */
export function showWindowControls(it) {
  const { presets, low, high } = it.parts;
  const { windows } = it.volume.header;
  const own = windows.every(({ name }) => name !== it.window.name);
  const names = [...windows.map(({ name }) => name), ...(own ? ["own"] : [])];
  presets.replaceChildren(...names.map((name) => made("option", name, { value: name, selected: name === it.window.name })));
  if (own) presets.value = "own";
  const step = Number(((it.window.high - it.window.low) / 100).toPrecision(1));
  for (const [input, value] of [[low, it.window.low], [high, it.window.high]]) {
    input.step = step;
    input.value = Number(value.toPrecision(6));
  }
}

/** Listen to the window's controls once. */
export function listenToWindow(it) {
  const { presets, low, high } = it.parts;
  presets.addEventListener("change", () => {
    const found = it.volume?.header.windows.find(({ name }) => name === presets.value);
    if (found) it.setWindow(found);
  });
  for (const input of [low, high]) {
    input.addEventListener("change", () => {
      const [from, to] = [Number(low.value), Number(high.value)];
      if (to > from) it.setWindow({ name: "own", low: from, high: to });
      else showWindowControls(it);
    });
  }
}

/** One row for each layer: on or off, its scale, and folded what else can be set. */
export function showLayerRows(it) {
  const rows = [];
  if (it.volume.labels) rows.push(labelRow(it));
  it.look.header.layers.forEach((layer) => rows.push(fieldRow(it, layer)));
  const held = it.parts.layers.getRootNode().activeElement?.dataset?.control;
  it.parts.layers.replaceChildren(imageRow(it), ...rows);
  if (held) it.parts.layers.querySelector(`[data-control="${held}"]`)?.focus();
  paintBars(it);
}

function imageRow(it) {
  const row = made("div", "", { className: "nv-layer" });
  const unit = it.volume.header.unit || "value in the file";
  row.append(made("span", `Image (${unit})`, { className: "nv-name" }), made("canvas", "", { className: "nv-bar" }));
  row.lastChild.dataset.bar = "image";
  return row;
}

function labelRow(it) {
  const row = made("div", "", { className: "nv-layer" });
  const names = made("span", "", { className: "nv-swatches" });
  const { labels } = it.volume.header;
  labels.names.forEach((name, at) => {
    if (!labels.colours[at]) return;
    const swatch = made("i", "");
    swatch.style.background = labels.colours[at];
    names.append(swatch, made("span", name));
  });
  row.append(toggle(it, "labels", "Prediction"), names, ...settings(it, "labels", [
    slider(it, "labels", "opacity", "filled", { max: 1, step: 0.05, words: (value) => `${Math.round(100 * value)} %` }),
  ]));
  return row;
}

function fieldRow(it, { name, title, limit, uniform }) {
  const row = made("div", "", { className: "nv-layer" });
  const bar = made("canvas", "", { className: "nv-bar" });
  bar.dataset.bar = name;
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", `Colours from 0 to ${numberWords(limit)}; uniform is ${numberWords(uniform)}`);
  const map = made("select", "");
  map.append(...Object.keys(LAYER_MAPS).map((each) => (
    made("option", each, { value: each, selected: each === it.choice[name].map }))));
  map.dataset.control = `${name}-map`;
  map.addEventListener("change", () => it.style(name, { map: map.value }));
  const end = Math.max(limit / uniform, it.choice[name].threshold);
  row.append(toggle(it, name, title), bar, ...settings(it, name, [
    slider(it, name, "opacity", "opacity", { max: 1, step: 0.05, words: (value) => `${Math.round(100 * value)} %` }),
    slider(it, name, "threshold", "shown from", {
      max: end, step: end / 100, words: (value) => `${numberWords(value * uniform)} (${numberWords(value, 2)}×)`,
    }),
    labelled("colours", map),
  ]));
  return row;
}

function toggle(it, name, words) {
  const box = made("input", "", { type: "checkbox", checked: it.choice[name].on });
  box.dataset.control = `${name}-on`;
  box.addEventListener("change", () => it.style(name, { on: box.checked }));
  const label = made("label", "", { className: "nv-name" });
  label.append(box, made("span", words));
  return label;
}

function labelled(words, ...inputs) {
  const label = made("label", "", { className: "nv-setting" });
  label.append(made("span", words), ...inputs);
  return label;
}

function slider(it, name, what, words, { max, step, words: say }) {
  const input = made("input", "", { type: "range", min: 0, max, step, value: it.choice[name][what] });
  const said = made("output", say(it.choice[name][what]));
  input.dataset.control = `${name}-${what}`;
  input.addEventListener("input", () => {
    said.textContent = say(Number(input.value));
    it.style(name, { [what]: Number(input.value) }, false);
  });
  return labelled(words, input, said);
}

/** The settings of a layer, folded behind a button; whether they are open lasts. */
function settings(it, name, inputs) {
  const button = made("button", "⚙", { type: "button", className: "nv-button nv-open" });
  button.setAttribute("aria-label", `How ${name} is drawn`);
  button.dataset.control = `${name}-settings`;
  const more = made("div", "", { className: "nv-more" });
  more.append(...inputs);
  const show = () => {
    more.hidden = !it.open[name];
    button.setAttribute("aria-expanded", String(Boolean(it.open[name])));
  };
  button.addEventListener("click", () => {
    it.open[name] = !it.open[name];
    show();
  });
  show();
  return [button, more];
}

/** The colour bars, in data units, with the uniform level marked. */
export function paintBars(it) {
  const theme = themeOf(it.root);
  for (const bar of it.parts.layers.querySelectorAll("canvas")) {
    const width = bar.clientWidth;
    if (!width) continue;
    const context = clearedContext(bar, width, BAR_HEIGHT, window.devicePixelRatio || 1);
    const look = { ink: theme.ink, muted: theme.muted, size: 11, bar: 9, halo: theme.background };
    context.font = `11px ${theme.font}`;
    look.measure = (text) => context.measureText(text).width;
    paintScene(context, legendParts(scaleOfBar(it, bar.dataset.bar), width, BAR_HEIGHT, look), theme.font);
  }
}

function scaleOfBar(it, name) {
  if (name === "image") return greyScale(it.window);
  const { limit, uniform } = it.look.header.layers.find((layer) => layer.name === name);
  return { ...makeScale("linear", { limit, uniform, floor: 0 }), colours: mapColours(it.choice[name].map) };
}

function greyScale({ low, high }) {
  const colours = new Uint8Array(256 * 4).map((_, at) => (at % 4 === 3 ? 255 : at >> 2));
  const tick = (share, end) => ({ share, words: numberWords(low + share * (high - low)), uniform: false, end });
  return { colours, ticks: [tick(0, true), tick(0.5, false), tick(1, true)] };
}
