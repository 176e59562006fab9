// The management port (contract section 7, and the endpoints.* keys of 3.2).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { get, http } from '../../support/http.mjs';
import { Stack } from '../../support/stack.mjs';

let stack;
before(async () => {
  stack = await Stack.start({ instance: 'cm-7' });
});
after(() => stack?.remove());

test('/health shows every component', async () => {
  const { status, body } = await stack.cm.health();
  assert.equal(status, 200);
  assert.equal(body.status, 'UP');
  assert.equal(body.db.status, 'UP');
  assert.equal(body.db.database, 'MariaDB');
  assert.match(body.db.version, /^1\d\.\d+\.\d+/);
  assert.equal(body.nats.status, 'UP');
  assert.ok(body.nats.server.includes(`:${stack.nats.port}`));
  assert.equal(body.license.status, 'UP');
  assert.match(body.license.subject, /CM test/);
  assert.match(body.license.expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(body.actors.status, 'UP');
  assert.equal(body.actors.restarts, 0);
});

test('/health/liveness and /health/readiness are 200 in normal operation', async () => {
  for (const probe of ['liveness', 'readiness']) {
    const answer = await get(`${stack.cm.management}/health/${probe}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.json.status, 'UP');
  }
});

test('single metrics and the suffix .json, as in Spring Boot 1.5', async () => {
  const one = await get(`${stack.cm.management}/metrics/uptime`);
  assert.equal(one.status, 200);
  assert.match(one.headers['content-type'], /^application\/json/);
  assert.deepEqual(Object.keys(one.json), ['uptime']);
  assert.ok(one.json.uptime > 0);
  assert.deepEqual(Object.keys((await get(`${stack.cm.management}/metrics/mem`)).json), ['mem']);
  assert.deepEqual(Object.keys((await get(`${stack.cm.management}/metrics/mem.*`)).json).sort(), ['mem', 'mem.free']);
  for (const name of ['nothing', 'mem.json', 'me'])
    assert.equal((await get(`${stack.cm.management}/metrics/${name}`)).status, 404, name);
  for (const path of ['health', 'health/liveness', 'health/readiness', 'info']) {
    const [plain, suffixed] = [await get(`${stack.cm.management}/${path}`), await get(`${stack.cm.management}/${path}.json`)];
    assert.equal(suffixed.status, 200, path);
    assert.equal(suffixed.headers['content-type'], plain.headers['content-type']);
    assert.deepEqual(Object.keys(suffixed.json), Object.keys(plain.json));
  }
  assert.ok((await get(`${stack.cm.management}/metrics.json`)).json.uptime > 0);
  assert.equal((await http('POST', `${stack.cm.management}/health.json`, { body: {} })).status, 405);
});

test('/info identifies the process', async () => {
  const answer = await get(`${stack.cm.management}/info`);
  assert.equal(answer.status, 200);
  assert.match(answer.text, /"cm-7"/);
  assert.match(answer.text, /"version":"\d+\.\d+\.\d+/);
  assert.match(answer.text, /"trustful":false/);
});

test('HEAD works, other methods are 405, other paths 404', async () => {
  const head = await http('HEAD', `${stack.cm.management}/health`);
  assert.equal(head.status, 200);
  assert.equal(head.text, '');
  assert.equal((await http('POST', `${stack.cm.management}/health`, { body: {} })).status, 405);
  assert.equal((await get(`${stack.cm.management}/nothing`)).status, 404);
  assert.equal((await get(`${stack.cm.management}/api/v1/endpoints/a/tokens`)).status, 404);
  assert.equal((await get(`http://127.0.0.1:${stack.cm.port}/health`)).status, 404);
});

test('single endpoints or all of them can be disabled', async () => {
  const without = await Cm.start({
    nats: stack.nats,
    mariadb: stack.mariadb,
    configuration: { 'endpoints.info.enabled': false },
  });
  try {
    assert.equal((await get(`${without.management}/info`)).status, 404);
    assert.equal((await get(`${without.management}/health`)).status, 200);
  } finally {
    await without.remove();
  }
});

test('endpoints.health.mapping sets the HTTP status of a health status', async () => {
  // This instance has neither NATS nor MariaDB.
  const cm = await Cm.create({ configuration: { 'endpoints.health.mapping.DOWN': 'INTERNAL_SERVER_ERROR' } });
  cm.launch();
  try {
    const { status, body } = await cm.healthThat(({ body }) => body.status === 'DOWN', 'DOWN');
    assert.equal(status, 500);
    assert.equal(body.status, 'DOWN');
  } finally {
    await cm.remove();
  }
});
