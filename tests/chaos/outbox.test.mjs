// kill -9 of CM during a stream of revocations: a permanent subscriber receives the event of every acknowledged one
// (contract section 4.2). With CM_FULL_CHAOS=1: 10,000 revocations and 200 kills, otherwise 400 and 10; in both cases
// NATS restarts twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { Events } from '../support/events.mjs';
import { Operator } from '../support/operator.mjs';
import { slowness } from '../support/paths.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Rows } from '../support/rows.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { sleep, until } from '../support/wait.mjs';

const [revocations, kills] = process.env.CM_FULL_CHAOS ? [10_000, 200] : [400, 10];

/**
 * Maximum delay until another process publishes the events of a dead one, in milliseconds: lease and sweep interval.
 */
const handedOver = 7_000 * slowness;

const cut = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'TIMEOUT', '503', 'CONNECTION_CLOSED', 'DISCONNECT'];

let nats;
let natsProxy;
let mariadb;
let rows;
let events;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
  natsProxy = await Proxy.start(nats.port);
  rows = new Rows(mariadb);
  events = await Events.listen(nats);
});
after(async () => {
  await events?.close();
  await natsProxy?.close();
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

/** The ways to revoke; they resolve to the status code. */
const ways = [
  async ({ operator }, { endpointId, id, correlationId }) =>
    (await operator.setTokenStatus(endpointId, id, 'Revoked', { correlationId, timeout: 5_000 })).status,
  async ({ operator }, { endpointId, id, correlationId }) =>
    (await operator.deleteToken(endpointId, id, { correlationId, timeout: 5_000 })).status,
  async ({ ecap }, { token, correlationId }) =>
    (await ecap.transition('smart_kettle', token, 'Suspended', { correlationId, wait: 2_000 })).statusCode,
];

/** Makes one revocation; the client repeats the request until it is acknowledged. */
async function revoke(context, item) {
  for (;;) {
    item.attempts += 1;
    try {
      const code = await ways[item.n % ways.length](context, item);
      // If a deletion was done but not answered, its repetition is 404.
      if ([200, 204].includes(code) || (code === 404 && item.attempts > 1 && item.n % ways.length === 1)) {
        item.acknowledged = performance.now();
        return;
      }
      assert.equal(code, 503, item.correlationId);
    } catch (error) {
      if (!cut.includes(error.code) && !/no complete answer/.test(error.message)) throw error;
    }
    await sleep(5 + 20 * Math.random());
  }
}

/** Stops and restarts NATS. */
async function restartNats() {
  natsProxy.refuse();
  natsProxy.cut();
  await events.connection.flush();
  await nats.stop();
  await events.reconnectsFirst(nats, natsProxy);
}

test(`${revocations} revocations, ${kills} kills, NATS restarted twice: no acknowledged one is lost`, async (t) => {
  const cm = await Cm.start({ nats, mariadb, natsPort: natsProxy.port });
  t.after(() => cm.remove());
  const ecap = await EcapClient.connect(nats);
  t.after(() => ecap.close());
  const context = { operator: new Operator(cm), ecap };
  const items = Array.from({ length: revocations }, (_, n) => ({
    n,
    endpointId: `stream-${n}`,
    token: `stream-token-${n}`,
    correlationId: `revocation-${n}`,
    attempts: 0,
    acknowledged: undefined,
  }));
  const lines = items.map(({ endpointId, token }) => ({ endpointId, applicationName: 'smart_kettle', token, status: 'Active' }));
  const imported = await context.operator.importTokens(lines, { timeout: 60_000 });
  for (const [n, { endpointTokenId }] of imported.lines.entries()) items[n].id = endpointTokenId;

  // Workers process revocations as they are released, so that the stream lasts as long as the kills.
  const queue = [];
  let ended = false;
  let acknowledged = 0;
  const workers = Array.from({ length: 16 }, async () => {
    while (!ended || queue.length > 0) {
      const item = queue.shift();
      if (item === undefined) {
        await sleep(2);
        continue;
      }
      await revoke(context, item);
      acknowledged += 1;
    }
  });
  const all = Promise.all(workers);
  let failure;
  all.catch((error) => {
    failure = error;
  });

  const began = performance.now();
  let inFlight = 0;
  for (let round = 0, released = 0; round < kills; round += 1) {
    if (failure) throw failure;
    const share = Math.floor(((round + 1) * revocations) / kills) - released;
    const startedWith = acknowledged;
    queue.push(...items.slice(released, released + share));
    released += share;
    // In some rounds it is killed while it starts.
    if (Math.random() < 0.2) {
      await sleep(300 * Math.random());
    } else {
      const enough = startedWith + Math.floor(share * Math.random());
      await until(() => failure || acknowledged >= enough, { timeout: 30_000 * slowness, interval: 1, what: 'some answers' });
      await sleep(5 * Math.random());
    }
    inFlight += Math.min(16, released - acknowledged);
    await cm.kill();
    cm.launch();
    if (round === Math.floor(kills / 3) || round === Math.floor((2 * kills) / 3)) await restartNats();
  }
  ended = true;
  await all;
  await cm.up();
  const took = performance.now() - began;

  const byToken = () => {
    const seen = new Map();
    for (const event of events.all) {
      for (const id of event.tokenIds ?? []) seen.set(id, [...(seen.get(id) ?? []), event]);
    }
    return seen;
  };
  const missing = () => {
    const seen = byToken();
    return items.filter(({ id }) => !seen.has(id));
  };
  let late = 0;
  try {
    const since = performance.now();
    await until(() => missing().length === 0, { timeout: handedOver + 3_000, interval: 50, what: 'every event' });
    late = performance.now() - since;
  } catch (error) {
    assert.deepEqual(missing(), [], `${error.message}; ${await rows.pending()} in the outbox`);
  }

  const seen = byToken();
  const duplicates = [...seen.values()].reduce((sum, list) => sum + list.length - 1, 0);
  const repeated = items.filter(({ attempts }) => attempts > 1).length;
  t.diagnostic(
    `${revocations} revocations in ${(took / 1_000).toFixed(1)} s, ${kills} kills with ${inFlight} requests in flight, ` +
      `${repeated} revocations repeated by the client; ${duplicates} events received more than once; the last one ` +
      `${Math.round(late)} ms after the end of the stream`,
  );
  assert.ok(inFlight > 0, 'it was killed while it worked');
  for (const item of items) {
    assert.notEqual(item.acknowledged, undefined);
    for (const event of seen.get(item.id)) {
      assert.equal(event.correlationId, item.correlationId, 'a duplicate has the same correlation ID');
      assert.equal(event.endpointId, item.endpointId);
    }
  }
  assert.deepEqual(events.undecodable, []);
  await until(async () => (await rows.pending()) === 0, { timeout: handedOver, what: 'an empty outbox' });
  assert.equal(await rows.count('endpoint_token', "endpoint_id LIKE 'stream-%' AND status < 2"), 0);
  // One change, one audit row, one revocation, regardless of the number of requests.
  assert.equal(await rows.count('credential_audit', "correlation_id LIKE 'revocation-%'"), revocations);
  assert.equal(await rows.count('revocation', "correlation_id LIKE 'revocation-%'"), revocations);
});

test('another replica publishes the events that a replica could not publish before it died', async (t) => {
  const mute = await Cm.start({ nats, mariadb, natsPort: natsProxy.port });
  t.after(() => mute.remove());
  const other = await Cm.start({ nats, mariadb });
  t.after(() => other.remove());
  const by = new Operator(mute);
  const tokens = [];
  for (let i = 0; i < 20; i += 1) tokens.push((await by.createToken('handed-over')).json.endpointTokenId);
  natsProxy.blackHole();
  t.after(() => natsProxy.heal());
  const asked = await Promise.all(tokens.map((id) => by.setTokenStatus('handed-over', id, 'Revoked')));
  for (const { status } of asked) assert.equal(status, 200);
  await mute.kill();
  const since = performance.now();
  const { replicaId } = await new Operator(other).info();
  for (const { correlationId } of asked) {
    assert.equal((await events.first(correlationId, handedOver + 3_000)).originatorReplicaId, replicaId);
  }
  const took = performance.now() - since;
  t.diagnostic(`published ${Math.round(took)} ms after the kill`);
  assert.ok(took < handedOver, `${took} ms`);
  for (const { correlationId } of asked) assert.equal(events.of(correlationId).length, 1);
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
});

test('if NATS discards everything for longer than an event is kept, the event is published afterwards', async (t) => {
  const cm = await Cm.start({ nats, mariadb, natsPort: natsProxy.port });
  t.after(() => cm.remove());
  t.after(() => natsProxy.heal());
  const by = new Operator(cm);
  const ids = [];
  for (let i = 0; i < 3; i += 1) ids.push((await by.createToken('swallowed')).json.endpointTokenId);
  natsProxy.blackHole();
  const asked = await Promise.all(ids.map((id) => by.setTokenStatus('swallowed', id, 'Revoked')));
  for (const { status } of asked) assert.equal(status, 200);
  await cm.healthThat(({ body }) => body.nats.status !== 'UP' && body.outbox.pending === 3, '3 pending events');
  await sleep(handedOver);
  assert.equal((await cm.health()).body.outbox.pending, 3);
  natsProxy.heal();
  await cm.up();
  const since = performance.now();
  for (const { correlationId } of asked) await events.first(correlationId, handedOver + 3_000);
  t.diagnostic(`published ${Math.round(performance.now() - since)} ms after NATS was UP`);
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
});

const aMinute = process.env.CM_FULL_CHAOS ? undefined : 'takes a minute: CM_FULL_CHAOS=1';

test('old revocations are pruned, but not those with unpublished events', { skip: aMinute }, async (t) => {
  const cm = await Cm.start({
    nats,
    mariadb,
    natsPort: natsProxy.port,
    configuration: { 'kaa.cm.revocations.retention': '1m' },
  });
  t.after(() => cm.remove());
  const by = new Operator(cm);
  const ids = [];
  for (let i = 0; i < 3; i += 1) ids.push((await by.createToken('another')).json.endpointTokenId);
  const [old, fresh, untold] = ids;
  const revoked = async (id) => (await by.setTokenStatus('another', id, 'Revoked')).correlationId;
  const oldOne = await revoked(old);
  const freshOne = await revoked(fresh);
  await events.first(freshOne);
  natsProxy.blackHole();
  const untoldOne = await revoked(untold);
  await mariadb.sql(`UPDATE revocation SET at = at - 3600000 WHERE correlation_id IN ('${oldOne}', '${untoldOne}')`);
  const kept = (correlationId) => rows.count('revocation', `correlation_id = '${correlationId}'`);
  await until(async () => (await kept(oldOne)) === 0, { timeout: 90_000, interval: 500, what: 'the old one pruned' });
  assert.equal(await kept(freshOne), 1);
  assert.equal(await kept(untoldOne), 1);
  natsProxy.heal();
  await events.first(untoldOne, 20_000);
  const { json } = await by.revocations();
  assert.ok(json.content.every(({ correlationId }) => correlationId !== oldOne));
});
