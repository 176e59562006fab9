// /clients/credentials, all operations (contract section 5); a password is never visible again after its creation.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clientResource } from '../../support/client-resource.mjs';
import { get, http, post } from '../../support/http.mjs';
import { allowed, binary, etag, isError, iso, otherTag, stored, uuid7 } from '../../support/rest.mjs';
import { setStatus, transitions } from '../../support/state-table.mjs';
import { until } from '../../support/wait.mjs';

const hidden = []; // all passwords, to check that they do not appear elsewhere
let stack;
let url;
const credentials = clientResource({
  path: 'credentials',
  name: 'client credential',
  kind: 'basic',
  table: 'basic_credential',
  started: (resource) => {
    ({ stack, url } = resource);
  },
  usual: (next) => ({ username: `stateful-${next()}` }),
  created: (credential, body) => void hidden.push(body.password ?? credential.password),
});

const name = () => `gateway-${credentials.next()}`;
const look = (id) => stored(stack.mariadb, 'basic_credential', id);
const phc = (id) => stack.mariadb.sql(`SELECT password_phc FROM basic_credential WHERE id = ${binary(id)}`);

const create = (body, headers) => credentials.create({ username: name(), ...body }, headers);

test('a password with U+0000, with which no client could log in, is 400 when it is created or changed', async () => {
  const credential = await create();
  const before = await phc(credential.credentialId);
  const password = 'secret\u0000word';
  for (const answer of [
    await post(url, { username: name(), password }),
    await http('PUT', `${credential.url}/password`, { body: { password } }),
  ]) {
    isError(answer, 400);
    assert.equal(answer.json.errors[0].field, 'password');
    assert.match(answer.json.errors[0].message, /U\+0000/);
  }
  assert.equal(await phc(credential.credentialId), before);
});

test('POST without a password generates one and returns it only in this response', async () => {
  const username = name();
  const answer = await post(url, { username, clientId: 'client-of-it' });
  assert.equal(answer.status, 201);
  const body = answer.json;
  hidden.push(body.password);
  assert.deepEqual(Object.keys(body).sort(), ['clientId', 'createdDate', 'credentialId', 'password', 'status', 'username']);
  assert.match(body.credentialId, uuid7);
  assert.equal(body.username, username);
  assert.equal(body.clientId, 'client-of-it');
  assert.equal(body.status, 'Inactive');
  assert.match(body.createdDate, iso);
  assert.ok(Math.abs(Date.parse(body.createdDate) - Date.now()) < 5_000);
  assert.match(body.password, /^[!-~]{16,}$/);
  assert.ok(answer.headers.location.endsWith(`/api/v1/clients/credentials/${body.credentialId}`), answer.headers.location);
  const item = await get(new URL(answer.headers.location, url).href);
  const { password, ...rest } = body;
  assert.deepEqual(item.json, rest);
  assert.ok(!item.text.includes(password));
});

test('all generated passwords are different', async () => {
  const generated = [];
  // A few at a time: one core may hash them all, and a request that waits for 5 s is refused.
  for (let i = 0; i < 5; i += 1) generated.push(...(await Promise.all(Array.from({ length: 4 }, () => create()))));
  assert.equal(new Set(generated.map(({ password }) => password)).size, 20);
});

test('POST with a password does not return it, and accepts all allowed characters', async () => {
  for (const password of ['eight chars', 'пароль-密碼-🔑-x', ' spaces at the ends ', '"quoted\\\n\t\u0001', 'p'.repeat(1024)]) {
    const credential = await create({ password });
    assert.deepEqual(Object.keys(credential.answer.json).sort(), ['clientId', 'createdDate', 'credentialId', 'status', 'username']);
    assert.ok(!credential.answer.text.includes(JSON.stringify(password).slice(1, -1)));
  }
});

test('CM generates a missing client ID', async () => {
  const [entry, other] = [await create(), await create({ clientId: null })];
  assert.ok(entry.clientId.length > 0);
  assert.ok(other.clientId.length > 0);
  assert.notEqual(entry.clientId, other.clientId);
});

test('several usernames may have the same client ID', async () => {
  const [entry, other] = [await create({ clientId: 'shared' }), await create({ clientId: 'shared' })];
  assert.equal((await get(entry.url)).json.clientId, 'shared');
  assert.equal((await get(other.url)).json.clientId, 'shared');
});

