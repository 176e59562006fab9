// The shortest end-to-end request flow: a token is provisioned over REST and validated over NATS.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { get, http } from '../../support/http.mjs';
import { slowness } from '../../support/paths.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep, until } from '../../support/wait.mjs';

let stack;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.remove());

const row = (id, columns) =>
  stack.mariadb.sql(`SELECT ${columns} FROM endpoint_token WHERE id = UNHEX(REPLACE('${id}', '-', ''))`);

test('a provisioned token is valid, with its ID and its endpoint', async () => {
  const created = await stack.cm.provision('kettle-1');
  assert.equal(created.status, 201, created.text);
  const answer = await stack.ecap.validate('smart_kettle', created.json.token);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.tokenId, created.json.endpointTokenId);
  assert.equal(answer.endpointId, 'kettle-1');
  assert.equal(answer.correlationId, answer.asked.correlationId);
  assert.ok(Math.abs(answer.timestamp - Date.now()) < 5_000, `timestamp ${answer.timestamp}`);
});

test('a token is Inactive until its first use, and Active in the database and in GET within 1 s after it', async () => {
  const created = (await stack.cm.provision('kettle-2')).json;
  assert.equal(await row(created.endpointTokenId, 'status, first_used_at IS NULL'), '0\t1\n');
  const list = async () => (await get(`${stack.cm.api}/endpoints/kettle-2/tokens`)).json.content[0];
  assert.equal((await list()).status, 'Inactive');

  assert.equal((await stack.ecap.validate('smart_kettle', created.token)).statusCode, 200);
  await until(async () => (await row(created.endpointTokenId, 'status, first_used_at IS NULL')) === '1\t0\n', {
    timeout: 1_000 * slowness,
    what: 'Active in the database',
  });
  const shown = await list();
  assert.equal(shown.status, 'Active');
  assert.ok(Date.parse(shown.updateDate) >= Date.parse(shown.createdDate));
});

test('If-Match with a tag from before the first use: a use is not a change by an operator', async () => {
  const list = `${stack.cm.api}/endpoints/kettle-if-match/tokens`;
  const created = [];
  for (let i = 0; i < 3; i += 1) created.push((await stack.cm.provision('kettle-if-match')).json);
  const item = ({ endpointTokenId }) => `${list}/${endpointTokenId}`;
  const tags = [];
  for (const token of created) tags.push((await get(item(token))).headers.etag);
  for (const { token } of created) assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 200);
  for (const { endpointTokenId } of created)
    await until(async () => (await row(endpointTokenId, 'status')) === '1\n', { what: 'Active' });
  const put = (token, status, tag) =>
    http('PUT', `${item(token)}/status`, { body: { status }, headers: { 'If-Match': tag } });
  const suspended = await put(created[0], 'Suspended', tags[0]);
  assert.equal(suspended.status, 200, suspended.text);
  assert.equal((await put(created[0], 'Active', tags[0])).status, 412);
  const gone = await http('DELETE', item(created[1]), { headers: { 'If-Match': tags[1] } });
  assert.equal(gone.status, 204, gone.text);

  const fresh = (await stack.cm.provision('kettle-if-match')).json;
  const tag = (await get(list)).headers.etag;
  assert.equal((await stack.ecap.validate('smart_kettle', fresh.token)).statusCode, 200);
  await until(async () => (await row(fresh.endpointTokenId, 'status')) === '1\n', { what: 'Active' });
  assert.notEqual((await get(list)).headers.etag, tag, 'the new status is visible');
  const all = await http('DELETE', list, { headers: { 'If-Match': tag } });
  assert.equal(all.status, 204, all.text);
});

test('later uses get the same answer and do not change the record of the first use', async () => {
  const created = (await stack.cm.provision('kettle-3')).json;
  const first = await stack.ecap.validate('smart_kettle', created.token);
  await until(async () => (await row(created.endpointTokenId, 'status')) === '1\n', { what: 'Active' });
  const used = await row(created.endpointTokenId, 'first_used_at, updated_at');
  for (let i = 0; i < 20; i += 1) {
    const again = await stack.ecap.validate('smart_kettle', created.token);
    assert.equal(again.statusCode, 200);
    assert.equal(again.tokenId, first.tokenId);
    assert.equal(again.endpointId, first.endpointId);
  }
  assert.equal(await row(created.endpointTokenId, 'first_used_at, updated_at'), used);
});

test('creation and activation are in the audit trail, with the correlation ID of the request', async () => {
  const correlationId = 'audit-of-kettle-4';
  const created = await stack.cm.provision('kettle-4', undefined, { headers: { 'Correlation-ID': correlationId } });
  await stack.ecap.validate('smart_kettle', created.json.token, { correlationId: 'use-of-kettle-4' });
  const trail = () =>
    stack.mariadb.sql(
      "SELECT IFNULL(from_status, '-'), IFNULL(to_status, '-'), channel, correlation_id FROM credential_audit " +
        `WHERE credential_id = UNHEX(REPLACE('${created.json.endpointTokenId}', '-', '')) ORDER BY seq`,
    );
  await until(async () => (await trail()).split('\n').length === 3, { what: 'two audit rows' });
  assert.equal(await trail(), `-\t0\t0\t${correlationId}\n0\t1\t1\tuse-of-kettle-4\n`);
});

