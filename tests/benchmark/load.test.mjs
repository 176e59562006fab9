// The load generator against a deliberately faulty responder: each fault is classified correctly.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { connect } from 'nats';

import { natsOptions, TokenValidationRequest, TokenValidationResponse } from '../support/ecap.mjs';
import { Process } from '../support/process.mjs';
import { Nats } from '../support/servers.mjs';
import { until } from '../support/wait.mjs';
import { programs } from './bench.mjs';

const { nats_load: load, nats_echo: echo } = programs();
let nats;
let connection;
let answer; // (request, respond) => the responder's action for one request

before(async () => {
  nats = await Nats.start();
  connection = await connect(natsOptions(nats));
  connection.subscribe('asked', {
    callback: (_, message) => {
      const request = TokenValidationRequest.fromBuffer(Buffer.from(message.data));
      answer(request, (fields = {}) => message.respond(response(request, fields)));
    },
  });
  await connection.flush();
});

after(async () => {
  await connection?.close();
  await nats?.remove();
});

const response = ({ correlationId }, fields) =>
  TokenValidationResponse.toBuffer({
    correlationId,
    timestamp: Date.now(),
    timeout: 0,
    tokenId: '0192f0a0-0000-7000-8000-000000000001',
    endpointId: 'endpoint',
    statusCode: 200,
    reasonPhrase: null,
    ...fields,
  });

const notFound = { statusCode: 404, tokenId: null, endpointId: null, reasonPhrase: 'unknown' };
const index = ({ token }) => Number(token.slice(1));

const login = () => ({ NATS_USERNAME: nats.username, NATS_PASSWORD: nats.password });

function start(options, ...ranges) {
  const args = ['--server', `127.0.0.1:${nats.port}`, '--subject', 'asked', ...ranges.flatMap((range) => ['--range', range])];
  for (const [name, value] of Object.entries(options)) args.push(`--${name}`, String(value));
  return new Process(load, args, { environment: login() });
}

async function run(options, ...ranges) {
  const child = start(options, ...ranges);
  const { code } = await child.exit(60_000);
  const line = child.output.trim().split('\n').at(-1);
  assert.ok(line.startsWith('{'), child.tail());
  return { ...JSON.parse(line), code };
}

test('every token of a range is requested once, in a separate request', async () => {
  const asked = [];
  const ids = new Set();
  answer = (request, respond) => {
    assert.equal(request.appName, 'smart_kettle');
    assert.ok(Math.abs(request.timestamp - Date.now()) < 5_000);
    asked.push(index(request));
    ids.add(request.correlationId);
    respond();
  };
  const result = await run({ count: 5_000, 'in-flight': 64 }, 'name=a,prefix=w,first=100,count=5000,order=once,expect=200');
  assert.equal(result.code, 0, JSON.stringify(result));
  assert.deepEqual(asked, Array.from({ length: 5_000 }, (_, i) => 100 + i));
  assert.equal(ids.size, 5_000);
  assert.deepEqual(result.statuses, { 200: 5_000 });
  assert.ok(Math.abs(result.rate - 5_000 / result.seconds) < 1, 'the rate is answers by time');
});

test('unknown tokens are counted as 404, and as unexpected if 200 is expected', async () => {
  answer = (request, respond) => respond(index(request) % 100 === 7 ? notFound : {});
  const tolerant = await run({ count: 5_000 }, 'name=a,prefix=w,count=5000,order=once');
  assert.equal(tolerant.code, 0);
  assert.deepEqual(tolerant.statuses, { 200: 4_950, 404: 50 });
  const strict = await run({ count: 5_000 }, 'name=a,prefix=w,count=5000,order=once,expect=200');
  assert.equal(strict.code, 1);
  assert.equal(strict.unexpected, 50);
});

test('missing, duplicate, mismatched and malformed answers are distinguished', async () => {
  const plants = {
    10: () => {},
    20: (respond) => {
      respond();
      respond();
    },
    30: (respond) => respond({ correlationId: '0be4c4a0-0000-4000-8000-0000ffffffff' }),
  };
  answer = (request, respond) => (plants[index(request)] ?? (() => respond()))(respond);
  const result = await run({ count: 1_000, timeout: 0.5 }, 'name=a,prefix=w,count=1000,order=once');
  assert.equal(result.code, 1);
  assert.deepEqual(
    [result.missing, result.duplicates, result.mismatched, result.undecodable, result.answers],
    [1, 1, 1, 0, 999],
    JSON.stringify(result),
  );
  assert.equal(result.strangers + result.late, 0);
});

