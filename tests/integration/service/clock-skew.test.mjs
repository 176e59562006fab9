// A replica with a wrong clock prunes no recent rows and reports the clock skew (contract sections 3.2 and 7.1).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { parseExposition, valueOf } from '../../support/exposition.mjs';
import { fakeClock, noFakeClock } from '../../support/fake-clock.mjs';
import { get } from '../../support/http.mjs';
import { slowness } from '../../support/paths.mjs';
import { setStatus } from '../../support/state-table.mjs';
import { Stack } from '../../support/stack.mjs';
import { until } from '../../support/wait.mjs';

/** The housekeeper first runs one minute after the start. */
const round = 60_000;

const day = 86_400_000;

let stack;
let ahead;
before(async () => {
  if (noFakeClock) return;
  stack = await Stack.start();
  const { mariadb, nats } = stack;
  ahead = await Cm.start({ nats, mariadb, environment: fakeClock({ offset: '+8d' }), configuration: { 'kaa.cm.audit.retention': '7d' } });
});
after(async () => {
  await ahead?.remove();
  await stack?.remove();
});

const revocations = async (cm) => (await get(`${cm.api}/revocations`)).json;

async function skewOf(cm) {
  return valueOf(parseExposition((await get(`${cm.management}/prometheus`)).text), 'cm_database_clock_skew_seconds', {});
}

test('a replica whose clock is 8 days ahead reports it in /health, in a metric and once in the log', { skip: noFakeClock }, async () => {
  const { body } = await ahead.healthThat((health) => health.body.warnings?.length > 0, 'a warning');
  assert.match(body.warnings[0], /^the clock of this replica is 691[12]\d\d s ahead of the database's clock$/);
  assert.equal(body.status, 'UP');
  assert.ok(Math.abs((await skewOf(ahead)) - (8 * day) / 1000) < 60);
  assert.equal(ahead.log.split('\n').filter((line) => /the clock of this replica is/.test(line)).length, 1);

  assert.equal((await stack.cm.health()).body.warnings, undefined);
  assert.ok(Math.abs(await skewOf(stack.cm)) < 5);
});

test('a replica whose clock is 8 days ahead prunes only old revocations and audit rows', { skip: noFakeClock }, async () => {
  const { cm, mariadb } = stack;
  for (let i = 0; i < 5; i += 1) {
    const { json } = await cm.provision('kettle');
    assert.equal((await setStatus(`${cm.api}/endpoints/kettle/tokens/${json.endpointTokenId}`, 'Revoked')).status, 200);
  }
  await until(async () => (await mariadb.sql('SELECT COUNT(*) FROM event_outbox')) === '0\n', { what: 'an empty outbox' });
  const before = await revocations(cm);
  assert.equal(JSON.stringify(before).match(/Revoked/g)?.length, 5, JSON.stringify(before));
  const audit = await mariadb.sql('SELECT COUNT(*) FROM credential_audit');

  // From here on, the replica with the wrong clock is the only one, and must prune old rows.
  await cm.stop();
  const old = Date.now() - 9 * day;
  await mariadb.sql(
    `INSERT INTO revocation (kind, application, endpoint_id, ids, correlation_id, at) VALUES (1, '', '', REPEAT('i', 16), 'old', ${old});` +
      // A row dated in the future must not prevent the pruning of the old one.
      `INSERT INTO credential_audit (credential_id, at, channel, actor, correlation_id) VALUES ` +
      `(REPEAT('i', 16), ${Date.now() + 30 * day}, 0, '', 'future'), (REPEAT('i', 16), ${old}, 0, '', 'old')`,
  );
  const left = async (table) => Number(await mariadb.sql(`SELECT COUNT(*) FROM ${table} WHERE correlation_id = 'old'`));
  await until(async () => (await left('revocation')) + (await left('credential_audit')) === 0, {
    timeout: (round + 15_000) * slowness,
    interval: 500,
    what: 'the deletion of the old rows',
  });
  assert.deepEqual(await revocations(ahead), before);
  assert.equal(await mariadb.sql("SELECT COUNT(*) FROM credential_audit WHERE correlation_id <> 'future'"), audit);
});
