// Events larger than the NATS server's max_payload are split (contract section 4.2).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Events } from '../../support/events.mjs';
import { parseExposition, valueOf } from '../../support/exposition.mjs';
import { get } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { Rows } from '../../support/rows.mjs';
import { Nats } from '../../support/servers.mjs';
import { Stack } from '../../support/stack.mjs';
import { until } from '../../support/wait.mjs';

const smallPayload = 65_536;
const crowd = 2_000; // tokens whose common event exceeds that

let stack;
let small;
let rows;
let operator;
before(async () => {
  stack = await Stack.start({ proxies: true });
  small = await Nats.create();
  small.maxPayload = smallPayload;
  await small.start();
  rows = new Rows(stack.mariadb);
  operator = new Operator(stack.cm);
});
after(async () => {
  await stack?.remove();
  await small?.remove();
});

/** Makes CM lose its server and connect to another one. */
function moveTo(server) {
  stack.natsProxy.target = server.port;
  stack.natsProxy.heal();
  stack.natsProxy.cut();
}

/** Creates `count` tokens of one endpoint; resolves to their IDs. */
async function tokens(endpointId, count) {
  const line = { endpointId, applicationName: 'smart_kettle' };
  const imported = await operator.importTokens(Array(count).fill(line), { timeout: 60_000 });
  assert.equal(imported.status, 200, imported.text);
  return imported.lines.map(({ endpointTokenId }) => endpointTokenId).sort();
}

async function deleteTokens(endpointId) {
  const answer = await operator.deleteTokens(endpointId, { timeout: 60_000 });
  assert.equal(answer.status, 204);
  return answer.correlationId;
}

/** Waits until the events of this correlation ID contain all `ids`; checks that their other fields are equal. */
async function partsNaming(events, correlationId, ids) {
  const named = () => [...new Set(events.of(correlationId).flatMap(({ tokenIds }) => tokenIds))].sort();
  await until(() => named().length >= ids.length, { timeout: 10_000 * slowness, what: 'events that name all tokens' });
  assert.deepEqual(named(), ids);
  const parts = events.of(correlationId);
  assert.equal(new Set(parts.map(({ timestamp, endpointId, appName }) => [timestamp, endpointId, appName].join())).size, 1);
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
  return parts;
}

test(`the event of ${crowd} tokens is split for a server with max_payload ${smallPayload}, and leaves the outbox`, async (t) => {
  const events = await Events.listen(small);
  t.after(() => events.close());
  moveTo(small);
  await stack.cm.healthThat(({ body }) => body.nats.status !== 'UP', 'NATS missing');
  await stack.cm.up();
  const ids = await tokens('crowded', crowd);
  const parts = await partsNaming(events, await deleteTokens('crowded'), ids);
  assert.equal(parts.length, 2);
  assert.ok(parts[0].tokenIds.length > parts[1].tokenIds.length, 'the first is full');
});

test('an event that a server with a larger limit did not confirm is split for the next server', async (t) => {
  const events = await Events.listen(small);
  t.after(() => events.close());
  moveTo(stack.nats);
  await stack.cm.healthThat(({ body }) => body.nats.status !== 'UP', 'NATS missing');
  await stack.cm.up();
  const ids = await tokens('moved', crowd);
  stack.natsProxy.blackHole();
  const correlationId = await deleteTokens('moved');
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 1, 'a pending event');
  moveTo(small);
  const parts = await partsNaming(events, correlationId, ids);
  assert.ok(parts.every(({ tokenIds }) => tokenIds.length < crowd));
  await stack.cm.up();
});

test('an event that is too large even with one ID stays in the outbox, is logged once, and does not block others', async (t) => {
  const tiny = await Nats.create();
  t.after(() => tiny.remove());
  tiny.maxPayload = 128; // the event of a client credential has 120 bytes, that of a token more
  await tiny.start();
  const events = await Events.listen(tiny);
  t.after(() => events.close());
  moveTo(tiny);
  await stack.cm.healthThat(({ body }) => body.nats.status !== 'UP', 'NATS missing');
  await stack.cm.up();
  const ids = await tokens('stuck', 2);
  const stuck = await deleteTokens('stuck');
  const attempts = async () =>
    valueOf(parseExposition((await get(`${stack.cm.management}/prometheus`)).text), 'cm_outbox_oversized_total');
  await until(async () => (await attempts()) >= 1, { what: 'a count of the event' });
  const user = await operator.createUser('fits', { password: 'a long password' });
  const fits = await operator.deleteClient('credentials', user.json.credentialId);
  await events.first(fits.correlationId);
  await until(async () => (await rows.pending()) === 1, { what: 'the other event confirmed' });
  await until(async () => (await attempts()) >= 2, { timeout: 15_000 * slowness, what: 'another attempt' });
  assert.equal(stack.cm.log.split('does not fit the NATS server').length - 1, 1, 'named once');
  assert.deepEqual(events.of(stuck), []);
  // A server announces its limit when a connection is established.
  tiny.maxPayload = undefined;
  await tiny.stop();
  await events.reconnectsFirst(tiny, stack.natsProxy);
  const [whole] = await partsNaming(events, stuck, ids);
  assert.deepEqual([...whole.tokenIds].sort(), ids);
});

test('an event is split for a server whose limit was lowered without a new connection', async (t) => {
  const events = await Events.listen(stack.nats);
  t.after(() => events.close());
  moveTo(stack.nats);
  await stack.cm.healthThat(({ body }) => body.nats.status !== 'UP', 'NATS missing');
  await stack.cm.up();
  stack.nats.maxPayload = smallPayload;
  await stack.nats.reload();
  const ids = await tokens('lowered', crowd);
  const parts = await partsNaming(events, await deleteTokens('lowered'), ids);
  assert.ok(parts.every(({ tokenIds }) => tokenIds.length < crowd));
  await stack.cm.up();
});
