// Reports clicks in plotly figures. Streamlit itself passes on no click in a heatmap. The figures come
// and go with reruns, so they are looked for again and again; a figure is known by its event emitter,
// which plotly replaces when it draws anew from nothing.
export default function (component) {
  const { data, setTriggerValue } = component;

  // where the mouse was in the axes' own numbers: a cell's middle is all that plotly tells of a click in a heatmap
  const exact = (figure, { xaxis, yaxis }, mouse) => {
    const box = find(figure)?.getBoundingClientRect?.();
    if (!box || !mouse || xaxis.type !== "linear" || yaxis?.type !== "linear") return null;
    const [across, down] = [mouse.clientX - box.left - xaxis._offset, mouse.clientY - box.top - yaxis._offset];
    return [xaxis.p2d(across), yaxis.p2d(down)];
  };

  const clicked = (figure) => (event) => {
    const point = event.points && event.points[0];
    if (!point || !point.xaxis) return;
    const cell = Array.isArray(point.pointNumber) ? point.pointNumber : null;
    const shift = Boolean(event.event && event.event.shiftKey);
    const place = { x: point.x, y: point.y, axis: point.xaxis._id, cell, at: exact(figure, point, event.event) };
    setTriggerValue("event", { figure, type: "click", ...place, shift, stamp: performance.now() });
  };

  const find = (figure) => document.querySelector(`.st-key-${figure} .js-plotly-plot`);
  const attach = () => {
    for (const figure of data.figures) {
      const plot = find(figure);
      if (!plot || !plot.on || plot.hotLens?.emitter === plot._ev) continue;
      const handler = clicked(figure);
      plot.on("plotly_click", handler);
      plot.hotLens = { emitter: plot._ev, handler };
    }
  };
  attach();
  const timer = setInterval(attach, 200);
  return () => {
    clearInterval(timer);
    // the figures may outlive this listener, and the next one must find them free
    for (const plot of data.figures.map(find)) {
      if (!plot?.hotLens) continue;
      plot.removeListener?.("plotly_click", plot.hotLens.handler);
      plot.hotLens = null;
    }
  };
}
