// The statuses of an endpoint token over REST: item, status, deletion, history (contract sections 2 and 5).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { get, http } from '../../support/http.mjs';
import { allowed, etag, isError, iso, otherTag, stored, uuid7 } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';
import { setStatus, testStateTable } from '../../support/state-table.mjs';
import { until } from '../../support/wait.mjs';

let stack;
let number = 0;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.remove());

const endpoint = () => `states-${(number += 1)}`;
const tokensOf = (id) => `${stack.cm.api}/endpoints/${id}/tokens`;
const look = (id) => stored(stack.mariadb, 'endpoint_token', id);

/** A new token and its URL. */
async function make(endpointId = endpoint(), body = undefined) {
  const answer = await stack.cm.provision(endpointId, body);
  assert.equal(answer.status, 201, answer.text);
  const { endpointTokenId: id, token, applicationName: application } = answer.json;
  const revocation = { kind: 'endpoint-tokens', application, endpointId };
  return { id, token, endpointId, url: `${tokensOf(endpointId)}/${id}`, location: answer.headers.location, revocation };
}

testStateTable({ name: 'endpoint token', table: 'endpoint_token', mariadb: () => stack.mariadb, make });

test('the item is at the Location of its creation, the same as in the list, without its value', async () => {
  const token = await make();
  const item = await get(new URL(token.location, stack.cm.api).href);
  assert.equal(item.status, 200);
  assert.deepEqual(Object.keys(item.json).sort(), ['applicationName', 'createdDate', 'endpointTokenId', 'status']);
  assert.equal(item.json.endpointTokenId, token.id);
  assert.match(item.json.endpointTokenId, uuid7);
  assert.equal(item.json.status, 'Inactive');
  assert.match(item.json.createdDate, iso);
  assert.ok(!item.text.includes(token.token));
  assert.deepEqual((await get(tokensOf(token.endpointId))).json.content, [item.json]);
  const changed = await setStatus(token.url, 'Suspended');
  assert.ok(!changed.text.includes(token.token));
  assert.deepEqual((await get(tokensOf(token.endpointId))).json.content, [changed.json]);
});

test('a token is 404 at another endpoint, and cannot be changed, deleted or read there', async () => {
  const token = await make();
  const other = `${tokensOf('somebody-else')}/${token.id}`;
  isError(await get(other), 404);
  isError(await get(`${other}/history`), 404);
  isError(await setStatus(other, 'Revoked'), 404);
  isError(await http('DELETE', other), 404);
  assert.equal((await look(token.id)).row.status, 'Inactive');
});

test('an invalid endpoint ID is 400 in every operation', async () => {
  const { id } = await make();
  for (const bad of ['a%20b', '%D0%B6', 'x'.repeat(256)]) {
    const url = `${tokensOf(bad)}/${id}`;
    isError(await get(url), 400, ['endpointId']);
    isError(await get(`${url}/history`), 400, ['endpointId']);
    isError(await setStatus(url, 'Active'), 400, ['endpointId']);
    isError(await http('DELETE', url), 400, ['endpointId']);
    isError(await http('DELETE', tokensOf(bad)), 400, ['endpointId']);
  }
});

test('validation follows the status: 200, 403, 200, 403, and 404 after the deletion', async () => {
  const token = await make();
  const code = async () => (await stack.ecap.validate('smart_kettle', token.token)).statusCode;
  assert.equal(await code(), 200);
  // The first use activates it, in the database within 1 s.
  await until(async () => (await get(token.url)).json.status === 'Active', { timeout: 1_000, what: 'Active' });
  for (const [status, expected] of [['Suspended', 403], ['Active', 200], ['Suspended', 403], ['Revoked', 403]]) {
    assert.equal((await setStatus(token.url, status)).status, 200);
    assert.equal(await code(), expected, status);
  }
  assert.equal((await http('DELETE', token.url)).status, 204);
  assert.equal(await code(), 404);
});

test('a token that is used during its revocation stays revoked', async () => {
  const tokens = await Promise.all(Array.from({ length: 50 }, () => make()));
  await Promise.all(
    tokens.flatMap(({ token, url }) => [
      stack.ecap.validate('smart_kettle', token),
      setStatus(url, 'Suspended').then((answer) => assert.equal(answer.status, 200, answer.text)),
    ]),
  );
  for (const { id, token } of tokens) {
    assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 403);
    const { row, audit } = await look(id);
    assert.equal(row.status, 'Suspended');
    assert.equal(audit.at(-1).to, 'Suspended');
  }
});

