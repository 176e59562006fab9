// Prints build/chaos/faults-release.json, which the chaos tests have written, as the table in docs/reliability.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../support/paths.mjs';

const all = JSON.parse(readFileSync(join(root, 'build', 'chaos', 'faults-release.json'), 'utf8'));
const time = (ms) => (ms === undefined ? '–' : ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`);
const rows = Object.entries(all).map(([name, it]) => {
  const recovery = `${time(it.recovery)} after the ${it.from === 'begin' ? 'fault' : 'end'}`;
  return `| ${name} | ${time(it.firstWrong)} | ${recovery} | ${it.unavailable} | ${it.unanswered} | ${it.asked} | ${time(it.slowestProbe)} |`;
});
console.log(`| fault | first affected request | last affected request | 503 | without an answer | asked | slowest liveness probe |
|---|---|---|---|---|---|---|
${rows.join('\n')}`);
