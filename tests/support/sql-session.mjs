// A persistent connection to MariaDB, for transactions that hold locks.
import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';

import { until } from './wait.mjs';

export class SqlSession {
  /** A connection of the administrator to `mariadb` (a Mariadb of servers.mjs). */
  static async open(mariadb) {
    const session = new SqlSession();
    session.output = '';
    session.errors = '';
    session.number = 0;
    const args = ['--no-defaults', `--socket=${mariadb.socket}`, `--user=${userInfo().username}`, '--batch'];
    session.child = spawn('mariadb', [...args, '--skip-column-names', '--unbuffered', '--force', mariadb.database], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    session.child.stdin.on('error', () => {});
    session.child.stdout.setEncoding('utf8').on('data', (text) => {
      session.output += text;
    });
    session.child.stderr.setEncoding('utf8').on('data', (text) => {
      session.errors += text;
    });
    session.ended = new Promise((resolve) => session.child.once('close', resolve));
    await session.run('SELECT 1');
    return session;
  }

  /** Sends a statement without waiting; done() resolves when it and all earlier ones have completed. */
  send(statement) {
    this.number += 1;
    this.child.stdin.write(`${statement};\nSELECT 'done ${this.number}';\n`);
  }

  get done() {
    return this.output.includes(`done ${this.number}\n`);
  }

  /** Runs a statement to its end; rejects if the server reports an error. */
  async run(statement, timeout = 20_000) {
    this.errors = '';
    this.send(statement);
    await until(() => this.done, { timeout, interval: 2, what: statement });
    if (this.errors) throw new Error(`${statement}: ${this.errors}`);
  }

  /** Runs one statement and returns its rows, each an array of texts. */
  async rows(statement, timeout) {
    this.output = '';
    await this.run(statement, timeout);
    const lines = this.output.split('\n').slice(0, -2); // without the marker and the last line end
    return lines.map((line) => line.split('\t'));
  }

  /** Ends the connection, and with it its transaction. */
  async close() {
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 2_000);
    await this.ended;
    clearTimeout(timer);
  }
}
