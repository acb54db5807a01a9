/** Positions without data, as the payload lists them: what lies there may be strong, but says nothing. */

/**
 * Whether a position has no data.
 *
 * @param {{missing?: [number, number][]}} header half-open flat ranges without data, in order and apart; absent: none
 * @param {number} flat C-order position
 * @returns {boolean}
 */
export function isMissing({ missing }, flat) {
  let low = 0;
  let high = missing?.length ?? 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (missing[middle][1] <= flat) low = middle + 1;
    else high = middle;
  }
  return low < (missing?.length ?? 0) && missing[low][0] <= flat;
}
