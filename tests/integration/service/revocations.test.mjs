// GET /revocations: consumers that were disconnected can catch up, in commit order, without losses and duplicates
// (contract section 5).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { get, http, post } from '../../support/http.mjs';
import { importLines } from '../../support/ndjson.mjs';
import { slowness, volume } from '../../support/paths.mjs';
import { allowed, etag, isError, iso } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';
import { setStatus } from '../../support/state-table.mjs';

let stack;
let replica;
let url;
let number = 0;
before(async () => {
  stack = await Stack.start();
  replica = await Cm.start({ nats: stack.nats, mariadb: stack.mariadb });
  url = `${stack.cm.api}/revocations`;
});
after(async () => {
  await replica?.remove();
  await stack?.remove();
});

const endpoint = () => `revoked-${(number += 1)}`;
const named = (correlationId) => ({ 'Correlation-ID': correlationId });

async function read(query = '') {
  const answer = await get(`${url}${query}`);
  assert.equal(answer.status, 200, answer.text);
  return { ...answer.json, answer };
}

/** Reads all pages after a cursor; {content, next}. */
async function follow(after, limit = 1_000) {
  const content = [];
  for (let next = after; ; ) {
    const page = await read(`?limit=${limit}${next ? `&after=${next}` : ''}`);
    content.push(...page.content);
    next = page.next;
    if (page.content.length < limit) return { content, next };
  }
}

async function makeToken(endpointId = endpoint(), applicationName = 'smart_kettle') {
  const { endpointTokenId: id } = (await stack.cm.provision(endpointId, { applicationName })).json;
  return { id, endpointId, url: `${stack.cm.api}/endpoints/${endpointId}/tokens/${id}` };
}

async function makeClient(kind) {
  const body = kind === 'credentials' ? { username: endpoint() } : { issuer: `CN=${endpoint()}`, serialNumber: '1' };
  const { credentialId: id } = (await post(`${stack.cm.api}/clients/${kind}`, body)).json;
  return { id, url: `${stack.cm.api}/clients/${kind}/${id}` };
}

test('without any revocation the page is empty, and its cursor precedes all later revocations', async () => {
  const first = await read();
  assert.deepEqual(first.content, []);
  assert.equal(typeof first.next, 'string');
  assert.equal((await read(`?after=${first.next}`)).next, first.next);
  const token = await makeToken();
  await setStatus(token.url, 'Revoked');
  const { content, next } = await read(`?after=${first.next}`);
  assert.equal(content.length, 1);
  assert.notEqual(next, first.next);
  assert.deepEqual((await read()).content, content);
  assert.deepEqual((await read('?after=')).content, content, 'a parameter without a value counts as missing');
});

test('a Suspended, Revoked or deleted token is listed with its application, endpoint, date and correlation ID', async () => {
  const { next } = await follow();
  const token = await makeToken();
  const suspended = await setStatus(token.url, 'Suspended', named('t-1'));
  await setStatus(token.url, 'Suspended', named('t-nothing'));
  await setStatus(token.url, 'Active', named('t-2'));
  const revoked = await setStatus(token.url, 'Revoked', named('t-3'));
  isError(await setStatus(token.url, 'Active', named('t-forbidden')), 409);
  assert.equal((await http('DELETE', token.url, { headers: named('t-4') })).status, 204);
  const { content } = await read(`?after=${next}`);
  const of = { type: 'endpoint-tokens', applicationName: 'smart_kettle', endpointId: token.endpointId, endpointTokenIds: [token.id] };
  const { date, ...deleted } = content[2];
  assert.match(date, iso);
  assert.deepEqual(content.slice(0, 2), [
    { ...of, status: 'Suspended', date: suspended.json.updateDate, correlationId: 't-1' },
    { ...of, status: 'Revoked', date: revoked.json.updateDate, correlationId: 't-3' },
  ]);
  assert.deepEqual(deleted, { ...of, deleted: true, correlationId: 't-4' });
  assert.equal(content.length, 3);
});

test('a change from Suspended to Revoked adds no entry', async () => {
  const { next } = await follow();
  const token = await makeToken();
  await setStatus(token.url, 'Suspended', named('s-1'));
  await setStatus(token.url, 'Revoked', named('s-2'));
  assert.deepEqual((await read(`?after=${next}`)).content.map(({ correlationId }) => correlationId), ['s-1']);
});

