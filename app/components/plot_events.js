// Reports clicks, zooms and double clicks in plotly figures. Streamlit itself passes on no click in a
// heatmap. The figures come and go with reruns, so they are looked for again and again; a figure is
// known by its event emitter, which plotly replaces when it draws anew from nothing.
export default function (component) {
  const { data, setTriggerValue } = component;
  const send = (event) => setTriggerValue("event", { ...event, stamp: performance.now() });

  const zooming = (figure) => data.zooming.includes(figure);
  let last = 0;
  const clicked = (figure) => (event) => {
    const point = event.points && event.points[0];
    if (!point || !point.xaxis) return;
    // the first click draws the figure anew, and plotly then takes the second for a single one
    const twice = zooming(figure) && performance.now() - last < 500;
    last = performance.now();
    if (twice) return send({ figure, type: "reset" });
    const cell = Array.isArray(point.pointNumber) ? point.pointNumber : null;
    const shift = Boolean(event.event && event.event.shiftKey);
    send({ figure, type: "click", x: point.x, y: point.y, axis: point.xaxis._id, cell, shift });
  };
  const zoomed = (figure) => (change) => {
    const keys = ["xaxis.range[0]", "xaxis.range[1]", "yaxis.range[0]", "yaxis.range[1]"];
    if (!keys.some((key) => key in change)) return;
    send({ figure, type: "zoom", x: [change[keys[0]], change[keys[1]]], y: [change[keys[2]], change[keys[3]]] });
  };
  const reset = (figure) => () => send({ figure, type: "reset" });

  const find = (figure) => document.querySelector(`.st-key-${figure} .js-plotly-plot`);
  const attach = () => {
    for (const figure of data.figures) {
      const plot = find(figure);
      if (!plot || !plot.on || plot.hotLens?.emitter === plot._ev) continue;
      const handlers = { plotly_click: clicked(figure) };
      if (zooming(figure)) {
        handlers.plotly_relayout = zoomed(figure);
        handlers.plotly_doubleclick = reset(figure);
      }
      for (const [name, handler] of Object.entries(handlers)) plot.on(name, handler);
      plot.hotLens = { emitter: plot._ev, handlers };
    }
  };
  attach();
  const timer = setInterval(attach, 200);
  return () => {
    clearInterval(timer);
    // the figures may outlive this listener, and the next one must find them free
    for (const plot of data.figures.map(find)) {
      if (!plot?.hotLens) continue;
      for (const [name, handler] of Object.entries(plot.hotLens.handlers)) plot.removeListener?.(name, handler);
      plot.hotLens = null;
    }
  };
}