test('client-chosen tokens work unchanged: inner spaces, other scripts, 255 bytes', async () => {
  for (const [i, token] of ['a', 'SN 0001', 'Ключ-鍵-🔑', 'x'.repeat(255), '$^&*()[]{}|"\'\\'].entries()) {
    const created = await stack.cm.provision(`chosen-${i}`, { applicationName: 'smart_kettle', token });
    assert.equal(created.status, 201, created.text);
    assert.equal(created.json.token, token);
    assert.equal((await stack.ecap.validate('smart_kettle', token)).endpointId, `chosen-${i}`);
  }
});

test('a token is valid only in its own application, and is case-sensitive', async () => {
  const token = 'OneToken';
  for (const [application, endpoint] of [['kettle_a', 'ep-a'], ['kettle_b', 'ep-b']]) {
    const created = await stack.cm.provision(endpoint, { applicationName: application, token });
    assert.equal(created.status, 201, created.text);
  }
  assert.equal((await stack.ecap.validate('kettle_a', token)).endpointId, 'ep-a');
  assert.equal((await stack.ecap.validate('kettle_b', token)).endpointId, 'ep-b');
  assert.equal((await stack.ecap.validate('kettle_c', token)).statusCode, 404);
  assert.equal((await stack.ecap.validate('kettle_a', 'onetoken')).statusCode, 404);
});

test('a previously unknown token is valid as soon as it is provisioned', async () => {
  const token = 'late-token';
  assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 404);
  assert.equal((await stack.cm.provision('late', { applicationName: 'smart_kettle', token })).status, 201);
  assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 200);
});

test('the database contains no token value in any form', async () => {
  const chosen = 'a-value-to-search-for';
  const created = [
    (await stack.cm.provision('hidden', { applicationName: 'smart_kettle', token: chosen })).json,
    (await stack.cm.provision('hidden')).json,
  ];
  for (const { token } of created) await stack.ecap.validate('smart_kettle', token);
  await until(async () => (await row(created[1].endpointTokenId, 'status')) === '1\n', { what: 'Active' });
  const dump = (await stack.mariadb.dump()).toLowerCase();
  assert.ok(dump.includes("'hidden'"), 'the dump holds the rows');
  for (const { token } of created) {
    assert.ok(!dump.includes(token.toLowerCase()), 'as text');
    assert.ok(!dump.includes(Buffer.from(token).toString('hex')), 'as hexadecimal');
    assert.ok(!dump.includes(Buffer.from(token).toString('base64').toLowerCase()), 'as base64');
  }
});

test('the log contains no secret and no token value', async () => {
  const created = (await stack.cm.provision('logged')).json;
  await stack.ecap.validate('smart_kettle', created.token);
  await stack.ecap.validate('smart_kettle', 'never-provisioned-value');
  await stack.cm.provision('logged', { applicationName: 'smart_kettle', token: 'refused#value' });
  await sleep(200);
  const { environment, log } = stack.cm;
  for (const secret of [
    created.token,
    'never-provisioned-value',
    'refused#value',
    environment.NATS_PASSWORD,
    environment.MARIADB_PASSWORD,
    environment.KAA_LICENSE_CERT_PASSWORD,
    environment.KAA_CM_TOKEN_HASH_KEY,
  ]) {
    assert.ok(!log.includes(secret));
  }
});

test('1,000 concurrently provisioned tokens are each validated with their own endpoint', async () => {
  const created = [];
  await Promise.all(
    Array.from({ length: 20 }, async (_, worker) => {
      for (let i = 0; i < 50; i += 1) {
        const endpoint = `many-${worker}-${i}`;
        const answer = await stack.cm.provision(endpoint);
        assert.equal(answer.status, 201, answer.text);
        created.push({ endpoint, ...answer.json });
      }
    }),
  );
  assert.equal(new Set(created.map(({ token }) => token)).size, 1_000);
  assert.equal(new Set(created.map(({ endpointTokenId }) => endpointTokenId)).size, 1_000);
  const answers = await Promise.all(created.map(({ token }) => stack.ecap.validate('smart_kettle', token)));
  for (const [i, answer] of answers.entries()) {
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.endpointId, created[i].endpoint);
    assert.equal(answer.tokenId, created[i].endpointTokenId);
  }
  await until(
    async () => (await stack.mariadb.sql("SELECT COUNT(*) FROM endpoint_token WHERE endpoint_id LIKE 'many-%' AND status = 1")) === '1000\n',
    { timeout: 5_000 * slowness, what: 'all 1,000 Active' },
  );
});
