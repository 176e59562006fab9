// Compares instruction counts with the expected ones: pure functions.

/** The maximum deviation of a count from the expected one, as a fraction, in either direction. */
export const tolerance = 0.05;

/**
 * The verdict on one operation: {name, count, expected, change, ok, text}. A count far below the expectation is not ok
 * either, because an outdated expectation would hide a later regression of the same size.
 */
export function judge(name, count, expected) {
  const shown = Math.round(count).toLocaleString('en-US');
  if (expected === undefined) {
    return { name, count, ok: false, text: `${name}: ${shown} instructions, and no expected value: check it, then run with --accept` };
  }
  const change = count / expected - 1;
  const text = `${name}: ${shown} instructions, expected ${Math.round(expected).toLocaleString('en-US')} (${change >= 0 ? '+' : '−'}${Math.abs(change * 100).toFixed(2)} %)`;
  if (Math.abs(count - expected) <= tolerance * expected) return { name, count, expected, change, ok: true, text };
  return { name, count, expected, change, ok: false, text: `${text}: ${change > 0 ? 'more than it may be' : 'less than before: --accept it'}` };
}

/** The total of a callgrind file; with --toggle-collect, the total of the measured function. */
export function totalOf(text) {
  const found = /^(?:totals|summary): (\d+)/m.exec(text);
  if (!found || Number(found[1]) === 0) throw new Error('callgrind counted nothing: is the measured function still there?');
  return Number(found[1]);
}

/** The most expensive functions of a callgrind file: [{name, share}], own cost only. Names are written once: "(12) name". */
export function costliest(text, limit = 8) {
  const names = new Map();
  const costs = new Map();
  let current;
  let ofCall = false;
  let total = 0;
  for (const line of text.split('\n')) {
    const named = /^fn=\((\d+)\)(?: (.*))?$/.exec(line);
    if (named) {
      if (named[2] !== undefined) names.set(named[1], named[2]);
      current = named[1];
      continue;
    }
    const called = /^cfn=\((\d+)\) (.*)$/.exec(line);
    if (called) names.set(called[1], called[2]);
    if (line.startsWith('calls=')) {
      ofCall = true; // the next line is the cost of the call, which is counted in the called function
      continue;
    }
    const cost = /^[+\-*\d]\S* (\d+)$/.exec(line);
    if (!cost) continue;
    if (!ofCall && current !== undefined) {
      costs.set(current, (costs.get(current) ?? 0) + Number(cost[1]));
      total += Number(cost[1]);
    }
    ofCall = false;
  }
  return [...costs]
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([id, cost]) => ({ name: names.get(id) ?? id, share: cost / total }));
}
