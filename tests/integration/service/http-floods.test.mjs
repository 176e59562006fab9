// Floods of HTTP connections, requests and streams: CM keeps what others need, and gives back what it has taken.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, request } from 'node:http';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { Crowd, memoryGroup, metric, metricThat, threadsOf, watchLiveness, withDescriptors } from '../../support/floods.mjs';
import { get, http, post } from '../../support/http.mjs';
import { noFigures, slowness } from '../../support/paths.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { until } from '../../support/wait.mjs';

let nats;
let mariadb;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
});
after(() => Promise.all([nats?.remove(), mariadb?.remove()]));

/** A CM for one test. */
async function start(t, options = {}) {
  const cm = await Cm.start({ nats, mariadb, ...options });
  t.after(() => cm.remove());
  return cm;
}

/** Connections that end with the test. */
function crowdOf(t) {
  const crowd = new Crowd();
  t.after(() => crowd.close());
  return crowd;
}

const creates = async (cm, endpointId) =>
  (await post(`${cm.api}/endpoints/${endpointId}/tokens`, { applicationName: 'smart_kettle' }, { agent: false })).status;

/** No probe of a kubelet fails: its default time-out is 1 s. */
function assertPrompt(times) {
  assert.ok(times.length > 0, 'liveness was never answered');
  assert.ok(Math.max(...times) < 1_000 * slowness, `liveness took ${Math.round(Math.max(...times))} ms`);
}

for (const limits of ['1024', '1024:4096']) {
  test(`1,100 idle connections with a limit of ${limits} descriptors: liveness, REST and new connections work`, async (t) => {
    const cm = await start(t, withDescriptors(limits));
    const liveness = watchLiveness(cm);
    const crowd = await crowdOf(t).open(cm.port, 1_100);
    assert.equal(await creates(cm, 'beside-idle'), 201);
    assert.equal((await get(`${cm.api}/revocations`, { agent: false })).status, 200);
    assertPrompt(await liveness.stop());
    const open = await metric(cm, 'cm_http_connections', { port: 'api' });
    const closed = await metric(cm, 'cm_http_connections_closed_idle_total', { port: 'api' });
    if (limits === '1024') assert.ok(open < 700 && closed > 400, `${open} open, ${closed} closed`);
    else assert.ok(open >= 1_100 && closed === 0, `${open} open, ${closed} closed: the soft limit was not raised`);
    assert.equal(await metric(cm, 'cm_http_accept_failures_total', { port: 'api' }), 0);
    crowd.close();
    await metricThat(cm, 'cm_http_connections', { port: 'api' }, (value) => value < 10);
  });
}

test('10,050 idle connections: liveness and REST are answered at once, also when they are on the management port', async (t) => {
  const cm = await start(t);
  const addresses = Array.from({ length: 20 }, (_, i) => `127.0.1.${i + 1}`);
  const liveness = watchLiveness(cm);
  const crowd = await crowdOf(t).open(cm.port, 10_050, { addresses });
  const began = performance.now();
  assert.equal(await creates(cm, 'beside-many'), 201);
  assert.ok(performance.now() - began < 2_000 * slowness);
  assertPrompt(await liveness.stop());
  assert.ok((await metric(cm, 'cm_http_connections', { port: 'api' })) <= 10_000);
  crowd.close();
  const again = watchLiveness(cm);
  await crowdOf(t).open(cm.managementPort, 2_000, { addresses });
  assertPrompt(await again.stop());
});

/** 15 KB of header and all but the end of a body of maximum size. */
const unfinished = `POST /api/v1/endpoints/e/tokens HTTP/1.1\r\nHost: cm\r\nContent-Type: application/json\r\nX-Fill: ${'x'.repeat(15_000)}\r\nContent-Length: 65536\r\n\r\n${' '.repeat(65_000)}`;

