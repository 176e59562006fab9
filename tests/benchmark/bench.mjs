// Common parts of the scenarios: servers with production settings, tokens, load, and measurements.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Cm } from '../support/cm.mjs';
import { preset, root } from '../support/paths.mjs';
import { Process } from '../support/process.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { sleep, until } from '../support/wait.mjs';

/** The path of a program that was built for the benchmark. */
export function programs() {
  const directories = [join(root, 'build', preset), join(root, 'build', preset, 'tests', 'integration', 'http')];
  const names = ['nats_load', 'nats_echo', 'sql_load', 'hello_http', 'http_load'];
  const found = (name) => directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
  return { ...Object.fromEntries(names.map((name) => [name, found(name)])), wrk: 'wrk' };
}

const ticksASecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU seconds that a process has used so far, including its ended threads (proc_pid_stat(5)). */
function processorSeconds(pid) {
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(afterName[11]) + Number(afterName[12])) / ticksASecond;
}

/**
 * MariaDB with production settings: durable commits, a log for minutes of writes, the whole table in memory. CM and the
 * baseline client use the same server.
 */
export const production = (bufferPool = '1G') => [
  '--innodb-flush-log-at-trx-commit=1',
  '--innodb-log-file-size=1G',
  `--innodb-buffer-pool-size=${bufferPool}`,
  '--innodb-flush-method=O_DIRECT',
];

/** Runs a program to its end; returns the JSON of its last line, and its exit status in `code`. */
export async function run(program, args, { environment = {}, timeout = 900_000 } = {}) {
  assert.ok(program, 'a program of the benchmark was not built');
  const child = new Process(program, args.map(String), { environment });
  try {
    const { code, signal } = await child.exit(timeout);
    const line = child.output.trimEnd().split('\n').at(-1);
    if (!line.startsWith('{')) throw new Error(`${child.name} ended with ${signal ?? code}:\n${child.tail()}`);
    return Object.assign(JSON.parse(line), { code });
  } finally {
    await child.kill();
  }
}

/**
 * The first index of the tokens of each prefix. Indexes have eight digits, with and without leading zeros, and are
 * unique among all tokens (the ID of a row is derived from its number).
 */
export const firstOf = { w: 10_000_000, c: 20_000_000, s: 30_000_000, u: 40_000_000, r: 50_000_000, t: 60_000_000 };
export const endpointPrefix = 'e0be4c4a-0000-4000-8000-0000';
const hashKey = 'token-hash-key-of-the-tests';

/** Everything that a scenario needs: servers, CMs and tokens, which end together. */
export class Bench {
  /** Starts `replicas` of CM; `configuration` is added to the settings of a large cache with a long time-to-live. */
  static async start(stage, { replicas = 1, bufferPool = '1G', configuration = {} } = {}) {
    const bench = new Bench();
    bench.stage = stage;
    bench.cms = [];
    bench.others = [];
    bench.configuration = configuration;
    try {
      [bench.nats, bench.mariadb] = await Promise.all([Nats.start(), Mariadb.start({ options: production(bufferPool) })]);
      await bench.replicas(replicas);
    } catch (error) {
      await bench.remove();
      throw error;
    }
    return bench;
  }

  get cm() {
    return this.cms[0];
  }

  /** Starts or stops CMs until this number is up; keeps running ones. */
  async replicas(count) {
    const more = this.cms.length < count;
    while (this.cms.length > count) await this.cms.pop().remove();
    while (this.cms.length < count) {
      this.cms.push(
        await Cm.start({
          nats: this.nats,
          mariadb: this.mariadb,
          executable: this.stage.cm,
          configuration: {
            'kaa.cm.cache.max-size': '512MB',
            'kaa.cm.cache.time-to-live': '12h',
            'logging.level.root': 'WARN',
            ...this.configuration,
          },
        }),
      );
    }
    // A replica caches no token before its first gap-free second of the revocation feed (contract section 4.4).
    if (more) await sleep(1_500);
  }

  /** Restarts all CMs, or starts `count` new ones, so that nothing is cached. */
  async restart(configuration = this.configuration, count = this.cms.length) {
    await this.replicas(0);
    this.configuration = configuration;
    await this.replicas(count);
  }

  sql(task, options) {
    const args = Object.entries({ host: '127.0.0.1', port: this.mariadb.port, ...options }).flatMap(([k, v]) => [`--${k}`, v]);
    return run(this.stage.programs.sql_load, [task, ...args], {
      environment: { MYSQL_PWD: this.mariadb.password, TOKEN_HASH_KEY: hashKey },
    });
  }

  /** Inserts the tokens <prefix><index> directly into the database; status 0 is Inactive, 1 Active. */
  async fill(prefix, count, { status = 1 } = {}) {
    const filled = await this.sql('fill', {
      'token-prefix': prefix,
      'endpoint-prefix': endpointPrefix,
      first: firstOf[prefix],
      rows: count,
      status,
      seconds: 1_800,
    });
    assert.equal(filled.code, 0, JSON.stringify(filled));
    await this.mariadb.sql('ANALYZE TABLE endpoint_token');
    return filled;
  }

