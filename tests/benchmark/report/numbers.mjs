// Formats numbers, and summarizes the repetitions of a measurement.

/** The median; undefined for an empty list. */
export function median(values) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** {median, min, max} of the values of a measurement or claim; undefined if nothing was measured. */
export function spread(values = []) {
  const numbers = values.filter((value) => Number.isFinite(value));
  if (numbers.length === 0) return undefined;
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/** Three significant digits, thousands with commas. */
export function short(value) {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** short() with the unit; large numbers of bytes as MiB or KiB. */
export function withUnit(value, unit) {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'bytes' || unit === 'B') {
    if (value >= 2 ** 30) return `${short(value / 2 ** 30)} GiB`;
    if (value >= 1 << 20) return `${short(value / (1 << 20))} MiB`;
    if (value >= 10 << 10) return `${short(value / 1024)} KiB`;
    return `${short(value)} bytes`;
  }
  return unit === undefined || unit === '' ? short(value) : `${short(value)} ${unit}`;
}

/** "3 %"; values below 1 % with one decimal. */
export function percent(fraction) {
  const value = Math.abs(fraction) * 100;
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} %`;
}

/** Whether higher values of a metric, or with this operator, are better. */
export function moreIsBetter(metricOrOperator) {
  return ['>=', '>'].includes(metricOrOperator) || /(^| )rate$/.test(metricOrOperator);
}

/** The measurement that a claim checks directly; undefined for a claim about a ratio. */
export function judgedMeasurement({ measurements = [] }, { case: which, values = [] }) {
  const same = (others) => others.length === values.length && others.every((value, i) => value === values[i]);
  return measurements.find((item) => item.case === which && same(item.values));
}
