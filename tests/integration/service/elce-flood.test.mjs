// 9/ELCE: more events than CM can process immediately (contract section 4.3). Each lost event is reported in the log.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { publishUnregistered } from '../../support/events.mjs';
import { parseExposition, valueOf } from '../../support/exposition.mjs';
import { get } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness, volume } from '../../support/paths.mjs';
import { Stack } from '../../support/stack.mjs';
import { until } from '../../support/wait.mjs';

let stack;
let ecap;
let operator;
before(async () => {
  stack = await Stack.start({ jdbcParameters: '?socketTimeout=2000&connectTimeout=1000' });
  ecap = stack.ecap;
  operator = new Operator(stack.cm);
});
after(() => stack?.remove());

/** Kills MariaDB; it is restarted for the next test, also if this one fails. */
async function loseDatabase(t) {
  t.after(() => stack.mariadb.process.running || stack.mariadb.start());
  await stack.mariadb.kill();
}

const scrape = async () => parseExposition((await get(`${stack.cm.management}/prometheus`)).text);
const lost = async (reason) => valueOf(await scrape(), 'cm_unregistered_endpoints_lost_total', { reason });
const waiting = async () => valueOf(await scrape(), 'cm_queue_entries', { queue: 'unregistered_endpoints' });

/** The endpoints that the log reports as lost. */
const namedIn = (log) =>
  [...log.matchAll(/unregistered endpoints are lost[^:]*: ([^"]*)"/g)].flatMap(([, ids]) => ids.split(', '));

/** Publishes events for {prefix}-1 to {prefix}-{count}. */
async function flood(prefix, count) {
  for (let i = 1; i <= count; i += 1) {
    publishUnregistered(ecap.connection, `${prefix}-${i}`);
    if (i % 10_000 === 0) await ecap.connection.flush();
  }
  await ecap.connection.flush();
}

/** Creates a token of `endpointId`, publishes the endpoint's event, and waits until the token is invalid. */
async function unregister(endpointId, token) {
  publishUnregistered(ecap.connection, endpointId);
  await until(async () => (await ecap.validate('smart_kettle', token)).statusCode === 404, {
    timeout: 10_000 * slowness,
    what: `an unknown token of ${endpointId}`,
  });
}

async function nothingWaits() {
  await until(async () => (await waiting()) === 0, { timeout: 60_000 * slowness, interval: 50, what: 'an empty backlog' });
}

test('a flood of 150,000 events for endpoints without tokens does not displace a genuine one', async (t) => {
  const { token } = (await operator.createToken('genuine')).json;
  assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);
  const began = performance.now();
  const count = volume(150_000);
  await flood('x', count);
  const published = performance.now();
  await unregister('genuine', token);
  const end = performance.now();
  t.diagnostic(`${count} events: ${Math.round(published - began)} ms to publish, worked off ${Math.round(end - published)} ms later`);
  await nothingWaits();
  for (const reason of ['overflow', 'unread', 'failure']) assert.equal(await lost(reason), 0, reason);
  const { body } = await stack.cm.health();
  assert.equal(body.warnings, undefined);
});

test('MariaDB is down during a flood of distinct endpoints: all events are processed when it is back', async (t) => {
  const { token } = (await operator.createToken('patient')).json;
  await loseDatabase(t);
  const count = volume(220_000);
  await flood('away', count);
  publishUnregistered(ecap.connection, 'patient');
  await ecap.connection.flush();
  await until(async () => (await waiting()) > count / 2, { what: 'a long backlog' });
  t.diagnostic(`${await waiting()} wait; ${Math.round(stack.cm.residentBytes() / 1024 / 1024)} MiB are resident`);
  await stack.mariadb.start();
  await until(async () => (await ecap.validate('smart_kettle', token)).statusCode === 404, {
    timeout: 20_000 * slowness,
    what: 'an unknown token',
  });
  await nothingWaits();
  for (const reason of ['overflow', 'unread', 'failure']) assert.equal(await lost(reason), 0, reason);
});

test('events beyond the limits during an outage of MariaDB are logged, counted, and a warning in /health', async (t) => {
  const count = 330_000; // the limits do not depend on the preset
  const step = 1_000;
  await stack.mariadb.sql(
    'INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, created_at) ' +
      `SELECT UNHEX(CONCAT('01900000000070008000', LPAD(HEX(seq), 12, '0'))), UNHEX(SHA2(CONCAT('beyond', seq), 256)), ` +
      `'smart_kettle', CONCAT('beyond-', seq * ${step}), 1, 1700000000000 + seq FROM seq_1_to_${count / step}`,
  );
  const before = stack.cm.log.length;
  await loseDatabase(t);
  await flood('beyond', count);
  await until(async () => (await lost('overflow')) > 0, { what: 'losses' });
  await stack.mariadb.start();
  await nothingWaits();
  const named = namedIn(stack.cm.log.slice(before));
  const counted = await lost('overflow');
  t.diagnostic(`${counted} of ${count} were lost; ${Math.round(stack.cm.residentBytes() / 1024 / 1024)} MiB are resident`);
  assert.equal(named.length, counted);
  assert.equal(new Set(named).size, counted, 'each once');
  assert.equal(await lost('unread'), 0, 'the NATS library dropped none itself');
  const left = await stack.mariadb.sql("SELECT endpoint_id FROM endpoint_token WHERE endpoint_id LIKE 'beyond-%'");
  const withTokens = named.filter((id) => Number(id.split('-')[1]) % step === 0);
  assert.deepEqual(left.trim().split('\n').filter(Boolean).sort(), withTokens.sort(), 'those with tokens left are named');
  const { body } = await stack.cm.up();
  assert.deepEqual(body.warnings, [
    `${counted} unregistered endpoints were lost; their tokens are still valid (cm.elce in the log)`,
  ]);
});

test('endpoints that wait for MariaDB when CM stops are logged', async (t) => {
  const leaving = await Cm.start({
    nats: stack.nats,
    mariadb: stack.mariadb,
    instance: 'cm-leaving',
    jdbcParameters: '?socketTimeout=2000&connectTimeout=1000',
    configuration: { 'shutdown.timeout': '4s' },
  });
  t.after(() => leaving.remove());
  await loseDatabase(t);
  await flood('left', 120);
  const text = async () => (await get(`${leaving.management}/prometheus`)).text;
  const queue = { queue: 'unregistered_endpoints' };
  await until(async () => valueOf(parseExposition(await text()), 'cm_queue_entries', queue) === 120, { what: 'all of them' });
  leaving.process.signal('SIGTERM');
  await leaving.process.exit(15_000 * slowness);
  const ids = namedIn(leaving.log);
  assert.deepEqual(new Set(ids), new Set(Array.from({ length: 120 }, (_, i) => `left-${i + 1}`)));
  assert.equal(ids.length, 120);
});
