// Replicas answer from their token caches without missing revocations (contract section 4.4). The second replica's
// database can be cut off: an answer of 200 then comes from its cache.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { after, before, beforeEach, test } from 'node:test';

import { Cm, twoWorkersPerRole } from '../../support/cm.mjs';
import { record } from '../../support/records.mjs';
import { Operator } from '../../support/operator.mjs';
import { preset, slowness } from '../../support/paths.mjs';
import { Process } from '../../support/process.mjs';
import { Proxy } from '../../support/proxy.mjs';
import { Rows } from '../../support/rows.mjs';
import { Stack } from '../../support/stack.mjs';
import { until } from '../../support/wait.mjs';

/** Number of concurrent requests, so that both replicas get some of them. */
const many = 40;

/** Long enough that nothing expires during a test. */
const timeToLive = { 'kaa.cm.cache.time-to-live': '10m', ...twoWorkersPerRole };

let stack;
let operator;
let rows;
let second;
let database;
let broker;
let number = 0;

before(async () => {
  stack = await Stack.start({ configuration: timeToLive });
  operator = new Operator(stack.cm);
  rows = new Rows(stack.mariadb);
  [database, broker] = [await Proxy.start(stack.mariadb.port), await Proxy.start(stack.nats.port)];
  second = await Cm.start({
    nats: stack.nats,
    mariadb: stack.mariadb,
    natsPort: broker.port,
    mariadbPort: database.port,
    jdbcParameters: '?connectTimeout=1000&socketTimeout=1000',
    configuration: timeToLive,
  });
});
after(async () => {
  await second?.remove();
  await database?.close();
  await broker?.close();
  await stack?.remove();
});
beforeEach(async () => {
  database.heal();
  broker.heal();
  await second.up();
});

/** The distinct status codes of many validations of one token. */
async function codes(token, { wait = 10_000 * slowness } = {}) {
  const answers = await Promise.all(
    Array.from({ length: many }, () => stack.ecap.validate('smart_kettle', token, { wait })),
  );
  return [...new Set(answers.map(({ statusCode }) => statusCode))].sort();
}

const takeDatabaseAway = () => {
  database.refuse();
  database.cut();
};

/** Creates a token that the second replica has in its cache, and cuts off its database. */
async function tokenInMemory() {
  number += 1;
  const endpointId = `in-memory-${number}`;
  const { json } = await operator.createToken(endpointId);
  await until(
    async () => {
      database.heal();
      await second.healthThat(({ body }) => body.db.status === 'UP', 'a database of the second replica');
      assert.deepEqual(await codes(json.token), [200]);
      takeDatabaseAway();
      return (await codes(json.token)).join() === '200';
    },
    { timeout: 30_000 * slowness, interval: 100, what: 'a token in the memory of both replicas' },
  );
  return { endpointId, id: json.endpointTokenId, token: json.token };
}

/** Checks that no replica accepts the token: the first knows that it is revoked, the second has no data. */
async function refusedByAll(token) {
  for (let round = 0; round < 5; round += 1) {
    const seen = await codes(token);
    assert.ok(!seen.includes(200), `answered ${seen}`);
  }
}

test('a valid token is accepted from the cache while the database of a replica is unreachable', async () => {
  const { token } = await tokenInMemory();
  await second.healthThat(({ body }) => body.db.status === 'DOWN', 'an unreachable database');
  assert.deepEqual(await codes(token), [200]);
});

for (const [what, revoke] of [
  ['revoked', ({ endpointId, id }) => operator.setTokenStatus(endpointId, id, 'Revoked')],
  ['suspended', ({ endpointId, id }) => operator.setTokenStatus(endpointId, id, 'Suspended')],
  ['deleted', ({ endpointId, id }) => operator.deleteToken(endpointId, id)],
  ['deleted with all of its endpoint', ({ endpointId }) => operator.deleteTokens(endpointId)],
]) {
  test(`a token that one replica has ${what} is refused by it immediately, and by the other after the event`, async () => {
    const it = await tokenInMemory();
    const { status } = await revoke(it);
    assert.ok(status === 200 || status === 204, `${status}`);
    // An answer without a database takes long: the time of the request counts.
    const revoked = performance.now();
    let lastAccepted = 0;
    const refused = async () => {
      const asked = performance.now() - revoked;
      const seen = await codes(it.token);
      if (seen.includes(200)) lastAccepted = asked;
      return !seen.includes(200);
    };
    await until(refused, { timeout: 20_000 * slowness, interval: 1, what: 'a refusal by both replicas' });
    assert.ok(lastAccepted < 1_000 * slowness, `accepted when asked ${lastAccepted} ms after it was ${what}`);
    await refusedByAll(it.token);
  });
}

