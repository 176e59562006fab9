// Rows that something else has written: a status that CM does not know, and a password hash that costs too much to
// verify. They admit nobody, are named in the log, and affect no other credential (contract sections 4.1 and 6.2).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Operator } from '../../support/operator.mjs';
import { binary } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';

const password = 'the right password';
const issuer = 'CN=Devices CA,O=Example';
const endpoint = 'kettle-1';
const application = 'smart_kettle';

let stack;
let operator;
before(async () => {
  stack = await Stack.start({});
  operator = new Operator(stack.cm);
  for (const table of ['endpoint_token', 'basic_credential', 'x509_credential'])
    await stack.mariadb.sql(`ALTER TABLE ${table} MODIFY status INT NULL`);
});
after(() => stack?.remove());

const write = (table, id, assignment) => stack.mariadb.sql(`UPDATE ${table} SET ${assignment} WHERE id = ${binary(id)}`);

/** The error lines of the log that name this row. */
const linesAbout = (table, id) =>
  stack.cm.log.split('\n').filter((line) => /error/i.test(line) && line.includes(table) && line.includes(id));

async function created(answer) {
  const { status, json, text } = await answer;
  assert.equal(status, 201, text);
  return json;
}

const login = (username, secret = password) => stack.ecap.password(username, secret);

test('a stored hash with excessive parameters is 500, and other logins go on meanwhile', async () => {
  const broken = await created(operator.createUser('broken', { password }));
  await created(operator.createUser('healthy', { password }));
  const salt = 'c29tZXNhbHRzb21lc2FsdA';
  const hash = 'K13EBUiG7JV+9ZxztmHFTdb7J0WQsnj2V8bZaqyPptE';
  const hashes = [
    `$argon2id$v=19$m=19456,t=200000,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=4194304,t=1,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=4294967295,t=4294967295,p=16777215$${salt}$${hash}`,
    `$argon2i$v=19$m=19456,t=200000,p=4$${salt}$${hash}`,
    `$argon2id$v=19$m=8,t=1,p=1$${salt}$${'A'.repeat(150)}`,
    '!',
  ];
  for (const phc of hashes) {
    await write('basic_credential', broken.credentialId, `password_phc = '${phc}'`);
    // More of them than there are workers, and more than the failures that block a username.
    const attempts = await Promise.all(Array.from({ length: 24 }, () => login('broken')));
    assert.deepEqual([...new Set(attempts.map((answer) => answer.statusCode))], [500], phc);
    assert.equal(attempts[0].credentialId, null);
    assert.equal((await login('healthy')).statusCode, 200, phc);
  }
  const lines = linesAbout('basic_credential', broken.credentialId);
  assert.ok(lines.length >= 1 && lines.length <= 10, `${lines.length} lines for 144 logins`);
  assert.ok(!stack.cm.log.includes(hash), 'the hash is in the log');
  assert.equal((await operator.setPassword(broken.credentialId, password)).status, 200);
  assert.equal((await login('broken')).statusCode, 200, 'a new password repairs the row');
});

for (const status of ['NULL', '7', '256']) {
  test(`a token whose status is ${status}: 503, no list fails, and it can be deleted`, async () => {
    const bad = await created(operator.createToken(endpoint));
    const good = await created(operator.createToken(endpoint));
    await write('endpoint_token', bad.endpointTokenId, `status = ${status}`);
    const answer = await stack.ecap.validate(application, bad.token);
    assert.equal(answer.statusCode, 503);
    assert.equal(answer.tokenId, null);
    assert.equal((await stack.ecap.transition(application, bad.token, 'Active')).statusCode, 503);
    assert.equal((await stack.ecap.validate(application, good.token)).statusCode, 200);
    assert.equal((await operator.getToken(endpoint, bad.endpointTokenId)).status, 503);
    assert.equal((await operator.setTokenStatus(endpoint, bad.endpointTokenId, 'Revoked')).status, 503);
    const list = await operator.listTokens(endpoint);
    assert.equal(list.status, 200);
    assert.deepEqual(list.json.content.map((item) => item.endpointTokenId), [good.endpointTokenId]);
    assert.equal(list.json.totalElements, 1);
    assert.ok(linesAbout('endpoint_token', bad.endpointTokenId).length >= 1);
    assert.equal((await operator.deleteToken(endpoint, bad.endpointTokenId)).status, 204);
    assert.equal((await stack.ecap.validate(application, bad.token)).statusCode, 404);
    assert.equal((await operator.deleteTokens(endpoint, { headers: { 'If-Match': list.headers.etag } })).status, 412);
    assert.equal((await operator.deleteTokens(endpoint)).status, 204);
  });

  test(`client credentials whose status is ${status}: 503, no list fails, and they can be deleted`, async () => {
    const name = `user-${status}`;
    const user = await created(operator.createUser(name, { password }));
    const certificate = await created(operator.createCertificate({ issuer, serialNumber: '42' }));
    await write('basic_credential', user.credentialId, `status = ${status}`);
    await write('x509_credential', certificate.credentialId, `status = ${status}`);
    assert.equal((await login(name)).statusCode, 503);
    assert.equal((await login(name, 'a wrong password')).statusCode, 401);
    assert.equal((await stack.ecap.certificate(issuer, '42')).statusCode, 503);
    assert.equal((await operator.setPassword(user.credentialId, password)).status, 503);
    for (const [kind, table, id] of [
      ['credentials', 'basic_credential', user.credentialId],
      ['certificates', 'x509_credential', certificate.credentialId],
    ]) {
      assert.equal((await operator.getClient(kind, id)).status, 503);
      assert.equal((await operator.setClientStatus(kind, id, 'Active')).status, 503);
      const list = await operator.listClients(kind);
      assert.equal(list.status, 200);
      assert.ok(!list.text.includes(id));
      assert.ok(linesAbout(table, id).length >= 1);
      assert.equal((await operator.deleteClient(kind, id)).status, 204);
    }
    assert.equal((await login(name)).statusCode, 401);
  });
}
