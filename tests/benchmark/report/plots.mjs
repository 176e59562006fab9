// Defines which measurements are plotted. The case contains the x value: "W=64", "rate=200000"; for sizes, "10 M".
import { spread } from './numbers.mjs';
import { lineChart } from './plot.mjs';

const multiples = { '': 1, k: 1e3, M: 1e6 };

/** The number after `name=` in a case ("rate=10k": 10000); with an empty name, the number that the case itself is. */
export function coordinate(text, name) {
  const pattern = name === '' ? /^(\d+(?:\.\d+)?) ?([kM]?)$/ : new RegExp(`(?:^|[ ,;])${name}=(\\d+(?:\\.\\d+)?)([kM]?)(?=$|[ ,;])`);
  const found = pattern.exec(text);
  return found ? Number(found[1]) * multiples[found[2]] : undefined;
}

/** The rest of a case without its x value: "rate=10k two replicas" becomes "two replicas". */
function rest(text, name) {
  return name === '' ? '' : text.replace(new RegExp(`(^|[ ,;]+)${name}=[^ ,;]+`), '').replace(/^[ ,;]+/, '').trim();
}

const names = { cm: 'CM', echo: 'bare echo', p999: 'p99.9' };
const named = (name) => names[name] ?? name;

/** One line for every (subject, metric, rest of the case), over the x value. */
function lines(scenario, along, metrics) {
  const series = new Map();
  for (const { case: which, subject, metric, values } of scenario?.measurements ?? []) {
    const x = coordinate(which, along);
    const figures = spread(values);
    if (x === undefined || !metrics.includes(metric) || !figures) continue;
    // A size is a separate subject, and is repeated next to the subjects that are compared with it.
    if (along === '' && subject !== which) continue;
    const own = along === '' ? [] : [named(subject)];
    const name = [...own, rest(which, along), ...(metrics.length > 1 ? [named(metric)] : [])].filter(Boolean).join(' ');
    if (!series.has(name)) series.set(name, { name, dashed: along !== '' && subject !== 'cm', group: metrics.length > 1 ? metric : name, points: [] });
    series.get(name).points.push({ x, y: figures.median, min: figures.min, max: figures.max });
  }
  // CM first, then its baselines, for the order of the legend.
  return [...series.values()].sort((a, b) => a.dashed - b.dashed);
}

const latencies = ['p50', 'p99', 'p999'];
const inFlight = { along: 'W', xLabel: 'requests in flight', xLog: true };

const wanted = [
  { ...inFlight, file: 'throughput.svg', scenario: 'warm', metrics: ['rate'], title: 'Validations answered from the cache', yLabel: 'answers per second' },
  { ...inFlight, file: 'latency.svg', scenario: 'warm', metrics: latencies, title: 'Time to an answer, closed loop', yLabel: 'µs', yLog: true },
  { along: 'rate', xLabel: 'requests per second, sent whatever the answers do', file: 'latency-over-rate.svg', metrics: latencies, title: 'Time to an answer, open loop', yLabel: 'µs', yLog: true },
  { along: '', xLabel: 'tokens in the database', xLog: true, file: 'size.svg', scenario: 'size', metrics: ['warm rate', 'cold rate'], title: 'Rate over the number of tokens', yLabel: 'answers per second' },
];

/** [{file, title, svg}] of all plots for which the result has values. */
export function drawPlots(result) {
  const drawn = [];
  for (const { along, metrics, scenario: only, file, ...chart } of wanted) {
    const series = Object.entries(result.scenarios)
      .filter(([name]) => only === undefined || name === only)
      .flatMap(([, scenario]) => lines(scenario, along, metrics));
    const most = new Set(series.flatMap(({ points }) => points.map(({ x }) => x))).size;
    if (most < 2) continue; // a single point is not a curve
    const subtitle = `median, bars from the least to the most of ${result.repetitions} repetitions; commit ${result.commit}`;
    drawn.push({ file, title: chart.title, svg: lineChart({ ...chart, subtitle, series }) });
  }
  return drawn;
}