/** Creates tokens and calls `check(endpointId, made)` until it reports that it found one in the cache. */
async function withTokenInMemory(its, behind, validate, check) {
  await until(
    async () => {
      number += 1;
      const endpointId = `alone-${number}`;
      const { json } = await its.createToken(endpointId);
      assert.equal(await validate(json.token), 200);
      await behind.setStatus('token', json.endpointTokenId, 'Suspended'); // without an event
      if ((await validate(json.token)) !== 200) return false; // the cache is not in use yet
      await check(endpointId, json);
      return true;
    },
    { timeout: 30_000 * slowness, interval: 200, what: 'an answer from memory' },
  );
}

test('the revoking replica refuses the token as soon as it has answered, even if it does not receive its own event', async () => {
  const alone = await Stack.start({ configuration: timeToLive });
  try {
    alone.nats.denied = 'kaa.v1.events.cm.endpoint.token.revoked';
    await alone.nats.stop();
    await alone.nats.start();
    await alone.cm.healthThat(({ body }) => body.nats.status === 'UP' && body.status === 'UP', 'UP with NATS');
    const its = new Operator(alone.cm);
    const validate = async (token) => (await alone.ecap.validate('smart_kettle', token)).statusCode;
    await withTokenInMemory(its, new Rows(alone.mariadb), validate, () => {});
    for (let round = 0; round < 50; round += 1) {
      const { json } = await its.createToken(`own-${round}`);
      assert.equal(await validate(json.token), 200);
      assert.equal(await validate(json.token), 200);
      assert.equal((await its.setTokenStatus(`own-${round}`, json.endpointTokenId, 'Suspended')).status, 200);
      assert.equal(await validate(json.token), 403);
      assert.equal((await its.setTokenStatus(`own-${round}`, json.endpointTokenId, 'Active')).status, 200);
      assert.equal(await validate(json.token), 200);
      assert.equal((await its.deleteToken(`own-${round}`, json.endpointTokenId)).status, 204);
      assert.equal(await validate(json.token), 404);
    }
  } finally {
    await alone.remove();
  }
});

test('a replica that was disconnected from NATS invalidates its cache, because it may have missed an event', async () => {
  const it = await tokenInMemory();
  broker.refuse();
  broker.cut();
  await second.healthThat(({ body }) => body.nats.status === 'DOWN', 'an unreachable broker');
  assert.equal((await operator.setTokenStatus(it.endpointId, it.id, 'Revoked')).status, 200);
  await until(async () => (await rows.pending()) === 0, { what: 'the event on its way' });
  broker.heal();
  await second.healthThat(({ body }) => body.nats.status === 'UP', 'a broker that is back');
  await refusedByAll(it.token);
});

test('an undetected loss of the connection to NATS is sufficient', async () => {
  const it = await tokenInMemory();
  broker.cut();
  await second.healthThat(({ body }) => body.nats.status === 'UP', 'a broker that is back');
  // The second replica's database is unreachable, so that it could accept the token only from its cache; the first
  // replica still accepts it. Requests that nats-server sends into the dead connection are lost and repeated.
  await until(async () => (await codes(it.token, { wait: 3_000 * slowness })).includes(503), {
    timeout: 20_000 * slowness,
    what: 'an answer of the second replica that is not from memory',
  });
  database.heal();
  await until(async () => (await codes(it.token)).join() === '200', { timeout: 20_000 * slowness, what: 'all is well' });
});

