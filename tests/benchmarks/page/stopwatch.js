// From the release of the mouse to the frame in which every linked view shows the new position.
// A plain script, put into the page before its own: it counts the bytes of the websocket, too.

const pace = { bytes: { received: 0, sent: 0 } };
window.pace = pace;

pace.deep = deep;

const sizeOf = (data) => data.byteLength ?? data.size ?? data.length ?? 0;

window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", (event) => { pace.bytes.received += sizeOf(event.data); });
  }

  send(data) {
    pace.bytes.sent += sizeOf(data);
    super.send(data);
  }
};

/** The first element of a selector below a root, in shadow roots, too. */
function deep(root, selector) {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const element of root.querySelectorAll("*")) {
    const inner = element.shadowRoot && deep(element.shadowRoot, selector);
    if (inner) return inner;
  }
  return null;
}

/** What a view shows: a position of the instrument, a sentence, the volume viewer's query, or the frames over a plotly figure. */
function shown(view) {
  const box = document.querySelector(view.box);
  if (!box) return null;
  if (view.what === "text") return box.textContent;
  if (view.what === "viewer") return deep(box, ".niivue-volume")?.dataset.query || null; // written when drawn, too
  if (view.what === "marks") {
    const lines = box.querySelectorAll(".js-plotly-plot .shapelayer path");
    return lines.length ? Array.from(lines, (line) => line.getAttribute("d")).join("|") : null;
  }
  return deep(box, "[data-testid=attention-map]")?.dataset.query || null; // written when a payload has been drawn
}

/** The index of a flat C-order position along one mode. */
function digit(flat, sizes, mode) {
  const behind = sizes.slice(mode + 1).reduce((all, size) => all * size, 1);
  return Math.floor(flat / behind) % sizes[mode];
}

/** Views that still show what they showed before, and instruments of a mode that stand elsewhere than the map's. */
function behindhand(given, before) {
  const now = given.views.map(shown);
  const at = given.views.findIndex((view) => view.what === "map");
  const follows = (view, index) => now[index] !== null && (view.what === "matrix"
    ? Number(now[index]) === digit(Number(now[at]), given.sizes, view.mode)
    : now[index] !== before[index]);
  return given.views.filter((view, index) => !follows(view, index)).map((view) => view.box);
}

/** Looks once a frame; answers at the frame after the one that found all views agreed, which is drawn by then. */
function follow(given, before, start, answer) {
  const look = () => {
    const late = behindhand(given, before);
    if (!late.length) {
      requestAnimationFrame(() => answer({ ms: performance.now() - start, late }));
    } else if (performance.now() - start > given.limit) {
      answer({ ms: null, late });
    } else {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
}

/** What all views show once none of them is at work. */
async function settledViews(given) {
  const begin = performance.now();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const now = given.views.map(shown);
    const missing = given.views.filter((view, index) => now[index] === null).map((view) => view.box);
    if (!missing.length) return now;
    if (performance.now() - begin > given.limit) throw new Error(`Nothing to follow in ${missing.join(", ")}.`);
  }
}

/** Waits for the next release of the mouse; `pace.result` is the promise of what came of it. */
pace.arm = async (given) => {
  const before = await settledViews(given);
  pace.bytes.received = pace.bytes.sent = 0;
  pace.result = new Promise((answer) => {
    const begin = (event) => follow(given, before, event.timeStamp, answer);
    window.addEventListener("pointerup", begin, { once: true, capture: true });
    setTimeout(() => answer({ ms: null, late: ["a click that never came"] }), given.limit + 2000);
  });
};

/** A selector's element in page coordinates, for the mouse. */
pace.place = ([box, selector, which]) => {
  const root = document.querySelector(box);
  const all = root ? root.querySelectorAll(selector) : [];
  const found = all.length ? all[which % all.length] : root && deep(root, selector);
  if (!found) return null;
  found.scrollIntoView({ block: "center" });
  const { x, y, width, height } = found.getBoundingClientRect();
  return { x, y, width, height, count: Math.max(all.length, 1) };
};
