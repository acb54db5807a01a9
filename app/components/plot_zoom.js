// Reports how far somebody has zoomed a plotly figure along x. Streamlit draws a changed figure anew from nothing,
// so that a zoom would be lost at every click: Python keeps it and draws the figure with it.
export default function (component) {
  const { data, setTriggerValue } = component;
  const zoomed = (change) => {
    const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (from === undefined || to === undefined) return;
    setTriggerValue("event", { range: [from, to], of: data.of, stamp: performance.now() });
  };

  const find = () => document.querySelector(`.st-key-${data.figure} .js-plotly-plot`);
  const attach = () => {
    const plot = find();
    if (!plot || !plot.on || plot.hotLensZoom?.emitter === plot._ev) return;
    plot.on("plotly_relayout", zoomed);
    plot.hotLensZoom = { emitter: plot._ev, zoomed };
  };
  attach();
  const timer = setInterval(attach, 200);
  return () => {
    clearInterval(timer);
    const plot = find();
    if (!plot?.hotLensZoom) return;
    plot.removeListener?.("plotly_relayout", plot.hotLensZoom.zoomed);
    plot.hotLensZoom = null;
  };
}
