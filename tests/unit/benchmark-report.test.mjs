// The report of the benchmarks: what it says about figures that are known.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { compare } from '../benchmark/report/compare.mjs';
import { withGenerated, writeReport } from '../benchmark/report/index.mjs';
import { median, short, spread, withUnit } from '../benchmark/report/numbers.mjs';
import { lineChart, ticks } from '../benchmark/report/plot.mjs';
import { coordinate, drawPlots } from '../benchmark/report/plots.mjs';
import { claimsTable, comparisonText, memoryTable, stolenText, verdict } from '../benchmark/report/table.mjs';

const measurement = (which, subject, metric, unit, values) => ({ case: which, subject, metric, unit, values, median: median(values) });

/** A result with one scenario of one rate and its yardstick. */
function resultOf({ cm = [700, 720, 710], ratio = [0.7, 0.72, 0.71], holds = true, cpu = 'A', commit = 'abc' } = {}) {
  return {
    commit,
    dirty: false,
    date: '2026-11-23',
    repetitions: 3,
    machine: { cpu, cores: 2, memory: 8 << 30, kernel: '6.1', os: 'Debian 12', versions: { mariadb: '10.11' } },
    scenarios: {
      warm: {
        title: 'Warm',
        measurements: [
          measurement('W=1', 'cm', 'rate', '1/s', cm),
          measurement('W=64', 'cm', 'rate', '1/s', cm.map((rate) => 30 * rate)),
          measurement('W=1', 'echo', 'rate', '1/s', [1_000, 1_000, 1_000]),
          measurement('W=64', 'echo', 'rate', '1/s', [40_000, 41_000, 39_000]),
          measurement('W=1', 'cm', 'p99', 'µs', [240, 250, 260]),
        ],
        claims: [
          { case: 'W=1', text: 'rate over bare echo', value: ['cm', 'rate'], over: ['echo', 'rate'], op: '>=', bound: 0.7, values: ratio, median: median(ratio), holds },
        ],
      },
    },
  };
}

test('a claim is shown with its bound, median and spread, and a missed one with how much it misses', () => {
  assert.match(claimsTable(resultOf()), /\| warm \| W=1 \| rate over bare echo \| ≥ 0\.7 \| 0\.71 \| 0\.7 – 0\.72 \| yes \|/);
  assert.equal(verdict({ op: '>=', bound: 0.8, values: [0.6, 0.6, 0.6], holds: false }), '**no**, by 25 % of the bound');
  assert.equal(verdict({ op: '<=', bound: 300, values: [], holds: true }), 'not measured');
});

test('figures moved only when no repetition of one run lies among those of the other', () => {
  const before = resultOf();
  assert.deepEqual(compare(before, resultOf({ cm: [719, 730, 740] })).moved, [], 'ranges that touch');
  const { moved } = compare(before, resultOf({ cm: [900, 910, 920] }));
  assert.deepEqual(moved.map(({ name, better }) => [name, better]), [
    ['warm | W=1 | cm rate', true],
    ['warm | W=64 | cm rate', true],
  ]);
  assert.ok(Math.abs(moved[0].change - (910 / 710 - 1)) < 1e-9);
  const slower = compare(before, resultOf({ cm: [500, 510, 520], ratio: [0.5, 0.51, 0.52] }));
  assert.ok(slower.moved.every(({ better }) => !better));
  assert.match(comparisonText(slower), /^- \*\*worse\*\*: warm, W=1, cm rate: 710 1\/s → 510 1\/s \(−28 %\)$/m);
});

test('less time and fewer bytes are better, and so is less of what has an upper bound', () => {
  const other = resultOf();
  other.scenarios.warm.measurements[4].values = [100, 110, 120];
  assert.deepEqual(compare(resultOf(), other).moved.map(({ name, better }) => [name, better]), [['warm | W=1 | cm p99', true]]);
});

test('on another kind of machine ratios alone are compared', () => {
  const { comparable, moved } = compare(resultOf(), resultOf({ cpu: 'B', cm: [9_000, 9_000, 9_000], ratio: [0.9, 0.9, 0.9] }));
  assert.equal(comparable, 'ratios');
  assert.deepEqual(moved.map(({ name }) => name), ['warm | W=1 | rate over bare echo']);
});

test('a figure that is not measured any more is named, one of a scenario that was left out is not', () => {
  const now = resultOf();
  now.scenarios.warm.measurements.pop();
  assert.deepEqual(compare(resultOf(), now).removed, ['warm | W=1 | cm p99']);
  assert.deepEqual(compare(resultOf(), { ...resultOf(), scenarios: {} }).removed, []);
});

test('cases say where their point lies', () => {
  assert.equal(coordinate('W=1024', 'W'), 1_024);
  assert.equal(coordinate('rate=10k', 'rate'), 10_000);
  assert.equal(coordinate('two replicas rate=1.5M', 'rate'), 1_500_000);
  assert.equal(coordinate('10 M', ''), 10_000_000);
  assert.equal(coordinate('W=10', ''), undefined);
  assert.equal(coordinate('OW=3', 'W'), undefined);
});

