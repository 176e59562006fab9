// Replicas that are killed every second during 100 revocations a second, and 20 replicas that start at once on an empty
// schema. With CM_FULL_CHAOS=1: 60 s and 20 replicas, otherwise 5 s and 6.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { slowness } from '../support/paths.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { sleep, until } from '../support/wait.mjs';
import { runFault } from './support/fault-runs.mjs';
import { connectClients, endSite } from './support/site.mjs';

const full = Boolean(process.env.CM_FULL_CHAOS);
const [seconds, many] = full ? [60, 20] : [5, 6];

const site = {};
before(async () => {
  [site.nats, site.mariadb] = await Promise.all([Nats.start(), Mariadb.start({ options: ['--max-connections=400'] })]);
  await connectClients(site);
});
after(() => endSite(site));

test(`${many} replicas that start at once on an empty schema: one migrates it, and all are UP`, async (t) => {
  const replicas = await Promise.all(Array.from({ length: many }, () => Cm.create(site)));
  t.after(() => Promise.all(replicas.map((cm) => cm.remove())));
  const began = performance.now();
  for (const cm of replicas) cm.launch();
  await Promise.all(replicas.map((cm) => cm.up(60_000)));
  t.diagnostic(`${many} replicas were UP after ${Math.round(performance.now() - began)} ms`);
  // The versions are the table's key: a migration that was made twice would have ended one of the replicas.
  const versions = (await site.mariadb.sql('SELECT version FROM cm_schema_history ORDER BY version')).trim().split('\n').map(Number);
  assert.deepEqual(versions, versions.map((_, i) => i + 1), 'every migration was made');
  assert.ok(replicas.every((cm) => cm.process.running));
});

test(`a replica is killed every second for ${seconds} s during 100 revocations a second: no acknowledged one is lost`, async (t) => {
  const cms = await Promise.all([Cm.start(site), Cm.start(site)]);
  t.after(() => Promise.all(cms.map((cm) => cm.remove())));
  let killing;
  let running = true;
  const kill = async () => {
    for (let i = 0; running; i += 1) {
      const cm = cms[i % cms.length];
      await cm.kill();
      cm.launch();
      await sleep(1_000);
      await until(async () => (await cm.health()).status === 200, { timeout: 10_000 * slowness, what: 'a replica that is back' });
    }
  };
  await runFault(t, { ...site, cms }, {
    name: 'replicas: one killed every second, 100 revocations a second',
    seconds,
    within: 10_000,
    rates: { revocation: 100 },
    revocable: 100 * (seconds + 25 * slowness),
    mayLose: true,
    restarted: true,
    begin: () => {
      killing = kill();
      killing.catch(() => {});
    },
    end: async () => {
      running = false;
      await killing;
    },
  });
});