test('a deleted token can be provisioned again, with a new ID', async () => {
  const token = `again-${endpoint()}`;
  const first = await make(undefined, { applicationName: 'smart_kettle', token });
  assert.equal((await stack.ecap.validate('smart_kettle', token)).endpointId, first.endpointId);
  assert.equal((await http('DELETE', first.url)).status, 204);
  const second = await make(undefined, { applicationName: 'smart_kettle', token });
  assert.notEqual(second.id, first.id);
  await until(async () => (await stack.ecap.validate('smart_kettle', token)).endpointId === second.endpointId, {
    timeout: 2_000,
    what: 'the new owner',
  });
});

test('DELETE of all deletes every token of the endpoint in any status, with one event per application', async () => {
  const endpointId = endpoint();
  const tokens = [];
  for (const [i, status] of ['Inactive', 'Active', 'Suspended', 'Revoked', 'Inactive', 'Active'].entries()) {
    const entry = await make(endpointId, { applicationName: i < 4 ? 'kettle_a' : 'kettle_b' });
    if (status !== 'Inactive') await setStatus(entry.url, status);
    tokens.push({ ...entry, status });
  }
  const bystander = await make();
  const answer = await http('DELETE', tokensOf(endpointId), { headers: { 'Correlation-ID': 'delete-all' } });
  assert.equal(answer.status, 204, answer.text);
  assert.equal(answer.text, '');
  assert.deepEqual((await get(tokensOf(endpointId))).json, { content: [], totalElements: 0 });
  const events = new Map();
  for (const { id, status } of tokens) {
    const { row, audit, revocations } = await look(id);
    assert.equal(row, undefined);
    const { at, ...rest } = audit.at(-1);
    assert.deepEqual(rest, { from: status, to: undefined, how: 'rest', actor: '', correlationId: 'delete-all' });
    const deletion = revocations.at(-1);
    assert.equal(deletion.to, undefined);
    assert.equal(deletion.correlationId, 'delete-all');
    events.set(deletion.seq, deletion);
  }
  const byApplication = [...events.values()].sort((a, b) => a.application.localeCompare(b.application));
  assert.deepEqual(byApplication.map(({ application }) => application), ['kettle_a', 'kettle_b']);
  assert.deepEqual(byApplication[0].ids.sort(), tokens.slice(0, 4).map(({ id }) => id).sort());
  assert.deepEqual(byApplication[1].ids.sort(), tokens.slice(4).map(({ id }) => id).sort());
  assert.equal((await look(bystander.id)).row.status, 'Inactive');
  // For an endpoint without tokens it succeeds too, without an event.
  const total = () => stack.mariadb.sql('SELECT COUNT(*) FROM revocation');
  const seen = await total();
  assert.equal((await http('DELETE', tokensOf(endpointId))).status, 204);
  assert.equal(await total(), seen);
});

test('DELETE of all deletes more tokens than fit on a page', async () => {
  const endpointId = endpoint();
  const lines = Array.from({ length: 1_500 }, () => JSON.stringify({ endpointId, applicationName: 'smart_kettle' })).join('\n');
  const headers = { 'Content-Type': 'application/x-ndjson' };
  const imported = await http('POST', `${stack.cm.api}/endpoint-tokens/import`, { body: lines, headers });
  assert.equal(imported.status, 200);
  assert.equal((await get(tokensOf(endpointId))).json.totalElements, 1_500);
  assert.equal((await http('DELETE', tokensOf(endpointId))).status, 204);
  assert.equal((await get(tokensOf(endpointId))).json.totalElements, 0);
  const where = `endpoint_id = '${endpointId}'`;
  assert.equal(await stack.mariadb.sql(`SELECT COUNT(*), SUM(LENGTH(ids)) DIV 16 FROM revocation WHERE ${where}`), '1\t1500\n');
});

test('DELETE of all honours If-Match with the tag of the list', async () => {
  const endpointId = endpoint();
  const token = await make(endpointId);
  const tag = (await get(tokensOf(endpointId))).headers.etag;
  const all = (match) => http('DELETE', tokensOf(endpointId), { headers: { 'If-Match': match } });
  isError(await all(otherTag), 412);
  isError(await all(`W/${tag}`), 412);
  await make(endpointId);
  isError(await all(tag), 412);
  assert.equal((await get(tokensOf(endpointId))).json.totalElements, 2);
  const present = (await get(tokensOf(endpointId))).headers.etag;
  assert.notEqual(present, tag);
  assert.equal((await all(`${otherTag},${present}`)).status, 204);
  isError(await get(token.url), 404);
});

