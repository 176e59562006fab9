// A memory shortage is reported as 503, never as a wrong password (contract section 6.3).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Operator } from '../../support/operator.mjs';
import { preset } from '../../support/paths.mjs';
import { Stack } from '../../support/stack.mjs';

const password = 'the right password';
// The sanitizers' address space says nothing about memory use.
const skip = ['asan', 'tsan'].includes(preset) && 'needs RLIMIT_AS';

let stack;
let operator;
before(async () => {
  stack = await Stack.start({});
  operator = new Operator(stack.cm);
  assert.equal((await operator.createUser('gateway', { password })).status, 201);
});
after(() => stack?.remove());

const limit = (bytes) => execFileSync('prlimit', ['--pid', String(stack.cm.pid), `--as=${bytes}:`]);

/** 4 MiB more than the process uses: enough for everything except the 19 MiB of a password hash. */
function takeMemoryAway() {
  const kib = Number(/^VmSize:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${stack.cm.pid}/status`, 'utf8'))[1]);
  limit((kib + 4096) * 1024);
}

test('during a memory shortage a login is 503 with any password; afterwards the right one is 200', { skip }, async () => {
  assert.equal((await stack.ecap.password('gateway', password)).statusCode, 200);
  takeMemoryAway();
  try {
    // More than the allowed number of failures.
    for (let i = 0; i < 12; i += 1) {
      assert.equal((await stack.ecap.password('gateway', password)).statusCode, 503);
      assert.equal((await stack.ecap.password('gateway', 'a wrong password')).statusCode, 503);
      assert.equal((await stack.ecap.password('nobody', password)).statusCode, 503);
    }
    const created = await operator.createUser('another', { password });
    assert.deepEqual([created.status, 'retry-after' in created.headers], [503, true]);
  } finally {
    limit('unlimited');
  }
  // Nothing was counted as a failure: the usernames are not blocked.
  assert.equal((await stack.ecap.password('gateway', password)).statusCode, 200);
  assert.equal((await stack.ecap.password('nobody', password)).statusCode, 401);
  assert.equal((await stack.ecap.password('gateway', 'a wrong password')).statusCode, 401);
  assert.equal((await operator.createUser('another', { password })).status, 201);
});
