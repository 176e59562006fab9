// Guessing passwords with many attempts at once (contract 6.3).
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

/** The status codes of many attempts for one username at once, in rising order. */
async function atOnce(username, passwords) {
  const answers = await Promise.all(passwords.map((one) => ecap.password(username, one, { wait: 20_000 })));
  return answers.map((answer) => answer.statusCode).sort();
}

test('many right passwords for one username at once are all 200, on a machine without time for all of them after a 503', async () => {
  let left = 40;
  for (let round = 0; round < 10 && left > 0; round++) {
    const codes = await atOnce('gateway', Array(left).fill(password));
    left = codes.filter((code) => code === 503).length;
    assert.deepEqual(codes, [...Array(codes.length - left).fill(200), ...Array(left).fill(503)]);
  }
  assert.equal(left, 0);
});

test('of many wrong passwords at once 10 are looked at, for a user that is there and for one that is not', async () => {
  for (const username of ['target', 'nobody']) {
    // A machine without time for all of them answers 503, and has not looked at those.
    const seen = { 401: 0, 429: 0, 503: 0 };
    for (let round = 0; round < 10 && (round === 0 || (seen[401] < 10 && seen[503] > 0)); round++) {
      const codes = await atOnce(username, Array.from({ length: 100 }, (_, i) => `guess ${round} ${i}`));
      for (const code of codes) {
        assert.ok(code in seen, `${username}: ${code}`);
        seen[code] += 1;
      }
    }
    assert.equal(seen[401], 10, username);
    assert.ok(seen[429] > 0, username);
  }
  assert.equal((await ecap.password('target', password)).statusCode, 429);
  assert.equal((await ecap.password('gateway', password)).statusCode, 200);
});
