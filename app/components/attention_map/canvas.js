/** Scene primitives on a 2-D canvas. */

/** Make a canvas so large in CSS pixels, sharp on this screen, and cleared; its context counts in CSS pixels. */
export function clearedContext(canvas, width, height, ratio) {
  const wide = Math.round(width * ratio);
  const high = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function stroked(context, part) {
  if (!part.stroke) return;
  context.strokeStyle = part.stroke;
  context.lineWidth = part.line ?? 1;
  context.setLineDash(part.dash ?? []);
  context.stroke();
}

function filled(context, part) {
  if (!part.fill) return;
  context.fillStyle = part.fill;
  context.fill();
}

function shape(context, part, draw) {
  context.beginPath();
  draw();
  filled(context, part);
  stroked(context, part);
}

function written(context, part, font) {
  context.font = `${part.weight ?? ""} ${part.size}px ${font}`;
  context.fillStyle = part.fill;
  context.textAlign = part.align ?? "left";
  context.textBaseline = part.baseline === "bottom" ? "alphabetic" : (part.baseline ?? "alphabetic");
  context.save();
  context.translate(part.x, part.y);
  if (part.turn) context.rotate((part.turn * Math.PI) / 180);
  context.fillText(part.text, 0, 0);
  context.restore();
}

/** A colour table as a canvas one pixel high. */
export function rampCanvas(colours) {
  const canvas = document.createElement("canvas");
  canvas.width = colours.length / 4;
  canvas.height = 1;
  const pixels = new ImageData(new Uint8ClampedArray(colours), canvas.width, 1);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

const PAINTERS = {
  rect: (context, part) => shape(context, part, () => context.rect(part.x, part.y, part.width, part.height)),
  line: (context, part) =>
    shape(context, part, () => {
      context.moveTo(part.x1, part.y1);
      context.lineTo(part.x2, part.y2);
    }),
  path: (context, part) => shape(context, part, () => part.points.forEach(([x, y]) => context.lineTo(x, y))),
  ring: (context, part) => shape(context, part, () => context.arc(part.x, part.y, part.radius, 0, 2 * Math.PI)),
  text: (context, part, font) => written(context, part, font),
  image: (context, part) => {
    context.imageSmoothingEnabled = false;
    context.drawImage(part.canvas, part.x, part.y, part.width, part.height);
  },
  ramp: (context, part) => {
    context.drawImage(rampCanvas(part.colours), part.x, part.y, part.width, part.height);
  },
};

/**
 * Paint primitives in their order.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {object[]} parts scene primitives, in CSS pixels
 * @param {string} font family
 */
export function paintScene(context, parts, font) {
  for (const part of parts) PAINTERS[part.type](context, part, font);
}
