// Every change operation of CM, with every fault at each of its statements: an acknowledged change is done completely
// and exactly once and has its event; an unacknowledged one is done completely or not at all, and does not affect the
// next change on the same connection.
//
// In CI every change is combined with every fault once, at statements chosen so that each has some fault. With
// CM_FULL_CHAOS=1 the whole matrix runs. CM_CHANGES and CM_FAULTS, regular expressions, select a part of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ChangeBench } from '../support/change-bench.mjs';
import { holdRound, killRound, lockRound } from '../support/change-rounds.mjs';
import { deadline, holdAnswer, lockFaults, locks, quickFaults } from '../support/database-faults.mjs';
import { lockedTablesOf } from '../support/statements.mjs';

const full = Boolean(process.env.CM_FULL_CHAOS);
const wantedChanges = new RegExp(process.env.CM_CHANGES ?? '');
const wantedFaults = new RegExp(process.env.CM_FAULTS ?? '');

/** Changes that depend on timers of CM: one per second, or a lease. */
const slow = /^an event|rehashed/;
const died = /of a replica that died/;

/** Faults that are possible while a statement is prepared. */
const inPrepare = /1317$|1969|1047|cut before|lost/;

/** All statements, or in CI one, which differs between pairs of change and fault, so that each statement is covered. */
const chosen = (list, index) => (full || list.length === 0 ? list : [list[index % list.length]]);

/** The matrix of one bench, case by case; `part` selects faults by their index in the list. */
async function singly(bench, changes, part = () => true) {
  for (const [i, change] of changes.entries()) {
    const learned = await bench.learn(change);
    const numbers = learned.map((_, k) => k + 1);
    for (const [k, fault] of quickFaults.entries()) {
      if (!wantedFaults.test(fault.name) || !part(k)) continue;
      const possible = numbers.filter((number) => fault.applies?.(learned[number - 1]) ?? true);
      for (const number of chosen(possible, i + k)) await bench.quick(change, fault, number, learned);
    }
    const locked = Object.keys(locks).filter((table) => learned.some((sql) => lockedTablesOf(sql).has(table)));
    for (const [k, fault] of lockFaults.entries()) {
      if (!wantedFaults.test(fault.name) || !part(k)) continue;
      const possible = locked.filter((table) => !fault.crosswise || !/^(endpoint_token|\w+_credential)$/.test(table));
      for (const table of chosen(possible, i + k)) await bench.locked(change, fault, table, learned);
    }
    if (!slow.test(change.name)) await cold(bench, change, i);
  }
}

/** Faults while statements are prepared; in CI one per change. */
async function cold(bench, change, index) {
  const faults = quickFaults.filter(({ name }) => inPrepare.test(name) && wantedFaults.test(name));
  if (faults.length === 0) return;
  const prepared = await bench.learnCold(change);
  for (const fault of chosen(faults, index)) {
    for (const number of chosen([...prepared.keys()], index)) await bench.quick(change, fault, number + 1, prepared, { cold: true });
  }
}

/** Runs slow faults for all changes concurrently, each on its own connection: changes may use half of CM's pool. */
async function together(bench, changes) {
  const learned = new Map();
  for (const change of changes) learned.set(change, await bench.learn(change));
  const most = Math.max(...[...learned.values()].map(({ length }) => length));
  for (let number = 1; number <= (full ? most : 2); number += 1) {
    if (wantedFaults.test('killed before the statement')) {
      if (full || number > 1) await killRound(bench, learned, number, false);
      await killRound(bench, learned, number, true);
    }
    if (wantedFaults.test('answer behind the deadline') && (full || number > 1)) await holdRound(bench, learned, number, holdAnswer);
  }
  if (!wantedFaults.test('held behind the deadline')) return;
  for (const table of full ? Object.keys(locks) : ['credential_audit']) await lockRound(bench, learned, table, deadline + 2_000);
}

test('every change, with a fault at each of its statements', { timeout: full ? 1_800_000 : 580_000 }, async (t) => {
  const parts = [
    { run: singly, choose: ({ name }, i) => !slow.test(name) && i % 2 === 0 },
    { run: singly, choose: ({ name }, i) => !slow.test(name) && i % 2 === 1 },
    { run: singly, choose: ({ name }) => slow.test(name) && !died.test(name) },
    { run: singly, choose: ({ name }) => died.test(name), part: (k) => k % 2 === 0 },
    { run: singly, choose: ({ name }) => died.test(name), part: (k) => k % 2 === 1 },
    { run: together, choose: ({ once, name }) => !once && !name.startsWith('an event'), connections: 80 },
  ];
  const began = performance.now();
  const results = await Promise.allSettled(
    parts.map(async ({ run, choose, part, connections }, i) => {
      const bench = await ChangeBench.start({ connections });
      try {
        await run(bench, bench.changes.filter(choose).filter(({ name }) => wantedChanges.test(name)), part);
        await bench.judge();
      } catch (error) {
        error.message += `\nlast case: ${bench.cases.at(-1)?.name}\n${bench.cm.process.tail(10)}`;
        throw error;
      } finally {
        await bench.remove();
      }
      for (const note of bench.notes) t.diagnostic(note);
      t.diagnostic(`part ${i + 1}: ${bench.cases.length} cases, ${bench.skipped} did not apply, ${Math.round((performance.now() - began) / 1_000)} s`);
      return bench.cases;
    }),
  );
  const cases = results.flatMap(({ value }) => value ?? []);
  const failed = cases.filter(({ violations }) => violations.length > 0);
  console.log(`cases run: ${cases.length}, cases that hold: ${cases.length - failed.length}`);
  for (const { name, violations } of failed) console.log(`  ${name}\n${violations.map((item) => `    ${item}\n`).join('')}`);
  for (const { reason } of results) if (reason) throw reason;
  assert.equal(failed.length, 0, `${failed.length} of ${cases.length} cases do not hold`);
});
