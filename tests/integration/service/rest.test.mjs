// POST and GET /endpoints/{endpointId}/tokens, completely (contract section 5).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { get, http, post, raw, statuses } from '../../support/http.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep } from '../../support/wait.mjs';

let stack;
let number = 0;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.remove());

const tokensOf = (endpoint) => `${stack.cm.api}/endpoints/${endpoint}/tokens`;
const endpoint = () => `ep-${(number += 1)}`;
const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const etag = /^"[0-9a-f]{40}"$/;

/** Checks the common format of errors; `fields` for 400. */
function isError(answer, status, fields) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^application\/json/);
  const body = answer.json;
  assert.equal(body.status, status);
  assert.ok(body.message.length > 0);
  assert.match(body.path, /^\//);
  assert.ok(body.correlationId.length > 0);
  assert.equal(body.correlationId, answer.headers['correlation-id']);
  if (fields) {
    assert.deepEqual(body.errors.map(({ field }) => field).sort(), [...fields].sort());
    for (const { message } of body.errors) assert.ok(message.length > 0);
  }
}

test('POST answers 201 with token, ID, application, status, date and Location', async () => {
  const id = endpoint();
  const answer = await post(tokensOf(id), { applicationName: 'smart_kettle' });
  assert.equal(answer.status, 201);
  assert.match(answer.headers['content-type'], /^application\/json/);
  const body = answer.json;
  assert.deepEqual(Object.keys(body).sort(), ['applicationName', 'createdDate', 'endpointTokenId', 'status', 'token']);
  assert.match(body.token, /^[A-Za-z0-9]{10}$/);
  assert.match(body.endpointTokenId, uuid7);
  assert.equal(body.applicationName, 'smart_kettle');
  assert.equal(body.status, 'Inactive');
  assert.match(body.createdDate, iso);
  assert.ok(Math.abs(Date.parse(body.createdDate) - Date.now()) < 5_000);
  assert.ok(answer.headers.location.endsWith(`/api/v1/endpoints/${id}/tokens/${body.endpointTokenId}`), answer.headers.location);
});

test('GET never returns a token value', async () => {
  const id = endpoint();
  const { token } = (await post(tokensOf(id), { applicationName: 'smart_kettle' })).json;
  const answer = await get(tokensOf(id));
  assert.ok(!answer.text.includes(token));
  assert.deepEqual(Object.keys(answer.json.content[0]).sort(), ['applicationName', 'createdDate', 'endpointTokenId', 'status']);
});

test('an endpoint without tokens has an empty page', async () => {
  const answer = await get(tokensOf(endpoint()));
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { content: [], totalElements: 0 });
  assert.match(answer.headers.etag, etag);
});

test('GET pages, orders and filters', async () => {
  const id = endpoint();
  const ids = [];
  for (let i = 0; i < 25; i += 1) {
    ids.push((await post(tokensOf(id), { applicationName: 'smart_kettle' })).json.endpointTokenId);
    if (i % 5 === 0) await sleep(2);
  }
  const newestFirst = [...ids].reverse();
  const list = async (query) => {
    const answer = await get(`${tokensOf(id)}${query}`);
    assert.equal(answer.status, 200, answer.text);
    return { ids: answer.json.content.map((item) => item.endpointTokenId), total: answer.json.totalElements };
  };
  assert.deepEqual(await list(''), { ids: newestFirst.slice(0, 20), total: 25 });
  assert.deepEqual(await list('?order=DESC&limit=1000'), { ids: newestFirst, total: 25 });
  assert.deepEqual(await list('?order=ASC&limit=1000'), { ids, total: 25 });
  assert.deepEqual(await list('?limit=7&offset=5'), { ids: newestFirst.slice(5, 12), total: 25 });
  assert.deepEqual(await list('?order=ASC&limit=7&offset=20'), { ids: ids.slice(20), total: 25 });
  assert.deepEqual(await list('?offset=25'), { ids: [], total: 25 });
  assert.deepEqual(await list('?offset=9223372036854775807'), { ids: [], total: 25 });

  const set = (some, status) =>
    stack.mariadb.sql(
      `UPDATE endpoint_token SET status = ${status} WHERE id IN (${some.map((entry) => `UNHEX(REPLACE('${entry}', '-', ''))`)})`,
    );
  await set(ids.slice(0, 5), 1);
  await set(ids.slice(5, 8), 2);
  await set(ids.slice(8, 9), 3);
  assert.deepEqual(await list('?status=Active&order=ASC'), { ids: ids.slice(0, 5), total: 5 });
  assert.deepEqual(await list('?status=Suspended,Revoked&order=ASC'), { ids: ids.slice(5, 9), total: 4 });
  assert.deepEqual(await list('?status=Suspended&status=Revoked&order=ASC'), { ids: ids.slice(5, 9), total: 4 });
  assert.deepEqual(await list('?status=Suspended%2CRevoked&status=Active&order=ASC&limit=2&offset=4'), { ids: ids.slice(4, 6), total: 9 });
  assert.equal((await list('?status=Inactive')).total, 16);
});

