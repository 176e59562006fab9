// Runs scenarios several times each, writes the measurements to build/benchmark/result.json, and creates the report.
//   node tests/benchmark/run.mjs [--only NAME,…] [--repetitions N] [--quick] [--full] [--accept]
// Exit status 0 if everything was measured, even if claims are missed: a slow result is not an error. 1 if a scenario
// failed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { binary, root } from '../support/paths.mjs';
import { programs } from './bench.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    repetitions: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    accept: { type: 'boolean', default: false },
  },
});
const repetitions = Number(values.repetitions);
if (!Number.isInteger(repetitions) || repetitions < 1 || repetitions > 100) {
  console.error(`--repetitions takes a number from 1 to 100, not '${values.repetitions}'`);
  process.exit(64);
}

const folder = join(root, 'tests', 'benchmark', 'scenarios');
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -4))
  .sort();
const wanted = values.only ? values.only.split(',') : known;
for (const name of wanted) {
  if (known.includes(name)) continue;
  console.error(`no scenario '${name}'; there are ${known.join(', ')}`);
  process.exit(64);
}

const output = join(root, 'build', 'benchmark');
mkdirSync(output, { recursive: true });

/** The first match of a pattern in the output of a command; undefined if the command is missing. */
function outputOf(pattern, command, ...args) {
  try {
    return pattern.exec(execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))?.[1];
  } catch {
    return undefined;
  }
}

const git = (...args) => execFileSync('git', ['-c', `safe.directory=${root}`, '-C', root, ...args], { encoding: 'utf8' }).trim();
const packaged = (name) => outputOf(/^(\S+)/, 'dpkg-query', '-W', '-f', '${Version}', name);

/** The processor's name, with family and model if they are known, because a hypervisor may hide all but the vendor. */
function processor() {
  const known = readFileSync('/proc/cpuinfo', 'utf8');
  const [family, model] = ['cpu family', 'model'].map((field) => new RegExp(`^${field}\\s*: (\\d+)$`, 'm').exec(known)?.[1]);
  return family && model ? `${cpus()[0].model} (family ${family}, model ${model})` : cpus()[0].model;
}

function machine() {
  const os = readFileSync('/etc/os-release', 'utf8');
  return {
    cpu: processor(),
    cores: availableParallelism(),
    memory: totalmem(),
    kernel: release().split('-')[0], // the suffix identifies the distributor
    os: /^PRETTY_NAME="?([^"\n]+)/m.exec(os)?.[1],
    versions: {
      'nats-server': outputOf(/v(\d\S*)/, 'nats-server', '--version'),
      mariadb: outputOf(/Ver (\S+)/, 'mariadbd', '--version'),
      cnats: packaged('libnats-dev'),
      caf: packaged('libcaf-dev'),
      'g++': outputOf(/^(\S+)/, 'g++', '-dumpfullversion'),
      node: process.versions.node,
    },
  };
}

/** Total CPU time so far, and the part that was stolen by the hypervisor; in ticks (proc_stat(5)). */
function processorTime() {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/).map(Number);
  return { all: ticks.slice(0, 8).reduce((sum, item) => sum + item, 0), stolen: ticks[7] ?? 0 };
}

/** The median. */
function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Merges the lists of measurements of all repetitions into one list with all values. */
function gather(runs) {
  const all = new Map();
  for (const { case: name, subject, metric, unit, value } of runs.flat()) {
    const key = [name, subject, metric].join('\0');
    if (!all.has(key)) all.set(key, { case: name, subject, metric, unit, values: [] });
    all.get(key).values.push(value);
  }
  return [...all.values()].map((row) => ({ ...row, median: median(row.values) }));
}

/** A claim with its measured values; undefined if they were not measured (a skipped case). */
function judge(claim, measurements) {
  const find = ([subject, metric]) =>
    measurements.find((row) => row.case === claim.case && row.subject === subject && row.metric === metric)?.values;
  const value = find(claim.value);
  const over = claim.over && find(claim.over);
  if (!value || (claim.over && !over)) return undefined;
  // A ratio uses the values of CM and of the baseline in the same repetition.
  const values = value.map((item, i) => (over ? item / over[i] : item));
  const middle = median(values);
  const { case: name, text, op, bound } = claim;
  return { case: name, text, op, bound, values, median: middle, holds: op === '>=' ? middle >= bound : middle <= bound };
}

const result = {
  commit: git('rev-parse', 'HEAD'),
  dirty: git('status', '--porcelain') !== '',
  date: new Date().toISOString(),
  quick: values.quick,
  machine: machine(),
  repetitions,
  load_average_before: loadavg()[0],
  scenarios: {},
};

let failed = 0;
for (const name of wanted) {
  const { default: scenario } = await import(pathToFileURL(join(folder, `${name}.mjs`)));
  const kept = new Map();
  const stage = {
    programs: programs(),
    cm: binary,
    quick: values.quick,
    full: values.full,
    log: (text) => console.log(`  ${text}`),
    /** The result of `make`, shared by all repetitions; its remove() is called at the end of the scenario. */
    once: async (key, make) => {
      if (!kept.has(key)) kept.set(key, await make());
      return kept.get(key);
    },
  };
  const runs = [];
  const stolen = []; // shares of stolen time: on a virtual machine, other guests can disturb an otherwise idle system
  try {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      console.log(`${name} ${repetition + 1}/${repetitions}: ${scenario.title}`);
      const before = processorTime();
      runs.push(await scenario.run({ ...stage, repetition }));
      const after = processorTime();
      stolen.push((after.stolen - before.stolen) / (after.all - before.all));
    }
  } catch (error) {
    failed += 1;
    console.error(`${name} failed: ${error.stack}`);
  } finally {
    for (const resource of kept.values()) await resource.remove?.();
  }
  if (runs.length < repetitions) continue;
  const measurements = gather(runs);
  const claims = scenario.claims.map((claim) => judge(claim, measurements)).filter((claim) => claim !== undefined);
  result.scenarios[name] = { title: scenario.title, measurements, claims, stolen };
  for (const { case: where, text, op, bound, median: middle, holds } of claims) {
    console.log(`  ${holds ? 'holds' : 'FAILS'}: ${where}: ${text}: ${Number(middle.toPrecision(4))} ${op} ${bound}`);
  }
  // A failure of the last scenario must not discard the results of hours.
  writeFileSync(join(output, 'result.json.new'), `${JSON.stringify(result, undefined, 1)}\n`);
  renameSync(join(output, 'result.json.new'), join(output, 'result.json'));
}

const report = join(root, 'tests', 'benchmark', 'report', 'index.mjs');
if (existsSync(report) && Object.keys(result.scenarios).length > 0) {
  const { writeReport } = await import(pathToFileURL(report));
  await writeReport(result, { accept: values.accept });
}
process.exit(failed > 0 ? 1 : 0);