test('409 for a username that exists, compared byte by byte', async () => {
  const username = `Same-${name()}`;
  await create({ username });
  isError(await post(url, { username }), 409);
  isError(await post(url, { username, password: 'another password' }), 409);
  // Case, accents and trailing spaces make a difference.
  for (const other of [username.toLowerCase(), `${username} `, ` ${username}`, username.replace('a', 'á')]) await create({ username: other });
  const answers = await Promise.all(Array.from({ length: 12 }, () => post(url, { username: `race-${username}` })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(11).fill(409)]);
});

test('a username can be used again after its credential was deleted', async () => {
  const credential = await create();
  await setStatus(credential.url, 'Revoked');
  isError(await post(url, { username: credential.username }), 409);
  assert.equal((await http('DELETE', credential.url)).status, 204);
  const again = await create({ username: credential.username });
  assert.notEqual(again.credentialId, credential.credentialId);
});

test('400 with the fields for invalid bodies, and nothing is stored', async () => {
  const count = () => stack.mariadb.sql('SELECT COUNT(*) FROM basic_credential');
  const before = await count();
  for (const [body, fields] of [
    [{}, ['username']],
    [{ username: null }, ['username']],
    [{ username: '' }, ['username']],
    [{ username: 5 }, ['username']],
    [{ username: 'a\nb' }, ['username']],
    [{ username: 'a\u0085b' }, ['username']],
    [{ username: 'x'.repeat(256) }, ['username']],
    [{ username: 'ж'.repeat(128) }, ['username']],
    [{ username: 'joe', password: '' }, ['password']],
    [{ username: 'joe', password: 'seven77' }, ['password']],
    [{ username: 'joe', password: 'x'.repeat(1025) }, ['password']],
    [{ username: 'joe', password: 12345678 }, ['password']],
    [{ username: 'joe', clientId: '' }, ['clientId']],
    [{ username: 'joe', clientId: 7 }, ['clientId']],
    [{ username: 'joe', clientId: 'x'.repeat(256) }, ['clientId']],
    [{ password: 'short', clientId: '' }, ['username', 'password', 'clientId']],
  ]) {
    isError(await post(url, body), 400, fields);
  }
  const headers = { 'Content-Type': 'application/json' };
  for (const text of ['', '{', '[]', 'null', '{"username":"joe","username":"joe"}']) isError(await post(url, text, { headers }), 400);
  isError(await post(url, '{"username":"joe"}', { headers: { 'Content-Type': 'text/plain' } }), 415);
  isError(await post(url, { username: 'joe', more: 'x'.repeat(70_000) }), 413);
  isError(await post(url, { username: 'joe' }, { headers: { Accept: 'text/plain' } }), 406);
  assert.equal(await count(), before);
  const refused = await post(url, { username: 'joe', password: 'sëcret!' });
  isError(refused, 400, ['password']);
  assert.ok(!refused.text.includes('sëcret'), 'an error repeats no password');
});

