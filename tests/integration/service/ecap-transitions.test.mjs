// Every status code of ep-token-status-transition-request, and the whole state table (contract sections 2 and 4.1).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { Events } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness, volume } from '../../support/paths.mjs';
import { states } from '../../support/rest.mjs';
import { Rows } from '../../support/rows.mjs';
import { Stack } from '../../support/stack.mjs';
import { transitions } from '../../support/state-table.mjs';
import { until } from '../../support/wait.mjs';

const contested = volume(1_000);

let stack;
let ecap;
let events;
let rows;
let operator;
before(async () => {
  stack = await Stack.start({
    jdbcParameters: '?socketTimeout=1000&connectTimeout=1000',
    configuration: {
      'kaa.applications.smart_kettle.versions.smart_kettle_v1': '',
      'kaa.applications.lamp.versions.lamp_v1': '',
    },
  });
  ecap = stack.ecap;
  events = await Events.listen(stack.nats);
  rows = new Rows(stack.mariadb);
  operator = new Operator(stack.cm);
});
after(async () => {
  await events?.close();
  await stack?.remove();
});

/** A new token with this status. */
async function tokenWith(status) {
  const created = (await operator.createToken('kettle')).json;
  if (status !== 'Inactive') await rows.setStatus('token', created.endpointTokenId, status);
  return created;
}

const valid = (status) => status === 'Inactive' || status === 'Active';

/** Waits for an event that was caused after all others: events that are missing then were not sent. */
async function fence() {
  const { token } = await tokenWith('Active');
  const answer = await ecap.transition('smart_kettle', token, 'Revoked');
  assert.equal(answer.statusCode, 200);
  await events.first(answer.correlationId);
}

for (const from of states) {
  test(`from ${from}: ${transitions[from].join(', ') || 'nothing'} is allowed, the same status changes nothing, the rest is 409`, async () => {
    const asked = [];
    for (const to of states) {
      const { token, endpointTokenId } = await tokenWith(from);
      const answer = await ecap.transition('smart_kettle', token, to);
      const what = `${from} to ${to}`;
      assert.equal(answer.statusCode, from === to || transitions[from].includes(to) ? 200 : 409, what);
      assert.equal(answer.correlationId, answer.asked.correlationId);
      const changes = transitions[from].includes(to);
      assert.equal(await rows.status('token', endpointTokenId), changes ? to : from, what);
      const trail = await rows.trail(endpointTokenId);
      assert.deepEqual(
        trail.slice(1),
        changes ? [{ from, to, channel: 'ecap', correlationId: answer.correlationId }] : [],
        what,
      );
      // The change is effective as soon as it is answered.
      const now = changes ? to : from;
      assert.equal((await ecap.validate('smart_kettle', token)).statusCode, valid(now) ? 200 : 403, what);
      asked.push({ what, answer, endpointTokenId, lost: changes && valid(from) && !valid(to) });
    }
    await fence();
    for (const { what, answer, endpointTokenId, lost } of asked) {
      const seen = events.of(answer.correlationId);
      assert.equal(seen.length, lost ? 1 : 0, `events of ${what}`);
      if (lost) {
        assert.equal(seen[0].kind, 'endpoint.token.revoked');
        assert.equal(seen[0].appName, 'smart_kettle');
        assert.equal(seen[0].endpointId, 'kettle');
        assert.deepEqual(seen[0].tokenIds, [endpointTokenId]);
      }
    }
    assert.deepEqual(events.undecodable, []);
  });
}

test('the history over REST contains the channel and the correlation ID', async () => {
  const { token, endpointTokenId } = await tokenWith('Inactive');
  const answer = await ecap.transition('smart_kettle', token, 'Suspended');
  const [newest] = (await operator.history('kettle', endpointTokenId)).json.content;
  assert.equal(newest.how, 'ecap');
  assert.equal(newest.from, 'Inactive');
  assert.equal(newest.to, 'Suspended');
  assert.equal(newest.correlationId, answer.correlationId);
});

test('400: invalid bytes, with an empty correlation ID', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('garbage'), Buffer.from('ff'.repeat(40), 'hex'), Buffer.from('0100', 'hex')]) {
    const answer = await ecap.raw(bytes, { kind: 'transition' });
    assert.equal(answer.statusCode, 400);
    assert.equal(answer.correlationId, '');
  }
});

