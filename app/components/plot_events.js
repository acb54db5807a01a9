// Reports clicks in plotly figures. Streamlit itself passes on no click in a heatmap.
import { findFigure, listenToFigures } from "./plot_listener.js";
import { reportEvent } from "./report.js";

// where the mouse was in the axes' own numbers: a cell's middle is all that plotly tells of a click in a heatmap
function exactPlace(figure, { xaxis, yaxis }, mouse) {
  const box = findFigure(figure)?.getBoundingClientRect?.();
  if (!box || !mouse || xaxis.type !== "linear" || yaxis?.type !== "linear") return null;
  const [across, down] = [mouse.clientX - box.left - xaxis._offset, mouse.clientY - box.top - yaxis._offset];
  return [xaxis.p2d(across), yaxis.p2d(down)];
}

/**
 * Listen to the figures that the data name.
 *
 * @param {{data: {figures: string[]}, parentElement: Element, setTriggerValue: function}} component
 */
export default function listenToClicks(component) {
  const clicked = (figure) => ({ points, event }) => {
    const point = points && points[0];
    if (!point || !point.xaxis) return;
    const cell = Array.isArray(point.pointNumber) ? point.pointNumber : null;
    const shift = Boolean(event && event.shiftKey);
    const place = { x: point.x, y: point.y, axis: point.xaxis._id, cell, at: exactPlace(figure, point, event) };
    reportEvent(component, { figure, type: "click", ...place, shift });
  };
  return listenToFigures(component, component.data.figures, "plotly_click", clicked);
}