test('GET lists pages in order of creation, with filters, totals and a tag', async () => {
  const listed = [];
  for (let i = 0; i < 12; i += 1) listed.push(await create({ username: `listed-${String(i).padStart(2, '0')}` }));
  for (const entry of listed.slice(0, 3)) await setStatus(entry.url, 'Suspended');
  await setStatus(listed[3].url, 'Revoked');
  const list = async (query) => {
    const answer = await get(`${url}${query}`);
    assert.equal(answer.status, 200, answer.text);
    return { names: answer.json.content.map(({ username }) => username), total: answer.json.totalElements, answer };
  };
  const { total, names } = await list('?limit=1000');
  assert.equal(total, names.length);
  assert.deepEqual(names.slice(0, 12), listed.map(({ username }) => username).reverse());
  assert.deepEqual((await list('?order=ASC&limit=1000')).names, [...names].reverse());
  assert.deepEqual((await list('')).names, names.slice(0, 20));
  assert.deepEqual((await list('?limit=5&offset=3')).names, names.slice(3, 8));
  assert.deepEqual((await list(`?offset=${total}`)).names, []);
  assert.equal((await list('?limit=1&offset=9223372036854775807')).total, total);

  const entry = await list(`?username=${listed[5].username}`);
  assert.deepEqual([entry.names, entry.total], [[listed[5].username], 1]);
  assert.deepEqual(entry.answer.json.content[0], (await get(listed[5].url)).json);
  assert.deepEqual((await list('?username=Listed-05')).names, []);
  assert.deepEqual((await list('?username=listed-0')).names, []);
  assert.deepEqual((await list('?username=listed-00&status=Suspended')).names, ['listed-00']);
  assert.deepEqual((await list('?username=listed-00&status=Inactive,Active,Revoked')).total, 0);
  const some = await list('?status=Suspended,Revoked&limit=1000');
  assert.deepEqual(some.names.slice(0, 4), ['listed-03', 'listed-02', 'listed-01', 'listed-00']);
  assert.deepEqual((await list('?status=Suspended&status=Revoked&limit=1000')).names, some.names);
  for (const status of ['Inactive', 'Active', 'Suspended', 'Revoked']) {
    const { answer } = await list(`?status=${status}&limit=1000`);
    for (const item of answer.json.content) assert.equal(item.status, status);
  }

  const page = '?username=listed-07';
  const tag = (await get(`${url}${page}`)).headers.etag;
  assert.match(tag, etag);
  const again = await get(`${url}${page}`, { headers: { 'If-None-Match': tag } });
  assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', tag]);
  assert.equal((await get(`${url}${page}`, { headers: { 'If-None-Match': otherTag } })).status, 200);
  await setStatus(listed[7].url, 'Active');
  const changed = await get(`${url}${page}`, { headers: { 'If-None-Match': tag } });
  assert.equal(changed.status, 200);
  assert.notEqual(changed.headers.etag, tag);
  const head = await http('HEAD', `${url}${page}`);
  assert.deepEqual([head.status, head.text, head.headers.etag], [200, '', changed.headers.etag]);
});

test('the filter finds usernames with all kinds of characters', async () => {
  for (const username of ['a b&c=d+e%f', 'Ключ-鍵-🔑', "o'; DROP TABLE basic_credential; --", '100%_', 'a/b?c#d', '\\']) {
    const { credentialId } = await create({ username });
    const found = (await get(`${url}?username=${encodeURIComponent(username)}`)).json;
    assert.deepEqual(found.content.map((item) => [item.credentialId, item.username]), [[credentialId, username]]);
  }
});

test('400 with all invalid parameters; 405 with Allow', async () => {
  for (const [query, fields] of [
    ['limit=0', ['limit']],
    ['limit=1001', ['limit']],
    ['offset=-1', ['offset']],
    ['order=newest', ['order']],
    ['status=Gone', ['status']],
    ['username=%00', ['username']],
    [`username=${'x'.repeat(256)}`, ['username']],
    ['status=Gone&limit=0&offset=x&order=UP&username=%0A', ['status', 'limit', 'offset', 'order', 'username']],
  ]) {
    isError(await get(`${url}?${query}`), 400, fields);
  }
  for (const method of ['PUT', 'DELETE']) {
    const answer = await http(method, url, method === 'PUT' ? { body: {} } : {});
    isError(answer, 405);
    assert.deepEqual(allowed(answer), ['GET', 'HEAD', 'OPTIONS', 'POST']);
  }
  const credential = await create();
  const answer = await http('POST', `${credential.url}/password`, { body: {} });
  isError(answer, 405);
  assert.deepEqual(allowed(answer), ['OPTIONS', 'PUT']);
});

