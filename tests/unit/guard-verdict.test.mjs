// The instruction guard's reading of callgrind and its verdict.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { costliest, judge, totalOf } from '../guard/verdict.mjs';

test('five per cent more pass, a little more than that fails, and so does as much less', () => {
  assert.ok(judge('decode', 1_050, 1_000).ok);
  assert.ok(judge('decode', 950, 1_000).ok);
  const more = judge('decode', 1_051, 1_000);
  assert.ok(!more.ok);
  assert.match(more.text, /\+5\.10 %\): more than it may be/);
  const less = judge('decode', 900, 1_000);
  assert.ok(!less.ok);
  assert.match(less.text, /−10\.00 %\): less than before: --accept it/);
});

test('an operation of which nothing is expected fails', () => {
  assert.ok(!judge('decode', 1_000, undefined).ok);
});

const file = `events: Ir
fn=(1) cm_guard_measured
10 100
cfn=(2) cm::decode(std::string_view)
calls=5 20
12 900

fn=(2)
20 700
+3 200
totals: 1000
`;

test('the total is that of the file, and nothing counted is an error', () => {
  assert.equal(totalOf(file), 1_000);
  assert.throws(() => totalOf('events: Ir\ntotals: 0\n'), /counted nothing/);
  assert.throws(() => totalOf('events: Ir\n'), /counted nothing/);
});

test('the costliest functions are those that spend it themselves', () => {
  assert.deepEqual(costliest(file), [
    { name: 'cm::decode(std::string_view)', share: 0.9 },
    { name: 'cm_guard_measured', share: 0.1 },
  ]);
});