test('GET returns each status by its name', async () => {
  const id = endpoint();
  for (const [number, name] of ['Inactive', 'Active', 'Suspended', 'Revoked'].entries()) {
    const created = (await post(tokensOf(id), { applicationName: 'smart_kettle' })).json;
    await stack.mariadb.sql(
      `UPDATE endpoint_token SET status = ${number} WHERE id = UNHEX(REPLACE('${created.endpointTokenId}', '-', ''))`,
    );
    const shown = (await get(`${tokensOf(id)}?status=${name}`)).json;
    assert.equal(shown.totalElements, 1);
    assert.equal(shown.content[0].status, name);
  }
});

test('400 with all invalid parameters', async () => {
  for (const [query, fields] of [
    ['limit=0', ['limit']],
    ['limit=1001', ['limit']],
    ['limit=ten', ['limit']],
    ['limit=-1', ['limit']],
    ['limit=1e2', ['limit']],
    ['limit=99999999999999999999', ['limit']],
    ['offset=-1', ['offset']],
    ['offset=x', ['offset']],
    ['order=UP', ['order']],
    ['order=asc', ['order']],
    ['status=active', ['status']],
    ['status=Active,Gone', ['status']],
    ['status=Gone&limit=0&offset=x&order=UP', ['status', 'limit', 'offset', 'order']],
  ]) {
    isError(await get(`${tokensOf('ep')}?${query}`), 400, fields);
  }
});

test('ETag: 304 while unchanged, another tag after a change', async () => {
  const id = endpoint();
  await post(tokensOf(id), { applicationName: 'smart_kettle' });
  const first = await get(tokensOf(id));
  assert.match(first.headers.etag, etag);
  assert.equal((await get(tokensOf(id))).headers.etag, first.headers.etag);
  for (const match of [first.headers.etag, '*', `"other", ${first.headers.etag}`, `W/${first.headers.etag}`]) {
    const answer = await get(tokensOf(id), { headers: { 'If-None-Match': match } });
    assert.equal(answer.status, 304, match);
    assert.equal(answer.text, '');
    assert.equal(answer.headers.etag, first.headers.etag);
  }
  const fresh = await get(tokensOf(id), { headers: { 'If-None-Match': '"0000000000000000000000000000000000000000"' } });
  assert.equal(fresh.status, 200);
  await post(tokensOf(id), { applicationName: 'smart_kettle' });
  const changed = await get(tokensOf(id), { headers: { 'If-None-Match': first.headers.etag } });
  assert.equal(changed.status, 200);
  assert.notEqual(changed.headers.etag, first.headers.etag);
});

test('409 if the token exists in the application, for any endpoint', async () => {
  const token = `taken-${endpoint()}`;
  const mine = endpoint();
  assert.equal((await post(tokensOf(mine), { applicationName: 'smart_kettle', token })).status, 201);
  isError(await post(tokensOf(mine), { applicationName: 'smart_kettle', token }), 409);
  isError(await post(tokensOf(endpoint()), { applicationName: 'smart_kettle', token }), 409);
  assert.equal((await post(tokensOf(mine), { applicationName: 'other', token })).status, 201);
  assert.equal((await get(tokensOf(mine))).json.totalElements, 2);
});

test('of many concurrent requests for the same token, one succeeds', async () => {
  const token = `race-${endpoint()}`;
  const answers = await Promise.all(
    Array.from({ length: 32 }, (_, i) => post(tokensOf(`racer-${i}`), { applicationName: 'smart_kettle', token })),
  );
  const codes = answers.map(({ status }) => status).sort();
  assert.deepEqual(codes, [201, ...Array(31).fill(409)]);
});

