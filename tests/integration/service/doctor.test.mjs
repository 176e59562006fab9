// cm doctor --consistency finds inconsistencies that an earlier release may have written, and repairs them while cm
// runs, which sends the events (contract sections 3.4 and 4.2).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

import { runCm } from '../../support/cm.mjs';
import { Events } from '../../support/events.mjs';
import { http } from '../../support/http.mjs';
import { binary, slowness } from '../../support/paths.mjs';
import { binary as idLiteral } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';
import { until, within } from '../../support/wait.mjs';

let stack;
let events;
before(async () => {
  stack = await Stack.start();
  events = await Events.listen(stack.nats);
});
after(async () => {
  await events?.close();
  await stack?.remove();
});

/** Runs cm doctor to its end; {code, out, err, lines}. */
async function doctor(...args) {
  const child = spawn(binary, ['doctor', ...args], { env: { PATH: process.env.PATH, ...stack.cm.environment } });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (texts.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (texts.err += text));
  const [code] = await within(60_000 * slowness, once(child, 'close'), 'the end of cm doctor');
  return { code, ...texts, lines: texts.out.split('\n').slice(0, -1) };
}

const findings = async (...args) => {
  const { code, lines, err } = await doctor('--consistency', '--output', 'json', ...args);
  const all = lines.map((line) => JSON.parse(line));
  return { code, err, summary: all.pop(), found: all };
};

const outboxEmpty = () =>
  until(async () => (await stack.mariadb.sql('SELECT COUNT(*) FROM event_outbox')) === '0\n', { timeout: 20_000 * slowness, what: 'an empty outbox' });

/** Creates a token of kettle with `status`, or a deleted one, without an event, like a partially written change. */
async function untold(correlationId, change) {
  const { endpointTokenId: id } = (await stack.cm.provision('kettle')).json;
  const url = `${stack.cm.api}/endpoints/kettle/tokens/${id}`;
  const answer = await change(url, { headers: { 'Correlation-ID': correlationId } });
  assert.ok(answer.status < 300, answer.text);
  await events.first(correlationId);
  await outboxEmpty();
  await stack.mariadb.sql(`DELETE FROM revocation WHERE ids = ${idLiteral(id)}`);
  return id;
}

const revoke = (url, options) => http('PUT', `${url}/status`, { body: { status: 'Revoked' }, ...options });
const erase = (url, options) => http('DELETE', url, options);

test('a database written by cm is consistent', async () => {
  const { endpointTokenId: id } = (await stack.cm.provision('kettle')).json;
  assert.equal((await revoke(`${stack.cm.api}/endpoints/kettle/tokens/${id}`)).status, 200);
  const { code, lines, err } = await doctor('--consistency');
  assert.equal(code, 0, err);
  assert.match(lines.join('\n'), /^consistent: 0 findings; \d+ credentials and rows were checked$/);
});

test('revocations that were never sent are found, and sent by a running cm after the repair', async () => {
  const revoked = await untold('lost-revocation', revoke);
  const deleted = await untold('lost-deletion', erase);
  await stack.mariadb.sql('INSERT INTO event_outbox (seq, lease_until) VALUES (4711, 0)');
  const statuses = () => stack.mariadb.sql('SELECT HEX(id), status, updated_at FROM endpoint_token ORDER BY id');
  const before = await statuses();

  const text = await doctor('--consistency');
  assert.equal(text.code, 1, text.err);
  assert.equal(text.lines.length, 4, text.out);
  assert.match(text.out, new RegExp(`^endpoint_token ${revoked}: missing-revocation: Inactive became Revoked, .*, since 20\\d\\d-`, 'm'));
  assert.match(text.out, new RegExp(`^credential_audit ${deleted}: missing-revocation: it was deleted, .*, since 20\\d\\d-`, 'm'));
  assert.match(text.out, /^event_outbox 4711: orphan-event: /m);
  assert.match(text.out, /^inconsistent: 3 findings; /m);

  const { code, found, summary } = await findings();
  assert.equal(code, 1);
  assert.deepEqual(found.map(({ finding }) => finding).sort(), ['missing-revocation', 'missing-revocation', 'orphan-event']);
  assert.equal(summary.consistent, false);
  assert.equal(summary.left, 3);

  const repaired = await findings('--repair');
  assert.equal(repaired.code, 0, JSON.stringify(repaired));
  assert.equal(repaired.summary.repaired, 3);
  assert.ok(repaired.found.every((item) => item.repaired && item.repair !== ''), JSON.stringify(repaired));

  // The writer's lease of 5 s expires first.
  const repeatedEvent = async (correlationId, id) => {
    await until(() => events.of(correlationId).length > 1, { timeout: 20_000 * slowness, what: `another event of ${correlationId}` });
    const event = events.of(correlationId)[1];
    assert.deepEqual(event.tokenIds ?? [event.credentialId], [id]);
    return event;
  };
  const event = await repeatedEvent('lost-revocation', revoked);
  assert.equal(event.appName, 'smart_kettle');
  assert.equal(event.endpointId, 'kettle');
  await repeatedEvent('lost-deletion', deleted);
  await outboxEmpty();
  assert.equal(await statuses(), before);

  const again = await findings('--repair');
  assert.equal(again.code, 0);
  assert.deepEqual(again.found, []);
});

test('the event of a change without an audit row is sent; its status needs an operator, and every check reports it', async () => {
  const { endpointTokenId: id } = (await stack.cm.provision('teapot')).json;
  await stack.mariadb.sql(`UPDATE endpoint_token SET status = 2 WHERE id = ${idLiteral(id)}`);
  for (const [args, expected] of [
    [[], ['status-mismatch', 'missing-revocation']],
    [['--repair'], ['status-mismatch', 'missing-revocation']],
    [['--repair'], ['status-mismatch']],
  ]) {
    const { code, found, summary } = await findings(...args);
    assert.equal(code, 1);
    assert.deepEqual(found.map((item) => item.finding), expected);
    assert.ok(found.every((item) => item.id === id));
    assert.equal(summary.left, args.length === 0 ? 2 : 1);
  }
  const event = await events.first('cm-doctor', 20_000 * slowness);
  assert.deepEqual([event.endpointId, event.tokenIds], ['teapot', [id]]);
  assert.equal(await stack.mariadb.sql(`SELECT status FROM endpoint_token WHERE id = ${idLiteral(id)}`), '2\n');
});

test('cm doctor reports a missing check, database or tables', async () => {
  for (const args of [[], ['--repair']]) {
    const { code, out, err } = await doctor(...args);
    assert.equal(code, 64);
    assert.equal(out, '');
    assert.match(err, /--consistency/);
  }
  const { mariadb } = stack;
  const unreachable = await runCm({ mariadb, mariadbPort: 1, args: ['doctor', '--consistency'] });
  assert.equal(unreachable.code, 69, unreachable.output);
  await mariadb.sql('CREATE DATABASE empty; GRANT ALL ON empty.* TO cm@127.0.0.1', { database: '' });
  const empty = await runCm({
    mariadb,
    configuration: { 'spring.datasource.url': `jdbc:mariadb://127.0.0.1:${mariadb.port}/empty` },
    args: ['doctor', '--consistency'],
  });
  assert.equal(empty.code, 78, empty.output);
  assert.match(empty.output, /no credentials yet/);
});