test('400: every truncation of a valid request, and trailing bytes; nothing changes', async () => {
  const { token, endpointTokenId } = await tokenWith('Active');
  const good = EcapClient.encode('transition', { appName: 'smart_kettle', token, targetStatus: 'Revoked' });
  for (let length = 0; length < good.length; length += 1) {
    assert.equal((await ecap.raw(good.subarray(0, length), { kind: 'transition' })).statusCode, 400);
  }
  const longer = Buffer.concat([good, Buffer.from('00', 'hex')]);
  assert.equal((await ecap.raw(longer, { kind: 'transition' })).statusCode, 400);
  assert.equal(await rows.status('token', endpointTokenId), 'Active');
});

test('400: an unknown status, or one in another spelling', async () => {
  const { token, endpointTokenId } = await tokenWith('Active');
  for (const target of ['', 'revoked', 'REVOKED', ' Revoked', 'Revoked ', 'Deleted', 'Expired', '3', 'Revoked\u0000', 'Rеvoked']) {
    const answer = await ecap.transition('smart_kettle', token, target);
    assert.equal(answer.statusCode, 400, JSON.stringify(target));
    assert.equal(answer.correlationId, answer.asked.correlationId);
  }
  assert.equal(await rows.status('token', endpointTokenId), 'Active');
});

test('400: an invalid token or application name', async () => {
  for (const token of ['', 'a+b', 'a#b', 'a/b', 'a.b', 'a\nb', 'x'.repeat(256)]) {
    assert.equal((await ecap.transition('smart_kettle', token, 'Revoked')).statusCode, 400, JSON.stringify(token));
  }
  for (const application of ['', 'Smart Kettle', 'smart.kettle', 'x'.repeat(256)]) {
    assert.equal((await ecap.transition(application, 'some', 'Revoked')).statusCode, 400, JSON.stringify(application));
  }
});

test('404: an unknown token, an unknown application, a token of another application', async () => {
  const { token, endpointTokenId } = await tokenWith('Active');
  for (const [application, value] of [
    ['smart_kettle', 'unknown-token'],
    ['toaster', token],
    ['lamp', token],
  ]) {
    for (const target of states) {
      const answer = await ecap.transition(application, value, target);
      assert.equal(answer.statusCode, 404, `${application} ${target}`);
    }
  }
  assert.equal(await rows.status('token', endpointTokenId), 'Active');
});

test('408: a request that expired in transit changes nothing; one with time left does', async () => {
  const { token, endpointTokenId } = await tokenWith('Active');
  const now = Date.now();
  for (const fields of [{ timestamp: now - 10_000, timeout: 1_000 }, { timestamp: 1, timeout: 1 }]) {
    assert.equal((await ecap.transition('smart_kettle', token, 'Revoked', fields)).statusCode, 408);
  }
  assert.equal(await rows.status('token', endpointTokenId), 'Active');
  const inTime = await ecap.transition('smart_kettle', token, 'Revoked', { timestamp: now - 10_000, timeout: 60_000 });
  assert.equal(inTime.statusCode, 200);
});

test('a request without a reply subject is dropped and changes nothing', async () => {
  const { token, endpointTokenId } = await tokenWith('Active');
  const request = EcapClient.encode('transition', { appName: 'smart_kettle', token, targetStatus: 'Revoked' });
  ecap.connection.publish(ecap.subjectOf('transition'), request);
  ecap.connection.publish(ecap.subjectOf('transition'), Buffer.from('garbage'));
  await ecap.connection.flush();
  await fence();
  assert.equal(await rows.status('token', endpointTokenId), 'Active');
  assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);
});

