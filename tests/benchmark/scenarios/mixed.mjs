// A realistic mix: 95 % cached tokens, 4 % uncached ones, 1 % unknown ones, and continuous revocations; two replicas,
// at half of their maximum rate with this mix. A twentieth of the revocations is made by the revoker, which measures
// how long a token is still accepted; the others by http_load, which needs hardly any CPU time.
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { endpointPrefix, figure, figures, firstOf, withBench } from '../bench.mjs';
import { httpLoad } from '../rest.mjs';
import { temporaryDirectory } from '../../support/paths.mjs';
import { quantile, within } from '../../support/wait.mjs';

const revoker = fileURLToPath(new URL('../revoker.mjs', import.meta.url));
const revocationRate = 200; // per second
const probedRate = revocationRate / 20;

/** Revokes tokens in a separate process that measures how long each is accepted; resolves to the measurements. */
async function probe(job) {
  const child = fork(revoker, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  try {
    child.send(job);
    const report = Promise.race([
      once(child, 'message').then(([message]) => message),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the revoker ended with ${code}`))),
    ]);
    return await within((job.tokens.length / job.rate) * 1000 + 60_000, report, 'the end of the revocations');
  } finally {
    child.kill('SIGKILL');
  }
}

/** Revokes tokens at a steady rate through one API; latencies are measured from the due times. */
async function revoke(stage, api, tokens, rate) {
  const directory = temporaryDirectory('revocations');
  try {
    const { port, pathname } = new URL(api);
    const targets = join(directory, 'targets');
    writeFileSync(targets, tokens.map(({ id, endpointId }) => `${pathname}/endpoints/${endpointId}/tokens/${id}/status\n`).join(''));
    return await httpLoad(stage, {
      ...{ port, targets, method: 'PUT', body: '{"status":"Revoked"}' },
      ...{ connections: 16, rate, requests: tokens.length },
    });
  } finally {
    rmSync(directory, { recursive: true });
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

export default {
  name: 'mixed',
  title: `95 % warm, 4 % cold, 1 % unknown, ${revocationRate} revocations a second, 2 replicas`,
  async run(stage) {
    const count = 100_000;
    const seconds = stage.quick ? 3 : 15;
    const revocations = revocationRate * seconds;
    const warm = { name: 'warm', prefix: 'w', count, expect: 200 };
    // Cold tokens are validated only once: the first half to find the rate, the second half for the measurement.
    const mix = (half) => [
      { ...warm, weight: 95 },
      { name: 'cold', prefix: 'c', first: firstOf.c + half * 500_000, count: 500_000, order: 'once', weight: 4, expect: 200 },
      { name: 'unknown', prefix: 'u', count, weight: 1, expect: 404 },
    ];
    return withBench(stage, { replicas: 2 }, async (bench) => {
      await bench.fill('w', count);
      await bench.fill('c', 1_000_000);
      await bench.fill('r', revocations);
      const durable = await bench.sql('commit', { seconds: stage.quick ? 1 : 3, rows: 100_000 });
      const prime = (range, name) =>
        bench.load([{ ...range, name, order: 'sequential' }], { 'in-flight': 256, count: 10 * range.count });
      await prime(warm, 'warm');
      await prime({ prefix: 'r', count: revocations, expect: 200 }, 'revoked');
      const most = await bench.load(mix(0), { 'in-flight': 1024, 'warm-up': 0.3, seconds: stage.quick ? 1 : 3 });
      const rate = Math.round(most.rate / 2);
      const time = { rate, 'in-flight': 65_536, 'warm-up': 1, seconds };
      const alone = await bench.load([{ ...warm, weight: 1 }], time);
      const tokens = await tokensOf(bench);
      const probed = tokens.splice(0, probedRate * seconds);
      const { username, password, url } = bench.nats;
      const apis = bench.cms.map(({ api }) => api);
      const share = Math.ceil(tokens.length / apis.length);
      const [mixed, looked, ...revoked] = await Promise.all([
        bench.load(mix(1), time),
        probe({ apis, nats: { url, username, password }, tokens: probed, rate: probedRate }),
        ...apis.map((api, i) =>
          revoke(stage, api, tokens.slice(i * share, (i + 1) * share), (revocationRate - probedRate) / apis.length),
        ),
      ]);
      // Each API has its own quantiles; the worst one counts.
      const worst = (metric) => Math.max(...revoked.map((item) => item[metric]));
      stage.log(
        `${rate}/s of ${Math.round(most.rate)}/s: warm p99 ${mixed.ranges.warm.latency.p99} µs, alone ${alone.latency.p99} µs; ` +
          `revoked p99 ${worst('p99')} µs, commit p50 ${durable.p50} µs; accepted p99 ${quantile(looked.refused, 0.99)} ms`,
      );
      const name = 'half the rate';
      return [
        ...figures(name, 'most', most),
        figure(name, 'offered', 'rate', '1/s', rate),
        ...figures(name, 'mixed', mixed),
        ...figures(name, 'warm', mixed, 'warm'),
        ...figures(name, 'cold', mixed, 'cold'),
        ...figures(name, 'alone', alone),
        figure(name, 'revocation', 'rate', '1/s', revoked.reduce((sum, item) => sum + item.rate, looked.rate)),
        figure(name, 'revocation', 'p50', 'µs', worst('p50')),
        figure(name, 'revocation', 'p99', 'µs', worst('p99')),
        figure(name, 'revocation', 'revoker', 'cores', looked.cores),
        figure(name, 'durable commit', 'p50', 'µs', durable.p50),
        figure(name, 'durable commit', 'p99', 'µs', durable.p99),
        figure(name, 'refused by all', 'p50', 'ms', quantile(looked.refused, 0.5)),
        figure(name, 'refused by all', 'p99', 'ms', quantile(looked.refused, 0.99)),
      ];
    });
  },
  claims: [
    {
      case: 'half the rate',
      text: 'warm p99 over that of warm alone',
      value: ['warm', 'p99'],
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
