// A node of a Galera cluster that is frozen, isolated or rejects queries: CM leaves it for the next one, also when it
// starts, and with several workers that all use the same node.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Availability } from '../support/availability.mjs';
import { Cm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { Galera, noGalera, quickExclusion } from '../support/galera.mjs';
import { slowness } from '../support/paths.mjs';
import { Nats } from '../support/servers.mjs';
import { sleep, until } from '../support/wait.mjs';

const options = { skip: noGalera };

let galera;
let nats;
before(async () => {
  if (options.skip) return;
  [galera, nats] = await Promise.all([Galera.start(3, process.env.CM_GALERA_DEFAULTS ? {} : { providerOptions: quickExclusion }), Nats.start()]);
});
after(() => Promise.all([galera?.remove(), nats?.remove()]));

async function create(t) {
  const cm = await Cm.create({
    nats,
    mariadb: galera.nodes[0],
    configuration: { 'spring.datasource.url': galera.jdbcUrl(0, 1, 2) },
  });
  t.after(() => cm.remove());
  return cm;
}

/** CM under load, whose connections are all to `node`; `others` are the other nodes. */
async function start(t) {
  const cm = (await create(t)).launch();
  await cm.up();
  const node = await until(
    async () => {
      for (const candidate of galera.nodes) if ((await candidate.connections()) === 8) return candidate;
      return undefined;
    },
    { what: 'all connections' },
  );
  const others = galera.nodes.filter((other) => other !== node);
  const ecap = await EcapClient.connect(nats);
  t.after(() => ecap.close());
  const measured = Availability.start({ cm, ecap });
  await sleep(1_000);
  return { cm, measured, node, others };
}

const rejects = (node, yes) => node.sql(`SET GLOBAL wsrep_reject_queries='${yes ? 'ALL' : 'NONE'}'`, { database: '' });

test('a node that rejects queries is left within 2 s', options, async (t) => {
  const { measured, node, others } = await start(t);
  const since = performance.now();
  await rejects(node, true);
  try {
    await sleep(4_000);
  } finally {
    await rejects(node, false);
  }
  await measured.stop();
  t.diagnostic(measured.summary(since));
  assert.ok(measured.outage(since) < 2_000 * slowness, `served again after ${measured.outage(since)} ms`);
  assert.equal(await node.connections(), 0);
  assert.deepEqual((await Promise.all(others.map((other) => other.connections()))).toSorted(), [0, 8]);
});

test('a node that rejects queries when CM starts is never UP, and is left within 2 s', options, async (t) => {
  await rejects(galera.nodes[0], true);
  try {
    const began = performance.now();
    const cm = (await create(t)).launch();
    await cm.up();
    const took = performance.now() - began;
    t.diagnostic(`UP after ${Math.round(took)} ms`);
    assert.ok(took < 2_000 * slowness, `${took} ms`);
    await until(async () => (await galera.nodes[1].connections()) === 8, { what: 'all connections on the second node' });
  } finally {
    await rejects(galera.nodes[0], false);
  }
});

test('a node that is frozen is left within 3 s', options, async (t) => {
  const { measured, node } = await start(t);
  const since = performance.now();
  node.pause();
  try {
    await sleep(9_000);
  } finally {
    node.resume();
  }
  await measured.stop();
  t.diagnostic(measured.summary(since));
  const bound = (process.env.CM_GALERA_DEFAULTS ? 7_000 : 3_000) * slowness;
  assert.ok(measured.outage(since) < bound, `served again after ${measured.outage(since)} ms`);
  await galera.whole();
});

test('a node that is isolated is left as soon as the others have excluded it', options, async (t) => {
  const { measured, node, others } = await start(t);
  const since = performance.now();
  await node.isolate();
  let excluded;
  try {
    await until(async () => (await others[0].status('wsrep_cluster_size')) === '2', { timeout: 30_000, what: 'the exclusion' });
    excluded = performance.now();
    await sleep(4_000);
  } finally {
    await node.isolate(false);
  }
  await measured.stop();
  t.diagnostic(`excluded after ${Math.round(excluded - since)} ms; ${measured.summary(since)}`);
  assert.ok(measured.outage(since) < excluded - since + 2_000 * slowness, `served again after ${measured.outage(since)} ms`);
  await galera.whole();
});
