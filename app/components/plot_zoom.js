// Reports how far somebody has zoomed a plotly figure along x. Streamlit draws a changed figure anew from nothing,
// so that a zoom would be lost at every click: Python keeps it and draws the figure with it.
import { findFigure, listenToFigures } from "./plot_listener.js";
import { reportEvent } from "./report.js";

/** A finger scrolls the page, as everywhere else; the mouse draws the part to zoom to. */
function leaveFingersToThePage(plot) {
  plot.addEventListener("touchstart", () => { plot._fullLayout.dragmode = false; }, { capture: true, passive: true });
  plot.addEventListener("mousedown", () => { plot._fullLayout.dragmode = plot.layout.dragmode; }, { capture: true });
}

/**
 * Listen to the figure that the data name.
 *
 * @param {{data: {figure: string, of: string}, parentElement: Element, setTriggerValue: function}} component
 */
export default function listenToZoom(component) {
  const { figure, of } = component.data;
  const zoomed = (key) => {
    leaveFingersToThePage(findFigure(key));
    return (change) => {
      const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (from === undefined || to === undefined) return;
      reportEvent(component, { range: [from, to], of });
    };
  };
  return listenToFigures(component, [figure], "plotly_relayout", zoomed);
}
