// Statistical tests of whether two samples are distinguishable.

/**
 * The two-sided Mann–Whitney U test of two samples of numbers, with the normal approximation and mid-ranks for ties (for
 * samples of 20 and more). `auc` is U/(n·m): the fraction of pairs in which `a` is above `b`, 0.5 without a difference;
 * `interval` its 95 % confidence interval by Hanley and McNeil; `p` the probability of such a U by chance.
 */
export function mannWhitney(a, b) {
  const [n, m] = [a.length, b.length];
  const all = [...a.map((value) => [value, 0]), ...b.map((value) => [value, 1])].sort(([x], [y]) => x - y);
  let rankSum = 0;
  let ties = 0;
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (end < all.length && all[end][0] === all[i][0]) end += 1;
    const rank = (i + 1 + end) / 2;
    for (let k = i; k < end; k += 1) if (all[k][1] === 0) rankSum += rank;
    ties += (end - i) ** 3 - (end - i);
    i = end;
  }
  const total = n + m;
  const u = rankSum - (n * (n + 1)) / 2;
  const deviation = Math.sqrt(((n * m) / 12) * (total + 1 - ties / (total * (total - 1))));
  const z = deviation === 0 ? 0 : (u - (n * m) / 2) / deviation;
  const auc = u / (n * m);
  const q1 = auc / (2 - auc);
  const q2 = (2 * auc * auc) / (1 + auc);
  const error = Math.sqrt((auc * (1 - auc) + (n - 1) * (q1 - auc * auc) + (m - 1) * (q2 - auc * auc)) / (n * m));
  return { auc, interval: [auc - 1.96 * error, auc + 1.96 * error], p: 2 * tail(Math.abs(z)) };
}

/** The probability of a standard normal number above z ≥ 0 (Abramowitz and Stegun 26.2.17; error below 1e-7). */
function tail(z) {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** The same items in random order. */
export function shuffled(items) {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const k = Math.floor(Math.random() * (i + 1));
    [out[i], out[k]] = [out[k], out[i]];
  }
  return out;
}
