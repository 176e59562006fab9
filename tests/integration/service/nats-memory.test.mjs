// Requests over NATS that are large: what waits and what is in flight is bounded in bytes, so that they cost no more
// memory than the budget allows, and other requests are served meanwhile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { EcapClient } from '../../support/ecap.mjs';
import { get } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { noFigures, slowness } from '../../support/paths.mjs';
import { Stack } from '../../support/stack.mjs';

const flood = 120;
const correlationId = 'c'.repeat(1_000_000);
const kept = 255; // bytes of a correlation ID in the response to a request for which there is no memory

let stack;
before(async () => {
  stack = await Stack.start({ environment: { JAVA_OPTIONS: '-Xmx64m' } });
});
after(() => stack?.remove());

const peak = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${stack.cm.pid}/status`, 'utf8'))[1]) / 1024;

test('120 password requests with a correlation ID of 1 MB: each is answered or counted, others are served, and memory stays bounded', async (t) => {
  const { ecap, cm, nats } = stack;
  const operator = new Operator(cm);
  const password = 'the right password';
  await operator.createUser('large', { password });
  assert.equal((await ecap.password('large', password)).statusCode, 200);
  const { token } = (await cm.provision('beside')).json;
  const before = peak();
  const client = await EcapClient.connect(nats);
  t.after(() => client.close());
  const bytes = EcapClient.encode('password', { correlationId, username: 'large', password });
  const wait = 15_000 * slowness;
  const ask = () => client.raw(bytes, { kind: 'password', timeout: wait }).catch(() => undefined);
  const large = Array.from({ length: flood }, ask);
  const others = [];
  for (let i = 0; i < 20; i += 1) others.push((await ecap.validate('smart_kettle', token, { wait })).statusCode);
  const answers = (await Promise.all(large)).filter((answer) => answer !== undefined);
  const growth = peak() - before;
  const codes = {};
  for (const { statusCode } of answers) codes[statusCode] = (codes[statusCode] ?? 0) + 1;
  const { text } = await get(`${cm.management}/prometheus`);
  const dropped = Number(text.match(/^cm_nats_dropped_messages_total\{subscription="nats-client-password"\} (\d+)/m)[1]);
  codes.dropped = dropped;
  t.diagnostic(`${JSON.stringify(codes)}, peak memory + ${growth.toFixed(1)} MiB`);
  for (const answer of answers) {
    assert.ok([200, 503].includes(answer.statusCode), `${answer.statusCode}`);
    const whole = answer.correlationId === correlationId;
    assert.ok(whole || (answer.statusCode === 503 && answer.correlationId === correlationId.slice(0, kept)));
  }
  assert.equal(answers.length + dropped, flood, 'what has no answer is counted');
  assert.ok(codes[200] > 0, 'some are served');
  assert.deepEqual(new Set(others), new Set([200]));
  if (!noFigures) assert.ok(growth < 48, `peak memory grew by ${growth} MiB`);
  assert.equal((await ecap.password('large', password)).statusCode, 200);
  const again = await client.raw(bytes, { kind: 'password', timeout: wait });
  assert.equal(again.statusCode, 200, 'the budget is free again');
  assert.equal(again.correlationId, correlationId);
});
