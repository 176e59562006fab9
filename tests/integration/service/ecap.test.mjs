// Every status code of ep-token-request (contract section 4.1).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { connect } from 'nats';

import { twoWorkersPerRole } from '../../support/cm.mjs';
import { natsOptions, TokenValidationRequest } from '../../support/ecap.mjs';
import { parseExposition, valueOf } from '../../support/exposition.mjs';
import { get } from '../../support/http.mjs';
import { slowness } from '../../support/paths.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep, until } from '../../support/wait.mjs';

let stack;
before(async () => {
  stack = await Stack.start({
    jdbcParameters: '?socketTimeout=1000&connectTimeout=1000',
    configuration: {
      'kaa.applications.smart_kettle.versions.smart_kettle_v1': '',
      'kaa.applications.lamp.versions.lamp_v1': '',
      // No cached answers: the tests change the database directly.
      'kaa.cm.cache.time-to-live': '1ms',
      ...twoWorkersPerRole,
    },
  });
});
after(() => stack?.remove());

/** A new token whose status is set in the database before CM has validated it. */
async function tokenWith(status) {
  const created = (await stack.cm.provision('kettle')).json;
  await stack.mariadb.sql(
    `UPDATE endpoint_token SET status = ${status} WHERE id = UNHEX(REPLACE('${created.endpointTokenId}', '-', ''))`,
  );
  return created;
}

function refused(answer, code) {
  assert.equal(answer.statusCode, code);
  assert.equal(answer.tokenId, null);
  assert.equal(answer.endpointId, null);
}

const message = (fields) => ({
  correlationId: 'raw',
  timestamp: Date.now(),
  timeout: 0,
  appName: 'smart_kettle',
  token: 'some',
  ...fields,
});

test('200: Inactive and Active tokens are valid', async () => {
  for (const status of [0, 1]) {
    const created = await tokenWith(status);
    const answer = await stack.ecap.validate('smart_kettle', created.token);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.tokenId, created.endpointTokenId);
    assert.equal(answer.endpointId, 'kettle');
  }
});

test('400: invalid bytes, with an empty correlation ID', async () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('garbage'),
    Buffer.from('ff'.repeat(40), 'hex'),
    // A string that claims 2^62 bytes.
    Buffer.from('feffffffffffffffff01', 'hex'),
    // A negative length.
    Buffer.from('0100', 'hex'),
  ]) {
    const answer = await stack.ecap.raw(bytes);
    refused(answer, 400);
    assert.equal(answer.correlationId, '');
  }
});

test('400: every truncation of a valid request, and trailing bytes', async () => {
  const good = TokenValidationRequest.toBuffer(message());
  for (let length = 0; length < good.length; length += 1) refused(await stack.ecap.raw(good.subarray(0, length)), 400);
  for (const extra of ['00', 'ff', '00'.repeat(100)]) {
    const answer = await stack.ecap.raw(Buffer.concat([good, Buffer.from(extra, 'hex')]));
    refused(answer, 400);
    assert.ok(['raw', ''].includes(answer.correlationId), answer.correlationId);
  }
});

test('400: an invalid token, with the correlation ID of the request', async () => {
  for (const token of ['', 'a+b', 'a#b', 'a/b', 'a.b', 'a\nb', 'a\u0000b', 'a\u007fb', 'x'.repeat(256), 'ж'.repeat(128)]) {
    const answer = await stack.ecap.validate('smart_kettle', token);
    refused(answer, 400);
    assert.equal(answer.correlationId, answer.asked.correlationId);
  }
});

test('400: a string that is not UTF-8', async () => {
  const good = TokenValidationRequest.toBuffer(message({ token: 'AAAA' }));
  const broken = Buffer.from(good);
  broken.set([0xc3, 0x28, 0xa0, 0xff], good.length - 4);
  refused(await stack.ecap.raw(broken), 400);
});

test('403: Suspended and Revoked tokens, without IDs', async () => {
  for (const status of [2, 3]) {
    const created = await tokenWith(status);
    refused(await stack.ecap.validate('smart_kettle', created.token), 403);
    const row = `SELECT status FROM endpoint_token WHERE id = UNHEX(REPLACE('${created.endpointTokenId}', '-', ''))`;
    assert.equal(await stack.mariadb.sql(row), `${status}\n`);
  }
});

test('404: a token that was not provisioned', async () => {
  refused(await stack.ecap.validate('smart_kettle', 'unknown-token'), 404);
});

test('404: an unknown application, also with a token of another one', async () => {
  const created = (await stack.cm.provision('kettle')).json;
  refused(await stack.ecap.validate('toaster', created.token), 404);
  refused(await stack.ecap.validate('lamp', created.token), 404);
  assert.equal((await stack.cm.provision('kettle', { applicationName: 'toaster' })).status, 404);
  assert.equal((await stack.cm.provision('kettle', { applicationName: 'lamp' })).status, 201);
});

