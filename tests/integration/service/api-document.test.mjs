// The OpenAPI document against the running service: CM serves it and behaves exactly as documented (contract section
// 5). Prism validates requests and responses in between.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { get, http, raw, statuses } from '../../support/http.mjs';
import { root, temporaryDirectory } from '../../support/paths.mjs';
import { Prism } from '../../support/prism.mjs';
import { allowed, etag, isError, otherTag } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';

const file = join(root, 'docs', 'api', 'openapi.yaml');
const document = readFileSync(file, 'utf8');

/** The operations of the document: [{path, method, id, statuses}]. Its regular layout allows parsing line by line. */
function operationsOf(text) {
  const found = [];
  let path;
  for (const line of text.slice(text.indexOf('\npaths:\n'), text.indexOf('\ncomponents:\n')).split('\n')) {
    path = /^ {2}(\/\S+):$/.exec(line)?.[1] ?? path;
    const method = /^ {4}(get|post|put|delete|patch):$/.exec(line)?.[1];
    if (method) found.push({ path, method: method.toUpperCase(), statuses: [] });
    const id = /^ {6}operationId: (\w+)$/.exec(line)?.[1];
    if (id) found.at(-1).id = id;
    const status = /^ {8}"(\d{3})":/.exec(line)?.[1];
    if (status) found.at(-1).statuses.push(Number(status));
  }
  return found;
}

const operations = operationsOf(document);
const byId = new Map(operations.map((operation) => [operation.id, operation]));
const directory = temporaryDirectory('document');

