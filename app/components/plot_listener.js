/** Listening to the page's plotly figures, whoever listens. */

/** The figure that stands under a key now. */
export const findFigure = (key) => document.querySelector(`.st-key-${key} .js-plotly-plot`);

/**
 * Listen to one event of some figures. They come and go with reruns, so they are looked for again and again; a figure
 * is known by its event emitter, which plotly replaces when it draws anew from nothing.
 *
 * Whenever its data change, Streamlit calls a component again, and what the call before began it ends only when the
 * component goes: so the listeners of the call before are ended here, or they would answer with data that are old.
 *
 * @param {{parentElement: Element|ShadowRoot}} component
 * @param {string[]} keys of the figures
 * @param {string} name of plotly's event
 * @param {function(string): function(object)} handlerOf from a figure's key to what hears its events
 * @return {function()} ends the listening
 */
export function listenToFigures({ parentElement }, keys, name, handlerOf) {
  parentElement.hotLensStop?.();
  const attach = () => {
    for (const key of keys) {
      const plot = findFigure(key);
      if (!plot || !plot.on || plot.hotLens?.[name]?.emitter === plot._ev) continue;
      const handler = handlerOf(key);
      plot.on(name, handler);
      plot.hotLens = { ...plot.hotLens, [name]: { emitter: plot._ev, handler } };
    }
  };
  attach();
  const timer = setInterval(attach, 200);
  const stop = () => {
    clearInterval(timer);
    // the figures may outlive this listener, and the next one must find them free
    for (const plot of keys.map(findFigure)) {
      if (!plot?.hotLens?.[name]) continue;
      plot.removeListener?.(name, plot.hotLens[name].handler);
      delete plot.hotLens[name];
    }
  };
  parentElement.hotLensStop = stop;
  return stop;
}
