// A child process that is identified only by its PID, with its output collected and an orderly end.
import { spawn } from 'node:child_process';

import { until } from './wait.mjs';

const alive = new Set();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => process.exit(130));
}

const reportBegins = /^.*(?:(?:Address|Leak|UndefinedBehavior)Sanitizer|: runtime error: )/m;

/** The output from the first sanitizer report on, at most 12,000 characters; undefined if there is none. */
export function sanitizerReport(output) {
  const begin = reportBegins.exec(output)?.index;
  return begin === undefined ? undefined : output.slice(begin, begin + 12_000);
}

export class Process {
  /** Starts `command`; `environment` is the complete environment except for PATH. */
  constructor(command, args, { environment = {}, cwd, stdin = 'ignore' } = {}) {
    this.name = command.split('/').pop();
    this.output = '';
    this.startedAt = performance.now();
    this.child = spawn(command, args, {
      cwd,
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...environment },
      stdio: [stdin, 'pipe', 'pipe'],
    });
    alive.add(this.child);
    // A child that a failed test did not end must end with this process, and must not keep it alive.
    this.child.unref();
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.unref();
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        this.output += text;
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.output += `\n${error.message}\n`;
        alive.delete(this.child);
        resolve({ code: undefined, signal: undefined, error });
      });
      this.child.once('close', (code, signal) => {
        alive.delete(this.child);
        resolve({ code, signal });
      });
    });
    this.ended.then((end) => {
      this.end = end;
    });
  }

  get pid() {
    return this.child.pid;
  }

  get running() {
    return this.child.exitCode === null && this.child.signalCode === null && this.end === undefined;
  }

  signal(name) {
    return this.child.kill(name);
  }

  /** The last lines of the output, for a message. */
  tail(lines = 25) {
    return this.output.trimEnd().split('\n').slice(-lines).join('\n');
  }

  /**
   * Waits at most `timeout` milliseconds for the end of the process; resolves to {code, signal}. Fails the test if a
   * sanitizer has reported something, with the report in the message, because it may not be reproducible.
   */
  async exit(timeout = 10_000) {
    await until(() => this.end, { timeout, what: `${this.name} (PID ${this.pid}) ended` });
    const found = sanitizerReport(this.output);
    if (found !== undefined) throw new Error(`${this.name} (PID ${this.pid}, ${JSON.stringify(this.end)}): ${found}`);
    return this.end;
  }

  /** Sends SIGKILL, also to a stopped process. */
  async kill() {
    if (this.running) this.signal('SIGKILL');
    return this.exit();
  }

  /** Sends `signal`, and SIGKILL after `timeout` milliseconds. */
  async stop(signal = 'SIGTERM', timeout = 20_000) {
    if (this.running) {
      this.signal('SIGCONT');
      this.signal(signal);
    }
    try {
      return await this.exit(timeout);
    } catch {
      return this.kill();
    }
  }

  /** Resident memory in bytes. */
  static residentBytes(status) {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
  }
}
