// Trustful mode (contract section 4.5): unknown credentials are accepted, revoked ones stay refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { get } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { Rows } from '../../support/rows.mjs';
import { Stack } from '../../support/stack.mjs';

const password = 'the right password';

let stack;
let ecap;
let rows;
let operator;
before(async () => {
  stack = await Stack.start({
    jdbcParameters: '?socketTimeout=1000&connectTimeout=1000',
    configuration: { 'kaa.cm.trustful': true, 'kaa.cm.cache.time-to-live': '1ms' },
  });
  ecap = stack.ecap;
  rows = new Rows(stack.mariadb);
  operator = new Operator(stack.cm);
});
after(() => stack?.remove());

test('trustful mode is visible in /info', async () => {
  assert.equal((await get(`${stack.cm.management}/info`)).json.trustful, true);
});

test('trustful mode is reported in the log at the start and in /health', async () => {
  const { body, status } = await stack.cm.health();
  assert.equal(status, 200);
  assert.ok(body.warnings?.some((warning) => /trustful/i.test(warning)), JSON.stringify(body));
  const lines = stack.cm.log.split('\n').filter((line) => /trustful/i.test(line));
  assert.ok(lines.some((line) => /warn/i.test(line)), `a warning about trustful mode in:\n${stack.cm.log}`);
});

test('without trustful mode, nothing is reported', async (t) => {
  const strict = await Cm.start({ nats: stack.nats, mariadb: stack.mariadb, instance: 'cm-strict' });
  t.after(() => strict.remove());
  const { body } = await strict.health();
  assert.ok(!JSON.stringify(body).includes('trustful'));
  assert.equal((await get(`${strict.management}/info`)).json.trustful, false);
  assert.ok(!/trustful/i.test(strict.log));
});

test('an unknown token is used as the endpoint ID, and nothing is stored', async () => {
  for (const token of ['device-1', 'a', '0192f0a0-0000-7000-8000-00000000abcd', 'x'.repeat(255)]) {
    const answer = await ecap.validate('smart_kettle', token);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.endpointId, token);
    assert.notEqual(answer.tokenId, null);
    assert.equal(answer.reasonPhrase, null);
  }
  assert.equal(await rows.count('endpoint_token'), 0);
  assert.equal(await rows.count('credential_audit'), 0);
});

test('malformed tokens are refused as usual, and tokens that are not valid endpoint IDs too', async () => {
  for (const token of ['', 'a+b', 'a#b', 'a/b', 'a.b', 'x'.repeat(256)]) {
    assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 400, token);
  }
  for (const token of ['a b', 'жук', 'a%b']) {
    const answer = await ecap.validate('smart_kettle', token);
    assert.equal(answer.statusCode, 404, token);
    assert.equal(answer.endpointId, null);
  }
  assert.equal((await ecap.validate('smart_kettle', 'device-1', { timestamp: 1, timeout: 1 })).statusCode, 408);
});

test('a provisioned token is answered with its own endpoint; Suspended and Revoked stay 403', async () => {
  const { json } = await operator.createToken('kettle');
  const answer = await ecap.validate('smart_kettle', json.token);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.endpointId, 'kettle');
  assert.equal(answer.tokenId, json.endpointTokenId);
  for (const status of ['Suspended', 'Revoked']) {
    const taken = (await operator.createToken('kettle')).json;
    await operator.setTokenStatus('kettle', taken.endpointTokenId, status);
    const refused = await ecap.validate('smart_kettle', taken.token);
    assert.equal(refused.statusCode, 403);
    assert.equal(refused.endpointId, null);
    assert.equal(refused.tokenId, null);
  }
});

test('an unknown username is used as the client ID, with any password, and nothing is stored', async () => {
  for (const username of ['gateway', 'Jürgen 😀', 'x'.repeat(255)]) {
    const answer = await ecap.password(username, 'whatever it is');
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.clientId, username);
    assert.notEqual(answer.credentialId, null);
  }
  assert.equal(await rows.count('basic_credential'), 0);
  assert.equal((await ecap.password(null, 'some')).statusCode, 401);
  assert.equal((await ecap.password('gateway', null)).statusCode, 401);
  assert.equal((await ecap.password(null, null)).statusCode, 401);
});

test('a provisioned username needs its password; Suspended and Revoked stay refused', async () => {
  const known = (await operator.createUser('known', { password })).json;
  const right = await ecap.password('known', password);
  assert.equal(right.statusCode, 200);
  assert.equal(right.credentialId, known.credentialId);
  assert.equal(right.clientId, known.clientId);
  assert.equal((await ecap.password('known', 'wrong')).statusCode, 401);
  for (const status of ['Suspended', 'Revoked']) {
    const { credentialId } = (await operator.createUser(status, { password })).json;
    await operator.setClientStatus('credentials', credentialId, status);
    const refused = await ecap.password(status, password);
    assert.equal(refused.statusCode, 403);
    assert.equal(refused.clientId, null);
    assert.equal((await ecap.password(status, 'wrong')).statusCode, 401);
  }
});

test('an unknown certificate gets issuer/serialNumber as the client ID; Suspended and Revoked stay 403', async () => {
  const unknown = await ecap.certificate('CN=Devices CA,O=Example', '6699');
  assert.equal(unknown.statusCode, 200);
  assert.equal(unknown.clientId, 'CN=Devices CA,O=Example/6699');
  assert.notEqual(unknown.credentialId, null);
  assert.equal(await rows.count('x509_credential'), 0);
  assert.equal((await ecap.certificate('', '1')).statusCode, 400);
  assert.equal((await ecap.certificate('CN=a', '0x1')).statusCode, 400);

  const known = (await operator.createCertificate({ issuer: 'CN=Devices CA', serialNumber: '1', clientId: 'gateway' })).json;
  const found = await ecap.certificate('CN=Devices CA', '01');
  assert.equal(found.statusCode, 200);
  assert.equal(found.credentialId, known.credentialId);
  assert.equal(found.clientId, 'gateway');
  for (const [i, status] of ['Suspended', 'Revoked'].entries()) {
    const serialNumber = String(100 + i);
    const { credentialId } = (await operator.createCertificate({ issuer: 'CN=Devices CA', serialNumber })).json;
    await operator.setClientStatus('certificates', credentialId, status);
    const refused = await ecap.certificate('CN=Devices CA', serialNumber);
    assert.equal(refused.statusCode, 403);
    assert.equal(refused.clientId, null);
  }
});

test('while MariaDB is down nothing is accepted: 503, because revocations cannot be checked', async () => {
  await stack.mariadb.kill();
  const wait = 10_000 * slowness;
  assert.equal((await ecap.validate('smart_kettle', 'device-2', { wait })).statusCode, 503);
  assert.equal((await ecap.password('another', 'some', { wait })).statusCode, 503);
  assert.equal((await ecap.certificate('CN=Devices CA', '2', { wait })).statusCode, 503);
  await stack.mariadb.start();
  await stack.cm.up();
  assert.equal((await ecap.validate('smart_kettle', 'device-2')).statusCode, 200);
});
