// The events of contract section 4.2: one for every kind of revocation, none for anything else, and none is lost.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { Events, publishUnregistered } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness, volume } from '../../support/paths.mjs';
import { states } from '../../support/rest.mjs';
import { Rows } from '../../support/rows.mjs';
import { Stack } from '../../support/stack.mjs';
import { quantile, until } from '../../support/wait.mjs';

let stack;
let ecap;
let events;
let rows;
let operator;
let replicaId;
before(async () => {
  stack = await Stack.start({ proxies: true });
  ecap = stack.ecap;
  events = await Events.listen(stack.nats);
  rows = new Rows(stack.mariadb);
  operator = new Operator(stack.cm);
  replicaId = (await operator.info()).replicaId;
});
after(async () => {
  await events?.close();
  await stack?.remove();
});

let number = 0;
/** A new token with a status, of a new endpoint. */
async function token(status = 'Inactive', application = 'smart_kettle') {
  number += 1;
  const endpointId = `endpoint-${number}`;
  const { json } = await operator.createToken(endpointId, application);
  if (status !== 'Inactive') await rows.setStatus('token', json.endpointTokenId, status);
  return { ...json, endpointId, id: json.endpointTokenId };
}

/** A new client credential with a status; `kind` is "credentials" or "certificates". */
async function client(kind, status = 'Inactive') {
  number += 1;
  const created =
    kind === 'credentials'
      ? await operator.createUser(`user-${number}`, { password: 'a long password' })
      : await operator.createCertificate({ issuer: 'CN=Devices CA', serialNumber: String(number) });
  assert.equal(created.status, 201, created.text);
  if (status !== 'Inactive') await rows.setStatus(kind, created.json.credentialId, status);
  return { ...created.json, id: created.json.credentialId };
}

/** Waits for an event that was caused after all others: events that are missing then were not sent. */
async function fence() {
  const last = await token();
  const { correlationId } = await operator.deleteToken(last.endpointId, last.id);
  await events.first(correlationId);
}

/** The only event of this request; checks the fields that all events have. */
async function theEventOf(correlationId, kind, since) {
  const event = await events.first(correlationId);
  assert.equal(event.kind, kind);
  assert.equal(event.correlationId, correlationId);
  assert.equal(event.timeout, 0);
  assert.equal(event.originatorReplicaId, replicaId);
  assert.ok(event.timestamp >= since - 1 && event.timestamp <= Date.now() + 1, `timestamp ${event.timestamp}`);
  return event;
}

async function tokenIsTakenAway(from, take) {
  const taken = await token(from);
  const since = Date.now();
  const correlationId = await take(taken);
  const event = await theEventOf(correlationId, 'endpoint.token.revoked', since);
  assert.equal(event.appName, 'smart_kettle');
  assert.equal(event.endpointId, taken.endpointId);
  assert.deepEqual(event.tokenIds, [taken.id]);
}

const answered = (answer, ...codes) => {
  assert.ok(codes.includes(answer.status ?? answer.statusCode), `answered ${answer.status ?? answer.statusCode}`);
  return answer.correlationId;
};

test('a valid token that becomes Suspended or Revoked, over REST and ECAP', async () => {
  for (const from of ['Inactive', 'Active']) {
    for (const to of ['Suspended', 'Revoked']) {
      await tokenIsTakenAway(from, async (t) => answered(await operator.setTokenStatus(t.endpointId, t.id, to), 200));
      await tokenIsTakenAway(from, async (t) => answered(await ecap.transition('smart_kettle', t.token, to), 200));
    }
  }
});

test('a token that is deleted in any status', async () => {
  for (const from of states) {
    await tokenIsTakenAway(from, async (t) => answered(await operator.deleteToken(t.endpointId, t.id), 204));
    await tokenIsTakenAway(from, async (t) => answered(await operator.deleteTokens(t.endpointId), 204));
  }
});

test('a token whose endpoint was unregistered: the correlation ID is that of the received event', async () => {
  for (const from of states) {
    await tokenIsTakenAway(from, (t) => publishUnregistered(ecap.connection, t.endpointId));
  }
});

test('all tokens of an endpoint in two applications: one event per application, with all of its tokens', async () => {
  const taken = { smart_kettle: [], lamp: [] };
  for (let i = 0; i < 12; i += 1) {
    const application = i % 3 === 0 ? 'lamp' : 'smart_kettle';
    const { json } = await operator.createToken('many', application);
    await rows.setStatus('token', json.endpointTokenId, states[i % 4]);
    taken[application].push(json.endpointTokenId);
  }
  const correlationId = answered(await operator.deleteTokens('many'), 204);
  await until(() => events.of(correlationId).length >= 2, { what: 'two events' });
  await fence();
  const seen = events.of(correlationId);
  assert.equal(seen.length, 2);
  for (const [application, ids] of Object.entries(taken)) {
    const event = seen.find(({ appName }) => appName === application);
    assert.equal(event.endpointId, 'many');
    assert.deepEqual([...event.tokenIds].sort(), ids.sort());
  }
});

