// Many HTTP connections at once, and what a process has of them: for tests of floods.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';

import { get } from './http.mjs';
import { parseExposition, valueOf } from './exposition.mjs';
import { binary, slowness } from './paths.mjs';
import { until } from './wait.mjs';

/** Connections that a test holds, from several loopback addresses if wanted. */
export class Crowd {
  sockets = [];
  ended = 0;
  answers = '';

  /** Opens `count` connections to `port`, `at` at once, and writes `bytes` on each. */
  async open(port, count, { bytes, addresses = ['127.0.0.1'], at = 200 } = {}) {
    let next = 0;
    const one = async () => {
      while (next < count) {
        const localAddress = addresses[next % addresses.length];
        next += 1;
        await new Promise((resolve) => {
          const socket = connect({ port, host: '127.0.0.1', localAddress });
          this.sockets.push(socket);
          socket.once('connect', () => {
            if (bytes !== undefined) socket.write(bytes);
            resolve();
          });
          socket.on('data', (data) => {
            this.answers += data.toString('latin1');
          });
          socket.on('error', () => resolve());
          socket.once('close', () => {
            this.ended += 1;
            resolve();
          });
        });
      }
    };
    await Promise.all(Array.from({ length: at }, one));
    return this;
  }

  /** Number of answers with that status so far. */
  answered(status) {
    return this.answers.split(`HTTP/1.1 ${status} `).length - 1;
  }

  close() {
    for (const socket of this.sockets) socket.destroy();
    this.sockets = [];
  }
}

/** Asks for the liveness of `cm` again and again until stop(), which resolves to the times of the answers in ms. */
export function watchLiveness(cm) {
  let running = true;
  const times = [];
  const work = (async () => {
    while (running) {
      const { status, ms } = await get(`${cm.management}/health/liveness`, { timeout: 5_000 * slowness, agent: false });
      if (status !== 200) throw new Error(`liveness is answered ${status}`);
      times.push(ms);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  work.catch(() => {});
  return {
    async stop() {
      running = false;
      await work;
      return times;
    },
  };
}

/** The value of a metric of `cm`. */
export async function metric(cm, name, labels = {}) {
  return valueOf(parseExposition((await get(`${cm.management}/prometheus`)).text), name, labels);
}

/** Number of threads of the process. */
export const threadsOf = (pid) => readdirSync(`/proc/${pid}/task`).length;

/** Waits until the metric has a value for which `condition` is true. */
export const metricThat = (cm, name, labels, condition, timeout = 10_000) =>
  until(async () => condition(await metric(cm, name, labels)), { timeout: timeout * slowness, what: `${name} ${JSON.stringify(labels)}` });

/** How to start CM with limits of file descriptors, as `--nofile` of prlimit: "soft:hard" or one for both. */
export const withDescriptors = (limits) => ({ executable: 'prlimit', args: [`--nofile=${limits}`, binary, 'serve'] });

/** A control group with a memory limit; undefined where the machine does not permit one. */
export function memoryGroup(bytes) {
  const version1 = existsSync('/sys/fs/cgroup/memory');
  const parent = version1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
  const path = `${parent}/cm-test-${process.pid}`;
  try {
    mkdirSync(path);
    writeFileSync(`${path}/${version1 ? 'memory.limit_in_bytes' : 'memory.max'}`, String(bytes));
  } catch {
    try {
      rmdirSync(path);
    } catch {
      // it was not made
    }
    return undefined;
  }
  return {
    /** How to start CM in the group. */
    start: { executable: 'sh', args: ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$1" serve', path, binary] },
    kills() {
      const text = readFileSync(`${path}/${version1 ? 'memory.oom_control' : 'memory.events'}`, 'utf8');
      return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
    },
    remove: () => rmdirSync(path),
  };
}