test('400 with the fields for invalid bodies', async () => {
  const url = tokensOf(endpoint());
  for (const [body, fields] of [
    [{}, ['applicationName']],
    [{ applicationName: '' }, ['applicationName']],
    [{ applicationName: null }, ['applicationName']],
    [{ applicationName: 5 }, ['applicationName']],
    [{ applicationName: 'Smart Kettle' }, ['applicationName']],
    [{ applicationName: 'smart_kettle', token: '' }, ['token']],
    [{ applicationName: 'smart_kettle', token: 7 }, ['token']],
    [{ applicationName: 'smart_kettle', token: 'a+b' }, ['token']],
    [{ applicationName: 'smart_kettle', token: 'x'.repeat(256) }, ['token']],
    [{ applicationName: 'Smart Kettle', token: 'a/b' }, ['applicationName', 'token']],
  ]) {
    isError(await post(url, body), 400, fields);
  }
  const json = { headers: { 'Content-Type': 'application/json' } };
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '"smart_kettle"',
    '{"applicationName": "smart_kettle"} x',
    '{"applicationName": "smart_kettle", "applicationName": "smart_kettle"}',
    '{"applicationName": "smart_kettle",}',
    "{'applicationName': 'smart_kettle'}",
    Buffer.from('{"applicationName": "smart_kettle", "token": "\xff"}', 'latin1'),
    '['.repeat(5000),
  ]) {
    isError(await post(url, text, json), 400);
  }
  assert.equal((await get(url)).json.totalElements, 0);
});

test('unknown members of the body are ignored', async () => {
  const body = { applicationName: 'smart_kettle', colour: 'red', nested: { token: 'x' }, list: [1, 2] };
  assert.equal((await post(tokensOf(endpoint()), body)).status, 201);
});

test('400 for an invalid endpoint ID; all allowed characters work', async () => {
  for (const bad of ['a%20b', 'a%2Fb', '%D0%B6', 'a%00b', 'a@b', 'x'.repeat(256)]) {
    isError(await get(tokensOf(bad)), 400, ['endpointId']);
    isError(await post(tokensOf(bad), { applicationName: 'smart_kettle' }), 400, ['endpointId']);
  }
  for (const good of ['a.b_c~d-E9', '7d5dda9b-c9f6-427d-91ea-9891a4f62cbb', 'x'.repeat(255)]) {
    assert.equal((await post(tokensOf(good), { applicationName: 'smart_kettle' })).status, 201);
    assert.equal((await get(tokensOf(good))).json.totalElements, 1);
  }
});

test('the Correlation-ID of a request is used, or generated if there is none', async () => {
  const given = await get(tokensOf('ep'), { headers: { 'Correlation-ID': 'given-by-the-client' } });
  assert.equal(given.headers['correlation-id'], 'given-by-the-client');
  const [entry, other] = [await get(tokensOf('ep')), await get(tokensOf('ep'))];
  assert.ok(entry.headers['correlation-id'].length >= 16);
  assert.notEqual(entry.headers['correlation-id'], other.headers['correlation-id']);
  const refused = await get(`${stack.cm.api}/nothing`, { headers: { 'Correlation-ID': 'of-an-error' } });
  assert.equal(refused.json.correlationId, 'of-an-error');
});

test('404 for unknown paths, 405 with Allow for unsupported methods', async () => {
  for (const path of ['/', '/api', '/api/v1', '/api/v1/nothing', '/api/v2/endpoints/a/tokens', '/api/v1/endpoints/a']) {
    isError(await get(`http://127.0.0.1:${stack.cm.port}${path}`), 404);
  }
  for (const method of ['PUT', 'PATCH']) {
    const answer = await http(method, tokensOf('ep'), { body: {} });
    isError(answer, 405);
    const allowed = answer.headers.allow.split(',').map((entry) => entry.trim());
    for (const entry of ['GET', 'HEAD', 'POST']) assert.ok(allowed.includes(entry), answer.headers.allow);
    assert.ok(!allowed.includes(method));
  }
});

test('406 for a media type that CM does not support', async () => {
  isError(await get(tokensOf('ep'), { headers: { Accept: 'application/xml' } }), 406);
  isError(await get(tokensOf('ep'), { headers: { Accept: 'application/json;q=0' } }), 406);
  for (const accept of ['*/*', 'application/*', 'application/json', 'text/html, */*;q=0.1']) {
    assert.equal((await get(tokensOf('ep'), { headers: { Accept: accept } })).status, 200, accept);
  }
});

test('415 for a body that is not JSON', async () => {
  const body = '{"applicationName": "smart_kettle"}';
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'json']) {
    isError(await post(tokensOf('ep'), body, { headers: { 'Content-Type': type } }), 415);
  }
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json;charset=UTF8',
    'application/json; charset=utf8',
    "application/json; charset='utf-8'",
  ]) {
    assert.equal((await post(tokensOf(endpoint()), body, { headers: { 'Content-Type': type } })).status, 201, type);
  }
});