test('an answer after the timeout is counted as late, not as right', async () => {
  answer = (request, respond) => (index(request) === 5 ? setTimeout(respond, 700) : respond());
  // The last ones keep the run going until the late answer arrives.
  const result = await run({ rate: 100, seconds: 1.5, timeout: 0.3 }, 'name=a,prefix=w,count=1000,order=once');
  assert.deepEqual([result.missing, result.late, result.duplicates], [1, 1, 0], JSON.stringify(result));
});

test('ranges are selected according to their weights', async () => {
  answer = (request, respond) => respond(request.token.startsWith('u') ? notFound : {});
  const ranges = ['name=warm,prefix=w,count=1000,weight=95', 'name=cold,prefix=c,count=100000,order=once,weight=4'];
  const result = await run({ count: 20_000 }, ...ranges, 'name=unknown,prefix=u,count=10,weight=1,expect=404');
  assert.equal(result.code, 0);
  const { warm, cold, unknown } = result.ranges;
  assert.equal(warm.sent + cold.sent + unknown.sent, 20_000);
  assert.ok(Math.abs(cold.sent - 800) < 120 && Math.abs(unknown.sent - 200) < 60, JSON.stringify(result.ranges));
  assert.deepEqual(result.statuses, { 200: warm.sent + cold.sent, 404: unknown.sent });
});

test('an open loop keeps its rate, and its latencies include a pause of the responder', async () => {
  answer = (_, respond) => respond();
  const steady = await run({ rate: 2_000, seconds: 1, 'in-flight': 10_000 }, 'name=a,prefix=w,count=1000');
  assert.equal(steady.code, 0, JSON.stringify(steady));
  assert.ok(Math.abs(steady.sent - 2_000) <= 2, `${steady.sent} requests`);
  const held = [];
  let until = 0;
  answer = (request, respond) => {
    until ||= performance.now() + 500;
    if (performance.now() >= until) return respond();
    held.push(respond);
    if (held.length === 1) setTimeout(() => held.forEach((item) => item()), 500);
  };
  const paused = await run({ rate: 2_000, seconds: 1, 'in-flight': 10_000 }, 'name=a,prefix=w,count=1000');
  assert.equal(paused.answers, paused.sent);
  // Half of the requests were due during the pause, evenly: a quarter of all waited for 250 ms or more.
  assert.ok(paused.latency.p90 > 300_000, JSON.stringify(paused.latency));
  assert.ok(paused.max_gap > 450_000, JSON.stringify(paused));
});

test('a stopped responder causes missing answers and a stall', async () => {
  const bare = new Process(echo, ['127.0.0.1', String(nats.port), 'asked-bare', 'echo'], { environment: login() });
  await until(() => bare.output.includes('ready'), { what: 'the bare responder' });
  const args = ['--server', `127.0.0.1:${nats.port}`, '--subject', 'asked-bare', '--range', 'name=a,count=10', '--plain', '1'];
  const child = new Process(load, [...args, '--seconds', '4', '--timeout', '0.5', '--in-flight', '16'], { environment: login() });
  await sleep(700); // sometime during the run
  bare.signal('SIGSTOP');
  await child.exit(20_000);
  await bare.kill();
  const result = JSON.parse(child.output.trim().split('\n').at(-1));
  assert.ok(result.answers > 1_000 && result.missing >= 16, JSON.stringify(result));
  assert.ok(result.max_gap > 900_000, `a gap of ${result.max_gap} µs`);
});

test('a run without answers ends at its deadline', async () => {
  answer = () => {};
  const began = performance.now();
  const result = await run({ count: 1_000_000, timeout: 0.2, deadline: 1 }, 'name=a,prefix=w,count=10');
  assert.ok(performance.now() - began < 5_000);
  assert.equal(result.code, 1);
  assert.equal(result.cut_off, true);
  assert.equal(result.answers, 0);
});
