// One deadline from the arrival of a request to its response, however many steps it takes (contract 3.3).
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { get, post } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { SqlSession } from '../../support/sql-session.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep } from '../../support/wait.mjs';

const bound = 5_000; // of CM, for a REST request
const margin = 1_500 * slowness; // for the answer to arrive, on a loaded machine

let stack;
let operator;
const sessions = [];
before(async () => {
  // Statements may be blocked for longer than a request waits for them.
  stack = await Stack.start({ jdbcParameters: '?socketTimeout=30000' });
  operator = new Operator(stack.cm);
});
afterEach(() => Promise.all(sessions.splice(0).map((session) => session.close())));
after(() => stack?.remove());

/** Blocks all statements on these tables; returns the function that permits them again. */
async function block(...tables) {
  const session = await SqlSession.open(stack.mariadb);
  sessions.push(session);
  await session.run(`LOCK TABLES ${tables.map((table) => `${table} WRITE`).join(', ')}`);
  return () => session.run('UNLOCK TABLES');
}

test('a POST with If-Match whose steps are all slow is answered within the one deadline, not within one for each step', async () => {
  const list = await get(`${stack.cm.api}/clients/credentials`);
  const permitList = await block('basic_credential');
  await block('credential_audit'); // the creation needs it, the list does not
  const answer = post(`${stack.cm.api}/clients/credentials`, { username: 'slow' }, {
    headers: { 'If-Match': list.headers.etag },
    timeout: 30_000,
  });
  await sleep(3_500); // of the deadline
  await permitList();
  const { status, headers, ms } = await answer;
  assert.equal(status, 503);
  assert.ok(headers['retry-after']);
  assert.ok(ms > 4_500 && ms < bound + margin, `answered after ${ms} ms`);
});

test('a change that is refused at its deadline may have been made: a repetition tells', async () => {
  const { json: created } = await operator.createUser('suspended', { password: 'a password' });
  const permit = await block('credential_audit');
  const change = () => operator.setClientStatus('credentials', created.credentialId, 'Suspended');
  const first = await change();
  assert.equal(first.status, 503);
  await permit();
  assert.equal((await change()).status, 200);
  assert.equal((await operator.getClient('credentials', created.credentialId)).json.status, 'Suspended');
});

test('the timeout of a request over NATS ends its wait for the database, for each of the four requests', async () => {
  assert.equal((await operator.createToken('endpoint-1', 'app', { token: 'token-of-1' })).status, 201);
  await block('endpoint_token', 'basic_credential', 'x509_credential');
  const timeout = 700;
  const asked = {
    token: stack.ecap.validate('app', 'token-of-1', { timeout, wait: 10_000 }),
    unlimited: stack.ecap.validate('app', 'another-token', { wait: 10_000 }),
    transition: stack.ecap.transition('app', 'token-of-1', 'Suspended', { timeout, wait: 10_000 }),
    password: stack.ecap.password('somebody', 'a password', { timeout, wait: 10_000 }),
    certificate: stack.ecap.certificate('CN=Devices CA', '1', { timeout, wait: 10_000 }),
  };
  const began = performance.now();
  const times = {};
  await Promise.all(
    Object.entries(asked).map(async ([name, answer]) => {
      assert.equal((await answer).statusCode, 503, name);
      times[name] = performance.now() - began;
    }),
  );
  // Without the timeout it is 2 s for a token and 5 s for the others.
  for (const name of ['token', 'transition', 'password', 'certificate']) {
    assert.ok(times[name] >= 500, `${name}: ${times[name]} ms`);
    assert.ok(times[name] < Math.min(times.unlimited, timeout + margin), `${name}: ${JSON.stringify(times)}`);
  }
});
