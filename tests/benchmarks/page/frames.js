// The instrument on an empty page, and how long its animation frames take.

const plain = window.requestAnimationFrame.bind(window);
const take = { all: [], last: "", root: null };
window.pace.frames = take;

/** Everything that is done in an animation frame, and how soon after its begin the next one comes. */
window.requestAnimationFrame = (callback) => plain((stamp) => {
  const begin = performance.now();
  callback(stamp);
  const ms = performance.now() - begin;
  const { frameMs, exact, pixels, view } = take.root?.dataset ?? {};
  const frame = { ms, picture: Number(frameMs), exact: exact === "true", pixels: Number(pixels), view, next: null };
  take.all.push(frame);
  plain(() => { frame.next = performance.now() - begin; });
});

/** Put the instrument there, as Streamlit does it: in a shadow root, with the payload's bytes. */
take.mount = async (name) => {
  const text = async (path) => (await fetch(path)).text();
  const shadow = document.getElementById("host").attachShadow({ mode: "open" });
  const [html, css] = [await text("attention_map/instrument.html"), await text("attention_map/instrument.css")];
  shadow.innerHTML = `<style>${css}</style>${html}`;
  take.root = shadow.querySelector("[data-testid=attention-map]");
  const draw = (await import("./attention_map/main.js")).default;
  const data = new Uint8Array(await (await fetch(name)).arrayBuffer());
  draw({ data, parentElement: shadow, setTriggerValue: () => {}, setStateValue: () => {} });
};

/** Where the map is drawn, in CSS pixels. */
take.place = () => {
  const canvas = take.root.querySelector("[data-testid=attention-canvas]");
  canvas.focus();
  const { x, y, width, height } = canvas.getBoundingClientRect();
  return { x, y, width, height };
};

/** The frames since the last call that drew a new picture. */
take.taken = () => {
  const drawn = take.all.filter((frame) => {
    const picture = `${frame.view} ${frame.pixels}`;
    const isNew = picture !== take.last;
    take.last = picture;
    return isNew && frame.next !== null;
  });
  take.all = [];
  return drawn;
};

/** Milliseconds that the block means of some views take by themselves; each is computed twice, the second counts. */
take.means = async (name, views, pixels) => {
  const { decode } = await import("./attention_map/payload.js");
  const { blockMeans } = await import("./attention_map/kronecker.js");
  const { map } = decode(new Uint8Array(await (await fetch(name)).arrayBuffer()));
  const timed = ([rows, cols]) => {
    const begin = performance.now();
    blockMeans(map, rows, cols, pixels, pixels);
    return performance.now() - begin;
  };
  views.forEach(timed);
  return views.map(timed);
};
