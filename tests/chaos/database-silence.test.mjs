// A database that is silent, slow or locked: CM gives up connections and hosts that do not work, and only those.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Availability } from '../support/availability.mjs';
import { Cm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { Operator } from '../support/operator.mjs';
import { slowness } from '../support/paths.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { SqlSession } from '../support/sql-session.mjs';
import { sleep, until } from '../support/wait.mjs';

let nats;
let first;
let second;
before(async () => {
  [nats, first, second] = await Promise.all([Nats.start(), Mariadb.start(), Mariadb.start()]);
});
after(() => Promise.all([nats?.remove(), first?.remove(), second?.remove()]));

/** CM with the default timeouts, behind a proxy to the first server; `hosts`: further ports. */
async function start(t, hosts = []) {
  const proxy = await Proxy.start(first.port);
  t.after(() => proxy.close());
  const ports = [proxy.port, ...hosts].map((port) => `127.0.0.1:${port}`);
  const cm = await Cm.start({
    nats,
    mariadb: first,
    configuration: { 'spring.datasource.url': `jdbc:mariadb:sequential://${ports.join(',')}/cm` },
  });
  t.after(() => cm.remove());
  await cm.up();
  const ecap = await EcapClient.connect(nats);
  t.after(() => ecap.close());
  await until(() => proxy.connections === 8, { what: 'all connections' });
  return { proxy, cm, ecap, operator: new Operator(cm) };
}

test('one connection of an idle CM that loses everything costs no request', async (t) => {
  const { proxy, ...parts } = await start(t);
  for (const index of [0, 4]) {
    await sleep(1_000);
    proxy.blackHoleOne(index);
    await sleep(1_500); // it is found by a probe
    const measured = Availability.start(parts, { interval: 50 });
    const since = performance.now();
    await sleep(4_000);
    await measured.stop();
    t.diagnostic(measured.summary(since));
    assert.deepEqual(measured.failures(since), []);
    assert.equal(measured.down(since), undefined);
  }
});

test('one connection that loses everything under load costs no answer that is wrong or missing', async (t) => {
  const { proxy, ...parts } = await start(t);
  const measured = Availability.start(parts, { interval: 20 });
  await sleep(1_000);
  const since = performance.now();
  proxy.blackHoleOne(0);
  proxy.blackHoleOne(1);
  await sleep(5_000);
  await measured.stop();
  t.diagnostic(measured.summary(since));
  assert.equal(measured.down(since), undefined);
  assert.ok(measured.failures(since).length <= 2, 'at most the requests that these connections had');
});

test('a server that is frozen is left for the next host within 3 s', async (t) => {
  const { proxy, ...parts } = await start(t, [second.port]);
  const measured = Availability.start(parts);
  await sleep(1_000);
  const since = performance.now();
  first.pause();
  try {
    await sleep(8_000);
  } finally {
    first.resume();
  }
  await measured.stop();
  t.diagnostic(measured.summary(since));
  assert.ok(measured.outage(since) < 3_000 * slowness, `served again after ${measured.outage(since)} ms`);
  assert.equal((await parts.cm.health()).body.db.status, 'UP');
});

test('a server that is frozen when CM starts is left for the next host within 3 s', async (t) => {
  await second.sql('SELECT 1');
  first.pause();
  t.after(() => first.resume());
  const cm = await Cm.create({
    nats,
    mariadb: first,
    configuration: { 'spring.datasource.url': `jdbc:mariadb:sequential://127.0.0.1:${first.port},127.0.0.1:${second.port}/cm` },
  });
  t.after(() => cm.remove());
  const began = performance.now();
  cm.launch();
  await cm.up();
  const took = performance.now() - began;
  t.diagnostic(`UP after ${Math.round(took)} ms`);
  assert.ok(took < 3_500 * slowness, `${took} ms`);
});

test('pages from a server that sends 1 kB/s hold no connection beyond its timeout, and /health is DOWN while look-ups are stuck', async (t) => {
  const { proxy, ...parts } = await start(t);
  const lines = Array.from({ length: 1_000 }, (_, i) => ({ endpointId: 'slow', applicationName: 'smart_kettle', token: `slow-${i}` }));
  await parts.operator.importTokens(lines);
  proxy.limit(1_000);
  const pages = Promise.allSettled(
    Array.from({ length: 4 }, () => parts.operator.listTokens('slow', '?limit=1000', { timeout: 60_000 })),
  );
  const measured = Availability.start(parts);
  const since = performance.now();
  await sleep(6_000);
  proxy.limit(20); // nothing works at this rate
  await until(async () => (await parts.cm.health()).body.status === 'DOWN', { timeout: 8_000 * slowness, what: 'DOWN' });
  proxy.limit(Infinity);
  const healed = performance.now();
  await until(async () => (await parts.cm.health()).body.status === 'UP', { timeout: 15_000 * slowness, what: 'UP' });
  t.diagnostic(`UP again ${Math.round(performance.now() - healed)} ms after the end`);
  for (const { value } of await pages) assert.ok([200, 503].includes(value.status), value.text);
  await measured.stop();
  t.diagnostic(measured.summary(since));
  assert.ok(measured.outage(healed) < 12_000 * slowness, `served again after ${measured.outage(healed)} ms`);
});

test('while another session has locked all tables for reading, tokens are looked up and health says so', async (t) => {
  const { proxy, ...parts } = await start(t);
  const backup = await SqlSession.open(first);
  const measured = Availability.start(parts);
  const since = performance.now();
  try {
    await backup.run('FLUSH TABLES WITH READ LOCK');
    const changes = Array.from({ length: 6 }, (_, i) => parts.operator.createToken(`locked-${i}`, 'smart_kettle', { timeout: 30_000 }));
    await sleep(4_000);
    await backup.run('UNLOCK TABLES');
    for (const { status } of await Promise.all(changes)) assert.ok([201, 503].includes(status), `${status}`);
  } finally {
    await backup.close();
  }
  await measured.stop();
  t.diagnostic(measured.summary(since));
  assert.deepEqual(measured.failures(since), []);
  assert.equal(measured.down(since), undefined);
});
