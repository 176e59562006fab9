// An event that CM is not permitted to publish stays in the outbox (contract section 4.2) and does not block others;
// neither do responses to subjects that CM is not permitted to publish to.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { EcapClient } from '../../support/ecap.mjs';
import { Events } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep, until } from '../../support/wait.mjs';

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

test('responses that CM is not permitted to publish do not hold up events, and do not flood the log', async () => {
  await restartNats('forbidden.>');
  const { ecap } = stack;
  const bytes = EcapClient.encode('token', { appName: 'smart_kettle', token: 'some' });
  let refused = 0;
  let running = true;
  const flood = (async () => {
    while (running) {
      for (let i = 0; i < 10; i += 1) ecap.connection.publish(ecap.subject, bytes, { reply: `forbidden.${(refused += 1)}` });
      await sleep(5);
    }
  })();
  const lines = () => stack.cm.log.split('responses were refused by NATS').length - 1;
  try {
    await until(() => lines() > 0, { what: 'a line about refused responses' });
    for (let round = 0; round < 20; round += 1) {
      const token = (await operator.createToken(`kettle-${round}`)).json;
      const taken = await operator.setTokenStatus(`kettle-${round}`, token.endpointTokenId, 'Revoked');
      await events.first(taken.correlationId);
      await stack.cm.healthThat(({ body }) => body.outbox.pending === 0, 'an empty outbox');
      assert.equal(events.of(taken.correlationId).length, 1, 'sent once');
    }
  } finally {
    running = false;
    await flood;
  }
  assert.ok(lines() <= Math.log2(refused) + 1, `${lines()} lines about ${refused} responses`);
  assert.doesNotMatch(stack.cm.log.slice(stack.cm.log.indexOf('responses were refused')), /events cannot be published now/);
});
