// The targets of writing requests: a request with an incomplete path or unknown query parameters changes nothing
// (contract section 5).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { get, http, raw, statuses } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { isError } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';

const issuer = 'CN=Devices CA';
let stack;
let token;
let user;
let certificate;
before(async () => {
  stack = await Stack.start();
  const operator = new Operator(stack.cm);
  token = (await operator.createToken('ep')).json.endpointTokenId;
  await operator.createToken('ep');
  user = (await operator.createUser('gateway', { password: 'a password of its own' })).json.credentialId;
  certificate = (await operator.createCertificate({ issuer, serialNumber: '1' })).json.credentialId;
});
after(() => stack?.remove());

/** Everything that could change: the rows and their number. */
const everything = async () => {
  const tables = ['endpoint_token', 'basic_credential', 'x509_credential', 'credential_audit'];
  const rows = await Promise.all(tables.map((table) => stack.mariadb.sql(`SELECT * FROM ${table} ORDER BY 1, 2, 3`)));
  return JSON.stringify(rows);
};

const bodies = {
  token: { applicationName: 'smart_kettle' },
  status: { status: 'Suspended' },
  password: { password: 'quite another password' },
  user: { username: 'another' },
  certificate: { issuer, serialNumber: '2' },
  lines: '{"endpointId":"ep","applicationName":"smart_kettle"}\n',
};

/** All writing operations: method, path, body. */
const operations = () => [
  ['POST', '/endpoints/ep/tokens', bodies.token],
  ['DELETE', '/endpoints/ep/tokens'],
  ['DELETE', `/endpoints/ep/tokens/${token}`],
  ['PUT', `/endpoints/ep/tokens/${token}/status`, bodies.status],
  ['POST', '/endpoint-tokens/import', bodies.lines],
  ['POST', '/clients/credentials', bodies.user],
  ['DELETE', `/clients/credentials/${user}`],
  ['PUT', `/clients/credentials/${user}/status`, bodies.status],
  ['PUT', `/clients/credentials/${user}/password`, bodies.password],
  ['POST', '/clients/certificates', bodies.certificate],
  ['DELETE', `/clients/certificates/${certificate}`],
  ['PUT', `/clients/certificates/${certificate}/status`, bodies.status],
];

const ask = (method, target, body) => {
  const headers = typeof body === 'string' ? { 'Content-Type': 'application/x-ndjson' } : {};
  return http(method, `${stack.cm.api}${target}`, { body, headers });
};

test('a writing operation with a trailing slash is not found, with any query', async () => {
  const before = await everything();
  for (const [method, path, body] of operations()) {
    for (const end of ['/', '//', '/?', '/?status=Revoked', '/%2F', '%2F']) {
      const answer = await ask(method, `${path}${end}`, body);
      assert.ok(answer.status === 404 || answer.status === 405, `${method} ${path}${end}: ${answer.status}`);
      if (!end.includes('%2F')) isError(answer, 404);
    }
  }
  assert.equal(await everything(), before);
});

test('a path with an empty segment changes nothing', async () => {
  const before = await everything();
  for (const [method, path, body] of [
    ['DELETE', '/endpoints//tokens'],
    ['DELETE', '/endpoints/ep//tokens'],
    ['DELETE', `/endpoints//tokens/${token}`],
    ['PUT', '/endpoints/ep/tokens//status', bodies.status],
    ['DELETE', '/clients//credentials'],
    ['PUT', '/clients/credentials//password', bodies.password],
    ['DELETE', '/clients/certificates/'],
    ['DELETE', '/endpoints/ep%2Ftokens'],
    ['DELETE', '/endpoints/ep/tokens/%20'],
    ['DELETE', '/endpoints/ep/tokens/%00'],
    ['DELETE', '/endpoints/ep/tokens/%2E%2E'],
  ]) {
    isError(await ask(method, path, body), 404);
  }
  // As sent by a client without normalization: dot segments, a fragment, another spelling of the whole path.
  for (const [target, status] of [
    ['/api/v1/endpoints/ep/tokens/.', 404],
    ['/api/v1/endpoints/ep/tokens/x/..', 404],
    ['/api/v1/endpoints/ep/tokens#all', 400],
    ['//api/v1/endpoints/ep/tokens', 404],
    ['/api/v1/endpoints/%20/tokens', 400],
    ['/api/v1/endpoints/%2F/tokens', 400],
    ['http://cm/api/v1/endpoints/ep/tokens/?x', 404],
  ]) {
    const answer = await raw(stack.cm.port, `DELETE ${target} HTTP/1.1\r\nHost: cm\r\nConnection: close\r\n\r\n`);
    assert.deepEqual(statuses(answer), [status], target);
  }
  assert.equal(await everything(), before);
});

test('a writing operation reports unknown query parameters and changes nothing', async () => {
  const before = await everything();
  for (const [method, path, body] of operations()) {
    for (const [query, fields] of [
      ['?status=Revoked', ['status']],
      ['?Status=Revoked&limit=1', ['Status', 'limit']],
      ['?applicationName', ['applicationName']],
      ['?%64ryRun=true&dryRun=false', ['dryRun']],
      ['?=1', ['']],
    ]) {
      const answer = await ask(method, `${path}${query}`, body);
      assert.equal(answer.status, 400, `${method} ${path}${query}: ${answer.text}`);
      isError(answer, 400, fields);
    }
  }
  assert.equal(await everything(), before);
});

test('reading operations ignore a trailing slash and unknown parameters', async () => {
  for (const path of ['/endpoints/ep/tokens', `/endpoints/ep/tokens/${token}`, '/clients/credentials', '/revocations', '/endpoint-tokens/export']) {
    for (const end of ['/', '?unknown=1', '/?unknown']) assert.equal((await get(`${stack.cm.api}${path}${end}`)).status, 200, path);
  }
});

test('an empty query is allowed', async () => {
  for (const [method, path, body] of operations().reverse()) {
    if (path.endsWith(token) || path.endsWith(user) || path.endsWith(certificate)) continue; // their status is needed later
    const answer = await ask(method, `${path}${method === 'POST' ? '?' : '?&'}`, body);
    assert.ok([200, 201, 204].includes(answer.status), `${method} ${path}: ${answer.status} ${answer.text}`);
  }
});
