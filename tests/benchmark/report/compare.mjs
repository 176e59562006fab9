// Compares with the committed results: reports only changes that exceed the spread of both runs.
import { judgedMeasurement, moreIsBetter, spread } from './numbers.mjs';

/** All values of a result, by a name that is stable between runs. */
function figures(result, { ratiosOnly }) {
  const named = new Map();
  for (const [name, scenario] of Object.entries(result.scenarios ?? {})) {
    for (const claim of scenario.claims ?? []) {
      const judged = judgedMeasurement(scenario, claim);
      if (ratiosOnly && judged) continue;
      named.set(`${name} | ${claim.case} | ${claim.text}`, { values: claim.values, better: claim.op, unit: judged?.unit });
    }
    if (ratiosOnly) continue;
    for (const { case: which, subject, metric, unit, values } of scenario.measurements ?? []) {
      named.set(`${name} | ${which} | ${subject} ${metric}`, { values, better: metric, unit });
    }
  }
  return named;
}

/** Whether both were measured on the same kind of machine: only then absolute values are comparable. */
export function sameMachine(before, now) {
  const kind = ({ machine = {} }) => JSON.stringify([machine.cpu, machine.cores]);
  return kind(before) === kind(now);
}

/**
 * {comparable, moved, removed}: `moved` are the values whose repetitions are now all above or all below those of the
 * committed run, each {name, before, now, change (fraction of the median), better, unit}; `removed` are the names that are
 * no longer measured. On another kind of machine only ratios are compared (`comparable` is 'ratios').
 */
export function compare(before, now) {
  const ratiosOnly = !sameMachine(before, now);
  const old = figures(before, { ratiosOnly });
  const recent = figures(now, { ratiosOnly });
  const moved = [];
  for (const [name, { values, better, unit }] of recent) {
    const then = spread(old.get(name)?.values);
    const is = spread(values);
    if (!then || !is || then.median === 0) continue;
    if (is.min <= then.max && then.min <= is.max) continue;
    const change = is.median / then.median - 1;
    moved.push({ name, before: then, now: is, change, better: change > 0 === moreIsBetter(better), unit });
  }
  moved.sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  const removed = [...old.keys()].filter((name) => now.scenarios?.[name.split(' | ')[0]] && !recent.has(name));
  return { comparable: ratiosOnly ? 'ratios' : 'all', moved, removed };
}
