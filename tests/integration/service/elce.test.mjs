// 9/ELCE: all tokens of an unregistered endpoint are deleted (contract section 4.3).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { Events, publishUnregistered, subjectOfUnregistered } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness, volume } from '../../support/paths.mjs';
import { states } from '../../support/rest.mjs';
import { Rows } from '../../support/rows.mjs';
import { Stack } from '../../support/stack.mjs';
import { until } from '../../support/wait.mjs';

const burst = volume(10_000);

let stack;
let ecap;
let events;
let rows;
let operator;
before(async () => {
  stack = await Stack.start({ jdbcParameters: '?socketTimeout=2000&connectTimeout=1000' });
  ecap = stack.ecap;
  events = await Events.listen(stack.nats);
  rows = new Rows(stack.mariadb);
  operator = new Operator(stack.cm);
});
after(async () => {
  await events?.close();
  await stack?.remove();
});

const tokensOf = (endpointId) => rows.count('endpoint_token', `endpoint_id = '${endpointId}'`);

let fences = 0;
/** Waits until the tokens of an endpoint are deleted whose event was sent after all others. */
async function fence() {
  fences += 1;
  const endpointId = `fence-${fences}`;
  await operator.createToken(endpointId);
  await events.first(publishUnregistered(ecap.connection, endpointId));
}

/** Waits for an event with each of these correlation IDs. */
async function allHeard(correlationIds) {
  await until(
    () => {
      const received = new Set(events.all.map(({ correlationId }) => correlationId));
      return correlationIds.every((id) => received.has(id));
    },
    { timeout: 15_000 * slowness, interval: 200, what: 'all events' },
  );
}

/** Inserts `count` endpoints with one token each directly into the table: {prefix}-1, {prefix}-2… */
async function fill(prefix, count) {
  const start = await rows.count('endpoint_token');
  await stack.mariadb.sql(
    'INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, created_at) ' +
      `SELECT UNHEX(CONCAT('01900000000070008000', LPAD(HEX(seq + ${start}), 12, '0'))), UNHEX(SHA2(CONCAT('${prefix}', seq), 256)), ` +
      `'smart_kettle', CONCAT('${prefix}-', seq), 1, 1700000000000 + seq FROM seq_1_to_${count}`,
  );
}

test('all tokens of the endpoint are deleted, in every application and status, and no others', async () => {
  const deletedIds = { smart_kettle: [], lamp: [] };
  const values = [];
  for (const application of Object.keys(deletedIds)) {
    for (const status of states) {
      const { json } = await operator.createToken('leaving', application);
      await rows.setStatus('token', json.endpointTokenId, status);
      deletedIds[application].push(json.endpointTokenId);
      values.push([application, json.token]);
    }
  }
  const stays = (await operator.createToken('leaving-not')).json;
  const correlationId = publishUnregistered(ecap.connection, 'leaving');
  await until(async () => (await tokensOf('leaving')) === 0, { what: 'no tokens' });
  for (const [application, value] of values) {
    assert.equal((await ecap.validate(application, value)).statusCode, 404);
  }
  assert.equal((await ecap.validate('smart_kettle', stays.token)).statusCode, 200);
  await fence();
  const seen = events.of(correlationId);
  assert.equal(seen.length, 2);
  for (const [application, ids] of Object.entries(deletedIds)) {
    const event = seen.find(({ appName }) => appName === application);
    assert.equal(event.kind, 'endpoint.token.revoked');
    assert.equal(event.endpointId, 'leaving');
    assert.deepEqual([...event.tokenIds].sort(), ids.sort());
  }
  const [newest] = (await rows.trail(deletedIds.lamp[0])).slice(-1);
  assert.deepEqual(newest, { from: 'Inactive', to: null, channel: 'elce', correlationId });
});

test('an unknown endpoint and a repeated event change nothing', async () => {
  const { endpointTokenId } = (await operator.createToken('twice')).json;
  const first = publishUnregistered(ecap.connection, 'twice');
  await events.first(first);
  for (let i = 0; i < 3; i += 1) publishUnregistered(ecap.connection, 'twice', { correlationId: first });
  const unknown = publishUnregistered(ecap.connection, 'never-seen');
  await fence();
  assert.equal(events.of(first).length, 1);
  assert.deepEqual(events.of(first)[0].tokenIds, [endpointTokenId]);
  assert.deepEqual(events.of(unknown), []);
  assert.equal((await rows.trail(endpointTokenId)).length, 2);
});