test('415 for a body with a charset other than UTF-8, and for a coded body', async () => {
  const body = '{"applicationName": "smart_kettle"}';
  const id = endpoint();
  for (const charset of ['latin1', 'iso-8859-1', 'utf-16', 'us-ascii', '']) {
    const headers = { 'Content-Type': `application/json;charset=${charset}` };
    isError(await post(tokensOf(id), body, { headers }), 415);
  }
  const plain = { 'Content-Type': 'application/json' };
  for (const coding of ['gzip', 'GZIP', 'deflate', 'br', 'identity, gzip', 'zstd']) {
    const coded = { ...plain, 'Content-Encoding': coding };
    const answer = await post(tokensOf(id), gzipSync(body), { headers: coded });
    isError(answer, 415);
    assert.equal(answer.headers['accept-encoding'], 'identity');
    isError(await post(tokensOf(id), body, { headers: coded }), 415); // not even if it is not coded in truth
    const lines = `{"endpointId":"${id}","applicationName":"smart_kettle"}\n`;
    const ndjson = { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': coding };
    isError(await post(`${stack.cm.api}/endpoint-tokens/import`, gzipSync(lines), { headers: ndjson }), 415);
  }
  assert.equal((await get(tokensOf(id))).json.totalElements, 0);
  assert.equal((await post(tokensOf(id), body, { headers: { ...plain, 'Content-Encoding': 'identity' } })).status, 201);
  isError(await http('DELETE', tokensOf(id), { body: 'x', headers: { 'Content-Encoding': 'gzip' } }), 415);
  assert.equal((await get(tokensOf(id), { headers: { 'Content-Encoding': 'gzip' } })).json.totalElements, 1);
});

test('If-None-Match of PUT and DELETE: 412 for what exists, and nothing changes', async () => {
  const id = endpoint();
  const { endpointTokenId } = (await post(tokensOf(id), { applicationName: 'smart_kettle' })).json;
  const item = `${tokensOf(id)}/${endpointTokenId}`;
  const clients = `${stack.cm.api}/clients/credentials`;
  const { credentialId } = (await post(clients, { username: `if-none-match-${id}` })).json;
  for (const url of [item, `${clients}/${credentialId}`]) {
    const tag = (await get(url)).headers.etag;
    for (const match of ['*', tag, `W/${tag}`, `"other", ${tag}`]) {
      const headers = { 'If-None-Match': match };
      isError(await http('PUT', `${url}/status`, { body: { status: 'Suspended' }, headers }), 412);
      isError(await http('DELETE', url, { headers }), 412);
    }
    assert.equal((await get(url)).headers.etag, tag);
  }
  const password = `${clients}/${credentialId}/password`;
  isError(await http('PUT', password, { body: {}, headers: { 'If-None-Match': '*' } }), 412);
  isError(await http('DELETE', tokensOf(id), { headers: { 'If-None-Match': '*' } }), 412);
  isError(await http('DELETE', `${item.slice(0, -1)}x`, { headers: { 'If-None-Match': '*' } }), 404);
  const other = { 'If-None-Match': '"0000000000000000000000000000000000000000"' };
  assert.equal((await http('PUT', `${item}/status`, { body: { status: 'Suspended' }, headers: other })).status, 200);
  assert.equal((await http('DELETE', item, { headers: other })).status, 204);
});

test('a byte order mark before a body is ignored', async () => {
  const headers = { 'Content-Type': 'application/json; charset=UTF-8' };
  assert.equal((await post(tokensOf(endpoint()), '\ufeff{"applicationName": "smart_kettle"}', { headers })).status, 201);
  isError(await post(tokensOf(endpoint()), '\ufeff', { headers }), 400);
});

test('413 for a body over 64 KiB, with and without Content-Length', async () => {
  const body = JSON.stringify({ applicationName: 'smart_kettle', more: 'x'.repeat(65 << 10) });
  const head = `POST /api/v1/endpoints/ep/tokens HTTP/1.1\r\nHost: cm\r\nContent-Type: application/json\r\n`;
  const announced = await raw(stack.cm.port, `${head}Content-Length: ${body.length}\r\n\r\n${body}`, {
    done: (text) => text.includes('}'),
  });
  assert.deepEqual(statuses(announced), [413]);
  const chunked = await raw(
    stack.cm.port,
    `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    { done: (text) => text.includes('}') },
  );
  assert.deepEqual(statuses(chunked), [413]);
  const fits = JSON.stringify({ applicationName: 'smart_kettle', more: 'x'.repeat(60 << 10) });
  assert.equal((await post(tokensOf(endpoint()), fits, { headers: { 'Content-Type': 'application/json' } })).status, 201);
});

test('411, 414 and 431 for missing or excessive lengths', async () => {
  const ask = async (text) => statuses(await raw(stack.cm.port, text, { done: (answer) => answer.includes('}') }));
  const post = 'POST /api/v1/endpoints/ep/tokens HTTP/1.1\r\nHost: cm\r\n';
  assert.deepEqual(await ask(`${post}Content-Type: application/json\r\n\r\n`), [411]);
  assert.deepEqual(await ask(`GET /api/v1/endpoints/${'x'.repeat(10_000)}/tokens HTTP/1.1\r\nHost: cm\r\n\r\n`), [414]);
  assert.deepEqual(await ask(`GET /api/v1/endpoints/ep/tokens HTTP/1.1\r\nHost: cm\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), [431]);
});

