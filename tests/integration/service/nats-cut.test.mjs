// A partitioned NATS cluster, with a replica and listeners on each side: the database is authoritative, NATS is the
// fast path (contract sections 4.2 and 4.4). Revocations that NATS does not deliver reach the other side within 1.5 s.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { Events } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { freePorts } from '../../support/ports.mjs';
import { Proxy } from '../../support/proxy.mjs';
import { Rows } from '../../support/rows.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { until } from '../../support/wait.mjs';

/** Long enough that nothing expires from the cache during a test. */
const configuration = { 'kaa.cm.cache.time-to-live': '10m' };

/** From the acknowledgement of a revocation to its effect on the other side of the partition, in milliseconds. */
const bound = 1_500 * slowness;

let mariadb;
let rows;
let route;
const near = {};
const far = {};
before(async () => {
  const [nearRoute, farRoute] = await freePorts(2);
  mariadb = await Mariadb.start();
  rows = new Rows(mariadb);
  near.nats = await Nats.create();
  near.nats.cluster = { port: nearRoute, routes: [] };
  await near.nats.start();
  route = await Proxy.start(nearRoute);
  far.nats = await Nats.create();
  far.nats.cluster = { port: farRoute, routes: [route.port] };
  await far.nats.start();
  for (const side of [near, far]) {
    side.cm = await Cm.start({ nats: side.nats, mariadb, configuration });
    side.events = await Events.listen(side.nats);
    side.ecap = await EcapClient.connect(side.nats, { instance: side.cm.instance });
    side.operator = new Operator(side.cm);
  }
});
after(async () => {
  for (const side of [near, far]) {
    await side.ecap?.close();
    await side.events?.close();
    await side.cm?.remove();
  }
  await route?.close();
  await Promise.all([near.nats?.remove(), far.nats?.remove(), mariadb?.remove()]);
});

const cut = () => {
  route.refuse();
  route.cut();
};

/** Waits until the cluster is connected: messages published on one side arrive on the other. */
async function whole() {
  route.heal();
  const messages = [];
  const subscription = far.events.connection.subscribe('tests.route', { callback: () => messages.push(1) });
  await until(
    async () => {
      near.events.connection.publish('tests.route');
      await near.events.connection.flush();
      return messages.length > 0;
    },
    { timeout: 30_000 * slowness, interval: 100, what: 'a route between the servers' },
  );
  subscription.unsubscribe();
}

/** The time from now until the condition is true on the other side. */
async function timeUntil(condition, what) {
  const began = performance.now();
  await until(condition, { timeout: 20_000 * slowness, interval: 10, what });
  return performance.now() - began;
}

/** Creates a token that the replica on the far side answers from its cache; requests do not cross the partition. */
async function tokenInFarMemory(name) {
  cut();
  const { json } = await near.operator.createToken(name);
  const id = json.endpointTokenId;
  const validate = async () => (await far.ecap.validate('smart_kettle', json.token)).statusCode;
  await until(
    async () => {
      await rows.setStatus('token', id, 'Active');
      assert.equal(await validate(), 200);
      await rows.setStatus('token', id, 'Suspended'); // without an event
      return (await validate()) === 200;
    },
    { timeout: 30_000 * slowness, interval: 100, what: 'an answer from the memory of the far side' },
  );
  await rows.setStatus('token', id, 'Active');
  return { endpointId: name, id, validate };
}

const revocations = [
  ['suspended', (it, correlationId) => near.operator.setTokenStatus(it.endpointId, it.id, 'Suspended', { correlationId })],
  ['deleted', (it, correlationId) => near.operator.deleteToken(it.endpointId, it.id, { correlationId })],
];
for (const [what, revoke] of revocations) {
  test(`a token that was ${what} on one side of a partition is refused, and its event received, on the other within 1.5 s`, async (t) => {
    const it = await tokenInFarMemory(`cut-${what}`);
    const correlationId = randomUUID();
    const { status } = await revoke(it, correlationId);
    assert.ok([200, 204].includes(status), `${status}`);
    const [refused, received] = await Promise.all([
      timeUntil(async () => (await it.validate()) !== 200, 'a refusal on the far side'),
      timeUntil(() => far.events.of(correlationId).length > 0, 'an event on the far side'),
    ]);
    t.diagnostic(`refused after ${Math.round(refused)} ms, received after ${Math.round(received)} ms`);
    assert.ok(refused < bound && received < bound, `refused after ${refused} ms, received after ${received} ms`);
    assert.deepEqual(far.events.of(correlationId)[0].tokenIds, [it.id]);
    assert.equal(near.events.of(correlationId).length, 1);
    await whole();
  });
}

test('the event of a client credential crosses the partition too', async () => {
  cut();
  const { json } = await near.operator.createUser(`cut-${randomUUID()}`, { password: 'a password' });
  const correlationId = randomUUID();
  const { status } = await near.operator.setClientStatus('credentials', json.credentialId, 'Suspended', { correlationId });
  assert.equal(status, 200);
  const delay = await timeUntil(() => far.events.of(correlationId).length > 0, 'an event on the far side');
  assert.ok(delay < bound, `delay after ${delay} ms`);
  await whole();
});

test('every revocation during a partition is received on both sides, and the outbox is empty', async () => {
  cut();
  const sides = [near, far];
  const correlationIds = [];
  for (let n = 0; n < 60; n += 1) {
    const side = sides[n % 2];
    const { json } = await side.operator.createToken(`many-${n}`);
    const correlationId = randomUUID();
    const { status } = await side.operator.setTokenStatus(`many-${n}`, json.endpointTokenId, 'Revoked', { correlationId });
    assert.equal(status, 200);
    correlationIds.push(correlationId);
  }
  for (const side of sides) {
    await until(() => correlationIds.every((id) => side.events.of(id).length > 0), {
      timeout: 10_000 * slowness,
      what: 'every event on each side',
    });
  }
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
  await whole();
});

test('without a partition every event is published once, although each replica polls the database', async () => {
  await whole();
  const correlationIds = [];
  for (let n = 0; n < 30; n += 1) {
    const { json } = await near.operator.createToken(`once-${n}`);
    const correlationId = randomUUID();
    await near.operator.setTokenStatus(`once-${n}`, json.endpointTokenId, 'Revoked', { correlationId });
    correlationIds.push(correlationId);
  }
  const { at } = await far.events.first(correlationIds.at(-1));
  // By then each replica has read all of them, and would have published those that it had not received.
  await until(() => performance.now() - at > bound, { timeout: 2 * bound, interval: 100, what: 'another reading' });
  for (const id of correlationIds) assert.equal(far.events.of(id).length, 1, id);
});

test("a replica that acknowledges another replica's change has first removed the token from its own cache", async () => {
  for (const [name, revoke, again] of [
    ['status', (it, side) => side.operator.setTokenStatus(it.endpointId, it.id, 'Suspended'), 200],
    ['one', (it, side) => side.operator.deleteToken(it.endpointId, it.id), 404],
    ['all', (it, side) => side.operator.deleteTokens(it.endpointId), 204],
  ]) {
    for (let round = 0; round < 10; round += 1) {
      const it = await tokenInFarMemory(`acknowledged-${name}-${round}`);
      await revoke(it, near);
      const answer = await revoke(it, far);
      assert.equal(answer.status, again, name);
      assert.notEqual(await it.validate(), 200, `${name}, round ${round}`);
    }
  }
  await whole();
});
