// A deadlock, a lock that is not released, and a failover to another server during each operation: nothing is lost, and
// the answer is right or 503, never 401, 403, 404 or 409.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { Events } from '../support/events.mjs';
import { Operations, unavailable } from '../support/operations.mjs';
import { Operator } from '../support/operator.mjs';
import { slowness } from '../support/paths.mjs';
import { Rows } from '../support/rows.mjs';
import { Mariadb } from '../support/servers.mjs';
import { SqlSession } from '../support/sql-session.mjs';
import { Stack } from '../support/stack.mjs';
import { sleep, until } from '../support/wait.mjs';

/** The lock wait timeout is half of the socket timeout: 1 s. */
const jdbcParameters = '?socketTimeout=2000&connectTimeout=1000';
const everything = [
  'endpoint_token',
  'credential_audit',
  'basic_credential',
  'x509_credential',
  'revocation',
  'event_outbox',
  'revocation_gate',
];

let stack;
let events;
let rows;
let operations;
before(async () => {
  stack = await Stack.start({
    jdbcParameters,
    // Enough connections for other operations while some wait for a lock.
    configuration: { 'spring.datasource.hikari.maximum-pool-size': 24 },
  });
  events = await Events.listen(stack.nats);
  rows = new Rows(stack.mariadb);
  operations = new Operations({ operator: new Operator(stack.cm), ecap: stack.ecap, rows, events }).all();
  // Rows that the other session changes, so that MariaDB chooses CM as the victim of a deadlock.
  await stack.mariadb.sql('CREATE TABLE ballast (n INT PRIMARY KEY) ENGINE=InnoDB');
});
after(async () => {
  await events?.close();
  await stack?.remove();
});

const deadlocks = async () =>
  Number((await stack.mariadb.sql("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")).trim().split('\t')[1]);

/** The server refreshes its list of transactions only if it was not read for 100 ms. */
const refreshed = 120;

const waiting = () => rows.count('information_schema.innodb_trx', "trx_state = 'LOCK WAIT'");

/** Returns the answer, which must be right or 503. */
async function asked(operation, fixture) {
  const code = await operation.ask(fixture);
  assert.ok([operation.right, unavailable].includes(code), `${operation.name} was answered ${code}`);
  return code;
}

/** Repeats a request that was answered 503 until the answer is right, and checks the result. */
async function completed(operation, fixture, code, since) {
  let last = code;
  await until(
    async () => {
      if (last === unavailable) last = await operation.ask(fixture);
      return last !== unavailable;
    },
    { timeout: 30_000 * slowness, interval: 100, what: `${operation.name} after ${since}` },
  );
  const right = code === unavailable ? [operation.right, ...operation.again] : [operation.right];
  assert.ok(right.includes(last), `${operation.name} was answered ${last} after ${since}`);
  await operation.done(fixture);
  if (operation.uses) {
    await until(async () => (await rows.status(operation.uses, fixture.id)) === 'Active', {
      what: `the first use in ${operation.name} recorded`,
    });
  }
}

test('without faults, every operation behaves as the following tests expect', async () => {
  for (const operation of operations) {
    const fixture = await operation.make();
    assert.equal(await operation.ask(fixture), operation.right, operation.name);
    await completed(operation, fixture, operation.right, 'nothing');
  }
});

test('a deadlock during each operation', async (t) => {
  for (const operation of operations) {
    await t.test(operation.name, async (t) => {
      const fixture = await operation.make();
      await until(async () => (await rows.pending()) === 0 && (await waiting()) === 0, { interval: refreshed, what: 'peace' });
      const before = await deadlocks();
      const other = await SqlSession.open(stack.mariadb);
      try {
        await other.run('SET SESSION innodb_lock_wait_timeout = 20');
        await other.run('BEGIN');
        await other.run('INSERT INTO ballast SELECT seq FROM seq_1_to_5000');
        // The audit trail is locked: a change has locked its row by then, and waits.
        await other.run('SELECT seq FROM credential_audit WHERE seq > 0 FOR UPDATE');
        const answer = asked(operation, fixture);
        answer.catch(() => {});
        const writes = operation.writes || operation.uses;
        if (writes) {
          await until(async () => (await waiting()) > 0, { interval: refreshed, what: `${operation.name} waiting` });
          // The lock in the opposite order causes the deadlock.
          await other.run(operation.lock(fixture));
          await sleep(50);
        }
        await other.run('ROLLBACK');
        const code = await answer;
        await completed(operation, fixture, code, 'a deadlock');
        const met = (await deadlocks()) - before;
        t.diagnostic(`answered ${code}, ${met} deadlocks`);
        if (writes) assert.ok(met >= 1, 'there was a deadlock');
      } finally {
        await other.close();
      }
    });
  }
});

