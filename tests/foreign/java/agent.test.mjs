// The monitoring agent (contract section 7.4) with Jolokia's own Java client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { preset } from '../../support/paths.mjs';
import { Process } from '../../support/process.mjs';
import { Stack } from '../../support/stack.mjs';
import { javaProgram } from './program.mjs';

const password = 'monitors-password';
const budget = 700 * 1024 * 1024;

let stack;
let results;
before(async () => {
  const { command, args } = javaProgram('cm.foreign.Agent');
  stack = await Stack.start({ agent: password });
  const agent = new Process(command, args, { environment: { AGENT_URL: stack.cm.agent, AGENT_PASSWORD: password } });
  assert.deepEqual(await agent.exit(60_000), { code: 0, signal: null }, agent.output);
  results = JSON.parse(agent.output);
});
after(() => stack?.remove());

test("Jolokia's Java client reads the version, and lists and searches beans", () => {
  assert.match(results.version.protocol, /^\d+\.\d+$/);
  assert.equal(results.version.product, 'CM');
  assert.equal(results.list['java.lang']['type=Memory'].attr.HeapMemoryUsage.rw, false);
  assert.deepEqual(results.search.sort(), ['Memory', 'OperatingSystem', 'Runtime', 'Threading'].map((type) => `java.lang:type=${type}`));
});

test("Jolokia's Java client reads attributes by GET and POST, by path, several at once, and by a pattern", () => {
  for (const heap of [results['heap by GET'], results['heap by POST']]) {
    assert.equal(heap.max, budget);
    assert.ok(heap.used > 0 || preset === 'asan', JSON.stringify(heap));
  }
  assert.equal(results.path, budget);
  assert.deepEqual(results.several.sort(), ['HeapMemoryUsage', 'NonHeapMemoryUsage']);
  assert.ok(results.pool.TotalConnections >= 1);
  assert.deepEqual(results.pattern, ['java.lang:type=Threading']);
  assert.equal(results.health.status, 'UP');
});

test("Jolokia's Java client is refused what writes, what is missing, and with a wrong password", () => {
  for (const name of ['exec', 'write']) assert.equal(results[name].status, 403);
  assert.deepEqual(results.missing, { status: 404, type: 'javax.management.InstanceNotFoundException' });
  assert.equal(results.login.status, 401);
});

test("Jolokia's Java client gets the results of a bulk request in order, with the error of the one that failed", () => {
  const [heap, refused, max] = results.bulk;
  assert.deepEqual([heap.max, refused, max], [budget, 403, budget]);
});
