// Guessing passwords with many concurrent attempts (contract section 6.3).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Operator } from '../../support/operator.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep } from '../../support/wait.mjs';

const password = 'the right password';

let stack;
let ecap;
before(async () => {
  stack = await Stack.start({});
  ecap = stack.ecap;
  const operator = new Operator(stack.cm);
  for (const name of ['gateway', 'target']) assert.equal((await operator.createUser(name, { password })).status, 201);
});
after(() => stack?.remove());

/** The sorted status codes of many concurrent attempts for one username; those with 503 (overload) are repeated. */
async function atOnce(username, passwords) {
  const codes = [];
  let left = passwords;
  for (let round = 0; round < 10 && left.length > 0; round++) {
    const answers = await Promise.all(left.map((item) => ecap.password(username, item, { wait: 20_000 })));
    codes.push(...answers.map(({ statusCode }) => statusCode).filter((code) => code !== 503));
    left = left.filter((_, i) => answers[i].statusCode === 503);
  }
  assert.equal(left.length, 0, `${username}: 503 ten times`);
  return codes.sort();
}

test('many concurrent logins with the right password are all 200, on a slow machine after a 503', async () => {
  assert.deepEqual(await atOnce('gateway', Array(40).fill(password)), Array(40).fill(200));
});

test('of many concurrent wrong passwords only 10 are checked, for existing and unknown users', async () => {
  for (const username of ['target', 'nobody']) {
    const codes = await atOnce(username, Array.from({ length: 100 }, (_, i) => `guess ${i}`));
    assert.deepEqual(codes, [...Array(10).fill(401), ...Array(90).fill(429)], username);
  }
  assert.equal((await ecap.password('target', password)).statusCode, 429);
  assert.equal((await ecap.password('gateway', password)).statusCode, 200);
});

test('a client that logged in lately is let in while guesses have locked its username out', async () => {
  const operator = new Operator(stack.cm);
  const { credentialId } = (await operator.createUser('victim', { password })).json;
  assert.equal((await operator.createUser('stranger', { password })).status, 201);
  assert.equal((await ecap.password('victim', password)).statusCode, 200);
  for (const username of ['victim', 'stranger']) {
    await atOnce(username, Array.from({ length: 12 }, (_, i) => `guess ${i}`));
    assert.equal((await ecap.password(username, 'one more guess')).statusCode, 429, username);
  }
  assert.equal((await ecap.password('victim', password)).statusCode, 200, 'the password was right within the hour');
  assert.equal((await ecap.password('stranger', password)).statusCode, 429, 'nobody has logged in so far');
  assert.equal((await ecap.password('victim', 'one more guess')).statusCode, 429, 'the lock-out stays');

  // The password is still verified, and a credential that is not valid any more loses its exemption.
  assert.equal((await operator.setClientStatus('credentials', credentialId, 'Suspended')).status, 200);
  assert.equal((await ecap.password('victim', password)).statusCode, 403);
  assert.equal((await ecap.password('victim', password)).statusCode, 429);
});

test('a right password between the guesses does not clear them', async () => {
  const operator = new Operator(stack.cm);
  assert.equal((await operator.createUser('mixed', { password })).status, 201);
  const codes = [];
  for (let i = 0; i < 18; i += 1) {
    codes.push((await ecap.password('mixed', `guess ${i}`, { wait: 20_000 })).statusCode);
    if (i % 9 === 8) assert.equal((await ecap.password('mixed', password)).statusCode, 200);
  }
  assert.deepEqual(codes, [...Array(10).fill(401), ...Array(8).fill(429)]);
});

test('a flood of unknown usernames does not keep genuine clients out, whether they have logged in before or not', async () => {
  const operator = new Operator(stack.cm);
  const names = Array.from({ length: 49 }, (_, i) => `genuine-${i}`);
  for (const name of names) assert.equal((await operator.createUser(name, { password })).status, 201);
  // Half of them are known to this replica.
  for (const name of names.slice(0, 25)) assert.equal((await ecap.password(name, password, { wait: 20_000 })).statusCode, 200);

  let flooding = true;
  let sent = 0;
  const unanswered = [];
  const flood = (async () => {
    while (flooding) {
      for (let i = 0; i < 20; i += 1) unanswered.push(ecap.password(`nobody-${(sent += 1)}`, 'a guess', { wait: 20_000 }).catch(() => {}));
      await sleep(100);
    }
  })();
  try {
    await sleep(1_500);
    const codes = [];
    for (const name of names) codes.push((await ecap.password(name, password, { wait: 20_000 })).statusCode);
    assert.ok(codes.filter((code) => code === 200).length >= 48, codes.join(' '));
  } finally {
    flooding = false;
    await flood;
    await Promise.all(unanswered);
  }
  assert.ok(sent >= 400, `${sent} unknown usernames`);
});
