// In which order the heads stand.

/** What the heads can be sorted by, with the words on the buttons. */
export const HEAD_SORTS = Object.freeze({
  layer: "layer", entropy: "entropy", distance: "distance", agreement: "agreement",
});

/**
 * The order of the heads.
 * @param {{layer: number, head: number, entropy: ?number, distance: ?number, agreement: ?number}[]} heads measures.
 * @param {string} by "layer", "entropy", "distance" or "agreement".
 * @param {boolean} descending largest first.
 * @returns {number[]} indices into `heads`; equal ones by layer and head, those without the measure last.
 */
export function headOrder(heads, by, descending) {
  const sign = descending ? -1 : 1;
  const compare = (one, other) => {
    const [a, b] = [heads[one][by], heads[other][by]];
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (a - b);
  };
  return heads.map((_, at) => at).sort((one, other) => (
    compare(one, other) || heads[one].layer - heads[other].layer || heads[one].head - heads[other].head));
}

/**
 * The rows in which the heads stand: one for each layer when sorted by layer, a single one otherwise.
 * @param {object[]} heads with their `layer`.
 * @param {number[]} order of `headOrder`.
 * @param {string} by what they are sorted by.
 * @returns {{title: string, members: number[]}[]} a title, "" for a single row, and indices into `heads`.
 */
export function headRows(heads, order, by) {
  if (by !== "layer") return [{ title: "", members: order }];
  const layers = [...new Set(order.map((at) => heads[at].layer))];
  return layers.map((layer) => (
    { title: `Layer ${layer}`, members: order.filter((at) => heads[at].layer === layer) }));
}