let stack;
let prism;
before(async () => {
  stack = await Stack.start({ configuration: { 'kaa.applications.smart_kettle.versions.v1': '' } });
  prism = await Prism.start(file, `http://127.0.0.1:${stack.cm.port}`);
});
after(async () => {
  await prism?.close();
  await stack?.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** The statuses of each operation that were seen through Prism. */
const seen = new Set();

/** Puts values into the path of an operation. */
const pathOf = (id, values = {}) =>
  byId.get(id).path.replace(/\{(\w+)\}/g, (_, name) => {
    assert.ok(name in values, `${id} needs ${name}`);
    return values[name];
  });

/**
 * Sends one request through Prism: an operation, the expected status, the values of its path, and {query, body,
 * headers}. With `wrong`, Prism must reject the request too; with `wrong: 'unsaid'`, the document cannot express the
 * error.
 */
async function walk(id, status, values, { query = '', wrong = status === 400, ...options } = {}) {
  const answer = await prism.ask(byId.get(id).method, `${pathOf(id, values)}${query}`, options);
  const what = `${id} ${status}: ${answer.status} ${answer.text.slice(0, 300)} ${JSON.stringify(answer.violations)}`;
  assert.equal(answer.status, status, what);
  assert.deepEqual(answer.violations.response, [], what);
  if (wrong === false) assert.deepEqual(answer.violations.request, [], what);
  else if (wrong === true) assert.notDeepEqual(answer.violations.request, [], what);
  assert.ok(byId.get(id).statuses.includes(status), `${id} does not document ${status}`);
  seen.add(`${id} ${status}`);
  return answer;
}

const unknownId = '0192f0a0-0000-7000-8000-000000000001';
const unacceptable = { headers: { Accept: 'image/png' } };
const text = { body: '{}', headers: { 'Content-Type': 'text/plain' } };
const none = { headers: { 'If-None-Match': '*' } };
const stale = { 'If-Match': otherTag };
const unknown = { query: '?unknown=1', wrong: 'unsaid' };
const huge = 'x'.repeat(70_000);
const lines = (...all) => ({ body: all.map((entry) => `${JSON.stringify(entry)}\n`).join(''), headers: { 'Content-Type': 'application/x-ndjson' } });

test('CM serves the document of this repository byte for byte', async () => {
  const answer = await get(`${stack.cm.api}/openapi.yaml`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/yaml/);
  assert.equal(answer.text, document);
  assert.match(answer.headers.etag, etag);
  const again = await get(`${stack.cm.api}/openapi.yaml`, { headers: { 'If-None-Match': answer.headers.etag } });
  assert.deepEqual([again.status, again.text], [304, '']);
  const head = await http('HEAD', `${stack.cm.api}/openapi.yaml`);
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', String(Buffer.byteLength(document))]);
  assert.match(document, /^openapi: 3\.1\.\d+$/m);
});

test('the HTML page lists every operation and uses no external resources', async () => {
  const answer = await get(`${stack.cm.api}/docs`, { headers: { Accept: 'text/html,application/xhtml+xml;q=0.9' } });
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^text\/html; charset=utf-8/i);
  assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
  assert.match(answer.headers.etag, etag);
  for (const { path } of operations) assert.ok(answer.text.includes(path), path);
  assert.doesNotMatch(answer.text, /<(script|link|img|iframe)\b/i);
  assert.doesNotMatch(answer.text, /\b(src|href)\s*=\s*["']?(https?:)?\/\//i);
  assert.doesNotMatch(answer.text, /url\(|@import/i);
});

test('every documented path accepts the documented methods and no others', async () => {
  const paths = new Map();
  for (const { path, method } of operations) paths.set(path, [...(paths.get(path) ?? []), method]);
  assert.ok(paths.size >= 14);
  for (const [path, methods] of paths) {
    const concrete = path.replace('{endpointId}', 'an-endpoint').replace(/\{\w+\}/, unknownId);
    const answer = await http('OPTIONS', `http://127.0.0.1:${stack.cm.port}${concrete}`);
    assert.equal(answer.status, 204, path);
    const expected = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort();
    assert.deepEqual(allowed(answer), expected, path);
    isError(await http('PATCH', `http://127.0.0.1:${stack.cm.port}${concrete}`, { body: {} }), 405);
  }
});

test('Prism detects violations: with a modified document it rejects the responses', async () => {
  const other = join(directory, 'other.yaml');
  const said = (from, to) => (text) => {
    assert.ok(text.includes(from), from);
    return text.replaceAll(from, () => to);
  };
  const changed = [
    said('required: [content, totalElements]', 'required: [content, totalElements, somethingElse]'),
    said(`pattern: '^"[0-9a-f]{40}"$'`, `pattern: '^"[0-9a-f]{41}"$'`),
    said('required: [message, status, path, correlationId]', 'required: [message, status, path, correlationId, errors]'),
    said('enum: [Inactive, Active, Suspended, Revoked]', 'enum: [Active, Suspended, Revoked]'),
  ].reduce((all, change) => change(all), document);
  writeFileSync(other, changed);
  const judge = await Prism.start(other, `http://127.0.0.1:${stack.cm.port}`);
  try {
    const created = (await stack.cm.provision('judged')).json;
    const list = await judge.ask('GET', '/api/v1/endpoints/judged/tokens');
    const where = list.violations.response.map(({ location }) => location.join('.')).join(' ');
    assert.match(where, /header/);
    assert.match(where, /body/);
    const item = await judge.ask('GET', `/api/v1/endpoints/judged/tokens/${created.endpointTokenId}`);
    assert.ok(item.violations.response.some(({ location }) => location.join('.') === 'response.body.status'), JSON.stringify(item.violations));
    const missing = await judge.ask('GET', `/api/v1/endpoints/judged/tokens/${unknownId}`);
    assert.equal(missing.status, 404);
    assert.notDeepEqual(missing.violations.response, []);
    const right = await prism.ask('GET', '/api/v1/endpoints/judged/tokens');
    assert.deepEqual(right.violations, { request: [], response: [] });
  } finally {
    await judge.close();
  }
});

test('endpoint tokens answer as documented', async () => {
  const at = { endpointId: 'walked' };
  const bad = { endpointId: 'a%20b' };
  await walk('listEndpointTokens', 200, at);
  const body = { applicationName: 'smart_kettle' };
  const { endpointTokenId } = (await walk('createEndpointToken', 201, at, { body })).json;
  await walk('createEndpointToken', 201, at, { body: { ...body, token: 'walked-token' } });
  await walk('createEndpointToken', 201, at, { body: { ...body, token: null } });
  await walk('createEndpointToken', 409, at, { body: { ...body, token: 'walked-token' } });
  await walk('createEndpointToken', 404, at, { body: { applicationName: 'toaster' } });
  for (const wrong of [{}, { applicationName: 'A B' }, { ...body, token: 'a+b' }, { ...body, token: '' }, { ...body, token: 5 }, { ...body, token: 'x'.repeat(256) }]) {
    await walk('createEndpointToken', 400, at, { body: wrong });
  }
  await walk('createEndpointToken', 400, bad, { body, wrong: 'unsaid' });
  await walk('createEndpointToken', 406, at, { body, ...unacceptable });
  await walk('createEndpointToken', 413, at, { body: { ...body, more: huge } });
  await walk('createEndpointToken', 415, at, { ...text, wrong: true });

  const entry = { ...at, endpointTokenId };
  await walk('getEndpointToken', 200, entry);
  await walk('getEndpointToken', 304, entry, none);
  await walk('getEndpointToken', 404, { ...at, endpointTokenId: unknownId });
  await walk('getEndpointToken', 404, { ...at, endpointTokenId: 'no-uuid' }, { wrong: true });
  await walk('getEndpointToken', 400, { ...bad, endpointTokenId }, { wrong: 'unsaid' });
  await walk('getEndpointToken', 406, entry, unacceptable);

  const status = { body: { status: 'Suspended' } };
  await walk('setEndpointTokenStatus', 200, entry, status);
  await walk('getEndpointToken', 200, entry);
  await walk('setEndpointTokenStatus', 409, entry, { body: { status: 'Inactive' } });
  await walk('setEndpointTokenStatus', 412, entry, { ...status, headers: stale });
  await walk('setEndpointTokenStatus', 404, { ...at, endpointTokenId: unknownId }, status);
  for (const wrong of [{}, { status: 'Gone' }, { status: 1 }]) await walk('setEndpointTokenStatus', 400, entry, { body: wrong });
  await walk('setEndpointTokenStatus', 406, entry, { ...status, ...unacceptable });
  await walk('setEndpointTokenStatus', 413, entry, { body: { status: 'Active', more: huge } });
  await walk('setEndpointTokenStatus', 415, entry, { ...text, wrong: true });

  await walk('getEndpointTokenHistory', 200, entry);
  await walk('getEndpointTokenHistory', 200, entry, { query: '?limit=1&offset=1' });
  await walk('getEndpointTokenHistory', 304, entry, none);
  await walk('getEndpointTokenHistory', 404, { ...at, endpointTokenId: unknownId });
  await walk('getEndpointTokenHistory', 400, entry, { query: '?limit=0' });
  await walk('getEndpointTokenHistory', 406, entry, unacceptable);

  await walk('listEndpointTokens', 200, at, { query: '?status=Suspended,Inactive&limit=1000&order=ASC&offset=1' });
  await walk('listEndpointTokens', 304, at, none);
  for (const query of ['?limit=0', '?limit=1001', '?offset=-1', '?order=up', '?status=Gone', '?limit=x']) {
    await walk('listEndpointTokens', 400, at, { query });
  }
  await walk('listEndpointTokens', 406, at, unacceptable);

  await walk('deleteEndpointToken', 412, entry, { headers: stale });
  await walk('deleteEndpointToken', 400, { ...bad, endpointTokenId }, { wrong: 'unsaid' });
  await walk('deleteEndpointToken', 406, entry, unacceptable);
  await walk('deleteEndpointToken', 204, entry);
  await walk('deleteEndpointToken', 404, entry);
  await walk('deleteEndpointTokens', 412, at, { headers: stale });
  await walk('deleteEndpointTokens', 400, bad, { wrong: 'unsaid' });
  await walk('deleteEndpointTokens', 406, at, unacceptable);
  await walk('deleteEndpointTokens', 204, at);
});

test('import and export answer as documented', async () => {
  const given = lines({ endpointId: 'walked', applicationName: 'smart_kettle', token: 'imported' }, { endpointId: 'walked', applicationName: 'smart_kettle' });
  await walk('importEndpointTokens', 200, {}, given);
  await walk('importEndpointTokens', 400, {}, { ...given, ...unknown });
  await walk('importEndpointTokens', 406, {}, { ...given, headers: { ...given.headers, Accept: 'application/json' } });
  await walk('importEndpointTokens', 415, {}, { ...given, headers: { 'Content-Type': 'text/plain' }, wrong: true });
  await walk('exportEndpointTokens', 200, {});
  await walk('exportEndpointTokens', 200, {}, { query: '?applicationName=smart_kettle' });
  await walk('exportEndpointTokens', 400, {}, { query: '?applicationName=Not%20One' });
  await walk('exportEndpointTokens', 406, {}, unacceptable);
});

test('client credentials answer as documented', async () => {
  const username = 'walked gateway';
  const creation = (await walk('createClientCredential', 201, {}, { body: { username } })).json;
  await walk('createClientCredential', 201, {}, { body: { username: 'another', password: 'a password of its own', clientId: 'c' } });
  await walk('createClientCredential', 409, {}, { body: { username } });
  for (const wrong of [{}, { username: '' }, { username: 'a', password: 'short' }, { username: 'a', clientId: '' }, { username: 5 }, { username: 'a\nb' }]) {
    await walk('createClientCredential', 400, {}, { body: wrong });
  }
  await walk('createClientCredential', 406, {}, { body: { username: 'x' }, ...unacceptable });
  await walk('createClientCredential', 413, {}, { body: { username: 'x', more: huge } });
  await walk('createClientCredential', 415, {}, { ...text, wrong: true });

  const entry = { credentialId: creation.credentialId };
  const other = { credentialId: unknownId };
  await walk('getClientCredential', 200, entry);
  await walk('getClientCredential', 304, entry, none);
  await walk('getClientCredential', 404, other);
  await walk('getClientCredential', 406, entry, unacceptable);

  await walk('setClientCredentialPassword', 200, entry, { body: {} });
  await walk('setClientCredentialPassword', 200, entry, { body: { password: 'another password' } });
  await walk('setClientCredentialPassword', 400, entry, { body: { password: 'short' } });
  await walk('setClientCredentialPassword', 404, other, { body: {} });
  await walk('setClientCredentialPassword', 406, entry, { body: {}, ...unacceptable });
  await walk('setClientCredentialPassword', 412, entry, { body: {}, headers: stale });
  await walk('setClientCredentialPassword', 413, entry, { body: { more: huge } });
  await walk('setClientCredentialPassword', 415, entry, { ...text, wrong: true });

  await walkStatus('ClientCredential', entry, other);
  await walk('setClientCredentialPassword', 409, entry, { body: {} });

  await walk('listClientCredentials', 200, {});
  await walk('listClientCredentials', 200, {}, { query: `?username=${encodeURIComponent(username)}&status=Revoked` });
  await walk('listClientCredentials', 304, {}, none);
  await walk('listClientCredentials', 400, {}, { query: '?limit=0' });
  await walk('listClientCredentials', 406, {}, unacceptable);
  await walkDeletion('deleteClientCredential', entry);
});

test('client certificates answer as documented', async () => {
  const names = { issuer: 'CN=Devices CA, O=Example, C=DE', serialNumber: '0x1A2B' };
  const creation = (await walk('createClientCertificate', 201, {}, { body: { ...names, clientId: 'gateway' } })).json;
  const run = (...args) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key', '-subj', '/CN=walked', '-out', 'pem');
  await walk('createClientCertificate', 201, {}, { body: { certificate: readFileSync(join(directory, 'pem'), 'utf8') } });
  await walk('createClientCertificate', 409, {}, { body: names });
  for (const wrong of [{}, { issuer: 'CN=a' }, { serialNumber: '1' }, { issuer: 'CN=a', serialNumber: 'x' }, { issuer: '', serialNumber: '1' }, { ...names, certificate: 'x' }]) {
    await walk('createClientCertificate', 400, {}, { body: wrong });
  }
  await walk('createClientCertificate', 400, {}, { body: { issuer: 'nobody', serialNumber: '1' }, wrong: 'unsaid' });
  await walk('createClientCertificate', 400, {}, { body: { certificate: 'no PEM' }, wrong: 'unsaid' });
  await walk('createClientCertificate', 406, {}, { body: names, ...unacceptable });
  await walk('createClientCertificate', 413, {}, { body: { ...names, more: huge } });
  await walk('createClientCertificate', 415, {}, { ...text, wrong: true });

  const entry = { credentialId: creation.credentialId };
  const other = { credentialId: unknownId };
  await walk('getClientCertificate', 200, entry);
  await walk('getClientCertificate', 304, entry, none);
  await walk('getClientCertificate', 404, other);
  await walk('getClientCertificate', 406, entry, unacceptable);
  await walkStatus('ClientCertificate', entry, other);

  await walk('listClientCertificates', 200, {});
  await walk('listClientCertificates', 200, {}, { query: `?issuer=${encodeURIComponent(names.issuer)}&serialNumber=0x1A2B&order=ASC` });
  await walk('listClientCertificates', 304, {}, none);
  await walk('listClientCertificates', 400, {}, { query: '?serialNumber=x' });
  await walk('listClientCertificates', 406, {}, unacceptable);
  await walkDeletion('deleteClientCertificate', entry);
});

/** Gets all documented responses of PUT status of a client credential, which is finally Revoked. */
async function walkStatus(name, entry, other) {
  const id = `set${name}Status`;
  await walk(id, 200, entry, { body: { status: 'Suspended' } });
  await walk(`get${name}`, 200, entry);
  await walk(id, 409, entry, { body: { status: 'Inactive' } });
  await walk(id, 412, entry, { body: { status: 'Active' }, headers: stale });
  await walk(id, 404, other, { body: { status: 'Active' } });
  await walk(id, 400, entry, { body: { status: 'Gone' } });
  await walk(id, 406, entry, { body: { status: 'Active' }, ...unacceptable });
  await walk(id, 413, entry, { body: { status: 'Active', more: huge } });
  await walk(id, 415, entry, { ...text, wrong: true });
  await walk(id, 200, entry, { body: { status: 'Revoked' } });
}

async function walkDeletion(id, entry) {
  await walk(id, 400, entry, unknown);
  await walk(id, 412, entry, { headers: stale });
  await walk(id, 406, entry, unacceptable);
  await walk(id, 204, entry);
  await walk(id, 404, entry);
}

test('revocations and the document itself answer as documented', async () => {
  const { json } = await walk('listRevocations', 200, {}, { query: '?limit=2' });
  assert.equal(json.content.length, 2);
  const all = (await walk('listRevocations', 200, {}, { query: `?after=${json.next}&limit=1000` })).json.content;
  // Every kind of revocation was validated.
  const forms = new Set([...json.content, ...all].map(({ type, status, deleted }) => `${type} ${status ?? deleted}`));
  for (const form of ['endpoint-tokens Suspended', 'endpoint-tokens true', 'client-credential Suspended', 'client-credential true']) {
    assert.ok(forms.has(form), form);
  }
  await walk('listRevocations', 304, {}, none);
  await walk('listRevocations', 400, {}, { query: '?limit=0' });
  await walk('listRevocations', 400, {}, { query: '?after=nonsense', wrong: 'unsaid' });
  await walk('listRevocations', 406, {}, unacceptable);
  for (const id of ['getOpenApi', 'getDocs']) {
    await walk(id, 200, {});
    await walk(id, 304, {}, none);
    await walk(id, 406, {}, unacceptable);
  }
});

test('411 is answered as documented if a body is required', async () => {
  for (const { id, path, method, statuses: documented } of operations) {
    if (!documented.includes(411)) continue;
    const concrete = path.replace('{endpointId}', 'an-endpoint').replace(/\{\w+\}/, unknownId);
    // A client library would send Content-Length.
    const type = id === 'importEndpointTokens' ? 'application/x-ndjson' : 'application/json';
    const answer = await raw(stack.cm.port, `${method} ${concrete} HTTP/1.1\r\nHost: cm\r\nContent-Type: ${type}\r\n\r\n`, {
      done: (received) => received.includes('}'),
    });
    assert.deepEqual(statuses(answer), [411], id);
    assert.match(answer, /\r\nCorrelation-ID: \S+\r\n/i);
    const { status, path: shown, message, correlationId } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
    assert.deepEqual([status, shown, typeof message, typeof correlationId], [411, concrete, 'string', 'string']);
    seen.add(`${id} 411`);
  }
});

// The last two tests: one stops the database, one checks that every status was seen.
test('503 is answered as documented while MariaDB is down, by all operations that need it', async () => {
  await stack.mariadb.kill();
  const values = { endpointId: 'walked', endpointTokenId: unknownId, credentialId: unknownId };
  const bodies = {
    createEndpointToken: { body: { applicationName: 'smart_kettle' } },
    createClientCredential: { body: { username: 'later' } },
    createClientCertificate: { body: { issuer: 'CN=later', serialNumber: '1' } },
    setClientCredentialPassword: { body: {} },
  };
  for (const { id, statuses: documented } of operations) {
    // An import begins its response before it can know, and answers each line with 503 (import-export.test.mjs).
    if (!documented.includes(503) || id === 'importEndpointTokens') continue;
    const options = bodies[id] ?? (/^set.*Status$/.test(id) ? { body: { status: 'Active' } } : {});
    const answer = await walk(id, 503, values, options);
    assert.match(answer.headers['retry-after'], /^\d+$/);
  }
  await stack.mariadb.start();
  await stack.cm.up();
});

test('every documented status of every operation was seen, except for internal errors', () => {
  const documented = operations.flatMap(({ id, statuses: all }) => all.map((status) => `${id} ${status}`));
  assert.ok(operations.length >= 23, `${operations.length} operations`);
  const missing = documented.filter((entry) => !seen.has(entry) && !entry.endsWith(' 500'));
  // 503 before the first line needs too many concurrent requests or an expired license (license.test.mjs).
  assert.deepEqual(missing, ['importEndpointTokens 503']);
});