/** Threads of a process that do not wait in poll(2) like the NATS reader thread; undefined while that thread reads. */
function threadsThatDoNotRead(pid) {
  const all = readdirSync(`/proc/${pid}/task`);
  const others = all.filter((thread) => !readFileSync(`/proc/${pid}/task/${thread}/wchan`, 'utf8').startsWith('poll'));
  return others.length < all.length ? others : undefined;
}

const tooSlow = preset === 'asan' && 'with the sanitizers, and other tests beside it, a process that gets hardly any CPU time takes minutes to catch up';

test('a replica that could not keep up with the events invalidates its cache', { skip: tooSlow }, async (t) => {
  const it = await tokenInMemory();
  // The process gets hardly any CPU time beside busy loops, so that received events pile up.
  const others = await until(() => threadsThatDoNotRead(second.pid), { timeout: 10_000, what: 'a thread that waits in poll(2)' });
  execFileSync('renice', ['-n', '19', '-p', ...others]);
  const busy = Array.from({ length: availableParallelism() }, () => new Process(process.execPath, ['-e', 'for (;;);']));
  t.after(async () => {
    await Promise.all(busy.map((item) => item.kill()));
    database.heal();
    await second.stop(); // only root can decrease the niceness again
    await second.launch().up();
  });
  const Revoked = record('ecap.EndpointTokenRevokedEvent');
  const event = Revoked.toBuffer({
    correlationId: 'flood',
    timestamp: Date.now(),
    timeout: 0,
    appName: 'smart_kettle',
    endpointId: 'nobody',
    tokenIds: Array.from({ length: 20_000 }, (_, i) => `01900000-0000-7000-8000-${String(i).padStart(12, '0')}`),
    originatorReplicaId: 'replica-of-the-tests',
  });
  await until(
    async () => {
      for (let i = 0; i < 200; i += 1) stack.ecap.connection.publish('kaa.v1.events.cm.endpoint.token.revoked', event);
      await stack.ecap.connection.flush();
      return second.log.includes('too slow for kaa.v1.events.cm.endpoint.token.revoked');
    },
    { timeout: 60_000 * slowness, interval: 10, what: 'an overflow' },
  );
  await Promise.all(busy.map((item) => item.kill()));
  await until(async () => (await codes(it.token)).includes(503), {
    timeout: 10_000 * slowness,
    what: 'an answer of the second replica that is not from memory',
  });
});

test('an event that cannot be decoded invalidates the whole cache', async () => {
  const it = await tokenInMemory();
  stack.ecap.connection.publish('kaa.v1.events.cm.endpoint.token.revoked', Buffer.from('nonsense'));
  await until(async () => (await codes(it.token)).includes(503), {
    timeout: 10_000 * slowness,
    what: 'an answer of the second replica that is not from memory',
  });
});

test('after any loss of events, a token is refused when the time-to-live has expired', async () => {
  const briefly = await Stack.start({ configuration: { 'kaa.cm.cache.time-to-live': '2s' } });
  try {
    const its = new Operator(briefly.cm);
    const behind = new Rows(briefly.mariadb);
    const validate = async (token) => (await briefly.ecap.validate('smart_kettle', token)).statusCode;
    await withTokenInMemory(its, behind, validate, async (endpointId, json) => {
      const revoked = Date.now();
      for (let asked = revoked; (await validate(json.token)) !== 403; asked = Date.now()) {
        assert.ok(asked - revoked <= 2_000, `accepted after ${asked - revoked} ms`);
      }
    });
  } finally {
    await briefly.remove();
  }
});

test('without a time-to-live nothing is answered from the cache', async () => {
  const never = await Stack.start({ configuration: { 'kaa.cm.cache.time-to-live': '0' } });
  try {
    const its = new Operator(never.cm);
    const behind = new Rows(never.mariadb);
    const { json } = await its.createToken('never');
    const validate = async () => (await never.ecap.validate('smart_kettle', json.token)).statusCode;
    const end = Date.now() + 2_500;
    while (Date.now() < end) {
      await behind.setStatus('token', json.endpointTokenId, 'Active');
      assert.equal(await validate(), 200);
      await behind.setStatus('token', json.endpointTokenId, 'Revoked');
      assert.equal(await validate(), 403);
    }
  } finally {
    await never.remove();
  }
});