test('deleting all tokens of an endpoint adds one entry per application', async () => {
  const { next } = await follow();
  const endpointId = endpoint();
  const kettles = [await makeToken(endpointId), await makeToken(endpointId)];
  const lamp = await makeToken(endpointId, 'lamp');
  await http('DELETE', `${stack.cm.api}/endpoints/${endpointId}/tokens`, { headers: named('all') });
  const { content } = await read(`?after=${next}`);
  assert.equal(content.length, 2);
  for (const entry of content) {
    assert.deepEqual([entry.endpointId, entry.deleted, entry.correlationId, entry.status], [endpointId, true, 'all', undefined]);
    const expected = entry.applicationName === 'lamp' ? [lamp] : kettles;
    assert.deepEqual([...entry.endpointTokenIds].sort(), expected.map(({ id }) => id).sort());
  }
});

for (const kind of ['credentials', 'certificates']) {
  test(`a Suspended, Revoked or deleted credential of /clients/${kind} is listed only with its ID`, async () => {
    const { next } = await follow();
    const [entry, other] = [await makeClient(kind), await makeClient(kind)];
    const suspended = await setStatus(entry.url, 'Suspended', named(`${kind}-1`));
    await setStatus(entry.url, 'Active');
    const revoked = await setStatus(entry.url, 'Revoked', named(`${kind}-2`));
    await http('DELETE', other.url, { headers: named(`${kind}-3`) });
    const { content } = await read(`?after=${next}`);
    const { date, ...deleted } = content[2];
    assert.match(date, iso);
    const of = { type: 'client-credential', credentialId: entry.id };
    assert.deepEqual(content.slice(0, 2), [
      { ...of, status: 'Suspended', date: suspended.json.updateDate, correlationId: `${kind}-1` },
      { ...of, status: 'Revoked', date: revoked.json.updateDate, correlationId: `${kind}-2` },
    ]);
    assert.deepEqual(deleted, { type: 'client-credential', credentialId: other.id, deleted: true, correlationId: `${kind}-3` });
    assert.equal(content.length, 3);
  });
}

test('pages of any size have no gaps and no duplicates, and a cursor can be reused', async () => {
  const { next } = await follow();
  const tokens = await Promise.all(Array.from({ length: 120 }, () => makeToken()));
  for (const [i, token] of tokens.entries()) await setStatus(token.url, 'Revoked', named(`page-${i}`));
  const expected = tokens.map((_, i) => `page-${i}`);
  const ids = (content) => content.map(({ correlationId }) => correlationId);
  for (const limit of [1, 7, 40, 120, 121, 1_000]) assert.deepEqual(ids((await follow(next, limit)).content), expected, `limit ${limit}`);
  const first = await read(`?after=${next}`);
  assert.equal(first.content.length, 100, 'the default');
  assert.deepEqual((await read(`?after=${next}`)).content, first.content);
  const rest = await read(`?after=${first.next}`);
  assert.deepEqual(ids(rest.content), expected.slice(100));
  const end = await read(`?after=${rest.next}`);
  assert.deepEqual([end.content, end.next], [[], rest.next], 'behind the last one the cursor stays');
});

test('400 for an invalid limit or cursor; 304, 405 and 406', async () => {
  for (const [query, fields] of [
    ['limit=0', ['limit']],
    ['limit=1001', ['limit']],
    ['limit=-1', ['limit']],
    ['limit=x', ['limit']],
    ['after=x', ['after']],
    ['after=0', ['after']],
    ['after=-1', ['after']],
    ['after=01', ['after']],
    ['after=99000000000000002a', ['after']],
    ['after=01ffffffffffffffff', ['after']],
    ['after=01000000000000002', ['after']],
    ['after=01000000000000002a0', ['after']],
    ['after=01%2000000000000002a', ['after']],
    [`after=${'0'.repeat(5_000)}`, ['after']],
    ['after=x&limit=0', ['after', 'limit']],
  ]) {
    isError(await get(`${url}?${query}`), 400, fields);
  }
  const { answer } = await read();
  assert.match(answer.headers.etag, etag);
  const again = await get(url, { headers: { 'If-None-Match': answer.headers.etag } });
  assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', answer.headers.etag]);
  const head = await http('HEAD', url);
  assert.deepEqual([head.status, head.text, head.headers.etag], [200, '', answer.headers.etag]);
  isError(await get(url, { headers: { Accept: 'text/plain' } }), 406);
  const wrong = await http('DELETE', url);
  isError(wrong, 405);
  assert.deepEqual(allowed(wrong), ['GET', 'HEAD', 'OPTIONS']);
});

