// What moved since the figures that are committed: only what lies outside the spread of both runs.
import { judgedMeasurement, moreIsBetter, spread } from './numbers.mjs';

/** Every figure of a result under a name that stays the same from run to run. */
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

/** Whether both were taken on a machine of one kind: only then absolute figures can be held against each other. */
export function sameMachine(before, now) {
  const kind = ({ machine = {} }) => JSON.stringify([machine.cpu, machine.cores]);
  return kind(before) === kind(now);
}

/**
 * {comparable, moved, gone}: `moved` are the figures of which every repetition now lies on one side of every repetition
 * then, each {name, before, now, change (fraction of the median), better, unit}; `gone` the names that are not measured
 * any more. On another kind of machine ratios alone are compared (`comparable` is 'ratios').
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
  const gone = [...old.keys()].filter((name) => now.scenarios?.[name.split(' | ')[0]] && !recent.has(name));
  return { comparable: ratiosOnly ? 'ratios' : 'all', moved, gone };
}
