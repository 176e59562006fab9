// Common parts of the REST API scenarios: servers, load, and baselines.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';

import { Cm } from '../support/cm.mjs';
import { freePorts } from '../support/ports.mjs';
import { Process } from '../support/process.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { until } from '../support/wait.mjs';

const run = promisify(execFile);

export const connections = 64;

// The tables of a run fit into memory, as on a properly sized server; every commit writes the log.
const mariadbOptions = [
  '--innodb-buffer-pool-size=512M',
  '--innodb-log-file-size=512M',
  '--innodb-flush-log-at-trx-commit=1',
  '--max-connections=200',
];

/** Starts nats-server, MariaDB and CM, calls `work` with {cm, mariadb}, and ends all of them. */
export async function withCm(stage, work, options = {}) {
  const [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start({ options: mariadbOptions })]);
  let cm;
  try {
    cm = await Cm.start({ nats, mariadb, executable: stage.cm, ...options });
    return await work({ cm, mariadb });
  } finally {
    await cm?.remove();
    await Promise.all([nats.remove(), mariadb.remove()]);
  }
}

async function lastLine(program, options, environment = {}) {
  const args = Object.entries(options).flatMap(([name, value]) => (name === 'task' ? [value] : [`--${name}`, String(value)]));
  const { stdout } = await run(program, args, { env: { PATH: process.env.PATH, ...environment }, timeout: 600_000 });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1));
}

/** Runs http_load with its options; rejects if any response is not the expected one. */
export const httpLoad = (stage, options) => lastLine(stage.programs.http_load, { connections, ...options });

/** Runs one task of sql_load against that server. */
export const sqlLoad = (stage, mariadb, task, options) =>
  lastLine(
    stage.programs.sql_load,
    { task, port: mariadb.port, user: mariadb.username, database: mariadb.database, ...options },
    { MYSQL_PWD: mariadb.password },
  );

/** Runs the baseline Beast server with this number of threads under the same load. */
export async function helloLoad(stage, threads, options) {
  const [port] = await freePorts(1);
  const server = new Process(stage.programs.hello_http, [String(port), String(threads)]);
  try {
    await until(
      async () => {
        const socket = connect(port, '127.0.0.1');
        try {
          await once(socket, 'connect');
          return true;
        } catch {
          return false;
        } finally {
          socket.destroy();
        }
      },
      { what: 'hello_http' },
    );
    return await httpLoad(stage, { port, target: '/', ...options });
  } finally {
    await server.kill();
  }
}

/** Converts the output of a load program to measurements. */
export const measurements = (name, subject, { rate, p50, p99, p999 }) => [
  { case: name, subject, metric: 'rate', unit: '1/s', value: rate },
  { case: name, subject, metric: 'p50', unit: 'µs', value: p50 },
  { case: name, subject, metric: 'p99', unit: 'µs', value: p99 },
  { case: name, subject, metric: 'p999', unit: 'µs', value: p999 },
];