  /** Size of the token table in bytes: rows, secondary indexes, file. */
  async tableSize() {
    const select = (columns, table, where) => this.mariadb.sql(`SELECT ${columns} FROM information_schema.${table} WHERE ${where}`);
    const own = `table_schema = DATABASE() AND table_name = 'endpoint_token'`;
    const [data, index] = (await select('data_length, index_length', 'tables', own)).trim().split('\t').map(Number);
    const file = Number(await select('file_size', 'innodb_sys_tablespaces', `name = CONCAT(DATABASE(), '/endpoint_token')`));
    return { data, index, file };
  }

  /** The rate at which a baseline client looks up the same tokens: 64 keys per statement, two connections. */
  async find(prefix, count, options = {}) {
    const found = await this.sql('find', {
      'token-prefix': prefix,
      first: firstOf[prefix],
      rows: count,
      keys: 64,
      connections: 2,
      seconds: 60,
      ...options,
    });
    assert.equal(found.code, 0, JSON.stringify(found));
    return found;
  }

  /**
   * Runs load on CM. `ranges` are objects with the fields of --range, `options` are those of nats_load. A missing or
   * wrong answer is an error, unless `tolerant`.
   */
  load(ranges, options = {}) {
    return this.#load('kaa.v1.service.cm.ecap.ep-token-request', ranges, options);
  }

  async #load(subject, ranges, { tolerant = false, kind = subject, ...options }) {
    const text = (range) =>
      Object.entries(range.file ? range : { first: firstOf[range.prefix], ...range })
        .map(([key, value]) => `${key}=${value}`)
        .join(',');
    const args = ['--server', `127.0.0.1:${this.nats.port}`, '--subject', kind];
    for (const range of ranges) args.push('--range', text(range));
    for (const [name, value] of Object.entries(options)) args.push(`--${name}`, value);
    const began = performance.now();
    const before = this.#processorSeconds();
    const result = await run(this.stage.programs.nats_load, args, { environment: this.natsLogin() });
    const elapsed = (performance.now() - began) / 1000;
    const after = this.#processorSeconds();
    result.cores = Object.fromEntries(Object.keys(after).map((name) => [name, (after[name] - before[name]) / elapsed]));
    if (!tolerant) {
      assert.equal(result.code, 0, `wrong or missing answers: ${JSON.stringify(result)}`);
      assert.ok(result.rate > 0, `no answers: ${JSON.stringify(result)}`);
    }
    return result;
  }

  /** CPU seconds that each kind of process has used so far. */
  #processorSeconds() {
    const of = (...processes) => processes.reduce((sum, { pid }) => sum + processorSeconds(pid), 0);
    return {
      cm: of(...this.cms),
      responder: of(...this.others),
      'nats-server': of(this.nats.process),
      mariadbd: of(this.mariadb.process),
    };
  }

  /** Sends the same requests to the baseline responder. */
  echo(ranges, options = {}) {
    return this.#load('benchmark.echo', ranges.map(({ expect: _, ...range }) => range), { plain: 1, ...options });
  }

  /** Starts `count` baseline responders, which are idle without requests. */
  async responders(count = 1) {
    while (this.others.length > count) await this.others.pop().stop();
    while (this.others.length < count) {
      const args = ['127.0.0.1', String(this.nats.port), 'benchmark.echo', 'echo'];
      const echo = new Process(this.stage.programs.nats_echo, args, { environment: this.natsLogin() });
      this.others.push(echo);
      await until(() => echo.output.includes('ready') || !echo.running, { what: 'the bare responder' });
      assert.ok(echo.running, echo.tail());
    }
  }

  natsLogin() {
    return { NATS_USERNAME: this.nats.username, NATS_PASSWORD: this.nats.password };
  }

  async remove() {
    for (const other of this.others) await other.stop();
    for (const cm of this.cms) await cm.remove();
    await Promise.all([this.nats?.remove(), this.mariadb?.remove()]);
  }
}

/** Starts a Bench, runs `work` with it, ends it. */
export async function withBench(stage, options, work) {
  const bench = await Bench.start(stage, options);
  try {
    return await work(bench);
  } finally {
    await bench.remove();
  }
}

/**
 * The measurements of one load run; with `range`, only those of one range. The CPU use of a process is the mean over
 * the whole run of the load generator, including its warm-up; values below a hundredth of a core are omitted.
 */
export function figures(name, subject, load, range) {
  const { latency } = range ? load.ranges[range] : load;
  const row = (metric, unit, value) => ({ case: name, subject, metric, unit, value });
  const ofAllRanges = () => [
    row('rate', '1/s', load.rate),
    row('gap', 'µs', load.max_gap),
    row('load', 'cores', load.cpu_seconds / load.seconds),
    ...Object.entries(load.cores).flatMap(([process, cores]) => (cores >= 0.01 ? [row(process, 'cores', cores)] : [])),
  ];
  return [
    ...(range ? [] : ofAllRanges()),
    row('p50', 'µs', latency.p50),
    row('p99', 'µs', latency.p99),
    row('p999', 'µs', latency.p999),
  ];
}

/** One measurement. */
export const figure = (name, subject, metric, unit, value) => ({ case: name, subject, metric, unit, value });

/** The two in this order, reversed in every second repetition, so that the order gives no advantage. */
export async function alternately(stage, first, second) {
  if (stage.repetition % 2 === 0) return [await first(), await second()];
  const late = await second();
  return [await first(), late];
}
