// The generated part of docs/performance.md.
import { judgedMeasurement, percent, short, spread, withUnit } from './numbers.mjs';

const signs = { '>=': '≥', '<=': '≤', '>': '>', '<': '<' };

const escaped = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Formats rows of cells as a Markdown table. */
export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** "yes", or by which fraction of the bound the claim is missed. */
export function verdict(claim) {
  const figures = spread(claim.values);
  if (!figures) return 'not measured';
  if (claim.holds) return 'yes';
  const missed = claim.bound === 0 ? `by ${short(figures.median)}` : `by ${percent(figures.median / claim.bound - 1)} of the bound`;
  return `**no**, ${missed}`;
}

export function claimsTable(result) {
  const rows = [];
  for (const [name, scenario] of Object.entries(result.scenarios)) {
    for (const claim of scenario.claims ?? []) {
      const unit = judgedMeasurement(scenario, claim)?.unit;
      const figures = spread(claim.values);
      rows.push([
        name,
        claim.case,
        claim.text,
        `${signs[claim.op] ?? claim.op} ${withUnit(claim.bound, unit)}`,
        figures ? withUnit(figures.median, unit) : '–',
        figures ? `${withUnit(figures.min, unit)} – ${withUnit(figures.max, unit)}` : '–',
        verdict(claim),
      ]);
    }
  }
  return markdownTable(['scenario', 'case', 'what', 'bound', 'median', 'min – max', 'holds'], rows);
}

const timed = ['rate', 'p50', 'p99', 'p999'];

/** Medians of every subject: rate and latencies in columns, other metrics in rows. */
export function figuresTable(result) {
  const rows = [];
  for (const [name, { measurements = [] }] of Object.entries(result.scenarios)) {
    const lines = new Map();
    for (const { case: which, subject, metric, unit, values } of measurements) {
      if (metric === 'resident') continue; // has a separate table
      const key = `${which}\0${subject}`;
      if (!lines.has(key)) lines.set(key, { which, subject, cells: {}, others: [] });
      const { median } = spread(values) ?? {};
      if (timed.includes(metric)) lines.get(key).cells[metric] = short(median);
      else lines.get(key).others.push(`${metric} ${withUnit(median, unit)}`);
    }
    for (const { which, subject, cells, others } of lines.values()) {
      rows.push([name, which, subject, ...timed.map((metric) => cells[metric] ?? ''), others.join(', ')]);
    }
  }
  return markdownTable(['scenario', 'case', 'subject', 'rate 1/s', 'p50 µs', 'p99 µs', 'p99.9 µs', 'besides'], rows);
}

/** The resident memory by kind of mapping, from the metric "resident"; empty if it was not measured. */
export function memoryTable(result) {
  const rows = [];
  for (const { measurements = [] } of Object.values(result.scenarios)) {
    for (const { case: which, metric, values } of measurements) {
      if (metric === 'resident') rows.push([which, spread(values)?.median]);
    }
  }
  if (rows.length === 0) return '';
  const total = rows.reduce((sum, [, bytes]) => sum + bytes, 0);
  rows.sort(([, a], [, b]) => b - a);
  const mebibytes = (bytes) => (bytes / (1 << 20)).toFixed(2);
  return markdownTable(
    ['mapping', 'resident MiB', 'share'],
    [...rows.map(([which, bytes]) => [which, mebibytes(bytes), percent(bytes / total)]), ['all', mebibytes(total), '100 %']],
  );
}

/** The list of changes, or a sentence that there are none. */
export function comparisonText(comparison) {
  if (!comparison) return 'There are no earlier figures to hold these against.';
  const lines = [];
  if (comparison.comparable === 'ratios') lines.push('The earlier figures are from another kind of machine: only ratios are compared.', '');
  if (comparison.moved.length === 0) lines.push('Nothing moved by more than the spread of both runs.');
  for (const { name, before, now, change, better, unit } of comparison.moved) {
    const [scenario, which, what] = name.split(' | ');
    const sign = change > 0 ? '+' : '−';
    lines.push(
      `- ${better ? 'better' : '**worse**'}: ${scenario}, ${which}, ${what}: ${withUnit(before.median, unit)} → ` +
        `${withUnit(now.median, unit)} (${sign}${percent(change)})`,
    );
  }
  for (const name of comparison.removed) lines.push(`- not measured any more: ${name.split(' | ').join(', ')}`);
  return lines.join('\n');
}

function machineText({ cpu, cores, memory, kernel, os, versions = {} } = {}) {
  const parts = [
    cpu && `${cpu}, ${cores} cores`,
    Number.isFinite(memory) ? withUnit(memory, 'bytes') : memory,
    os,
    kernel && `Linux ${String(kernel).replace(/^Linux /, '')}`,
    ...Object.entries(versions).map(([name, version]) => `${name} ${version}`),
  ];
  return parts.filter(Boolean).join(' · ');
}

/** The share of CPU time that was stolen by the hypervisor, by scenario; empty if unknown. */
export function stolenText(result) {
  const parts = Object.entries(result.scenarios).flatMap(([name, { stolen }]) => {
    const share = spread(stolen);
    return share ? [`${name} ${percent(share.median)} (${percent(share.min)} to ${percent(share.max)})`] : [];
  });
  return parts.length === 0 ? '' : `Of the processors' time the host gave to others: ${parts.join(', ')}.`;
}

/** The complete text between the markers. `plots` are {file, title}. */
export function generatedText(result, { comparison, plots }) {
  const claims = Object.values(result.scenarios).flatMap((scenario) => scenario.claims ?? []);
  const holding = claims.filter((claim) => claim.holds && spread(claim.values)).length;
  const memory = memoryTable(result);
  const stolen = stolenText(result);
  return [
    `Commit ${result.commit}${result.dirty ? ' **with changes that are not committed**' : ''}, ${result.date}; ` +
      `${result.repetitions} repetitions${result.quick ? ' **of a tenth of the work, for trying out**' : ''}.`,
    '',
    `Machine: ${machineText(result.machine)}.`,
    '',
    ...(stolen === '' ? [] : [stolen, '']),
    '### What has to hold',
    '',
    `${holding} of ${claims.length} hold.`,
    '',
    claimsTable(result),
    '',
    '### Since the last accepted run',
    '',
    comparisonText(comparison),
    '',
    ...plots.flatMap(({ file, title }) => [`![${title}](${file})`, '']),
    '### Figures',
    '',
    'Medians over the repetitions.',
    '',
    figuresTable(result),
    ...(memory === '' ? [] : ['', '### Where each megabyte of an idle process is', '', memory]),
  ].join('\n');
}