/**
 * Runs all operations while another session holds `lock` for `time` milliseconds (undefined: until all are answered).
 */
async function underLock(t, lock, unlock, time) {
  const fixtures = [];
  for (const operation of operations) fixtures.push(await operation.make());
  const other = await SqlSession.open(stack.mariadb);
  const codes = [];
  try {
    for (const statement of lock) await other.run(statement);
    const began = performance.now();
    const answers = Promise.all(operations.map((operation, i) => asked(operation, fixtures[i])));
    answers.catch(() => {});
    if (time !== undefined) {
      await sleep(time);
      await other.run(unlock);
    }
    codes.push(...(await answers));
    const took = performance.now() - began;
    if (time === undefined) await other.run(unlock);
    const summary = Object.fromEntries(operations.map(({ name }, i) => [name, codes[i]]));
    t.diagnostic(`answered within ${Math.round(took)} ms: ${JSON.stringify(summary)}`);
    assert.ok(took < 12_000 * slowness, `${took} ms`);
  } finally {
    await other.close();
  }
  await stack.cm.up();
  for (const [i, operation] of operations.entries()) await completed(operation, fixtures[i], codes[i], 'a lock');
  return codes;
}

const rowLocks = [
  'SET SESSION innodb_lock_wait_timeout = 20',
  'BEGIN',
  ...everything.map((table) => `SELECT COUNT(*) FROM (SELECT 1 FROM ${table} FOR UPDATE) AS locked`),
];

test('rows that another session locks for 1.5 s, longer than the lock wait timeout: all operations are answered', async (t) => {
  const codes = await underLock(t, rowLocks, 'ROLLBACK', 1_500);
  assert.ok(codes.includes(200) || codes.includes(201), 'not all gave up');
});

test('rows that another session locks until all are answered: reads succeed, writes get 503', async (t) => {
  const codes = await underLock(t, rowLocks, 'ROLLBACK');
  for (const [i, { name, writes, right }] of operations.entries()) {
    assert.equal(codes[i], writes ? unavailable : right, name);
  }
});

test('tables that another session locks for 1.5 s: all operations are answered', async (t) => {
  const tables = `LOCK TABLES ${everything.map((table) => `${table} WRITE`).join(', ')}`;
  await underLock(t, [tables], 'UNLOCK TABLES', 1_500);
});

test('tables that another session locks until all are answered: 503 for all operations', async (t) => {
  const tables = `LOCK TABLES ${everything.map((table) => `${table} WRITE`).join(', ')}`;
  const codes = await underLock(t, [tables], 'UNLOCK TABLES');
  assert.deepEqual(codes, codes.map(() => unavailable));
});

/** Runs operations of every kind repeatedly until end(), which returns their outcomes. */
function stream(list, check = asked) {
  let running = true;
  const all = [];
  const workers = list.map(async (operation) => {
    while (running) {
      let fixture;
      try {
        fixture = await operation.make();
      } catch {
        // The fixture was refused because of the fault; only the operations themselves are checked.
        await sleep(20);
        continue;
      }
      all.push({ operation, fixture, code: await check(operation, fixture) });
    }
  });
  const done = Promise.all(workers);
  done.catch(() => {});
  return {
    async end() {
      running = false;
      await done;
      return all;
    },
  };
}

function summaryOf(all) {
  const summary = {};
  for (const { code } of all) summary[code] = (summary[code] ?? 0) + 1;
  return JSON.stringify(summary);
}

