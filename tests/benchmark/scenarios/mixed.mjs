// Life: 95 % cached tokens, 4 % that no cache knows, 1 % that nobody knows, and revocations all the while; two replicas, at
// half the rate that they could do.
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { endpointPrefix, figure, figures, firstOf, withBench } from '../bench.mjs';
import { quantile, within } from '../../support/wait.mjs';

const revoker = fileURLToPath(new URL('../revoker.mjs', import.meta.url));

/** Revokes tokens in a process of its own; what it measured, when it is done. */
async function revoke(job) {
  const child = fork(revoker, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  try {
    child.send(job);
    const told = Promise.race([
      once(child, 'message').then(([message]) => message),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the revoker ended with ${code}`))),
    ]);
    return await within((job.count / job.rate) * 1000 + 60_000, told, 'the end of the revocations');
  } finally {
    child.kill('SIGKILL');
  }
}

/** {id, endpointId, token} of the tokens to revoke. */
async function tokensOf(bench) {
  const text = await bench.mariadb.sql(
    `SELECT LOWER(HEX(id)), endpoint_id FROM endpoint_token WHERE endpoint_id >= '${endpointPrefix}${firstOf.r}' ` +
      `AND endpoint_id < '${endpointPrefix}${firstOf.t}' ORDER BY endpoint_id`,
  );
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([id, endpointId]) => ({
      id: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      endpointId,
      token: `r${endpointId.slice(endpointPrefix.length)}`,
    }));
}

const microseconds = (milliseconds, fraction) => quantile(milliseconds, fraction) * 1000;

export default {
  name: 'mixed',
  title: '95 % warm, 4 % cold, 1 % unknown, 200 revocations a second, 2 replicas',
  async run(stage) {
    const count = 100_000;
    const seconds = stage.quick ? 3 : 15;
    const revocations = 200 * seconds;
    const warm = { name: 'warm', prefix: 'w', count, expect: 200 };
    return withBench(stage, { replicas: 2 }, async (bench) => {
      await bench.fill('w', count);
      await bench.fill('c', 1_000_000);
      await bench.fill('r', revocations);
      const durable = await bench.sql('commit', { seconds: stage.quick ? 1 : 3, rows: 100_000 });
      const prime = (range, name) =>
        bench.load([{ ...range, name, order: 'sequential' }], { 'in-flight': 256, count: 10 * range.count });
      await prime(warm, 'warm');
      await prime({ prefix: 'r', count: revocations, expect: 200 }, 'revoked');
      const most = await bench.load([warm], { 'in-flight': 1024, 'warm-up': 0.3, seconds: 1 });
      const rate = Math.round(most.rate / 2);
      const time = { rate, 'in-flight': 65_536, 'warm-up': 1, seconds };
      const alone = await bench.load([{ ...warm, weight: 1 }], time);
      const ranges = [
        { ...warm, weight: 95 },
        { name: 'cold', prefix: 'c', count: 1_000_000, order: 'once', weight: 4, expect: 200 },
        { name: 'unknown', prefix: 'u', count, weight: 1, expect: 404 },
      ];
      const [mixed, revoked] = await Promise.all([
        bench.load(ranges, time),
        revoke({
          apis: bench.cms.map(({ api }) => api),
          nats: { url: bench.nats.url, username: bench.nats.username, password: bench.nats.password },
          tokens: await tokensOf(bench),
          count: revocations,
          rate: 200,
          every: 20,
        }),
      ]);
      stage.log(
        `${rate}/s: warm p99 ${mixed.ranges.warm.latency.p99} µs, alone ${alone.latency.p99} µs; ` +
          `revoked p99 ${microseconds(revoked.acknowledged, 0.99)} µs, commit p50 ${durable.p50} µs`,
      );
      const name = 'half the rate';
      return [
        figure(name, 'offered', 'rate', '1/s', rate),
        ...figures(name, 'mixed', mixed, 'warm'),
        ...figures(name, 'alone', alone, 'warm'),
        ...figures(name, 'cold', mixed, 'cold'),
        figure(name, 'revocation', 'p50', 'µs', microseconds(revoked.acknowledged, 0.5)),
        figure(name, 'revocation', 'p99', 'µs', microseconds(revoked.acknowledged, 0.99)),
        figure(name, 'revocation', 'rate', '1/s', revoked.rate),
        figure(name, 'durable commit', 'p50', 'µs', durable.p50),
        figure(name, 'durable commit', 'p99', 'µs', durable.p99),
        figure(name, 'refused by all', 'p50', 'ms', quantile(revoked.refused, 0.5)),
        figure(name, 'refused by all', 'p99', 'ms', quantile(revoked.refused, 0.99)),
      ];
    });
  },
  claims: [
    {
      case: 'half the rate',
      text: 'warm p99 over that of warm alone',
      value: ['mixed', 'p99'],
      over: ['alone', 'p99'],
      op: '<=',
      bound: 2,
    },
    {
      case: 'half the rate',
      text: 'p99 of a revocation over a durable commit',
      value: ['revocation', 'p99'],
      over: ['durable commit', 'p50'],
      op: '<=',
      bound: 5,
    },
    {
      case: 'half the rate',
      text: 'ms from the acknowledgement until all replicas refuse, p99',
      value: ['refused by all', 'p99'],
      op: '<=',
      bound: 5,
    },
  ],
};
