// nats-server and MariaDB for tests, on free loopback ports. They can be started, stopped, killed, suspended, and
// restarted on the same port with the same data.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { temporaryDirectory, testData } from './paths.mjs';
import { freePorts } from './ports.mjs';
import { Process } from './process.mjs';
import { until } from './wait.mjs';

const run = promisify(execFile);
const user = userInfo().username;
const asRoot = user === 'root' ? ['--user=root'] : [];

/** Resolves when something accepts connections on the port. */
export function reachable(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', reject);
  });
}

/** The common base of both servers. */
class Server {
  constructor(port, directory) {
    this.port = port;
    this.directory = directory;
  }

  /** Starts or restarts the process (with the same port and data) and waits until it answers. */
  async start() {
    this.process = this.launch();
    try {
      await until(async () => !this.process.running || (await this.answers()), {
        timeout: 60_000,
        what: `${this.process.name} on port ${this.port}`,
      });
    } catch (error) {
      error.message += `\n${this.process.tail()}`;
      await this.kill(); // a test that never had it cannot end it
      throw error;
    }
    if (!this.process.running) throw new Error(`${this.process.name} ended at its start:\n${this.process.tail()}`);
    return this;
  }

  /** Orderly shutdown; start() restarts it. */
  async stop() {
    await this.process?.stop();
  }

  /** kill -9; start() restarts it. */
  async kill() {
    await this.process?.kill();
  }