test('400 for bytes that are not HTTP, and the next connection is served', async () => {
  for (const text of [
    'nonsense\r\n\r\n',
    'GET /api/v1/endpoints/ep/tokens HTTP/1.1\r\n\r\n',
    'GET /api/v1/endpoints/ep/tokens HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'POST /api/v1/endpoints/ep/tokens HTTP/1.1\r\nHost: cm\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /api/v1/endpoints/ep/tokens HTTP/1.1\r\nHost: cm\r\nContent-Length: -5\r\n\r\n',
  ]) {
    const answer = await raw(stack.cm.port, text, { timeout: 5_000 });
    assert.deepEqual(statuses(answer), [400], text);
  }
  assert.equal((await get(tokensOf('ep'))).status, 200);
});

test('HEAD is GET without the body', async () => {
  const id = endpoint();
  await post(tokensOf(id), { applicationName: 'smart_kettle' });
  const [shown, head] = [await get(tokensOf(id)), await http('HEAD', tokensOf(id))];
  assert.equal(head.status, 200);
  assert.equal(head.text, '');
  for (const name of ['etag', 'content-type', 'content-length']) assert.equal(head.headers[name], shown.headers[name]);
  assert.equal((await http('HEAD', `${stack.cm.api}/nothing`)).status, 404);
});

test('requests on one connection are answered in order, including pipelined ones', async () => {
  const ask = (path) => `GET /api/v1/endpoints/${path} HTTP/1.1\r\nHost: cm\r\n`;
  const body = '{"applicationName": "smart_kettle"}';
  const requests = [
    `${ask('a/tokens')}\r\n`,
    `${ask('nothing')}\r\n`,
    `POST /api/v1/endpoints/pipelined/tokens HTTP/1.1\r\nHost: cm\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${ask('a/tokens?limit=0')}\r\n`,
    `${ask('a/tokens')}Connection: close\r\n\r\n`,
  ];
  assert.deepEqual(statuses(await raw(stack.cm.port, requests.join(''))), [200, 404, 201, 400, 200]);
});

test('Expect: 100-continue is honoured', async () => {
  const body = '{"applicationName": "smart_kettle"}';
  const answer = await raw(
    stack.cm.port,
    `POST /api/v1/endpoints/expecting/tokens HTTP/1.1\r\nHost: cm\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    { done: (text) => text.includes('\r\n\r\n') },
  );
  assert.deepEqual(statuses(answer), [100]);
});

test('HTTP/1.0 and Connection: close end the connection after the answer', async () => {
  const path = '/api/v1/endpoints/a/tokens';
  for (const text of [`GET ${path} HTTP/1.0\r\n\r\n`, `GET ${path} HTTP/1.1\r\nHost: cm\r\nConnection: close\r\n\r\n`]) {
    const answer = await raw(stack.cm.port, text, { timeout: 5_000 });
    assert.match(answer, /^HTTP\/1\.[01] 200 /);
  }
});

// The last test stops the database.
test('503 with Retry-After while MariaDB is down, and normal answers when it is back', async () => {
  const id = endpoint();
  assert.equal((await post(tokensOf(id), { applicationName: 'smart_kettle' })).status, 201);
  await stack.mariadb.kill();
  for (const answer of [await get(tokensOf(id)), await post(tokensOf(id), { applicationName: 'smart_kettle' })]) {
    isError(answer, 503);
    assert.match(answer.headers['retry-after'], /^\d+$/);
  }
  isError(await post(tokensOf(id), {}), 400);
  await stack.mariadb.start();
  await stack.cm.up();
  assert.equal((await get(tokensOf(id))).json.totalElements, 1);
});