test('the tag of a list covers all tokens of the endpoint with any page and filter, and protects them in a DELETE', async () => {
  const endpointId = endpoint();
  const tokens = [];
  for (let i = 0; i < 25; i += 1) tokens.push(await make(endpointId));
  const list = async (query = '', options) => get(`${tokensOf(endpointId)}${query}`, options);
  const pages = ['', '?limit=1', '?offset=20', '?status=Revoked', '?order=ASC&limit=3&offset=4&status=Inactive', '?offset=100'];
  const tags = async () => {
    const all = await Promise.all(pages.map((query) => list(query)));
    const found = new Set(all.map(({ status, headers }) => `${status} ${headers.etag}`));
    assert.equal(found.size, 1, [...found].join(' '));
    return all[0].headers.etag;
  };
  const all = (match) => http('DELETE', tokensOf(endpointId), { headers: { 'If-Match': match } });
  const seen = [];
  let tag = await tags();
  // Changes to tokens that are not on the first page: the oldest ones. The last step restores their number.
  for (const change of [
    () => setStatus(tokens[0].url, 'Suspended'),
    () => setStatus(tokens[0].url, 'Active'),
    () => setStatus(tokens[1].url, 'Active'),
    () => setStatus(tokens[2].url, 'Revoked'),
    () => http('DELETE', tokens[3].url),
    () => make(endpointId),
  ]) {
    seen.push(tag);
    assert.equal((await list('?limit=2', { headers: { 'If-None-Match': tag } })).status, 304);
    await change();
    tag = await tags();
    assert.ok(!seen.includes(tag));
    assert.equal((await list('?limit=2', { headers: { 'If-None-Match': seen.at(-1) } })).status, 200);
    for (const old of seen) isError(await all(old), 412);
  }
  assert.equal((await list()).json.totalElements, 25);
  const head = await http('HEAD', tokensOf(endpointId));
  assert.deepEqual([head.status, head.headers.etag], [200, tag]);
  assert.equal((await all((await list('?status=Suspended&limit=1')).headers.etag)).status, 204);
  assert.equal((await list()).json.totalElements, 0);
});

test('the tag of a list of hundreds of tokens, computed by the database, protects them', async () => {
  const endpointId = endpoint();
  const lines = Array.from({ length: 700 }, () => JSON.stringify({ endpointId, applicationName: 'smart_kettle' }));
  const body = lines.join('\n');
  const type = { 'Content-Type': 'application/x-ndjson' };
  assert.equal((await http('POST', `${stack.cm.api}/endpoint-tokens/import`, { body, headers: type })).status, 200);
  const all = (match) => http('DELETE', tokensOf(endpointId), { headers: { 'If-Match': match } });
  const before = await get(`${tokensOf(endpointId)}?order=ASC&limit=1`);
  assert.equal(before.json.totalElements, 700);
  await setStatus(`${tokensOf(endpointId)}/${before.json.content[0].endpointTokenId}`, 'Suspended');
  isError(await all(before.headers.etag), 412);
  const present = await get(`${tokensOf(endpointId)}?status=Suspended`);
  assert.equal(present.json.totalElements, 1);
  assert.equal((await all(present.headers.etag)).status, 204);
  assert.equal((await get(tokensOf(endpointId))).json.totalElements, 0);
});