  /** SIGSTOP: connections stay open, but requests are no longer answered. */
  pause() {
    this.process.signal('SIGSTOP');
    // The threads stop one after the other; an early request would still be answered.
    const tasks = `/proc/${this.process.pid}/task`;
    const stopped = (task) => {
      const stat = join(tasks, task, 'stat'); // missing if the thread has ended
      return !existsSync(stat) || /\) [Tt] /.test(readFileSync(stat, 'utf8'));
    };
    for (const end = Date.now() + 2_000; Date.now() < end && !readdirSync(tasks).every(stopped); );
  }

  /** SIGCONT. */
  resume() {
    this.process.signal('SIGCONT');
  }

  /** Ends it permanently and removes its data. */
  async remove() {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export class Nats extends Server {
  /** Makes one that is not started yet. */
  static async create() {
    const [port] = await freePorts(1);
    const nats = new Nats(port, temporaryDirectory('nats'));
    nats.username = 'cm';
    nats.password = 'nats-password-of-the-tests';
    nats.url = `nats://127.0.0.1:${port}`;
    return nats;
  }

  static async start() {
    return (await Nats.create()).start();
  }

  get file() {
    return join(this.directory, 'nats.conf');
  }

  /**
   * Writes the configuration for the next start or reload: `denied` is a subject that must not be published to, or
   * several; `deaf` are subjects that must not be subscribed to; `maxPayload` is the maximum size of a message in bytes,
   * `maxSubscriptions` the maximum number of subscriptions of a connection, `maxConnections` that of connections;
   * `users` are added to the default one, [{username, password}]; `tls` is {certificate, key, ca} and requires client
   * certificates; `pingInterval` (like "1s") is the time between the server's pings of clients and routes, two of which may
   * be unanswered; `cluster` is {port, routes} of a cluster member: its own route port, and those of the others.
   * `lameDuckGrace` is the time in seconds that its lame duck mode leaves clients to change servers themselves.
   */
  configure() {
    const deny = (verb, subjects) => (subjects?.length ? ` ${verb}: { deny: ${JSON.stringify(subjects)} }` : '');
    const denied = deny('publish', this.denied && [this.denied].flat()) + deny('subscribe', this.deaf);
    const permissions = denied && `, permissions: {${denied} }`;
    const users = [{ username: this.username, password: this.password }, ...(this.users ?? [])];
    const quoted = JSON.stringify;
    const lines = users.map(({ username, password }) => `{ user: ${quoted(username)}, password: ${quoted(password)}${permissions} }`);
    const { tls, cluster } = this;
    const routes = (cluster?.routes ?? []).map((port) => `nats-route://127.0.0.1:${port}`);
    writeFileSync(
      this.file,
      `listen: "127.0.0.1:${this.port}"
authorization { users: [ ${lines.join(', ')} ] }
${tls ? `tls { cert_file: "${tls.certificate}", key_file: "${tls.key}", ca_file: "${tls.ca}", verify: true }` : ''}
${this.maxPayload ? `max_payload: ${this.maxPayload}` : ''}
${this.maxConnections ? `max_connections: ${this.maxConnections}` : ''}
${this.maxSubscriptions ? `max_subscriptions: ${this.maxSubscriptions}` : ''}
${this.pingInterval ? `ping_interval: "${this.pingInterval}"` : ''}
${cluster ? `cluster { name: tests, listen: "127.0.0.1:${cluster.port}", no_advertise: true, routes: ${JSON.stringify(routes)} }` : ''}
${this.lameDuckGrace ? `lame_duck_grace_period: "${this.lameDuckGrace}s"` : ''}
`,
    );
  }

  /** Makes the running server reload its configuration: connections of removed users are closed. */
  async reload() {
    const reloads = () => this.process.output.split('Reloaded server configuration').length;
    const before = reloads();
    this.configure();
    this.process.signal('SIGHUP');
    await until(() => reloads() > before, { what: 'a new configuration of nats-server' });
  }

  launch() {
    this.configure();
    return new Process('nats-server', ['--config', this.file]);
  }

  answers() {
    return reachable(this.port);
  }
}

const mariadbOptions = ['--no-defaults', ...asRoot, '--innodb-log-file-size=8M', '--innodb-buffer-pool-size=32M'];

/** A data directory with the account and the database, created once and copied for every server. */
async function mariadbTemplate() {
  const version = execFileSync('mariadbd', ['--version'], { encoding: 'utf8' }).match(/Ver (\S+)/)[1];
  const template = join(testData, `mariadb-${version}-${user}`);
  if (existsSync(template)) return template;
  const directory = temporaryDirectory('mariadb-template');
  try {
    const data = join(directory, 'data');
    await run('mariadb-install-db', [
      ...mariadbOptions,
      `--datadir=${data}`,
      `--tmpdir=${directory}`,
      '--skip-test-db',
      '--auth-root-authentication-method=socket',
      `--auth-root-socket-user=${user}`,
    ]);
    const created = `${template}.${process.pid}`;
    cpSync(data, created, { recursive: true });
    try {
      renameSync(created, template);
    } catch (error) {
      // Another test has created it first.
      rmSync(created, { recursive: true, force: true });
      if (!existsSync(template)) throw error;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return template;
}

export class Mariadb extends Server {
  /** Makes one that is not started yet; `options` are added to the server's. */
  static async create({ options = [] } = {}) {
    const [port] = await freePorts(1);
    const directory = temporaryDirectory('mariadb');
    const mariadb = new Mariadb(port, directory);
    mariadb.data = join(directory, 'data');
    mariadb.socket = join(directory, 'socket');
    mariadb.username = 'cm';
    mariadb.password = 'mariadb-password-of-the-tests';
    mariadb.database = 'cm';
    mariadb.options = options;
    cpSync(await mariadbTemplate(), mariadb.data, { recursive: true });
    return mariadb;
  }

  static async start(options) {
    return (await Mariadb.create(options)).start();
  }

  /** The JDBC URL for CM's configuration; `port` is that of a proxy in front of the server. */
  jdbcUrl(port = this.port, parameters = '') {
    return `jdbc:mariadb://127.0.0.1:${port}/${this.database}${parameters}`;
  }

  launch() {
    const init = join(this.directory, 'init.sql');
    writeFileSync(
      init,
      `CREATE DATABASE IF NOT EXISTS ${this.database};\n` +
        `CREATE OR REPLACE USER '${this.username}'@'127.0.0.1' IDENTIFIED BY '${this.password}';\n` +
        `GRANT ALL PRIVILEGES ON ${this.database}.* TO '${this.username}'@'127.0.0.1';\n`,
    );
    return new Process('mariadbd', [
      ...mariadbOptions,
      `--datadir=${this.data}`,
      `--tmpdir=${this.directory}`,
      `--socket=${this.socket}`,
      `--port=${this.port}`,
      `--pid-file=${join(this.directory, 'pid')}`,
      `--init-file=${init}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--max-connections=100',
      '--performance-schema=OFF',
      '--innodb-flush-log-at-trx-commit=2',
      '--innodb-fast-shutdown=2',
      ...this.options,
    ]);
  }

  async answers() {
    return existsSync(this.socket) && (await this.sql('SELECT 1', { database: '' })) === '1\n';
  }

  /** Runs statements as the administrator; returns the rows, tab-separated. */
  async sql(statements, { database = this.database } = {}) {
    const args = ['--no-defaults', ...this.login, '--batch', '--skip-column-names'];
    const { stdout } = await run('mariadb', [...args, '--execute', statements, ...(database ? [database] : [])], {
      maxBuffer: 64 << 20,
    });
    return stdout;
  }

  /**
   * The administrator's options for MariaDB's client programs. Version 11.4 and later verify the server's certificate,
   * even over a Unix socket.
   */
  get login() {
    return ['--skip-ssl', `--socket=${this.socket}`, `--user=${user}`];
  }

  /** Everything the database holds, binary columns as hexadecimal. */
  async dump() {
    const args = ['--no-defaults', ...this.login, '--hex-blob', '--skip-extended-insert'];
    const { stdout } = await run('mariadb-dump', [...args, this.database], { maxBuffer: 256 << 20 });
    return stdout;
  }
}
