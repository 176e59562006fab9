// One stack on which changes run with a fault at one of their statements, case by case. The results of all cases are
// checked in bulk.
import { Cm } from './cm.mjs';
import { judge } from './change-audit.mjs';
import { changesOf } from './changes.mjs';
import { locks } from './database-faults.mjs';
import { EcapClient } from './ecap.mjs';
import { Events } from './events.mjs';
import { MariadbProxy } from './mariadb-proxy.mjs';
import { Operations, unavailable } from './operations.mjs';
import { Operator } from './operator.mjs';
import { slowness } from './paths.mjs';
import { Rows } from './rows.mjs';
import { Mariadb, Nats } from './servers.mjs';
import { SqlSession } from './sql-session.mjs';
import { alike, lockedTablesOf, purposeOf } from './statements.mjs';
import { sleep, until } from './wait.mjs';

/** How long a client repeats requests that were answered 503, in milliseconds. */
const patience = 20_000 * slowness;

/** How long CM may take for work after an answer or without one, including retries of several seconds; milliseconds. */
const settling = 20_000 * slowness;

/** Errors of requests whose CM was killed. */
const noAnswer = /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|503|TIMEOUT/;

const title = (sql) => sql.replace(/\s+/g, ' ').slice(0, 60);

export class ChangeBench {
  /** `connections` is the size of CM's pool. */
  static async start({ connections = 2 } = {}) {
    const bench = new ChangeBench();
    bench.connections = connections;
    bench.cases = [];
    bench.skipped = 0; // cases that do not apply
    bench.notes = []; // for the diagnostics
    bench.number = 0;
    try {
      const options = ['--max-connections=400']; // the connections of a killed pool may still be open
      [bench.nats, bench.mariadb] = await Promise.all([Nats.start(), Mariadb.start({ options })]);
      bench.proxy = await MariadbProxy.start(bench.mariadb.port);
      bench.cm = await Cm.start({
        nats: bench.nats,
        mariadb: bench.mariadb,
        mariadbPort: bench.proxy.port,
        configuration: { 'spring.datasource.hikari.maximum-pool-size': connections },
      });
      bench.ecap = await EcapClient.connect(bench.nats);
      bench.events = await Events.listen(bench.nats);
      [bench.reader, bench.holder] = [await SqlSession.open(bench.mariadb), await SqlSession.open(bench.mariadb)];
      await bench.holder.run('SET SESSION innodb_lock_wait_timeout = 3');
      await bench.holder.run('CREATE TABLE ballast (n INT PRIMARY KEY) ENGINE=InnoDB');
      await bench.reader.run('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    } catch (error) {
      await bench.remove();
      throw error;
    }
    bench.operator = new Operator(bench.cm);
    const read = (sql) => bench.read(sql);
    const { operator, ecap, events } = bench;
    const operations = new Operations({ operator, ecap, events, rows: new Rows(bench.mariadb), read });
    bench.changes = changesOf(operations);
    await operator.createToken('taken', 'smart_kettle', { token: 'taken' });
    await operator.createCertificate({ issuer: 'CN=Next', serialNumber: '0' });
    return bench;
  }

  async remove() {
    await this.reader?.close();
    await this.holder?.close();
    await this.events?.close();
    await this.ecap?.close();
    await this.cm?.remove();
    await this.proxy?.close();
    await Promise.all([this.nats?.remove(), this.mariadb?.remove()]);
  }

  /** Runs a statement as administrator and resolves to its rows; one statement at a time. */
  read(sql) {
    const rows = (this.reading ?? Promise.resolve()).then(() => this.reader.rows(sql));
    this.reading = rows.catch(() => {});
    return rows;
  }

  /** Starts a case; `violations` collects its failures. */
  begin(change, fault, number, sql, fixture) {
    const testCase = { change, fixture, violations: [], name: `${change.name}; ${fault}; statement ${number}: ${title(sql)}` };
    this.cases.push(testCase);
    return testCase;
  }

  /** Creates the fixture of a change; repeats it, because the fault of the previous case may last for a moment. */
  make(change) {
    return until(() => change.make(), { timeout: patience, interval: 20, what: `something for "${change.name}"` });
  }

  /** The status code of the answer; undefined if there is none. */
  async ask(testCase, killed) {
    try {
      const answer = testCase.change.ask(testCase.fixture);
      answer.catch?.(() => {});
      return await (killed ? Promise.race([answer, killed.then(() => sleep(1_000))]) : answer);
    } catch (error) {
      if (!killed || !noAnswer.test(`${error.code} ${error.message}`)) testCase.violations.push(`no answer: ${error.message}`);
      return undefined;
    }
  }

  /** Makes the change without a fault; returns its statements. */
  async learn(change) {
    const testCase = this.begin(change, 'no fault', 0, '', await this.make(change));
    const trap = this.proxy.arm({ matches: change.counts });
    await this.settle(testCase, await this.ask(testCase));
    this.proxy.disarm();
    return trap.seen.map(({ sql }) => sql);
  }

  /** The statements that the change prepares on a new connection. */
  async learnCold(change) {
    const testCase = this.begin(change, 'new connections', 0, '', await this.make(change));
    await this.renew();
    const trap = this.proxy.arm({ matches: (command) => prepares(change, command) });
    await this.settle(testCase, await this.ask(testCase));
    this.proxy.disarm();
    return trap.seen.map(({ sql }) => sql);
  }

  /** Replaces all connections of CM by new ones without prepared statements. */
  async renew() {
    const before = this.proxy.connections;
    this.proxy.cut();
    const back = () => [...this.proxy.links].filter(({ number, count }) => number > before && count > 4).length >= this.connections;
    await until(
      async () => {
        await Promise.all([this.operator.listTokens('nobody'), this.operator.listClients('credentials', '?limit=1')]);
        return back();
      },
      { timeout: patience, interval: 5, what: 'new connections' },
    );
    await this.cm.up();
  }

  /**
   * Runs the change with `fault` at statement `number` (from 1) of the learned ones; with `cold`, of those that are
   * prepared on new connections.
   */
  async quick(change, fault, number, learned, { cold = false } = {}) {
    let testCase;
    let trap;
    for (let tries = 0; tries < 3 && !trap?.aligned; tries += 1) {
      testCase = this.begin(change, cold ? `${fault.name}, in PREPARE` : fault.name, number, learned[number - 1], await this.make(change));
      if (tries > 0) this.cases.splice(this.cases.length - 2, 1); // the previous attempt does not count
      if (cold) await this.renew();
      trap = this.proxy.arm({
        matches: cold ? (command) => prepares(change, command) : change.counts,
        position: number,
        fault: async (link, command) => {
          trap.aligned = alike(command.sql, learned[number - 1]);
          if (trap.aligned) await fault.act(link, command);
          else link.forward(command); // a statement that does not belong to the change
        },
      });
      const code = await this.ask(testCase);
      if (change.settled) await Promise.race([trap.fired, sleep(3_000 * slowness)]);
      this.proxy.disarm();
      if (trap.hit) await trap.fired;
      const link = trap.command?.link;
      if (link) link.intercept = undefined;
      if (fault.endsConnection && trap.aligned) await this.closed(link);
      if (!change.settled) await this.next(testCase, code, link);
      await this.settle(testCase, code);
    }
    if (!trap.aligned) testCase.violations.push(trap.hit ? 'other statements than without a fault' : 'the statement was not reached');
  }

  /** Waits until the server has ended the connection, and with it the transaction. */
  closed(link) {
    const count = `SELECT COUNT(*) FROM information_schema.processlist WHERE id = ${link.thread}`;
    return until(async () => (await this.read(count))[0][0] === '0', { interval: 5, what: 'the end of a connection' });
  }

  /** The stored state of a case. */
  async state(testCase) {
    const { correlationId } = testCase.fixture;
    const parts = testCase.change.expect(testCase.fixture).map((item) => {
      const [table, where] = item.id ? byId(item) : byName(item);
      return `(SELECT CONCAT(COUNT(*), '/', IFNULL(GROUP_CONCAT(status ORDER BY id), '')) FROM ${table} WHERE ${where})`;
    });
    for (const table of ['credential_audit', 'revocation']) {
      parts.push(`(SELECT COUNT(*) FROM ${table} WHERE correlation_id = '${correlationId}')`);
    }
    return (await this.read(`SELECT ${parts.join(', ')}`))[0].join(' ');
  }

  /**
   * Makes further changes on the same connection, one of them rolled back: the previous change must not affect them.
   */
  async next(testCase, code, link) {
    const before = await this.state(testCase);
    const trap = this.proxy.arm({ matches: (command) => command.link === link && purposeOf(command.sql) === 'change' });
    for (let tries = 0; tries < 4 && trap.seen.length < 2; tries += 1) {
      this.number += 1;
      const { number } = this;
      // Two kinds concurrently, so that each of the pool's two connections gets one.
      const both = (token, serialNumber, right) =>
        Promise.all([
          this.follow(testCase, right, () => this.operator.createToken(`next-${number}`, 'smart_kettle', { token })),
          this.follow(testCase, right, () => this.operator.createCertificate({ issuer: 'CN=Next', serialNumber })),
        ]);
      await both('taken', '0', 409);
      await both(`next-${number}`, `9000${number}`, 201);
      if (!link?.open) break;
    }
    this.proxy.disarm();
    const after = await this.state(testCase);
    if (before !== after) testCase.violations.push(`the next change on its connection wrote what was answered ${code}: ${before}, then ${after}`);
  }

  /** One of the following changes. */
  async follow(testCase, right, ask) {
    const code = await until(
      async () => {
        const { status } = await ask();
        return status !== unavailable && status;
      },
      { timeout: patience, interval: 20, what: 'the next change' },
    );
    if (code !== right) testCase.violations.push(`the next change was answered ${code}, not ${right}`);
  }

  /**
   * Checks that the answer is right or 503, repeats the request after 503, and checks that the change is finally done.
   */
  async settle(testCase, code, { killed = false } = {}) {
    const { change, fixture } = testCase;
    if (![change.right, unavailable].includes(code) && !(killed && code === undefined)) {
      testCase.violations.push(`was answered ${code}, not ${change.right} or ${unavailable}`);
    }
    let last = code;
    const began = performance.now();
    try {
      if (last !== change.right && !change.once) {
        await until(
          async () => {
            last = await change.ask(fixture);
            return last !== unavailable;
          },
          { timeout: patience, interval: 50, what: 'an answer but 503 to a repetition' },
        );
        if (![change.right, ...change.again].includes(last)) testCase.violations.push(`a repetition was answered ${last}`);
      }
      if (!change.settled) return;
      // Work that was in the memory of a killed process has to be requested again.
      if (killed && !change.once && !(await change.settled(fixture))) await change.ask(fixture);
      const soon = performance.now() - began + 300 * slowness;
      let repeated = !change.repeats;
      await until(
        async () => {
          if (!repeated && performance.now() - began > soon) {
            repeated = true;
            await change.ask(fixture);
          }
          return change.settled(fixture);
        },
        { timeout: settling, interval: 10, what: 'the change behind the answer' },
      );
    } catch (error) {
      testCase.violations.push(error.message);
    }
  }

  /**
   * Locks a table from another session. If a transaction still holds it, the previous case left it open: a violation.
   */
  async hold(table) {
    for (let tries = 1; ; tries += 1) {
      await this.holder.run('BEGIN');
      // The number of changed rows, so that a deadlock is decided in favour of the holder.
      await this.holder.run('INSERT INTO ballast SELECT seq FROM seq_1_to_500');
      try {
        await this.holder.run(locks[table]);
        return;
      } catch (error) {
        if (tries === 5) throw error;
        (this.cases.at(-2) ?? this.cases.at(-1)).violations.push(`a transaction holds ${table} behind its end: ${error.message}`);
        await this.holder.run('ROLLBACK');
        this.proxy.cut();
      }
    }
  }

  /**
   * Runs the change while another session holds `table`, until its first error; skipped if it does not wait for that.
   */
  async locked(change, fault, table, learned) {
    const number = 1 + learned.findIndex((sql) => lockedTablesOf(sql).has(table));
    const testCase = this.begin(change, `${fault.name} at ${table}`, number, learned[number - 1], await this.make(change));
    if (fault.crosswise && testCase.fixture.table === undefined) {
      this.skip(testCase);
      return;
    }
    await this.hold(table);
    let released;
    const release = () => (released ??= this.holder.run('ROLLBACK').catch((error) => testCase.violations.push(error.message)));
    let link;
    const trap = this.proxy.arm({
      matches: change.counts,
      position: 1,
      fault: async (first, command) => {
        link = first;
        if (fault.settings) await link.run(fault.settings);
        link.forward(command);
      },
      onError: (command, { error }) => {
        if (error !== fault.number || command.link !== link) return undefined;
        testCase.applied = true;
        return release(); // before CM learns of it
      },
    });
    let answered = false;
    const answer = this.ask(testCase).finally(() => {
      answered = true;
    });
    const waits = () => trap.seen.findLast((c) => c.link === link && c.forwarded && !c.outcome && performance.now() - c.forwarded > 60);
    const done = async () => testCase.applied || (answered && !(change.settled && !(await change.settled(testCase.fixture))));
    let act = fault.kill || fault.crosswise;
    const end = performance.now() + 4_000 * slowness;
    while (!(await done()) && performance.now() < end) {
      if (act && waits()) {
        act = false;
        const { table: own, id } = testCase.fixture;
        if (fault.kill) await this.read(`KILL QUERY ${link.thread}`).catch(() => {});
        else this.holder.send(`SELECT id FROM ${own} WHERE id = UNHEX('${id.replaceAll('-', '')}') FOR UPDATE`);
      }
      await sleep(5);
    }
    await release();
    const code = await answer;
    this.proxy.disarm();
    if (link?.open && fault.afterwards) await link.run(fault.afterwards);
    if (!change.settled) await this.next(testCase, code, link);
    await this.settle(testCase, code);
    if (!testCase.applied && testCase.violations.length === 0) this.skip(testCase);
  }

  /** Discards a case that does not apply. */
  skip(testCase) {
    this.cases.splice(this.cases.indexOf(testCase), 1);
    this.skipped += 1;
  }

  /** Checks the final state of all cases and adds violations to them. */
  async judge() {
    await judge(this);
    return this.cases.filter(({ violations }) => violations.length > 0);
  }
}

const prepares = ({ counts }, command) => command.phase === 'prepare' && counts({ ...command, phase: 'execute' });

const tables = { token: 'endpoint_token', credentials: 'basic_credential', certificates: 'x509_credential' };
const byId = ({ kind, id }) => [tables[kind], `id = UNHEX('${id.replaceAll('-', '')}')`];
const byName = ({ kind, endpointId, username, serialNumber }) => [
  tables[kind],
  endpointId ? `endpoint_id = '${endpointId}'` : username ? `username = '${username}'` : `serial = '${serialNumber}'`,
];

