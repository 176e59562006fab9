// 500 over ECAP and REST: rows that CM has not written and cannot read. They do not grant access, are not reported as
// unknown or wrong, and do not affect other credentials.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { get } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { Stack } from '../../support/stack.mjs';

const password = 'the right password';
const issuer = 'CN=Devices CA,O=Example';

let stack;
let operator;
before(async () => {
  stack = await Stack.start({});
  operator = new Operator(stack.cm);
  const { mariadb } = stack;
  await mariadb.sql('ALTER TABLE endpoint_token MODIFY endpoint_id VARCHAR(1200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL');
  for (const table of ['basic_credential', 'x509_credential'])
    await mariadb.sql(`ALTER TABLE ${table} MODIFY client_id VARCHAR(1200) NOT NULL`);
});
after(() => stack?.remove());

/** Makes a row unreadable, with a text that is longer than CM's maximum. */
const spoil = (table, column, id) =>
  stack.mariadb.sql(
    `UPDATE ${table} SET ${column} = REPEAT('x', 1100) WHERE id = UNHEX(REPLACE('${id}', '-', ''))`,
  );

test('500: a token whose row cannot be read, for a validation and for a transition', async () => {
  const created = (await stack.cm.provision('kettle')).json;
  const other = (await stack.cm.provision('other')).json;
  await spoil('endpoint_token', 'endpoint_id', created.endpointTokenId);
  const validated = await stack.ecap.validate('smart_kettle', created.token);
  assert.equal(validated.statusCode, 500);
  assert.equal(validated.tokenId, null);
  assert.equal(validated.endpointId, null);
  assert.equal(validated.reasonPhrase, 'Internal Server Error');
  assert.equal((await stack.ecap.transition('smart_kettle', created.token, 'Suspended')).statusCode, 500);
  assert.equal((await stack.ecap.validate('smart_kettle', other.token)).statusCode, 200);
});

test('500: a username whose row cannot be read, also over REST, without details', async () => {
  const created = (await operator.createUser('joe', { password })).json;
  await spoil('basic_credential', 'client_id', created.credentialId);
  const answer = await stack.ecap.password('joe', password);
  assert.equal(answer.statusCode, 500);
  assert.equal(answer.credentialId, null);
  assert.equal(answer.clientId, null);
  const shown = await get(`${stack.cm.api}/clients/credentials/${created.credentialId}`);
  assert.equal(shown.status, 500);
  assert.equal(shown.json.message, 'Internal Server Error');
  assert.ok(!/client_id|SELECT|column/i.test(shown.text), shown.text);
});

test('500: a certificate whose row cannot be read', async () => {
  const created = (await operator.createCertificate({ issuer, serialNumber: '42' })).json;
  await spoil('x509_credential', 'client_id', created.credentialId);
  const answer = await stack.ecap.certificate(issuer, '42');
  assert.equal(answer.statusCode, 500);
  assert.equal(answer.credentialId, null);
  assert.equal(answer.clientId, null);
});

test('other credentials are not affected', async () => {
  const created = (await stack.cm.provision('afterwards')).json;
  assert.equal((await stack.ecap.validate('smart_kettle', created.token)).statusCode, 200);
  assert.equal((await stack.cm.health()).body.status, 'UP');
});
