// What the tests themselves stand on: ports that no two of them get, processes that do not outlive their test.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Process, sanitizerReport } from '../support/process.mjs';
import { until } from '../support/wait.mjs';

const cwd = new URL('.', import.meta.url).pathname;

/** A Node process with a program of its own. */
const node = (program, stdin) => new Process(process.execPath, ['--input-type=module', '--eval', program], { cwd, stdin });

const takes400 = `
  import { freePorts } from '../support/ports.mjs';
  console.log(JSON.stringify(await freePorts(400)));
  process.stdin.resume().once('end', () => process.exit());`;

test('no two processes get the same port, however many they take at once', async (t) => {
  const takers = Array.from({ length: 6 }, () => node(takes400, 'pipe'));
  t.after(() => Promise.all(takers.map((taker) => taker.kill())));
  const all = () => takers.every((taker) => !taker.running || taker.output.endsWith(']\n'));
  await until(all, { timeout: 60_000, what: 'the ports of six processes' });
  const ports = takers.flatMap((taker) => JSON.parse(taker.output));
  assert.equal(ports.length, 2_400);
  assert.equal(new Set(ports).size, ports.length);
});

test('a port of a process that ended can be had again', async (t) => {
  const reserves = (port) => node(`
    import { createSocket } from 'node:dgram';
    const mark = createSocket('udp4').on('listening', () => console.log('mine')).on('error', ({ code }) => console.log(code));
    mark.bind({ port: ${port}, address: '127.0.0.1', exclusive: true });`);
  const taker = node(takes400, 'pipe');
  t.after(() => taker.kill());
  await until(() => taker.output.endsWith(']\n'), { timeout: 60_000, what: 'the ports of a process' });
  const [port] = JSON.parse(taker.output);
  const refused = reserves(port);
  await refused.exit();
  assert.equal(refused.output, 'EADDRINUSE\n');
  await taker.kill();
  const again = reserves(port);
  t.after(() => again.kill());
  await until(() => again.output !== '', { what: 'a word of the second process' });
  assert.equal(again.output, 'mine\n');
});

test('a process that nobody ended does not hold up the test that started it, and ends with it', async () => {
  const test = node(`
    import { Process } from '../support/process.mjs';
    console.log(new Process('sleep', ['600']).pid);`);
  assert.deepEqual(await test.exit(), { code: 0, signal: null });
  await until(() => {
    try {
      process.kill(Number(test.output), 0);
      return false;
    } catch (error) {
      return error.code === 'ESRCH';
    }
  });
});

test('a process that a sanitizer found something in fails its test, with the report', async () => {
  const report = '==7==ERROR: LeakSanitizer: detected memory leaks\n  #0 malloc\n';
  const found = node(`process.stderr.write('a line\\n' + ${JSON.stringify(report)}); process.exitCode = 99;`);
  await assert.rejects(found.exit(), ({ message }) => message.includes('"code":99') && message.endsWith(report));
  await assert.rejects(found.stop(), /LeakSanitizer/);
  assert.match(sanitizerReport('x\na.cpp:7:3: runtime error: signed integer overflow\n'), /^a\.cpp:7:3: runtime error/);
  assert.equal(sanitizerReport('{"level":"ERROR","message":"a runtime error"}\n'), undefined);
});