test('concurrent copies of one event: one deletion, and repeated events are identical', async () => {
  const { endpointTokenId } = (await operator.createToken('at-once')).json;
  const first = publishUnregistered(ecap.connection, 'at-once');
  for (let i = 0; i < 3; i += 1) publishUnregistered(ecap.connection, 'at-once', { correlationId: first });
  await events.first(first);
  await fence();
  for (const event of events.of(first)) assert.deepEqual(event.tokenIds, [endpointTokenId]);
  assert.equal((await rows.trail(endpointTokenId)).length, 2);
  assert.equal(await rows.count('revocation', `correlation_id = '${first}'`), 1);
});

test('a late event and an event whose timeout has expired are processed too', async () => {
  await operator.createToken('late');
  await events.first(publishUnregistered(ecap.connection, 'late', { timestamp: 1 }));
  assert.equal(await tokensOf('late'), 0);
  // The unregistration is permanent, and the event is not repeated.
  await operator.createToken('expired');
  publishUnregistered(ecap.connection, 'expired', { timestamp: Date.now() - 60_000, timeout: 1_000 });
  await until(async () => (await tokensOf('expired')) === 0, { what: 'no tokens' });
});

test('invalid bytes and invalid endpoint IDs have no effect', async () => {
  await operator.createToken('untouched');
  const before = stack.cm.log.length;
  const subject = subjectOfUnregistered();
  for (const bytes of [Buffer.alloc(0), Buffer.from('garbage'), Buffer.from('ff'.repeat(64), 'hex'), Buffer.alloc(100_000)]) {
    ecap.connection.publish(subject, bytes);
  }
  for (const endpointId of ['', 'a b', 'ä', 'x'.repeat(256), '%', "untouched' OR '1'='1"]) {
    publishUnregistered(ecap.connection, endpointId);
  }
  await fence();
  assert.equal(await tokensOf('untouched'), 1);
  assert.match(stack.cm.log.slice(before), /unregistered endpoints cannot be understood/);
  await stack.cm.up();
});

test('only events of the configured endpoint register are processed', async (t) => {
  const other = await Cm.start({
    nats: stack.nats,
    mariadb: stack.mariadb,
    instance: 'cm-other',
    configuration: { 'kaa.cm.ep-register.service-instance.name': 'epr-other' },
  });
  t.after(() => other.remove());
  const itsEvents = await Events.listen(stack.nats, { instance: 'cm-other' });
  t.after(() => itsEvents.close());
  await operator.createToken('registered-elsewhere');
  const correlationId = publishUnregistered(ecap.connection, 'registered-elsewhere', { register: 'epr-other' });
  await itsEvents.first(correlationId);
  await fence();
  assert.deepEqual(events.of(correlationId), [], 'the other instance did it');
  assert.equal(await tokensOf('registered-elsewhere'), 0);
});

test(`a burst of events for ${burst} endpoints: every one is handled, and requests are served meanwhile`, async (t) => {
  await fill('burst', burst);
  const { token } = (await operator.createToken('kettle')).json;
  const began = performance.now();
  const asked = new Map();
  for (let i = 1; i <= burst; i += 1) asked.set(publishUnregistered(ecap.connection, `burst-${i}`), `burst-${i}`);
  await ecap.connection.flush();
  let validations = 0;
  await until(
    async () => {
      assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);
      validations += 1;
      return events.all.length >= burst && (await rows.count('endpoint_token', "endpoint_id LIKE 'burst-%'")) === 0;
    },
    { timeout: 60_000 * slowness, interval: 50, what: 'all of them' },
  );
  await allHeard([...asked.keys()]);
  t.diagnostic(`${Math.round(performance.now() - began)} ms for ${burst} endpoints; ${validations} validations meanwhile`);
  const byId = new Map(events.all.map((event) => [event.correlationId, event]));
  for (const [correlationId, endpointId] of asked) assert.equal(byId.get(correlationId).endpointId, endpointId);
  assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);
});

test('events during an outage of MariaDB are processed when it is back', async () => {
  await fill('patient', 500);
  const { token } = (await operator.createToken('kettle')).json;
  const asked = [];
  for (let i = 1; i <= 50; i += 1) asked.push(publishUnregistered(ecap.connection, `patient-${i}`));
  await stack.mariadb.kill();
  for (let i = 51; i <= 500; i += 1) asked.push(publishUnregistered(ecap.connection, `patient-${i}`));
  await ecap.connection.flush();
  await stack.cm.healthThat(({ body }) => body.db.status !== 'UP', 'MariaDB missing');
  await stack.mariadb.start();
  await stack.cm.up();
  await until(async () => (await rows.count('endpoint_token', "endpoint_id LIKE 'patient-%'")) === 0, {
    timeout: 30_000 * slowness,
    what: 'no tokens of those endpoints',
  });
  await allHeard(asked);
  assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
});
