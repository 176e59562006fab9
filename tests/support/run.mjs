// Runs test files (node:test) in parallel and writes {passed, failed} to a file. Appends failed tests and their errors
// to the file that CM_FAILURES names.
//   node run.mjs --results FILE --concurrency N --timeout SECONDS FILE…
import { appendFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { inspect, parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    results: { type: 'string' },
    concurrency: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '300' },
  },
});

let passed = 0;
let failed = 0;
const stream = run({
  files: positionals.map((file) => resolve(file)),
  concurrency: Number(values.concurrency),
  timeout: Number(values.timeout) * 1000,
});
// Suites are not counted in addition to their tests; a file that fails before its first test is counted.
const files = new Set(positionals.map((file) => resolve(file)));
const holds = (event) => event.details?.type === 'suite' || (event.nesting === 0 && files.has(resolve(event.name)));
stream.on('test:pass', (event) => {
  if (!holds(event) && event.skip === undefined) passed += 1;
});
stream.on('test:fail', (event) => {
  if (event.details?.type === 'suite' || event.details?.error?.failureType === 'subtestsFailed') return;
  failed += 1;
  const { error } = event.details ?? {};
  if (process.env.CM_FAILURES) {
    const why = inspect(error?.cause ?? error).slice(0, 2_000);
    appendFileSync(process.env.CM_FAILURES, `--- ${event.file ?? ''}: ${event.name}\n${why}\n`);
  }
});
stream.compose(new spec()).pipe(process.stdout);
stream.once('end', () => {
  if (values.results) writeFileSync(values.results, JSON.stringify({ passed, failed }));
  process.exitCode = failed === 0 ? 0 : 1;
});