test('408: a request that expired in transit; extreme timeouts do not expire', async () => {
  const { token } = await tokenWith(0);
  const now = Date.now();
  refused(await stack.ecap.validate('smart_kettle', token, { timestamp: now - 10_000, timeout: 1_000 }), 408);
  refused(await stack.ecap.validate('smart_kettle', token, { timestamp: 1, timeout: 1 }), 408);
  for (const fields of [
    { timestamp: now - 10_000, timeout: 60_000 },
    { timestamp: 1, timeout: 0 },
    { timestamp: now + 60_000, timeout: 1 },
    { timestamp: now, timeout: 4503599627370495 },
  ]) {
    const answer = await stack.ecap.validate('smart_kettle', token, fields);
    assert.equal(answer.statusCode, 200, JSON.stringify(fields));
  }
});

test('a request without a reply subject has no effect', async () => {
  for (let i = 0; i < 50; i += 1) {
    stack.ecap.connection.publish(stack.ecap.subject, TokenValidationRequest.toBuffer(message()));
    stack.ecap.connection.publish(stack.ecap.subject, Buffer.from('garbage'));
  }
  await stack.ecap.connection.flush();
  const { token } = await tokenWith(0);
  assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 200);
});

test('a request whose reply subject belongs to the platform or the server is dropped and counted', async (t) => {
  const { token } = await tokenWith(0);
  const others = await connect(natsOptions(stack.nats));
  t.after(() => others.close());
  const dropped = async () =>
    valueOf(parseExposition((await get(`${stack.cm.management}/prometheus`)).text), 'cm_requests_without_reply_total', {
      protocol: 'ep-token',
    });
  const heard = [];
  others.subscribe('>', { callback: (_, { subject, reply }) => reply || subject.startsWith('_INBOX') || heard.push(subject) });
  await others.flush();
  const before = await dropped();
  const replies = [
    'kaa.v1.events.cm.endpoint.token.revoked',
    'kaa.v1.events.cm.client.credential.revoked',
    'kaa.v1.service.cm.ecap.ep-token-request',
    '$SYS.REQ.SERVER.PING',
    'foo.*',
    'foo.>',
    'foo..bar',
  ];
  for (const reply of replies) {
    others.publish(stack.ecap.subject, TokenValidationRequest.toBuffer(message({ token })), { reply });
    others.publish(stack.ecap.subject, Buffer.from('garbage'), { reply });
  }
  await others.flush();
  await until(async () => (await dropped()) === before + 2 * replies.length, { what: 'all of them counted' });
  assert.match(stack.cm.log, /without a usable reply subject/);
  // Platform services listen on a subject of their replica.
  const reply = 'kaa.v1.replica.epr-1.ecap.token-response';
  others.publish(stack.ecap.subject, TokenValidationRequest.toBuffer(message({ token })), { reply });
  await until(() => heard.includes(reply), { what: 'an answer on the subject of a replica' });
  assert.deepEqual(heard, [reply]);
  assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 200);
});

test('invalid requests do not delay or affect valid ones', async () => {
  const { token } = await tokenWith(0);
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      i % 3 === 0 ? stack.ecap.raw(Buffer.from('garbage')) : stack.ecap.validate('smart_kettle', i % 3 === 1 ? token : `no-${i}`),
    ),
  );
  for (const [i, answer] of answers.entries()) assert.equal(answer.statusCode, [400, 200, 404][i % 3]);
});

// The last tests stop the database.
test('MariaDB down: 503 for uncached tokens, 408 and 400 as usual, and never 401, 403 or 404', async () => {
  const { token } = await tokenWith(0);
  await stack.mariadb.kill();
  const beginning = Date.now();
  for (const asked of [token, 'unknown-token', 'another-one']) {
    refused(await stack.ecap.validate('smart_kettle', asked, { wait: 5_000 * slowness }), 503);
  }
  refused(await stack.ecap.validate('smart_kettle', token, { timestamp: beginning - 5_000, timeout: 1 }), 408);
  refused(await stack.ecap.validate('smart_kettle', ''), 400);
  await stack.mariadb.start();
  await stack.cm.up();
  assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 200);
});

test('MariaDB not responding: 503 in time, 408 immediately, and 200 when it responds again', async () => {
  const { token } = await tokenWith(0);
  stack.mariadb.pause();
  try {
    // Also after CM has noticed the outage.
    for (let round = 0; round < 3; round += 1) {
      refused(await stack.ecap.validate('smart_kettle', `${token}-${round}`, { wait: 10_000 * slowness }), 503);
      await sleep(300);
    }
    const began = performance.now();
    refused(await stack.ecap.validate('smart_kettle', token, { timestamp: 1, timeout: 1 }), 408);
    assert.ok(performance.now() - began < 500 * slowness, 'an expired request must not wait for the database');
  } finally {
    stack.mariadb.resume();
  }
  await stack.cm.up();
  await until(async () => (await stack.ecap.validate('smart_kettle', token)).statusCode === 200, { what: '200 again' });
});
