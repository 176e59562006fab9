// The response time does not reveal whether a username exists (contract section 4.1: 401 takes the same time).
//
// Statistics: logins of three kinds (unknown user, wrong password, Suspended user with a wrong password), one at a
// time, in random order; two-sided Mann–Whitney U test of the times of each pair. A pair is indistinguishable if its
// area under the curve (the probability that a login of one kind takes longer than one of the other) is within 0.5 ±
// 0.04, or if p > 0.001. With CM_FULL_CHAOS=1 there are 1,000 samples of each kind, otherwise 150, which detect large
// differences.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Operator } from '../support/operator.mjs';
import { noFigures } from '../support/paths.mjs';
import { mannWhitney, shuffled } from '../support/statistics.mjs';
import { Stack } from '../support/stack.mjs';
import { quantile } from '../support/wait.mjs';

const samples = process.env.CM_FULL_CHAOS ? 1_000 : 150;

/** Failures per username; 10 within a minute would block it. */
const failures = 8;

const kinds = ['unknown user', 'wrong password', 'Suspended user, wrong password'];

let stack;
let names;
before(async () => {
  stack = await Stack.start();
  const operator = new Operator(stack.cm);
  // Names of the same length, as many of each kind as are needed.
  const count = Math.ceil((samples + 10) / failures);
  names = kinds.map((_, kind) => Array.from({ length: count }, (__, i) => `user-${kind}-${String(i).padStart(4, '0')}`));
  for (const [kind, list] of names.entries()) {
    if (kind === 0) continue;
    for (const name of list) {
      const { status, json } = await operator.createUser(name, { password: 'the right password' });
      assert.equal(status, 201);
      if (kind === 2) {
        assert.equal((await operator.setClientStatus('credentials', json.credentialId, 'Suspended')).status, 200);
      }
    }
  }
});
after(() => stack?.remove());

test(`${samples} logins of each kind have indistinguishable times`, { skip: noFigures }, async (t) => {
  const used = kinds.map(() => 0);
  const login = async (kind) => {
    const name = names[kind][Math.floor(used[kind] / failures)];
    used[kind] += 1;
    const began = performance.now();
    const answer = await stack.ecap.password(name, 'not the right one', { wait: 10_000 });
    const took = performance.now() - began;
    assert.equal(answer.statusCode, 401, `${kinds[kind]} ${name}`);
    return took;
  };
  for (let i = 0; i < 30; i += 1) await login(i % 3);
  const times = kinds.map(() => []);
  const order = shuffled(kinds.flatMap((_, kind) => Array(samples).fill(kind)));
  for (const kind of order) times[kind].push(await login(kind));

  for (const [kind, list] of times.entries()) {
    const at = (fraction) => quantile(list, fraction).toFixed(2);
    t.diagnostic(`${kinds[kind]}: median ${at(0.5)} ms, 5 % ${at(0.05)} ms, 95 % ${at(0.95)} ms`);
  }
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ]) {
    const { auc, interval, p } = mannWhitney(times[a], times[b]);
    const figures = `AUC ${auc.toFixed(3)} (95 %: ${interval.map((x) => x.toFixed(3)).join(' to ')}), p ${p.toPrecision(2)}`;
    t.diagnostic(`${kinds[a]} against ${kinds[b]}: ${figures}`);
    assert.ok(Math.abs(auc - 0.5) <= 0.04 || p > 0.001, `${kinds[a]} and ${kinds[b]} can be told apart: ${figures}`);
  }
});

test('the statistics detect a difference of 3 %', () => {
  const noise = () => 30 + 2 * (Math.random() + Math.random() + Math.random() - 1.5);
  const item = Array.from({ length: 1_000 }, noise);
  const same = Array.from({ length: 1_000 }, noise);
  const other = Array.from({ length: 1_000 }, () => noise() + 0.9);
  const distinguishable = ({ auc, p }) => Math.abs(auc - 0.5) > 0.04 && p <= 0.001;
  assert.ok(distinguishable(mannWhitney(item, other)));
  assert.ok(!distinguishable(mannWhitney(item, same)));
});