test('PUT password replaces the hash, returns a generated password once, and is in the audit trail', async () => {
  const credential = await create({ password: 'the first password' });
  const first = await phc(credential.credentialId);
  assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+\n$/);

  const given = await http('PUT', `${credential.url}/password`, {
    body: { password: 'the second password' },
    headers: { 'Correlation-ID': 'new-password' },
  });
  hidden.push('the second password');
  assert.equal(given.status, 200, given.text);
  assert.ok(!('password' in given.json));
  assert.match(given.json.updateDate, iso);
  const second = await phc(credential.credentialId);
  assert.notEqual(second, first);
  const { row, audit, revocations } = await look(credential.credentialId);
  assert.equal(row.status, 'Inactive');
  assert.equal(revocations.length, 0, 'a new password is no event');
  assert.equal(audit.length, 2);
  const { at, ...last } = audit[1];
  assert.deepEqual(last, { from: 'Inactive', to: 'Inactive', how: 'rest', actor: '', correlationId: 'new-password' });

  const generated = await http('PUT', `${credential.url}/password`, { body: {} });
  assert.equal(generated.status, 200, generated.text);
  hidden.push(generated.json.password);
  assert.match(generated.json.password, /^[!-~]{16,}$/);
  const item = await get(credential.url);
  const { password, ...rest } = generated.json;
  assert.deepEqual(item.json, rest);
  assert.equal(generated.headers.etag, item.headers.etag);
  assert.notEqual(await phc(credential.credentialId), second);
  // The same password has another hash each time, because of the salt.
  await http('PUT', `${credential.url}/password`, { body: { password: 'the second password' } });
  assert.notEqual(await phc(credential.credentialId), second);
});

test('PUT password in every status: 409 if Revoked, 404 if deleted', async () => {
  for (const status of Object.keys(transitions)) {
    const credential = await create();
    if (status !== 'Inactive') await setStatus(credential.url, status);
    const before = await phc(credential.credentialId);
    const answer = await http('PUT', `${credential.url}/password`, { body: { password: `a password for ${status}` } });
    hidden.push(`a password for ${status}`);
    if (status === 'Revoked') {
      isError(answer, 409);
      assert.equal(await phc(credential.credentialId), before);
    } else {
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json.status, status, 'the status stays');
      assert.notEqual(await phc(credential.credentialId), before);
    }
    await http('DELETE', credential.url);
    isError(await http('PUT', `${credential.url}/password`, { body: {} }), 404);
  }
  isError(await http('PUT', `${url}/no-uuid/password`, { body: {} }), 404);
});

test('PUT password honours If-Match and refuses invalid passwords', async () => {
  const credential = await create();
  const before = await phc(credential.credentialId);
  const tag = (await get(credential.url)).headers.etag;
  const put = (body, headers = {}) => http('PUT', `${credential.url}/password`, { body, headers });
  isError(await put({}, { 'If-Match': otherTag }), 412);
  isError(await put({ password: 'short' }), 400, ['password']);
  isError(await put({ password: 5 }), 400, ['password']);
  isError(await put({ password: 'x'.repeat(1025) }), 400, ['password']);
  isError(await put('', { 'Content-Type': 'application/json' }), 400);
  isError(await put('{}', { 'Content-Type': 'text/plain' }), 415);
  assert.equal(await phc(credential.credentialId), before);
  const changed = await put({}, { 'If-Match': tag });
  assert.equal(changed.status, 200);
  hidden.push(changed.json.password);
  assert.notEqual(changed.headers.etag, tag);
  isError(await put({}, { 'If-Match': tag }), 412);
});

test('If-Match with a tag from before a login: a login is not a change by an operator', async () => {
  const login = async ({ username }) => {
    assert.equal((await stack.ecap.password(username, 'used in between')).statusCode, 200);
  };
  const used = (credential) =>
    until(async () => (await get(credential.url)).json.status === 'Active', { what: 'the first use' });
  const changes = {
    status: (credential, match) => setStatus(credential.url, 'Suspended', match),
    password: (credential, match) => http('PUT', `${credential.url}/password`, { body: { password: 'another one' }, headers: match }),
    deletion: (credential, match) => http('DELETE', credential.url, { headers: match }),
  };
  for (const [kind, change] of Object.entries(changes)) {
    const credential = await create({ password: 'used in between' });
    const match = { 'If-Match': (await get(credential.url)).headers.etag };
    await login(credential);
    await used(credential);
    const answer = await change(credential, match);
    assert.ok([200, 204].includes(answer.status), `${kind}: ${answer.status} ${answer.text}`);
  }

  const credential = await create({ password: 'used in between' });
  const first = { 'If-Match': (await get(credential.url)).headers.etag };
  await login(credential);
  await used(credential);
  const shown = await get(credential.url);
  await stack.mariadb.sql(
    `UPDATE basic_credential SET last_used_at = last_used_at + 60000 WHERE id = ${binary(credential.credentialId)}`,
  );
  const later = await get(credential.url);
  assert.notEqual(later.json.lastUseDate, shown.json.lastUseDate);
  assert.equal(later.headers.etag, shown.headers.etag, 'a login after the first one does not change the tag');
  assert.equal((await setStatus(credential.url, 'Suspended', { 'If-Match': shown.headers.etag })).status, 200);
  assert.equal((await setStatus(credential.url, 'Active')).status, 200);
  isError(await setStatus(credential.url, 'Revoked', first), 412);
  isError(await setStatus(credential.url, 'Revoked', { 'If-Match': shown.headers.etag }), 412);
});

