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

test('one connection that loses everything, of an idle CM and of one under load, is replaced alone', async (t) => {
  const { proxy, ...parts } = await start(t);
  await sleep(1_000);
  for (const idle of [true, false]) {
    const measured = Availability.start(parts, { interval: idle ? 100 : 20, idle });
    await proxy.blackHoleBusiest();
    const since = performance.now();
    await sleep(6_000);
    await measured.stop();
    t.diagnostic(`${idle ? 'idle' : 'busy'}: ${measured.summary(since)}`);
    assert.equal(measured.down(since), undefined);
    assert.ok(measured.failures(since).length <= 2, 'at most what this connection had');
  }
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

test('a server that sends pages slowly holds a connection for no longer than its timeout, and devices are served meanwhile', async (t) => {
  const { proxy, ...parts } = await start(t);
  for (let made = 0; made < 1_000; made += 50) {
    const some = Array.from({ length: 50 }, (_, i) => ({ issuer: 'CN=Slow devices', serialNumber: String(made + i + 1) }));
    for (const { status, text } of await Promise.all(some.map((one) => parts.operator.createCertificate(one)))) assert.equal(status, 201, text);
  }
  const measured = Availability.start(parts, { interval: 250 });
  proxy.limit(3_000); // a page takes half a minute or longer
  const since = performance.now();
  const list = () => parts.operator.listClients('certificates', '?limit=1000', { timeout: 60_000 });
  const pages = Array.from({ length: 4 }, list);
  await sleep(1_000);
  const small = () => parts.operator.listClients('credentials', '?limit=1', { timeout: 20_000 });
  await until(async () => (await small()).status === 200, { timeout: 60_000 * slowness, interval: 500, what: 'a small read' });
  const served = performance.now() - since;
  proxy.limit(Infinity);
  for (const { status, text } of await Promise.all(pages)) assert.equal(status, 503, text);
  await parts.cm.up();
  await measured.stop();
  t.diagnostic(`a small read was served after ${Math.round(served)} ms; ${measured.summary(since)}`);
  assert.ok(served < 20_000 * slowness, `${served} ms`);
  assert.equal(measured.failures(since).length, 0, 'look-ups have connections of their own');
});

test('while another session has locked all tables for reading, tokens are looked up', async (t) => {
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
