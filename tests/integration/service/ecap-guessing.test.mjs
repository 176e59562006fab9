// Guessing passwords with many concurrent attempts (contract section 6.3).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Operator } from '../../support/operator.mjs';
import { Stack } from '../../support/stack.mjs';

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
