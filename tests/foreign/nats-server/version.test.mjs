// Which nats-server the tests of this run use: CM_FOREIGN_NATS names the version that is expected first in the path.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Stack } from '../../support/stack.mjs';

const version = process.env.CM_FOREIGN_NATS;

let stack;
before(async () => {
  assert.ok(version, 'CM_FOREIGN_NATS is not set');
  stack = await Stack.start();
});
after(() => stack?.remove());

test(`CM is UP and answers on nats-server ${version}`, async (t) => {
  const { info } = stack.ecap.connection;
  t.diagnostic(`nats-server ${info.version}, ${info.go}`);
  assert.ok(info.version.startsWith(`${version}.`), `this is nats-server ${info.version}`);
  assert.equal((await stack.ecap.validate('smart_kettle', 'no-such-token')).statusCode, 404);
});
