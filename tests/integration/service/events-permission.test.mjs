// An event that CM is not permitted to publish stays in the outbox (contract section 4.2) and does not block others.
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
  await events.reconnectsFirst(stack.nats, stack.natsProxy);
  await stack.cm.healthThat(({ body }) => body.nats.status === 'UP' && body.status === 'UP', 'UP with NATS');
}

test('refused events stay in the outbox until they are permitted, and others are published meanwhile', async () => {
  await restartNats('kaa.v1.events.cm.client.credential.revoked');
  const user = (await operator.createUser('joe', { password: 'a long password' })).json;
  const token = (await operator.createToken('kettle')).json;
  const refused = await operator.setClientStatus('credentials', user.credentialId, 'Revoked');
  assert.equal(refused.status, 200);
  const taken = await operator.setTokenStatus('kettle', token.endpointTokenId, 'Revoked');
  await events.first(taken.correlationId);
  await sleep(1_000);
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 1, 'one event in the outbox');
  assert.match(stack.cm.log, /Permissions Violation/);

  await restartNats(undefined);
  await events.first(refused.correlationId);
  await stack.cm.healthThat(({ body }) => body.outbox.pending === 0, 'an empty outbox');
});
