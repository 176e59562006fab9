// Classes of work at the database: a flood of one class leaves the others their workers (contract 3.3).
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';

import { parseExposition, valueOf } from '../../support/exposition.mjs';
import { Flood } from '../../support/flood.mjs';
import { get, http } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness, volume } from '../../support/paths.mjs';
import { SqlSession } from '../../support/sql-session.mjs';
import { Stack } from '../../support/stack.mjs';
import { quantile, until } from '../../support/wait.mjs';

const wait = 20_000 * slowness;
const agent = new Agent({ keepAlive: true, maxSockets: 2_000 });
const issuer = 'CN=Devices CA';

let stack;
let operator;
let ecap;
let serial = 0;
before(async () => {
  stack = await Stack.start({ jdbcParameters: '?socketTimeout=30000' });
  ecap = stack.ecap;
  operator = new Operator(stack.cm);
  assert.equal((await operator.createUser('gateway', { password: 'the password' })).status, 201);
  assert.equal((await operator.createCertificate({ issuer, serialNumber: '1000000' })).status, 201);
});
after(async () => {
  agent.destroy();
  await stack?.remove();
});

const createCertificate = () =>
  http('POST', `${stack.cm.api}/clients/certificates`, { body: { issuer, serialNumber: String(++serial) }, agent, timeout: wait });
const login = () => ecap.password('gateway', 'the password', { wait });
const certificate = () => ecap.certificate(issuer, '1000000', { wait });
const metrics = async () => parseExposition((await get(`${stack.cm.management}/prometheus`)).text);

/** Sends `count` changes while the database blocks all writes; `meanwhile` runs when they fill all their workers. */
async function withBlockedChanges(count, meanwhile) {
  const session = await SqlSession.open(stack.mariadb);
  try {
    await session.run('FLUSH TABLES WITH READ LOCK');
    const blocked = Array.from({ length: count }, createCertificate);
    await until(async () => valueOf(await metrics(), 'cm_queue_entries', { queue: 'database_commands' }) > 0, {
      what: 'a queue of changes',
    });
    await meanwhile();
    await session.run('UNLOCK TABLES');
    return await Promise.all(blocked);
  } finally {
    await session.close();
  }
}

test('while the database blocks all writes, logins, certificates, tokens and reads are answered at once', async () => {
  const token = await operator.createToken('endpoint-1', 'app', { token: 'token-of-1' });
  assert.equal(token.status, 201);
  let answers;
  await withBlockedChanges(40, async () => {
    answers = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => [
        (await login()).statusCode,
        (await certificate()).statusCode,
        (await ecap.validate('app', 'token-of-1', { wait })).statusCode,
        (await operator.listTokens(`endpoint-${i}`)).status,
      ]),
    );
  });
  assert.deepEqual(answers, Array(30).fill([200, 200, 200, 200]));
});

test('behind 1,100 creations that wait, a login and a revocation are answered normally', async () => {
  const { json } = await operator.createUser('leaving', { password: 'the password' });
  const many = volume(1_100);
  let revocation;
  const answers = await withBlockedChanges(many, async () => {
    await until(async () => valueOf(await metrics(), 'cm_queue_entries', { queue: 'database_commands' }) > many * 0.9, {
      interval: 1,
      what: 'all of them in the queue',
    });
    revocation = http('PUT', `${stack.cm.api}/clients/credentials/${json.credentialId}/status`, {
      body: { status: 'Revoked' },
      timeout: wait,
    });
    assert.equal((await login()).statusCode, 200);
  });
  assert.equal((await revocation).status, 200);
  // Those that could not be made in time were refused, and may be repeated.
  for (const { status, headers } of answers) {
    if (status !== 201) assert.equal(`${status} ${headers['retry-after'] !== undefined}`, '503 true');
  }
});

test('a flood of changes leaves look-ups and reads their times', async () => {
  const classes = {
    certificate: async () => assert.equal((await certificate()).statusCode, 200),
    read: async () => assert.equal((await get(`${stack.cm.api}/clients/credentials/?username=gateway`, { timeout: wait })).status, 200),
  };
  /** The p99 in ms of each class. */
  const measure = async () => {
    const out = {};
    for (const [name, ask] of Object.entries(classes)) {
      const times = [];
      for (let i = 0; i < 150; i++) {
        const began = performance.now();
        await ask();
        times.push(performance.now() - began);
      }
      out[name] = quantile(times, 0.99);
    }
    return out;
  };
  const flooded = async (parallel) => {
    const flood = await Flood.start(stack.cm.api, { parallel, from: (serial += 1_000_000) });
    const times = await measure();
    const answers = await flood.stop();
    assert.deepEqual(Object.keys(answers), ['201']);
    return times;
  };
  await measure();
  // A few clients take the processors as much as many do; many differ in how long their queue is.
  const few = await flooded(8);
  const many = await flooded(400);
  for (const name of Object.keys(classes)) {
    assert.ok(many[name] < 2 * few[name] + 50 * slowness, `${name}: p99 ${few[name]} ms, in the flood ${many[name]} ms`);
  }
});
