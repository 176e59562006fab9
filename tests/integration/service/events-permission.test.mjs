// An event that NATS does not let CM publish, or that is too long for it, stays in the outbox (contract 4.2), and holds up no
// other.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Events } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep } from '../../support/wait.mjs';

let stack;
let events;
let operator;
before(async () => {
  stack = await Stack.start({ proxies: true });
  events = await Events.listen(stack.nats);
  operator = new Operator(stack.cm);
});
after(async () => {
  await events?.close();
  await stack?.remove();
});

async function restartNats(denied) {
  stack.nats.denied = denied;
  await stack.nats.stop();
  await events.hearsFirst(stack.nats, stack.natsProxy);
  await stack.cm.healthThat(({ body }) => body.nats.status === 'UP' && body.status === 'UP', 'UP with NATS');
}

test('what NATS refuses stays in the outbox until it is permitted, and what it takes goes out meanwhile', async () => {
  await restartNats('kaa.v1.events.cm.client.credential.revoked');
  const user = (await operator.createUser('joe', { password: 'a long password' })).json;
  const token = (await operator.createToken('kettle')).json;
  const refused = await operator.setClientStatus('credentials', user.credentialId, 'Revoked');
  assert.equal(refused.status, 200);
  const taken = await operator.setTokenStatus('kettle', token.endpointTokenId, 'Revoked');
  await events.one(taken.correlationId);
  await sleep(1_000);
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 1, 'one event in the outbox');
  assert.match(stack.cm.log, /Permissions Violation/);

  await restartNats(undefined);
  await events.one(refused.correlationId);
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 0, 'an empty outbox');
});

test('an event that is longer than NATS takes stays in the outbox until NATS takes it, and others go out meanwhile', async () => {
  const lines = Array.from({ length: 200 }, () => ({ endpointId: 'many', applicationName: 'smart_kettle', status: 'Active' }));
  assert.equal((await operator.importTokens(lines)).lines.length, 200);
  const tokens = await Promise.all(Array.from({ length: 20 }, async () => (await operator.createToken('few')).json));
  stack.nats.maxPayload = 4_096;
  await restartNats(undefined);
  const long = await operator.deleteTokens('many');
  assert.equal(long.status, 204);
  // Some of them in the same batch, and some after it.
  const others = await Promise.all(tokens.map((one) => operator.setTokenStatus('few', one.endpointTokenId, 'Revoked')));
  for (const { correlationId } of others) await events.one(correlationId);
  await sleep(1_000);
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 1, 'one event in the outbox');
  assert.equal(events.of(long.correlationId).length, 0);

  stack.nats.maxPayload = undefined;
  await restartNats(undefined);
  assert.equal((await events.one(long.correlationId)).tokenIds.length, 200);
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 0, 'an empty outbox');
});