test('a chart has every point inside its axes, escaped text, and a line for each series', () => {
  const series = [
    { name: 'a<b', points: [{ x: 1, y: 10, min: 9, max: 12 }, { x: 1_024, y: 90_000, min: 80_000, max: 95_000 }] },
    { name: 'bare', dashed: true, points: [{ x: 1, y: 100 }, { x: 1_024, y: 200 }, { x: 0, y: 5 }] },
  ];
  const svg = lineChart({ title: 'T & t', xLabel: 'x', yLabel: 'y', xLog: true, yLog: true, series });
  assert.ok(!svg.includes('NaN') && !svg.includes('undefined') && !svg.includes('Infinity'));
  assert.ok(svg.includes('a&lt;b') && svg.includes('T &amp; t'));
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
  assert.equal(circles.length, 4, 'x=0 cannot be on a logarithmic axis');
  for (const [x, y] of circles) assert.ok(x >= 84 && x <= 736 && y >= 56 && y <= 349, `${x} ${y}`);
  assert.ok(circles[0][1] > circles[1][1], 'more is higher');
  assert.throws(() => lineChart({ title: 'none', series: [] }), /nothing to draw/);
});

test('ticks are round numbers that hold everything between them', () => {
  assert.deepEqual(ticks(3, 950, true), [1, 10, 100, 1_000]);
  assert.deepEqual(ticks(100, 100, true), [100, 1_000]);
  assert.deepEqual(ticks(0, 950, false), [0, 200, 400, 600, 800, 1_000]);
  assert.ok(ticks(0, 0, false).length >= 2, 'an axis has two ends, whatever is on it');
});

test('the sizes are one line per metric, and a scenario that was measured with another size is not drawn twice', () => {
  const rows = (name, rate) => measurement(name, name, 'warm rate', '1/s', [rate]);
  const repeated = measurement('1 M', '10 k', 'warm rate', '1/s', [5]);
  const { svg } = drawPlots({ ...resultOf(), scenarios: { size: { measurements: [rows('10 k', 5), rows('1 M', 4), repeated] } } })[0];
  assert.equal([...svg.matchAll(/<circle/g)].length, 2);
});

test('plots are drawn of what was measured at two points at least', () => {
  assert.deepEqual(drawPlots(resultOf()).map(({ file }) => file), ['throughput.svg']);
  assert.deepEqual(drawPlots({ ...resultOf(), scenarios: {} }), []);
});

test('numbers are short and have units', () => {
  assert.equal(short(612_345.6), '612,346');
  assert.equal(short(0.012345), '0.0123');
  assert.equal(withUnit(31.5 * (1 << 20), 'bytes'), '31.5 MiB');
  assert.equal(withUnit(160, 'bytes'), '160 bytes');
  assert.deepEqual(spread([3, 1, 2, 4]), { median: 2.5, min: 1, max: 4 });
  assert.equal(spread([]), undefined);
});

test('the memory of the idle process is a table of its own, the largest first', () => {
  const result = resultOf();
  result.scenarios.start_and_size = {
    measurements: [measurement('heap', 'cm', 'resident', 'bytes', [1 << 20]), measurement('libraries', 'cm', 'resident', 'bytes', [3 << 20])],
  };
  const lines = memoryTable(result).split('\n');
  assert.deepEqual(lines.slice(2), ['| libraries | 3.00 | 75 % |', '| heap | 1.00 | 25 % |', '| all | 4.00 | 100 % |']);
  assert.equal(memoryTable(resultOf()), '');
});

test("a reader sees what share of the time the machine's host gave to others, and nothing where that is not known", () => {
  const result = resultOf();
  assert.equal(stolenText(result), '');
  result.scenarios.warm.stolen = [0.2, 0.013, 0.1];
  assert.equal(stolenText(result), "Of the processors' time the host gave to others: warm 10 % (1.3 % to 20 %).");
});

test('only --accept touches the committed figures, and those of a quick run never do', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'cm-report-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  mkdirSync(join(base, 'docs'));
  const page = join(base, 'docs', 'performance.md');
  const empty = 'before\n<!-- generated by tests/run benchmark --accept: begin -->\nfigures of another day\n<!-- generated: end -->\nafter\n';
  writeFileSync(page, empty);
  const said = [];
  const log = (text) => said.push(text);

  writeReport(resultOf(), { base, log });
  assert.equal(readFileSync(page, 'utf8'), empty);
  assert.ok(!existsSync(join(base, 'docs', 'performance')));
  assert.match(readFileSync(join(base, 'build', 'benchmark', 'performance.md'), 'utf8'), /1 of 1 hold/);

  assert.throws(() => writeReport({ ...resultOf(), quick: true }, { base, log, accept: true }), /quick/);
  assert.equal(readFileSync(page, 'utf8'), empty);

  writeReport(resultOf(), { base, log, accept: true });
  const accepted = readFileSync(page, 'utf8');
  assert.match(accepted, /^before\n[^]*no earlier figures[^]*!\[Validations answered from the cache\]\(performance\/throughput\.svg\)[^]*after\n$/);
  assert.ok(!accepted.includes('another day'));
  assert.equal(JSON.parse(readFileSync(join(base, 'docs', 'performance', 'result.json'), 'utf8')).commit, 'abc');

  const { missed } = writeReport(resultOf({ cm: [100, 101, 102], ratio: [0.1, 0.1, 0.1], holds: false }), { base, log });
  assert.equal(missed, 1);
  assert.match(said.join('\n'), /worse[^]*does not hold: warm, W=1, rate over bare echo: \*\*no\*\*, by 86 % of the bound/);
  assert.equal(readFileSync(page, 'utf8'), accepted);
});

test('a page without its markers is not written', () => {
  assert.throws(() => withGenerated('nothing here', 'text'), /has no/);
});
