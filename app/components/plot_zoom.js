// Reports how far somebody has zoomed a plotly figure along x. Streamlit draws a changed figure anew from nothing,
// so that a zoom would be lost at every click: Python keeps it and draws the figure with it.
import { listenToFigures } from "./plot_listener.js";
import { reportEvent } from "./report.js";

/**
 * Listen to the figure that the data name.
 *
 * @param {{data: {figure: string, of: string}, parentElement: Element, setTriggerValue: function}} component
 */
export default function listenToZoom(component) {
  const { figure, of } = component.data;
  const zoomed = () => (change) => {
    const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (from === undefined || to === undefined) return;
    reportEvent(component, { range: [from, to], of });
  };
  return listenToFigures(component, [figure], "plotly_relayout", zoomed);
}