test('no losses and no duplicates while 8 writers revoke through two replicas and a reader follows', async (t) => {
  const writers = 8;
  const each = volume(150);
  const { next: beginning } = await follow();
  const lines = Array.from({ length: writers * each }, (_, i) => ({ endpointId: `busy-${i}`, applicationName: 'busy' }));
  const { results } = await importLines(stack.cm.api, lines);
  const certificates = await Promise.all(Array.from({ length: writers * 10 }, () => makeClient('certificates')));

  const revokedIds = [];
  let writing = writers;
  const write = async (writer) => {
    const { api } = writer % 2 === 0 ? stack.cm : replica;
    const done = async (expected, correlationId, answer) => {
      assert.equal(answer.status, expected, answer.text);
      revokedIds.push(correlationId);
    };
    for (let i = 0; i < each; i += 1) {
      const index = writer * each + i;
      const correlationId = `busy-${writer}-${i}`;
      const token = `${api}/endpoints/busy-${index}/tokens`;
      const item = `${token}/${results[index].endpointTokenId}`;
      if (i % 15 === 0) {
        const { id } = certificates[writer * 10 + i / 15];
        await done(200, correlationId, await setStatus(`${api}/clients/certificates/${id}`, 'Suspended', named(correlationId)));
      } else if (i % 3 === 0) {
        await done(200, correlationId, await setStatus(item, 'Suspended', named(correlationId)));
      } else if (i % 3 === 1) {
        await done(204, correlationId, await http('DELETE', item, { headers: named(correlationId) }));
      } else {
        await done(204, correlationId, await http('DELETE', token, { headers: named(correlationId) }));
      }
    }
    writing -= 1;
  };

  const seen = [];
  let pages = 0;
  const follower = async (api, into, limit) => {
    let after = beginning;
    for (;;) {
      const ended = writing === 0;
      const answer = await get(`${api}/revocations?limit=${limit}&after=${after}`);
      assert.equal(answer.status, 200, answer.text);
      into.push(...answer.json.content);
      after = answer.json.next;
      pages += 1;
      if (ended && answer.json.content.length === 0) return;
    }
  };
  const other = [];
  const began = performance.now();
  await Promise.all([
    ...Array.from({ length: writers }, (_, writer) => write(writer)),
    follower(stack.cm.api, seen, 20),
    follower(replica.api, other, 1_000),
  ]);
  t.diagnostic(`${revokedIds.length} revocations in ${Math.round(performance.now() - began)} ms, ${pages} pages were read meanwhile`);
  assert.ok(performance.now() - began < 20_000 * slowness);
  assert.equal(revokedIds.length, writers * each);
  const ids = seen.map(({ correlationId }) => correlationId);
  assert.equal(ids.length, new Set(ids).size, 'none is there twice');
  assert.deepEqual([...ids].sort(), [...revokedIds].sort(), 'none is lost');
  // The revocations of one writer are in their order, and all readers see the same order.
  for (let writer = 0; writer < writers; writer += 1) {
    const mine = ids.filter((id) => id.startsWith(`busy-${writer}-`)).map((id) => Number(id.split('-')[2]));
    assert.deepEqual(mine, [...mine].sort((a, b) => a - b));
  }
  assert.deepEqual(other, seen);
  assert.deepEqual((await follow(beginning, 333)).content, seen);
});

// The last test stops the database.
test('MariaDB down: 503 with Retry-After, and the cursor works afterwards', async () => {
  const { next } = await follow();
  const token = await makeToken();
  await setStatus(token.url, 'Suspended', named('before-the-outage'));
  await stack.mariadb.kill();
  const refused = await get(`${url}?after=${next}`);
  isError(refused, 503);
  assert.match(refused.headers['retry-after'], /^\d+$/);
  isError(await get(`${url}?after=x`), 400, ['after']);
  await stack.mariadb.start();
  await stack.cm.up();
  assert.deepEqual((await read(`?after=${next}`)).content.map(({ correlationId }) => correlationId), ['before-the-outage']);
});