test('5,000 tokens of one endpoint are in one event', async () => {
  const line = { endpointId: 'crowded', applicationName: 'smart_kettle' };
  const imported = await operator.importTokens(Array(5_000).fill(line), { timeout: 60_000 });
  assert.equal(imported.status, 200, imported.text);
  const ids = imported.lines.map(({ endpointTokenId }) => endpointTokenId);
  assert.equal(new Set(ids).size, 5_000);
  const correlationId = answered(await operator.deleteTokens('crowded', { timeout: 60_000 }), 204);
  const event = await events.first(correlationId);
  assert.deepEqual([...event.tokenIds].sort(), ids.sort());
  await fence();
  assert.equal(events.of(correlationId).length, 1);
});

for (const kind of ['credentials', 'certificates']) {
  test(`clients' ${kind} that become Suspended or Revoked, or are deleted in any status`, async () => {
    for (const from of states) {
      const taken = [];
      if (from === 'Inactive' || from === 'Active') {
        for (const to of ['Suspended', 'Revoked']) taken.push((item) => operator.setClientStatus(kind, item.id, to));
      }
      taken.push((item) => operator.deleteClient(kind, item.id));
      for (const take of taken) {
        const item = await client(kind, from);
        const since = Date.now();
        const correlationId = answered(await take(item), 200, 204);
        const event = await theEventOf(correlationId, 'client.credential.revoked', since);
        assert.equal(event.credentialId, item.id);
      }
    }
  });
}

test('no event for changes that revoke nothing', async () => {
  const quiet = [];
  const ask = async (what, answer, ...codes) => quiet.push({ what, correlationId: answered(await answer, ...codes) });

  const item = await token('Suspended');
  await ask('Suspended again', operator.setTokenStatus(item.endpointId, item.id, 'Suspended'), 200);
  await ask('Suspended again by ECAP', ecap.transition('smart_kettle', item.token, 'Suspended'), 200);
  await ask('Suspended to Active', operator.setTokenStatus(item.endpointId, item.id, 'Active'), 200);
  await rows.setStatus('token', item.id, 'Suspended');
  await ask('Suspended to Revoked', operator.setTokenStatus(item.endpointId, item.id, 'Revoked'), 200);
  await ask('Revoked to Active', operator.setTokenStatus(item.endpointId, item.id, 'Active'), 409);
  await ask('Revoked again', operator.setTokenStatus(item.endpointId, item.id, 'Revoked'), 200);
  const another = await token('Suspended');
  await ask('Suspended to Revoked by ECAP', ecap.transition('smart_kettle', another.token, 'Revoked'), 200);
  const fresh = await token();
  await ask('first use', ecap.validate('smart_kettle', fresh.token), 200);
  await ask('activation', operator.setTokenStatus(fresh.endpointId, fresh.id, 'Active'), 200);
  const created = await operator.createToken('quiet');
  await ask('creation', created, 201);
  const line = { endpointId: 'quiet', applicationName: 'smart_kettle', status: 'Revoked' };
  await ask('an import', operator.importTokens([line]), 200);
  await ask('a token that is not there', operator.deleteToken('quiet', randomUUID()), 404);
  await ask('an endpoint without tokens', operator.deleteTokens('nobody-here'), 204);
  const headers = { 'If-Match': `"${'0'.repeat(40)}"` };
  await ask('a precondition that fails', operator.deleteToken('quiet', created.json.endpointTokenId, { headers }), 412);
  quiet.push({ what: 'nobody unregistered', correlationId: publishUnregistered(ecap.connection, 'nobody-here') });
  for (const kind of ['credentials', 'certificates']) {
    const of = await client(kind, 'Suspended');
    await ask(`${kind}: the same again`, operator.setClientStatus(kind, of.id, 'Suspended'), 200);
    await ask(`${kind}: Suspended to Active`, operator.setClientStatus(kind, of.id, 'Active'), 200);
    if (kind === 'credentials') await ask('another password', operator.setPassword(of.id, 'another password'), 200);
    await rows.setStatus(kind, of.id, 'Suspended');
    await ask(`${kind}: Suspended to Revoked`, operator.setClientStatus(kind, of.id, 'Revoked'), 200);
    await ask(`${kind}: Revoked to Active`, operator.setClientStatus(kind, of.id, 'Active'), 409);
    await ask(`${kind}: not there`, operator.deleteClient(kind, randomUUID()), 404);
  }
  await fence();
  for (const { what, correlationId } of quiet) assert.deepEqual(events.of(correlationId), [], what);
});

test('afterwards the outbox is empty in the database and in /health, and every event could be decoded', async () => {
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 0 && body.outbox.status === 'UP', 'nothing pending');
  assert.deepEqual(events.undecodable, []);
});

