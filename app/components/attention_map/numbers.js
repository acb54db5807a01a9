// Numbers as hot_core.analysis.words writes them: few digits, a typographic minus, commas, halves to even.

/**
 * A number with at most `digits` significant digits and no exponent in 1e-6 … 1e9; twin of words.number.
 * @param {number} value any number.
 * @param {number} digits significant digits.
 * @returns {string} "0.031", "−26", "1,230", "0".
 */
export function numberWords(value, digits = 3) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  const rounded = significant(size, digits);
  const magnitude = Math.floor(Math.log10(size));
  if (magnitude < -6 || magnitude >= 9) return sign + exponentWords(rounded);
  const text = fixedWords(Number(rounded), Math.max(0, digits - 1 - magnitude));
  return sign + (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

/**
 * A number with so many decimals and commas between thousands; twin of Python's f"{value:,.{decimals}f}" with a
 * typographic minus, which zero does not get.
 * @param {number} value below 1e21 in size.
 * @param {number} decimals 0 … 70.
 * @returns {string} "298,412", "−26.5", "0.00".
 */
export function placeWords(value, decimals) {
  const text = fixedWords(Math.abs(value), decimals);
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** A size with so many decimals and commas between thousands. */
function fixedWords(size, decimals) {
  const [whole, part] = halfToEven(size, (count) => size.toFixed(count), decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** A size with so many significant digits, as "1.23e+4". */
function significant(size, digits) {
  return halfToEven(size, (count) => size.toExponential(count), digits - 1);
}

/**
 * Rounds as Python does: JavaScript's own methods look at the exact binary value too, but round a tie up.
 * A tie between two doubles' decimals ends in 5 and has nothing but zeros behind it.
 */
function halfToEven(size, write, decimals) {
  const usual = write(decimals);
  const [longer, exponent] = write(decimals + 1).split("e");
  if (!longer.endsWith("5")) return usual;
  const [exact] = write(decimals + 26).split("e");
  if (!exact.startsWith(longer) || /[1-9]/.test(exact.slice(longer.length))) return usual;
  const below = longer.slice(0, -1).replace(/\.$/, "");
  const even = "02468".includes(below.at(-1));
  return even ? below + (exponent === undefined ? "" : `e${exponent}`) : usual;
}

/** "1.23e+4" as Python writes it: "1.23e+04". */
function exponentWords(text) {
  const [mantissa, exponent] = text.split("e");
  const digits = exponent.slice(1).padStart(2, "0");
  return `${mantissa}e${exponent[0] === "-" ? "−" : "+"}${digits}`;
}