test(`two replicas, ${contested} Suspended tokens, concurrent requests for Active and Revoked over REST and ECAP: answers, database and audit trail agree`, async (t) => {
  const other = await Cm.start({
    nats: stack.nats,
    mariadb: stack.mariadb,
    configuration: { 'kaa.applications.smart_kettle.versions.smart_kettle_v1': '' },
  });
  t.after(() => other.remove());
  const second = new Operator(other);
  const lines = Array.from({ length: contested }, (_, i) => ({
    endpointId: 'contested',
    applicationName: 'smart_kettle',
    token: `contested-${i}`,
    status: 'Suspended',
  }));
  const ids = (await operator.importTokens(lines, { timeout: 60_000 })).lines.map((line) => line.endpointTokenId);
  const overRest = (by) => async (i, status) => (await by.setTokenStatus('contested', ids[i], status)).status;
  const overEcap = async (i, status) => (await ecap.transition('smart_kettle', `contested-${i}`, status)).statusCode;
  const ways = [overRest(operator), overRest(second), overEcap];
  const codes = [];
  const queue = ids.map((_, i) => i);
  const worker = async () => {
    for (let i = queue.shift(); i !== undefined; i = queue.shift()) {
      // Each pair of protocols, in both orders.
      const pair = [ways[i % 3], ways[(i + 1) % 3]];
      const order = Math.floor(i / 3) % 2 === 0 ? ['Active', 'Revoked'] : ['Revoked', 'Active'];
      const answers = await Promise.all(order.map((status, k) => pair[k](i, status)));
      codes[i] = { active: answers[order.indexOf('Active')], revoked: answers[order.indexOf('Revoked')] };
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));

  const text = await stack.mariadb.sql(
    "SELECT HEX(t.id), t.status, GROUP_CONCAT(CONCAT(a.from_status, '>', a.to_status) ORDER BY a.seq) FROM endpoint_token t " +
      'JOIN credential_audit a ON a.credential_id = t.id AND a.from_status IS NOT NULL ' +
      "WHERE t.endpoint_id = 'contested' GROUP BY t.id",
  );
  const stored = new Map(text.trimEnd().split('\n').map((line) => [line.split('\t')[0].toLowerCase(), line.split('\t')]));
  const seen = { 200: 0, 409: 0 };
  for (const [i, { active, revoked }] of codes.entries()) {
    const [, status, trail] = stored.get(ids[i].replaceAll('-', ''));
    assert.equal(revoked, 200, 'Revoked is allowed from either');
    assert.equal(status, '3');
    assert.ok(active in seen, `Active was answered ${active}`);
    seen[active] += 1;
    assert.equal(trail, active === 200 ? '2>1,1>3' : '2>3');
  }
  t.diagnostic(`Active came first ${seen[200]} times, Revoked ${seen[409]} times`);
  assert.equal(await rows.count('revocation', "endpoint_id = 'contested'"), seen[200], 'only Active ones revoked');
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
  const received = events.all.filter(({ endpointId }) => endpointId === 'contested');
  assert.equal(new Set(received.flatMap(({ tokenIds }) => tokenIds)).size, seen[200]);
});

test('50 concurrent requests to revoke one token: one change, one event, 50 times 200', async () => {
  const { token, endpointTokenId } = await tokenWith('Active');
  const answers = await Promise.all(Array.from({ length: 50 }, () => ecap.transition('smart_kettle', token, 'Revoked')));
  assert.ok(answers.every(({ statusCode }) => statusCode === 200));
  assert.equal((await rows.trail(endpointTokenId)).length, 2);
  await fence();
  assert.equal(answers.flatMap(({ correlationId }) => events.of(correlationId)).length, 1);
});

test('unusual correlation IDs are returned unchanged', async () => {
  for (const correlationId of ['', 'ж'.repeat(300), 'a\tb\u0000c', '😀', 'x'.repeat(5_000)]) {
    const { token } = await tokenWith('Active');
    const answer = await ecap.transition('smart_kettle', token, 'Revoked', { correlationId });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.correlationId, correlationId);
    if (correlationId.length > 255) assert.ok(!stack.cm.log.includes(correlationId), 'the log has the beginning only');
  }
  await fence();
});

// The last tests stop the database.
test('503 while MariaDB is down, never 404 or 409, and nothing is lost', async () => {
  const { token, endpointTokenId } = await tokenWith('Active');
  await stack.mariadb.kill();
  for (const asked of [token, 'unknown-token']) {
    for (const target of ['Revoked', 'Inactive']) {
      const answer = await ecap.transition('smart_kettle', asked, target, { wait: 10_000 * slowness });
      assert.equal(answer.statusCode, 503, target);
    }
  }
  assert.equal((await ecap.transition('smart_kettle', token, 'Revoked', { timestamp: 1, timeout: 1 })).statusCode, 408);
  assert.equal((await ecap.transition('smart_kettle', token, 'nonsense')).statusCode, 400);
  await stack.mariadb.start();
  await stack.cm.up();
  const correlationId = randomUUID();
  const again = await ecap.transition('smart_kettle', token, 'Revoked', { correlationId });
  assert.equal(again.statusCode, 200);
  assert.equal(await rows.status('token', endpointTokenId), 'Revoked');
  await until(() => events.all.some(({ tokenIds }) => tokenIds?.includes(endpointTokenId)), { what: 'its event' });
});

test('503 while MariaDB does not respond, and 200 when it does again', async () => {
  const { token } = await tokenWith('Active');
  stack.mariadb.pause();
  try {
    const answer = await ecap.transition('smart_kettle', token, 'Suspended', { wait: 10_000 * slowness });
    assert.equal(answer.statusCode, 503);
  } finally {
    stack.mariadb.resume();
  }
  await stack.cm.up();
  await until(async () => (await ecap.transition('smart_kettle', token, 'Suspended')).statusCode === 200, { what: '200 again' });
});