test('the history of a token: newest first, with when, from, to, how and the correlation ID', async () => {
  const endpointId = endpoint();
  const created = await stack.cm.provision(endpointId, undefined, { headers: { 'Correlation-ID': 'h-create' } });
  const url = `${tokensOf(endpointId)}/${created.json.endpointTokenId}`;
  await stack.ecap.validate('smart_kettle', created.json.token, { correlationId: 'h-use' });
  await until(async () => (await get(url)).json.status === 'Active', { what: 'Active' });
  await setStatus(url, 'Suspended', { 'Correlation-ID': 'h-suspend' });
  await setStatus(url, 'Suspended', { 'Correlation-ID': 'h-nothing' });
  await setStatus(url, 'Inactive', { 'Correlation-ID': 'h-forbidden' });
  await setStatus(url, 'Revoked', { 'Correlation-ID': 'h-revoke' });
  const answer = await get(`${url}/history`);
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers.etag, etag);
  const { content, totalElements } = answer.json;
  assert.equal(totalElements, 4);
  for (const { date } of content) assert.match(date, iso);
  const dates = content.map(({ date }) => date);
  assert.deepEqual(dates, [...dates].sort().reverse());
  assert.equal(content.at(-1).date, created.json.createdDate);
  assert.equal(content[0].date, (await get(url)).json.updateDate);
  assert.deepEqual(
    content.map(({ date, by, ...rest }) => rest),
    [
      { from: 'Suspended', to: 'Revoked', how: 'rest', correlationId: 'h-revoke' },
      { from: 'Active', to: 'Suspended', how: 'rest', correlationId: 'h-suspend' },
      { from: 'Inactive', to: 'Active', how: 'ecap', correlationId: 'h-use' },
      { to: 'Inactive', how: 'rest', correlationId: 'h-create' },
    ],
  );
  assert.equal((await get(`${url}/history`, { headers: { 'If-None-Match': answer.headers.etag } })).status, 304);
  const head = await http('HEAD', `${url}/history`);
  assert.deepEqual([head.status, head.text, head.headers.etag], [200, '', answer.headers.etag]);
  assert.ok(!answer.text.includes(created.json.token));
});

test('the history has pages, and is 404 after the deletion of its token', async () => {
  const token = await make();
  for (let i = 0; i < 12; i += 1) {
    await setStatus(token.url, i % 2 === 0 ? 'Suspended' : 'Active', { 'Correlation-ID': `turn-${i}` });
  }
  const page = async (query) => {
    const answer = await get(`${token.url}/history${query}`);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.totalElements, 13);
    return answer.json.content.map(({ correlationId }) => correlationId);
  };
  const all = await page('');
  assert.deepEqual(all.slice(0, 12), Array.from({ length: 12 }, (_, i) => `turn-${11 - i}`));
  assert.deepEqual(await page('?limit=5'), all.slice(0, 5));
  assert.deepEqual(await page('?limit=5&offset=10'), all.slice(10));
  assert.deepEqual(await page('?offset=13'), []);
  assert.deepEqual(await page('?limit=1000&offset=12'), all.slice(12));
  for (const [query, fields] of [
    ['limit=0', ['limit']],
    ['limit=1001', ['limit']],
    ['offset=-1', ['offset']],
    ['limit=x&offset=y', ['limit', 'offset']],
  ]) {
    isError(await get(`${token.url}/history?${query}`), 400, fields);
  }
  for (const method of ['PUT', 'POST', 'DELETE']) {
    const answer = await http(method, `${token.url}/history`, method === 'DELETE' ? {} : { body: {} });
    isError(answer, 405);
    assert.deepEqual(allowed(answer), ['GET', 'HEAD', 'OPTIONS']);
  }
  isError(await get(`${token.url}/history`, { headers: { Accept: 'text/csv' } }), 406);
  assert.equal((await http('DELETE', token.url)).status, 204);
  isError(await get(`${token.url}/history`), 404);
});

test('a missing correlation ID is generated and stored in the audit row', async () => {
  const token = await make();
  const answer = await setStatus(token.url, 'Suspended');
  const { audit, revocations } = await look(token.id);
  assert.equal(audit.at(-1).correlationId, answer.headers['correlation-id']);
  assert.equal(revocations.at(-1).correlationId, answer.headers['correlation-id']);
});

test('the log contains no token value', async () => {
  const value = `shown-nowhere-${endpoint()}`;
  const token = await make(undefined, { applicationName: 'smart_kettle', token: value });
  await setStatus(token.url, 'Suspended');
  await get(`${token.url}/history`);
  await http('DELETE', token.url);
  assert.ok(!stack.cm.log.includes(value));
});

// The last test stops the database.
test('MariaDB down: 503 with Retry-After from every operation, and nothing is partially done', async () => {
  const token = await make();
  const before = await look(token.id);
  await stack.mariadb.kill();
  for (const answer of await Promise.all([
    get(token.url),
    get(`${token.url}/history`),
    setStatus(token.url, 'Suspended'),
    http('DELETE', token.url),
    http('DELETE', tokensOf(token.endpointId)),
  ])) {
    isError(answer, 503);
    assert.match(answer.headers['retry-after'], /^\d+$/);
  }
  isError(await setStatus(token.url, 'Gone'), 400);
  await stack.mariadb.start();
  await stack.cm.up();
  assert.deepEqual(await look(token.id), before);
  assert.equal((await setStatus(token.url, 'Suspended')).status, 200);
});
