// Ten times what CM can carry, over NATS and REST at once: what it answers meanwhile, how much memory it takes, and how
// soon it is as before.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { temporaryDirectory } from '../../support/paths.mjs';
import { sleep } from '../../support/wait.mjs';
import { figure, run, withBench } from '../bench.mjs';
import { requests } from './password_flood.mjs';

const factor = 10;
const logins = 'kaa.v1.service.cm.ecap.client-username-password-request';

/** A load that may be refused: {rate, p99 (ms), answered, refused: share of 503 and 429, missing: share}. */
const outcome = ({ rate, latency, sent, answers, missing, statuses, unsent }) => {
  const refused = (statuses['503'] ?? 0) + (statuses['429'] ?? 0);
  return { rate, p99: latency.p99 / 1_000, refused: refused / Math.max(1, answers), missing: missing / Math.max(1, sent), offered: sent + unsent };
};

const offers = (stage, bench, file) => ({
  tokens: (options) =>
    bench.load([{ name: 'unknown', prefix: 'u', count: 10_000_000, expect: 404 }], { 'in-flight': 1024, ...options, tolerant: true }),
  logins: (options) =>
    bench.load([{ name: 'login', file, order: 'sequential', expect: 401 }], { kind: logins, 'in-flight': 16, ...options, tolerant: true }),
  creations: async ({ connections = 64, ...options }) => {
    const fixed = { port: bench.cm.port, method: 'POST', body: '{"applicationName":"smart_kettle"}', expect: 201, connections };
    const all = { ...fixed, target: `/api/v1/endpoints/${Math.round(performance.now())}-{n}/tokens`, ...options };
    const args = Object.entries(all).flatMap(([key, value]) => [`--${key}`, value]);
    const { rate, p99, requests: sent, unexpected } = await run(stage.programs.http_load, args);
    return { rate, p99: p99 / 1_000, refused: unexpected / Math.max(1, sent) };
  },
});

/** The p99 of cached tokens at a low rate, in ms. */
async function probe(bench, seconds) {
  const warm = { name: 'warm', prefix: 'w', count: 1_000, expect: 200 };
  const { latency, answers, statuses } = await bench.load([warm], { 'in-flight': 10_000, rate: 500, seconds, tolerant: true });
  return { p99: latency.p99 / 1_000, right: (statuses['200'] ?? 0) / Math.max(1, answers) };
}

/** Samples the resident memory until end(), which returns the maximum in bytes. */
function memory(cm) {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, cm.residentBytes());
  }, 50);
  return () => {
    clearInterval(timer);
    return most;
  };
}

/** Seconds until a probe's p99 is at most twice that of a calm CM. */
async function normalAfter(bench, calm) {
  const began = performance.now();
  for (let tries = 0; tries < 100; tries += 1) {
    const at = performance.now();
    const { p99, right } = await probe(bench, 0.5);
    if (p99 <= Math.max(2 * calm.p99, 2) && right === 1) return (at - began) / 1_000;
  }
  return Infinity;
}

export default {
  name: 'overload',
  title: `${factor} times what CM can carry, over NATS and REST at once`,
  async run(stage) {
    const seconds = stage.quick ? 6 : 60;
    const directory = temporaryDirectory('overload');
    const file = join(directory, 'requests');
    writeFileSync(file, requests(20_000));
    try {
      return await withBench(stage, { configuration: { 'kaa.cm.cache.max-size': '64MB' } }, async (bench) => {
        await bench.fill('w', 1_000);
        const offer = offers(stage, bench, file);
        const calm = await probe(bench, 2);
        const capacity = {};
        for (const kind of Object.keys(offer)) capacity[kind] = (await offer[kind]({ seconds: 2 })).rate;
        const before = bench.cm.residentBytes();
        const most = memory(bench.cm);
        const time = { seconds, deadline: 2 * seconds + 30 };
        const [tokens, passwords, creations, meanwhile] = await Promise.all([
          offer.tokens({ ...time, rate: Math.round(factor * capacity.tokens), 'in-flight': 200_000 }).then(outcome),
          offer.logins({ ...time, rate: Math.round(factor * capacity.logins), 'in-flight': 20_000 }).then(outcome),
          offer.creations({ seconds, rate: Math.round(factor * capacity.creations), connections: 640 }),
          probe(bench, seconds),
        ]);
        const after = await normalAfter(bench, calm);
        const peak = most();
        await sleep(stage.quick ? 1_000 : 10_000);
        const rows = { tokens, passwords, creations };
        stage.log(JSON.stringify({ capacity, ...rows, calm, meanwhile, after, before, peak, left: bench.cm.residentBytes() }));
        return [
          ...Object.entries(rows).flatMap(([kind, { rate, p99, refused }]) => [
            figure('flood', kind, 'rate', '1/s', rate),
            figure('flood', kind, 'p99', 'ms', p99),
            figure('flood', kind, 'refused', '', refused),
          ]),
          figure('flood', 'cached tokens', 'p99', 'ms', meanwhile.p99),
          figure('flood', 'cm', 'memory', 'MiB', peak / 2 ** 20),
          figure('flood', 'budget', 'memory', 'MiB', 700),
          figure('after', 'cm', 'normal after', 's', after),
          figure('after', 'cm', 'memory', 'MiB', bench.cm.residentBytes() / 2 ** 20),
        ];
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  claims: [
    { case: 'flood', text: 'p99 of token answers, ms', value: ['tokens', 'p99'], op: '<=', bound: 100 },
    { case: 'flood', text: 'p99 of login answers, ms', value: ['passwords', 'p99'], op: '<=', bound: 100 },
    { case: 'flood', text: 'p99 of REST answers, ms', value: ['creations', 'p99'], op: '<=', bound: 100 },
    { case: 'flood', text: 'memory over its budget', value: ['cm', 'memory'], over: ['budget', 'memory'], op: '<=', bound: 1 },
    { case: 'after', text: 'seconds until the p99 of cached tokens is normal', value: ['cm', 'normal after'], op: '<=', bound: 2 },
  ],
};