test('a server that becomes read-only and writable again, five times during all operations', async (t) => {
  const work = stream(operations);
  try {
    for (let i = 0; i < 5; i += 1) {
      await sleep(200 + 200 * Math.random());
      await stack.mariadb.sql('SET GLOBAL read_only = 1');
      await sleep(200 + 200 * Math.random());
      await stack.mariadb.sql('SET GLOBAL read_only = 0');
    }
    await stack.cm.up();
    await sleep(200);
  } finally {
    await stack.mariadb.sql('SET GLOBAL read_only = 0');
  }
  const all = await work.end();
  t.diagnostic(`${all.length} operations: ${summaryOf(all)}`);
  for (const operation of operations) {
    const mine = all.filter((item) => item.operation === operation);
    assert.ok(mine.some(({ code }) => code === operation.right), `${operation.name} was served too`);
    // Of each kind, those that were disturbed and a few that were not.
    const troubled = mine.filter(({ code }) => code === unavailable).slice(0, 10);
    const served = mine.filter(({ code }) => code !== unavailable).slice(-10);
    for (const { fixture, code } of [...troubled, ...served]) await completed(operation, fixture, code, 'read-only');
  }
  await until(async () => (await rows.pending()) === 0, { what: 'an empty outbox' });
});

test('a failover to the replica during all operations: acknowledged changes are on the new primary', async (t) => {
  const log = (id) => ['--server-id=' + id, '--log-bin=binlog', '--binlog-format=ROW', '--sync-binlog=0'];
  const [first, second] = await Promise.all([Mariadb.start({ options: log(1) }), Mariadb.start({ options: log(2) })]);
  t.after(() => Promise.all([first.remove(), second.remove()]));
  const replication = `'replication'@'127.0.0.1'`;
  await first.sql(
    `CREATE USER ${replication} IDENTIFIED BY 'password-of-the-replica'; GRANT REPLICATION SLAVE ON *.* TO ${replication}`,
  );
  await second.sql(
    `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${first.port}, MASTER_USER='replication', ` +
      "MASTER_PASSWORD='password-of-the-replica', MASTER_USE_GTID=slave_pos; SET GLOBAL read_only = 1; START SLAVE",
  );
  const hosts = `127.0.0.1:${first.port},127.0.0.1:${second.port}`;
  const cm = await Cm.start({
    nats: stack.nats,
    mariadb: first,
    instance: 'cm-failover',
    configuration: {
      'spring.datasource.url': `jdbc:mariadb:sequential://${hosts}/cm${jdbcParameters}`,
    },
  });
  t.after(() => cm.remove());
  const ecap = await EcapClient.connect(stack.nats, { instance: 'cm-failover' });
  t.after(() => ecap.close());
  const received = await Events.listen(stack.nats, { instance: 'cm-failover' });
  t.after(() => received.close());

  const list = new Operations({ operator: new Operator(cm), ecap, rows: new Rows(second), events: received }).all();
  const work = stream(list);
  await sleep(500);
  const began = performance.now();
  await first.sql('SET GLOBAL read_only = 1');
  const position = (await first.sql('SELECT @@gtid_binlog_pos')).trim();
  const reached = (await second.sql(`SELECT MASTER_GTID_WAIT('${position}', 20)`)).trim();
  assert.equal(reached, '0', 'the replica has all of it');
  await second.sql('STOP SLAVE; SET GLOBAL read_only = 0');
  await cm.up();
  const took = performance.now() - began;
  await sleep(500);
  const all = await work.end();
  t.diagnostic(`UP ${Math.round(took)} ms after the fail-over began; ${all.length} operations: ${summaryOf(all)}`);

  const kept = rows;
  rows = new Rows(second);
  try {
    for (const operation of list) {
      const mine = all.filter((item) => item.operation === operation);
      assert.ok(mine.some(({ code }) => code === operation.right), `${operation.name} was served too`);
      const troubled = mine.filter(({ code }) => code === unavailable).slice(0, 10);
      const served = mine.filter(({ code }) => code !== unavailable).slice(-15);
      for (const { fixture, code } of [...troubled, ...served]) await completed(operation, fixture, code, 'a fail-over');
    }
    await until(async () => (await rows.pending()) === 0, { timeout: 20_000, what: 'an empty outbox' });
  } finally {
    rows = kept;
  }
});
