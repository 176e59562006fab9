// A NATS server that is silent: stopped, or behind a network that drops what CM sends. Nothing but NATS is affected, and
// a replica that the server cannot hear gives its requests to the others within seconds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { get } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { Proxy } from '../../support/proxy.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { quantile, sleep, until } from '../../support/wait.mjs';

let mariadb;
let nats;
let proxy;
before(async () => {
  mariadb = await Mariadb.start();
  nats = await Nats.start();
  proxy = await Proxy.start(nats.port);
});
after(async () => {
  await proxy?.close();
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

const replicas = async (t, options) => {
  const cm = await Cm.start({ nats, mariadb, ...options });
  t.after(() => cm.remove());
  return cm;
};

const statusOfNats = async (cm) => (await get(`${cm.management}/health`)).json.nats;

/** The number of connections to NATS that were lost so far. */
async function reconnects(cm) {
  const { text } = await get(`${cm.management}/prometheus`);
  return Number(text.match(/^cm_nats_reconnects_total (\d+)/m)[1]);
}

test('while the NATS server is stopped, the liveness probe and REST are answered as quickly as ever', async (t) => {
  const cm = await replicas(t, {});
  const operator = new Operator(cm);
  await operator.createToken('silent');
  const times = { liveness: [], rest: [] };
  const measure = async (into, ask) => {
    const began = performance.now();
    const { status } = await ask();
    into.push(performance.now() - began);
    assert.equal(status, 200);
  };
  nats.pause();
  try {
    for (const end = Date.now() + 14_000; Date.now() < end; ) {
      await measure(times.liveness, () => get(`${cm.management}/health/liveness`, { timeout: 10_000 }));
      await measure(times.rest, () => operator.listTokens('silent'));
      await sleep(20);
    }
  } finally {
    nats.resume();
  }
  for (const [what, all] of Object.entries(times)) {
    const worst = Math.max(...all);
    t.diagnostic(`${what}: ${all.length} answers, p99 ${Math.round(quantile(all, 0.99))} ms, worst ${Math.round(worst)} ms`);
    assert.ok(quantile(all, 0.99) < 500 * slowness, `p99 of ${what}: ${quantile(all, 0.99)} ms`);
    assert.ok(worst < 1_000 * slowness, `worst of ${what}: ${worst} ms`);
  }
  await cm.up(30_000 * slowness);
});

test('a replica whose words do not reach the NATS server closes the connection, and the others get all requests', async (t) => {
  const near = await replicas(t, {});
  const far = await replicas(t, { natsPort: proxy.port });
  const ecap = await EcapClient.connect(nats, { instance: near.instance });
  t.after(() => ecap.close());
  const { token } = (await new Operator(near).createToken('half-open')).json;
  const late = [];
  const began = Date.now();
  proxy.hold(''); // all that the replica sends
  const asked = async () => {
    const at = Date.now() - began;
    const answer = await ecap.validate('smart_kettle', token, { wait: 20_000 * slowness }).catch(() => undefined);
    if (answer?.statusCode !== 200 || Date.now() - began - at > 2_000 * slowness) late.push(at);
  };
  const requests = [];
  while (Date.now() - began < 8_000 * slowness) {
    requests.push(asked());
    await sleep(50);
  }
  assert.equal((await statusOfNats(far)).status, 'DOWN');
  proxy.release();
  proxy.cut();
  await Promise.all(requests);
  t.diagnostic(`${late.length} of ${requests.length} requests had no answer, the last one sent after ${late.at(-1)} ms`);
  assert.ok(late.length > 0, 'the connection was half-open');
  assert.ok(late.at(-1) < 3_000 * slowness, `a request sent after ${late.at(-1)} ms had no answer`);
  await far.up(30_000 * slowness);
});

test('neither a CM nor a NATS server that stands still for a moment costs the connection', async (t) => {
  const cm = await replicas(t, {});
  const before = await reconnects(cm);
  cm.process.signal('SIGSTOP');
  await sleep(3_000);
  cm.process.signal('SIGCONT');
  await cm.up(30_000 * slowness);
  nats.pause();
  await sleep(400);
  nats.resume();
  await until(async () => (await statusOfNats(cm)).status === 'UP', { timeout: 30_000 * slowness, what: 'NATS UP' });
  await sleep(1_000);
  assert.equal(await reconnects(cm), before);
});

test('a NATS server that answers, but does not permit the subject of the round trips, keeps the connection', async (t) => {
  const strict = await Nats.create();
  t.after(() => strict.remove());
  strict.deaf = ['_INBOX.>'];
  await strict.start();
  const cm = await Cm.create({ nats: strict, mariadb });
  t.after(() => cm.remove());
  cm.launch();
  await until(() => cm.log.includes('Permissions Violation'), { timeout: 30_000 * slowness, what: 'a refusal' });
  const before = await reconnects(cm);
  await sleep(5_000);
  assert.equal((await statusOfNats(cm)).status, 'DOWN');
  assert.equal(await reconnects(cm), before);
});
