// The time until the service is UP, its memory when idle, and its size on disk.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';

import { Cm } from '../../support/cm.mjs';
import { license } from '../../support/license.mjs';
import { binary, preset, root, temporaryDirectory } from '../../support/paths.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { quantile } from '../../support/wait.mjs';

const mebibyte = 1 << 20;

/** One request of /health over a new connection; the raw response, empty if the port is not open yet. */
function askHealth(port) {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /health HTTP/1.1\r\nHost: cm\r\nConnection: close\r\n\r\n'));
    socket.setEncoding('latin1');
    socket.on('data', (piece) => (text += piece));
    socket.once('error', () => resolve(''));
    socket.once('close', () => resolve(text));
    socket.setTimeout(1_000, () => socket.destroy());
  });
}

/** Milliseconds from exec to the first response UP. */
async function timeToUp(cm, limit = 10_000) {
  cm.launch();
  const began = cm.process.startedAt;
  for (;;) {
    const answer = await askHealth(cm.managementPort);
    const now = performance.now();
    if (/^HTTP\/1\.1 200 /.test(answer) && /"status":\s*"UP"/.test(answer)) return now - began;
    if (!cm.process.running || now - began > limit) throw new Error(`not UP within ${limit} ms\n${cm.process.tail()}`);
    // Polling without a pause would take a core from the service.
    if (answer === '') await sleep(1);
    else await nextTick();
  }
}

/** The kind of memory of a mapping in /proc/PID/smaps. */
export function kindOf(name, permissions, executable) {
  if (name === executable) return permissions.includes('x') ? 'the binary: code' : 'the binary: constants, relocations and data';
  if (name === '[heap]') return 'heap (main arena)';
  if (name.startsWith('[stack')) return 'stacks';
  if (name.startsWith('[')) return 'the kernel\'s own';
  if (name.startsWith('/')) return permissions.includes('x') ? 'libraries: code' : 'libraries: constants, relocations and data';
  return undefined; // anonymous: a stack or an arena, depending on its neighbours
}

/** {kind: resident bytes} of a process, from its smaps. */
export function residentByKind(smaps, executable) {
  const sums = new Map();
  const mappings = [];
  for (const line of smaps.split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)$/.exec(line);
    if (head) mappings.push({ from: BigInt(`0x${head[1]}`), to: BigInt(`0x${head[2]}`), permissions: head[3], name: head[4], bytes: 0 });
    const resident = /^Rss: +(\d+) kB$/.exec(line);
    if (resident) mappings[mappings.length - 1].bytes = Number(resident[1]) * 1024;
  }
  mappings.forEach((mapping, i) => {
    const { from, to, permissions, name, bytes } = mapping;
    const before = mappings[i - 1];
    let kind = kindOf(name, permissions, executable);
    // glibc places a thread's stack after an inaccessible guard page, and an arena at a multiple of 64 MiB.
    if (kind === undefined && from % (64n << 20n) === 0n) kind = 'heap (arenas of threads)';
    else if (kind === undefined && before?.permissions === '---p' && before.to === from && before.to - before.from <= 65_536n) kind = 'stacks';
    else if (kind === undefined && before?.name.startsWith('/') && before.to === from) kind = `${before.name === executable ? 'the binary' : 'libraries'}: constants, relocations and data`;
    else if (kind === undefined) kind = 'large blocks (mapped one by one)';
    if (bytes > 0) sums.set(kind, (sums.get(kind) ?? 0) + bytes);
  });
  return new Map([...sums].sort(([, a], [, b]) => b - a));
}

/** Bytes of the executable without its symbols. */
function strippedBytes(executable) {
  const directory = temporaryDirectory('strip');
  try {
    const stripped = join(directory, 'cm');
    execFileSync('strip', ['-o', stripped, executable]);
    return statSync(stripped).size;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Memory per token for 100,000 cached tokens, according to the cache and to the C library; undefined without the
 * program.
 */
function cachedToken() {
  const program = join(root, 'build', preset, 'tests', 'guard', 'cm_guard');
  if (!existsSync(program)) return undefined;
  return JSON.parse(execFileSync(program, ['--cached-token', '100000'], { encoding: 'utf8' }));
}

export default {
  name: 'start_and_size',
  title: 'Start, idle memory, size on disk',

  async run(stage) {
    const executable = stage.cm ?? binary;
    const starts = stage.quick ? 3 : 20;
    const [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
    const measured = [];
    const add = (which, metric, unit, value) => measured.push({ case: which, subject: 'cm', metric, unit, value });
    license(); // created before the time is measured
    let cm;
    try {
      // The very first start creates the schema and is not counted.
      cm = await Cm.create({ nats, mariadb, executable });
      await timeToUp(cm, 30_000);
      await cm.stop();
      const times = [];
      for (let i = 0; i < starts; i += 1) {
        times.push(await timeToUp(cm));
        if (i < starts - 1) await cm.stop();
      }
      add('start', 'median', 'ms', quantile(times, 0.5));
      add('start', 'max', 'ms', Math.max(...times));
      stage.log(`UP after ${times.map((time) => time.toFixed(0)).join(', ')} ms`);

      await sleep(2_000); // "idle" means two seconds after UP
      add('idle', 'VmRSS', 'bytes', cm.residentBytes());
      const kinds = residentByKind(readFileSync(`/proc/${cm.pid}/smaps`, 'utf8'), executable);
      for (const [kind, bytes] of kinds) {
        add(kind, 'resident', 'bytes', bytes);
        stage.log(`${(bytes / mebibyte).toFixed(2).padStart(7)} MiB  ${kind}`);
      }
      const cached = cachedToken();
      if (cached) {
        add('cached token', 'account', 'bytes', cached.by_account);
        add('cached token', 'heap', 'bytes', cached.by_heap);
      }
      add('binary', 'stripped', 'bytes', strippedBytes(executable));
    } finally {
      await cm?.remove();
      await Promise.all([nats.remove(), mariadb.remove()]);
    }
    return measured;
  },

  claims: [
    { case: 'start', text: 'exec to UP, median of 20 starts', value: ['cm', 'median'], op: '<=', bound: 300 },
    { case: 'start', text: 'exec to UP, slowest of 20 starts', value: ['cm', 'max'], op: '<=', bound: 300 },
    { case: 'idle', text: 'resident memory, 2 s after UP', value: ['cm', 'VmRSS'], op: '<=', bound: 32 * mebibyte },
    { case: 'cached token', text: 'memory of one of 100,000, by the cache', value: ['cm', 'account'], op: '<=', bound: 160 },
    { case: 'cached token', text: 'memory of one of 100,000, by the C library', value: ['cm', 'heap'], op: '<=', bound: 160 },
    { case: 'binary', text: 'size on disk, stripped', value: ['cm', 'stripped'], op: '<=', bound: 15_000_000 },
  ],
};
