// Line charts as SVG without a library: axes, grid, labels, legend, whiskers from minimum to maximum of the
// repetitions.
import { short } from './numbers.mjs';

const width = 760;
const height = 460;
const inside = { left: 84, right: 24, top: 56, bottom: 112 };
const legendColumns = 3;
const legendLine = 22;
// Colours that are distinguishable with colour vision deficiency, and dashes for print.
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00', '#56b4e9'];

const escaped = (text) =>
  String(text).replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]);
const at = (value) => Number(value.toFixed(1));

/** 1, 10, 100 … (log) or about five round numbers (linear) that include the minimum and maximum. */
export function ticks(least, most, log) {
  if (log) {
    const first = Math.floor(Math.log10(least) + 1e-9);
    const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9));
    return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  }
  const rough = (most || 1) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * [1, 2, 5, 10].find((factor) => factor * magnitude >= rough);
  const last = Math.max(1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: last + 1 }, (_, i) => i * step);
}

/** Maps a value to a coordinate between `from` and `to`. */
function scale(least, most, log, from, to) {
  const value = log ? Math.log10 : (x) => x;
  const [a, b] = [value(least), value(most)];
  return (x) => (a === b ? (from + to) / 2 : from + ((value(x) - a) / (b - a)) * (to - from));
}

const axisText = (value) =>
  value >= 1e6 ? `${short(value / 1e6)} M` : value >= 1e4 ? `${short(value / 1e3)} k` : String(Number(value.toPrecision(6)));

/**
 * The chart as SVG text. `series` are {name, dashed, group, points: [{x, y, min, max}]}, with one colour per group;
 * `xTicks` are the values to mark on the x axis (default: those of the points). A logarithmic axis omits points ≤ 0.
 */
export function lineChart({ title, subtitle = '', xLabel, yLabel, xLog = false, yLog = false, xTicks, series }) {
  const shown = series
    .map((item) => ({ ...item, points: item.points.filter(({ x, y }) => (!xLog || x > 0) && (!yLog || y > 0)) }))
    .filter(({ points }) => points.length > 0);
  if (shown.length === 0) throw new Error(`nothing to draw: ${title}`);
  const points = shown.flatMap((item) => item.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const low = ({ y, min = y }) => (yLog && min <= 0 ? y : min);
  const yTicks = ticks(Math.min(...points.map(low)), Math.max(...points.map(({ y, max = y }) => max)), yLog);
  const x = scale(xs[0], xs[xs.length - 1], xLog, inside.left + 16, width - inside.right - 16);
  const y = scale(yTicks[0], yTicks[yTicks.length - 1], yLog, height - inside.bottom, inside.top);
  const [left, right, bottom] = [inside.left, width - inside.right, height - inside.bottom];

  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}"` +
      ' font-family="system-ui, sans-serif" font-size="13" fill="#222">',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="24" font-size="16" font-weight="600">${escaped(title)}</text>`,
    `<text x="${left}" y="43" fill="#666">${escaped(subtitle)}</text>`,
  ];
  for (const tick of yLog ? yTicks.slice(0, -1).flatMap((power) => [2, 5].map((times) => times * power)) : []) {
    out.push(`<line x1="${left}" y1="${at(y(tick))}" x2="${right}" y2="${at(y(tick))}" stroke="#f2f2f2"/>`);
    if (yTicks.length <= 4) out.push(`<text x="${left - 8}" y="${at(y(tick)) + 4}" text-anchor="end" fill="#888">${axisText(tick)}</text>`);
  }
  for (const tick of yTicks) {
    const pixel = at(y(tick));
    out.push(`<line x1="${left}" y1="${pixel}" x2="${right}" y2="${pixel}" stroke="#e4e4e4"/>`);
    out.push(`<text x="${left - 8}" y="${pixel + 4}" text-anchor="end">${axisText(tick)}</text>`);
  }
  for (const tick of xTicks ?? xs) {
    const pixel = at(x(tick));
    out.push(`<line x1="${pixel}" y1="${bottom}" x2="${pixel}" y2="${bottom + 5}" stroke="#222"/>`);
    out.push(`<text x="${pixel}" y="${bottom + 20}" text-anchor="middle">${axisText(tick)}</text>`);
  }
  out.push(`<path d="M${left} ${inside.top}V${bottom}H${right}" fill="none" stroke="#222"/>`);
  out.push(`<text x="${(left + right) / 2}" y="${bottom + 42}" text-anchor="middle">${escaped(xLabel)}</text>`);
  const middle = (inside.top + bottom) / 2;
  out.push(`<text x="20" y="${middle}" text-anchor="middle" transform="rotate(-90 20 ${middle})">${escaped(yLabel)}</text>`);

  const columnWidth = (right - left) / Math.min(legendColumns, shown.length);
  const groups = [...new Set(shown.map(({ name, group = name }) => group))];
  shown.forEach(({ name, dashed, group = name, points: own }, i) => {
    const colour = colours[groups.indexOf(group) % colours.length];
    const dashes = dashed ? ' stroke-dasharray="6 4"' : '';
    const sorted = [...own].sort((a, b) => a.x - b.x);
    for (const point of sorted) {
      const { max = point.y } = point;
      if (max > low(point)) {
        out.push(`<line x1="${at(x(point.x))}" y1="${at(y(low(point)))}" x2="${at(x(point.x))}" y2="${at(y(max))}" stroke="${colour}" stroke-opacity="0.45" stroke-width="3"/>`);
      }
    }
    const path = sorted.map((point, k) => `${k === 0 ? 'M' : 'L'}${at(x(point.x))} ${at(y(point.y))}`).join('');
    out.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`);
    for (const point of sorted) {
      out.push(`<circle cx="${at(x(point.x))}" cy="${at(y(point.y))}" r="3.5" fill="${colour}"><title>${escaped(`${name}: ${axisText(point.x)}, ${short(point.y)}`)}</title></circle>`);
    }
    const from = at(left + (i % legendColumns) * columnWidth);
    const line = bottom + 66 + Math.floor(i / legendColumns) * legendLine;
    out.push(`<line x1="${from}" y1="${line}" x2="${from + 26}" y2="${line}" stroke="${colour}" stroke-width="2"${dashes}/>`);
    out.push(`<text x="${from + 32}" y="${line + 4}">${escaped(name)}</text>`);
  });
  return `${out.join('\n')}\n</svg>\n`;
}