test('1,400 unfinished requests of 80 KB in 128 MiB: CM lives, answers, and gives the memory back', { skip: noFigures }, async (t) => {
  const group = memoryGroup(128 * 1024 * 1024);
  if (!group) {
    t.skip('no control group with a memory limit can be made on this machine');
    return;
  }
  const cm = await start(t, group.start);
  t.after(async () => {
    await cm.process.stop('SIGTERM');
    group.remove();
  });
  for (let i = 0; i < 20; ++i) assert.equal(await creates(cm, `before-${i}`), 201);
  const residentBefore = cm.residentBytes();
  const liveness = watchLiveness(cm);
  const crowd = await crowdOf(t).open(cm.port, 1_400, { bytes: unfinished, at: 1_400, addresses: ['127.0.0.1', '127.0.0.2'] });
  await until(() => crowd.answered(503) + crowd.answered(408) > 1_000, {
    timeout: 30_000 * slowness,
    what: 'the requests beyond the budget are answered',
  });
  const limit = await metric(cm, 'cm_http_buffer_limit_bytes');
  assert.equal(limit, 16 * 1024 * 1024, 'an eighth of the limit of the control group');
  assert.ok((await metric(cm, 'cm_http_buffer_bytes')) <= limit);
  assert.ok((await metric(cm, 'cm_http_refused_total', { reason: 'memory' })) > 0);
  await until(async () => (await creates(cm, 'during')) === 201, { timeout: 10_000 * slowness, what: 'a token is created' });
  assertPrompt(await liveness.stop());
  const residentDuring = cm.residentBytes();
  crowd.close();
  assert.equal(group.kills(), 0);
  await until(() => cm.residentBytes() < 1.2 * residentBefore, { timeout: 60_000, interval: 200, what: 'the memory is returned' });
  const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);
  t.diagnostic(`resident: ${mib(residentBefore)} MiB before, ${mib(residentDuring)} during, ${mib(cm.residentBytes())} after`);
});

/** An import that sends lines of `{}` until stop(); resolves when its answer has begun. */
function endlessImport(cm, agent = new Agent()) {
  return new Promise((resolve, reject) => {
    let running = true;
    const call = request(`${cm.api}/endpoint-tokens/import`, { method: 'POST', agent, headers: { 'Content-Type': 'application/x-ndjson' } });
    const write = () => {
      while (running && call.write('{}\n'.repeat(5_000)));
      if (running) call.once('drain', write);
    };
    call.once('error', reject);
    call.once('response', (response) => {
      response.resume();
      response.on('error', () => {});
      const stop = () => {
        running = false;
        call.destroy();
      };
      if (response.statusCode !== 200) stop();
      resolve({ status: response.statusCode, headers: response.headers, stop });
    });
    write();
  });
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

test('30 imports of {} lines: beyond 4 they are refused with 429, and the validation of tokens is as fast as before', async (t) => {
  const cm = await start(t);
  const ecap = await EcapClient.connect(nats, { instance: cm.instance });
  t.after(() => ecap.close());
  const { token } = (await cm.provision('busy')).json;
  const measure = async () => {
    const times = [];
    for (let i = 0; i < 300; ++i) {
      const began = performance.now();
      assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);
      times.push(performance.now() - began);
    }
    return median(times);
  };
  await measure();
  const before = await measure();
  const imports = await Promise.all(Array.from({ length: 30 }, () => endlessImport(cm)));
  const running = imports.filter(({ status }) => status === 200);
  const refused = imports.filter(({ status }) => status === 429);
  assert.equal(running.length, 4);
  assert.equal(refused.length, 26);
  assert.ok(Number(refused[0].headers['retry-after']) > 0);
  assert.equal(await metric(cm, 'cm_http_streams', { kind: 'import' }), 4);
  const during = await measure();
  for (const each of running) each.stop();
  t.diagnostic(`median of a validation: ${before.toFixed(2)} ms before, ${during.toFixed(2)} ms during 4 imports`);
  await metricThat(cm, 'cm_http_streams', { kind: 'import' }, (value) => value === 0);
  if (noFigures === undefined) assert.ok(during < 10 * before + 5, `${during} ms instead of ${before} ms`);
});

test('the thread of an import ends with it, though its connection stays open', async (t) => {
  const cm = await start(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  t.after(() => agent.destroy());
  await get(`${cm.management}/prometheus`);
  const before = threadsOf(cm.pid);
  const body = '{"endpointId":"e-1","applicationName":"smart_kettle"}\n'.repeat(10);
  const headers = { 'Content-Type': 'application/x-ndjson' };
  for (let round = 0; round < 3; ++round) {
    const answers = await Promise.all(
      Array.from({ length: 2 }, () => http('POST', `${cm.api}/endpoint-tokens/import`, { body, headers, agent })),
    );
    for (const { status } of answers) assert.equal(status, 200);
  }
  await until(() => threadsOf(cm.pid) <= before, { timeout: 5_000 * slowness, what: `${before} threads again` });
  assert.ok((await metric(cm, 'cm_http_connections', { port: 'api' })) >= 2, 'the connections are kept alive');
});

test('HEAD of an export reads nothing from the database', async (t) => {
  const cm = await start(t);
  const address = `${cm.api}/endpoint-tokens/export`;
  await mariadb.kill(); // the last test of this file
  await until(async () => (await get(address)).status === 503, { timeout: 10_000 * slowness, what: 'GET is answered 503' });
  const { status, headers, text } = await http('HEAD', address);
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'application/x-ndjson');
  assert.equal(text, '');
});
