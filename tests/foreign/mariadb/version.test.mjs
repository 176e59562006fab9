// Which MariaDB the tests of this run use: CM_FOREIGN_MARIADB names the version that is expected first in the path.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Stack } from '../../support/stack.mjs';

const version = process.env.CM_FOREIGN_MARIADB;

let stack;
before(async () => {
  assert.ok(version, 'CM_FOREIGN_MARIADB is not set');
  stack = await Stack.start();
});
after(() => stack?.remove());

test(`CM is UP and stores tokens on MariaDB ${version}`, async (t) => {
  const running = (await stack.mariadb.sql('SELECT VERSION()')).trim();
  t.diagnostic(`MariaDB ${running}`);
  assert.ok(running.startsWith(`${version}.`), `this is MariaDB ${running}`);
  assert.ok((await stack.cm.health()).body.db.version.startsWith(`${version}.`));
  const { token } = (await stack.cm.provision('kettle')).json;
  assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 200);
});
