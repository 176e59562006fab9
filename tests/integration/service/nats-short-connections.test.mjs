// Connections to NATS that do not last (contract section 3.3): the delays between them grow, /health and the log have the
// server's reason, and the log is not flooded.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { parseExposition, valueOf } from '../../support/exposition.mjs';
import { get } from '../../support/http.mjs';
import { Proxy } from '../../support/proxy.mjs';
import { preset } from '../../support/paths.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { until } from '../../support/wait.mjs';

/** A connection that is cut before it is complete also prolongs the next delay. */
const patience = 90_000;

let nats;
let mariadb;
let cm;
let proxies;
beforeEach(async () => {
  [nats, mariadb] = await Promise.all([Nats.create(), Mariadb.start()]);
  proxies = [];
});
afterEach(async () => {
  await cm?.remove();
  cm = undefined;
  for (const proxy of proxies) await proxy.close();
  await Promise.all([nats.remove(), mariadb.remove()]);
});

/** The number of connections after the first one. */
const reconnects = async () =>
  valueOf(parseExposition((await get(`${cm.management}/prometheus`)).text), 'cm_nats_reconnects_total');

/** The lines of CM's log about NATS. */
const lines = () => cm.log.split('\n').filter((line) => line.includes('[cm.nats]'));

/** The least time, in milliseconds, that the delays before `count` reconnects take: 100 ms doubling, less 20 %. */
const leastTime = (count) => 0.8 * 100 * (2 ** count - 1);

test('a server that ends each connection: its reason is in health and log, the delays grow, the log is short', async () => {
  nats.maxSubscriptions = 4;
  await nats.start();
  cm = await Cm.create({ nats, mariadb });
  cm.launch();
  const reason = /maximum subscriptions exceeded/;
  const began = performance.now();
  await cm.healthThat(({ body }) => reason.test(body.nats?.error ?? ''), 'the reason in health');
  const count = 5;
  await until(async () => (await reconnects()) >= count, { timeout: patience, what: `${count} reconnects` });
  assert.ok(performance.now() - began >= leastTime(count - 1), 'the delays grow');
  assert.match(cm.log, reason);
  assert.ok(lines().length <= 30, lines().join('\n'));

  nats.maxSubscriptions = undefined;
  await nats.stop();
  await nats.start();
  await cm.up();
});

const tooSlow = preset === 'asan' && "with the sanitizers, and other tests beside it, the library sees the end of the connection before the server's error";

test('a server that refuses further connections: its reason is in health and log, after a loss and at the start', { skip: tooSlow }, async (t) => {
  await nats.start();
  cm = await Cm.start({ nats, mariadb });
  // Other clients take all places before CM is back.
  const proxy = await Proxy.start(nats.port);
  proxies.push(proxy);
  const other = await Cm.create({ nats, mariadb, natsPort: proxy.port });
  t.after(() => other.remove());
  other.launch();
  await other.up();
  proxy.refuse();
  nats.maxConnections = 1;
  await nats.stop();
  await nats.start();
  const reason = /maximum connections exceeded/;
  await cm.up(patience);
  proxy.heal();
  await other.healthThat(({ body }) => reason.test(body.nats?.error ?? ''), 'the reason in health', patience);
  assert.match(other.log, reason);
  await other.stop();
  other.launch();
  await other.healthThat(({ body }) => reason.test(body.nats?.error ?? ''), 'the reason in health after a start', patience);
  await cm.stop();
  await other.up(patience);
});

for (const servers of [1, 2]) {
  test(`connections that are cut at once, with ${servers} server(s): the delays grow`, async () => {
    await nats.start();
    for (let i = 0; i < servers; i += 1) proxies.push(await Proxy.start(nats.port));
    cm = await Cm.create({
      nats,
      mariadb,
      configuration: { 'nats.urls': proxies.map(({ port }) => `nats://127.0.0.1:${port}`).join(',') },
    });
    cm.launch();
    await cm.up();
    const before = await reconnects();
    const began = performance.now();
    const cutter = setInterval(() => proxies.forEach((proxy) => proxy.cut()), 20);
    const count = 7; // the first two without a delay, while another server is left
    try {
      await until(async () => (await reconnects()) - before >= count, { timeout: patience, what: `${count} reconnects` });
    } finally {
      clearInterval(cutter);
    }
    assert.ok(performance.now() - began >= leastTime(4), 'the delays grow');
    assert.ok(lines().length <= 60, lines().join('\n'));
    await cm.healthThat(({ body }) => body.status === 'UP', 'UP again', patience);
  });
}