test('a use is visible in item and list; the first one changes both tags; a refused one is not visible', async () => {
  const credential = await create({ password: 'used once and again', clientId: 'user-of-it' });
  const list = `${url}?username=${credential.username}`;
  const tags = async () => [await get(credential.url), await get(list)].map(({ headers }) => headers.etag);
  const before = await tags();
  assert.equal((await stack.ecap.password(credential.username, 'not the password')).statusCode, 401);
  const answer = await stack.ecap.password(credential.username, 'used once and again');
  assert.deepEqual([answer.statusCode, answer.credentialId, answer.clientId], [200, credential.credentialId, 'user-of-it']);
  const used = await until(async () => (await get(credential.url)).json.lastUseDate && (await get(credential.url)).json, { what: 'lastUseDate' });
  assert.match(used.lastUseDate, iso);
  assert.equal(used.status, 'Active');
  assert.deepEqual((await get(list)).json.content, [used]);
  const after = await tags();
  assert.notEqual(after[0], before[0]);
  assert.notEqual(after[1], before[1]);
});

test('the audit trail has the correlation IDs of creation and deletion', async () => {
  const credential = await create({}, { 'Correlation-ID': 'born' });
  await http('DELETE', credential.url, { headers: { 'Correlation-ID': 'deletion' } });
  const { audit } = await look(credential.credentialId);
  assert.deepEqual(
    audit.map(({ at, ...rest }) => rest),
    [
      { from: undefined, to: 'Inactive', how: 'rest', actor: '', correlationId: 'born' },
      { from: 'Inactive', to: undefined, how: 'rest', actor: '', correlationId: 'deletion' },
    ],
  );
});

test('lists, items, revocations, log, audit trail and outbox contain no password and no hash', async () => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  let shown = stack.cm.log;
  for (let offset = 0; ; offset += 1_000) {
    const { text, json } = await get(`${url}?limit=1000&offset=${offset}`);
    shown += text;
    if (json.content.length < 1_000) break;
  }
  shown += (await get(`${stack.cm.api}/revocations?limit=1000`)).text;
  shown += await stack.mariadb.sql('SELECT * FROM credential_audit; SELECT * FROM event_outbox');
  assert.ok(hidden.length > 50);
  for (const password of hidden) {
    assert.ok(!shown.includes(password) && !shown.includes(JSON.stringify(password).slice(1, -1)), 'a password is shown');
  }
  assert.ok(!/argon2|\$v=19/.test(shown), 'a hash is shown');
  const dump = await stack.mariadb.dump();
  for (const password of hidden) {
    assert.ok(!dump.includes(password) && !dump.toLowerCase().includes(Buffer.from(password).toString('hex')), 'a password is stored');
  }
});

// The last test stops the database.
test('MariaDB down: 503 with Retry-After from every operation, and the old password hash is kept', async () => {
  const credential = await create();
  const before = await phc(credential.credentialId);
  await stack.mariadb.kill();
  for (const answer of await Promise.all([
    get(url),
    get(credential.url),
    post(url, { username: name() }),
    http('PUT', `${credential.url}/password`, { body: {} }),
    setStatus(credential.url, 'Suspended'),
    http('DELETE', credential.url),
  ])) {
    isError(answer, 503);
    assert.match(answer.headers['retry-after'], /^\d+$/);
  }
  await stack.mariadb.start();
  await stack.cm.up();
  assert.equal(await phc(credential.credentialId), before);
  assert.equal((await get(credential.url)).json.status, 'Inactive');
});
