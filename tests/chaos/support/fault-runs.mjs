// Runs one fault: steady load, the fault, its end, proof of recovery, and the invariants of steady-load.mjs. The measured
// times are printed, and collected in build/chaos/faults.json, from which the table in docs/reliability.md is made.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { preset, root, slowness } from '../../support/paths.mjs';
import { sleep } from '../../support/wait.mjs';
import { SteadyLoad } from './steady-load.mjs';

const directory = join(root, 'build', 'chaos');

/** Adds the figures of a run; a later run of the same fault with the same preset replaces them. */
function collect(name, figures) {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `faults-${preset}.json`);
  let all = {};
  try {
    all = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The first run.
  }
  all[name] = figures;
  writeFileSync(file, `${JSON.stringify(all, undefined, 1)}\n`);
}

/** Whether CM_FAULTS, a regular expression on the names, selects the fault; without it all are. */
export const isChosen = ({ name }) => new RegExp(process.env.CM_FAULTS ?? '').test(name);

/**
 * Runs a fault on a site {ecap, events, cms, mariadb}. The fault is {name, prepare(site), begin(site), end(site), seconds,
 * from, within, rates, revocable, …options of SteadyLoad.check}: it lasts for `seconds`; recovery is counted from its beginning (`from: 'begin'`:
 * CM can go around it) or from its end, and takes at most `within` milliseconds. Resolves to the figures.
 */
export async function runFault(t, site, fault) {
  const { name, seconds = 5, from = 'end', within = 5_000, ...options } = fault;
  await fault.prepare?.(site);
  const load = await SteadyLoad.start({ ...site, rates: fault.rates, revocable: fault.revocable });
  let ended = false;
  try {
    await load.recovered(performance.now(), 20_000 * slowness); // a calm beginning
    const began = performance.now();
    await fault.begin(site);
    if (from === 'begin') await load.recovered(began, within * slowness + 1_500);
    await sleep(Math.max(0, 1_000 * seconds - (performance.now() - began)));
    const stopped = performance.now();
    await fault.end?.(site);
    ended = true;
    const since = from === 'begin' ? began : stopped;
    await load.recovered(since, within * slowness + 1_500);
    await load.stop();
    const figures = { ...load.summary(began), recovery: Math.round(load.affectedFor(since)), from };
    t.diagnostic(`${name}: ${JSON.stringify(figures)}`);
    await load.check(options);
    collect(name, figures);
    return figures;
  } finally {
    if (!ended) await fault.end?.(site);
    await load.stop();
  }
}