test('/revocations returns the same revocations as the events, in commit order', async () => {
  const listed = [];
  let after;
  for (;;) {
    const { json } = await operator.revocations(after);
    listed.push(...json.content);
    if (json.content.length === 0 || json.next === after) break;
    after = json.next;
  }
  const key = (ids, correlationId) => `${[...ids].sort()} ${correlationId}`;
  const byEvents = events.all.map((e) => key(e.tokenIds ?? [e.credentialId], e.correlationId));
  const byRest = listed.map((r) => key(r.endpointTokenIds ?? [r.credentialId], r.correlationId));
  assert.deepEqual([...byRest].sort(), [...byEvents].sort());
});

test('an event is sent soon after the answer', async (t) => {
  const times = [];
  for (let i = 0; i < volume(300); i += 1) {
    const item = await token();
    const { correlationId } = await operator.setTokenStatus(item.endpointId, item.id, 'Revoked');
    const answeredAt = performance.now();
    times.push((await events.first(correlationId)).at - answeredAt);
  }
  const figures = [0.5, 0.99, 1].map((fraction) => quantile(times, fraction).toFixed(1));
  t.diagnostic(`milliseconds from the answer to the event: p50 ${figures[0]}, p99 ${figures[1]}, worst ${figures[2]}`);
  assert.ok(quantile(times, 0.5) < 50 * slowness, `in the middle ${figures[0]} ms`);
});

test('no event waits for the confirmation of the previous one', async (t) => {
  const [first, second] = [await token(), await token()];
  const oneWay = 150;
  stack.natsProxy.delay(oneWay); // a confirmation takes twice as long
  t.after(() => stack.natsProxy.heal());
  const began = performance.now();
  const answers = [];
  for (const item of [first, second]) answers.push(await operator.setTokenStatus(item.endpointId, item.id, 'Revoked'));
  const between = performance.now() - began;
  const [item, other] = await Promise.all(answers.map(({ correlationId }) => events.first(correlationId)));
  const apart = other.at - item.at;
  assert.ok(apart < between + oneWay, `${apart} ms apart, the revocations at most ${between} ms`);
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
  for (const { correlationId } of answers) assert.equal(events.of(correlationId).length, 1, 'published once');
});

test('two replicas: every revocation is published once, by the replica that made it', async (t) => {
  const other = await Cm.start({ nats: stack.nats, mariadb: stack.mariadb });
  t.after(() => other.remove());
  const operators = [operator, new Operator(other)];
  const ids = await Promise.all(operators.map(async (item) => (await item.info()).replicaId));
  assert.notEqual(ids[0], ids[1]);
  const asked = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const item = await token();
      const { correlationId } = await operators[i % 2].setTokenStatus(item.endpointId, item.id, 'Suspended');
      return { i, correlationId };
    }),
  );
  for (const { i, correlationId } of asked) {
    assert.equal((await events.first(correlationId)).originatorReplicaId, ids[i % 2]);
  }
  await fence();
  for (const { correlationId } of asked) assert.equal(events.of(correlationId).length, 1);
});

test('the events of revocations just before SIGTERM are published before the process ends', async () => {
  const leaving = await Cm.start({ nats: stack.nats, mariadb: stack.mariadb });
  try {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => token()));
    const by = new Operator(leaving);
    const asked = await Promise.all(tokens.map((item) => by.setTokenStatus(item.endpointId, item.id, 'Revoked')));
    leaving.process.signal('SIGTERM');
    assert.deepEqual(await leaving.process.exit(35_000), { code: 0, signal: null });
    await events.connection.flush();
    for (const { status, correlationId } of asked) {
      assert.equal(status, 200);
      assert.equal(events.of(correlationId).length, 1);
    }
    assert.equal(await rows.pending(), 0);
  } finally {
    await leaving.remove();
  }
});

test('short outage of NATS: revocations are answered, shown as pending, and published when NATS is back', async () => {
  const tokens = await Promise.all(Array.from({ length: 100 }, () => token()));
  const user = await client('credentials');
  await stack.nats.kill();
  await stack.cm.healthThat(({ body }) => body.nats.status !== 'UP', 'NATS missing');
  const asked = await Promise.all(
    tokens.map(async (item, i) => {
      const answer =
        i % 2 === 0
          ? await operator.setTokenStatus(item.endpointId, item.id, 'Revoked')
          : await operator.deleteToken(item.endpointId, item.id);
      return answered(answer, 200, 204);
    }),
  );
  asked.push(answered(await operator.setClientStatus('credentials', user.id, 'Suspended'), 200));
  const { body } = await stack.cm.healthThat(({ body }) => body.outbox.pending >= 101, '101 pending events');
  assert.equal(body.outbox.pending, 101);
  assert.equal(await rows.pending(), 101);
  await events.reconnectsFirst(stack.nats, stack.natsProxy);
  await stack.cm.up();
  await until(() => asked.every((correlationId) => events.of(correlationId).length > 0), {
    timeout: 15_000 * slowness,
    what: 'all events',
  });
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 0, 'nothing pending in /health');
});
