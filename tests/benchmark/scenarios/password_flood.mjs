// Logins that keep every password worker busy while tokens are validated.
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { EcapClient } from '../../support/ecap.mjs';
import { temporaryDirectory } from '../../support/paths.mjs';
import { figure, figures, withBench } from '../bench.mjs';

/** Requests with unknown names: each is hashed like any other, without caching or throttling. */
export function requests(count) {
  const pieces = [];
  for (let i = 0; i < count; i += 1) {
    const bytes = EcapClient.encode('password', { username: `nobody-${randomUUID()}`, password: 'not the password' });
    const size = Buffer.alloc(4);
    size.writeUInt32BE(bytes.length);
    pieces.push(size, bytes);
  }
  return Buffer.concat(pieces);
}

export default {
  name: 'password_flood',
  title: 'Every password worker busy while 100,000 cached tokens are validated, W = 1024',
  async run(stage) {
    const count = 100_000;
    const seconds = stage.quick ? 1 : 4;
    const cores = availableParallelism();
    const workers = Math.max(1, Math.floor(cores / 2));
    const range = { name: 'warm', prefix: 'w', count, expect: 200 };
    const directory = temporaryDirectory('flood');
    const file = join(directory, 'requests');
    writeFileSync(file, requests(20_000));
    try {
      return await withBench(stage, {}, async (bench) => {
        await bench.fill('w', count);
        await bench.load([{ ...range, order: 'once' }], { 'in-flight': 1024, count });
        const time = { 'in-flight': 1024, 'warm-up': 1, seconds };
        const alone = await bench.load([range], time);
        // More requests than workers, and for longer than the token load, so that all workers are always busy.
        const flood = bench.load([{ name: 'login', file, order: 'sequential', expect: 401 }], {
          kind: 'kaa.v1.service.cm.ecap.client-username-password-request',
          'in-flight': 4 * workers,
          seconds: seconds + 3,
        });
        const [warm, logins] = await Promise.all([bench.load([range], { ...time, 'warm-up': 1.5 }), flood]);
        stage.log(`alone ${Math.round(alone.rate)}/s, in the flood ${Math.round(warm.rate)}/s, ${logins.rate.toFixed(1)} logins/s`);
        const left = (cores - workers) / cores;
        return [
          ...figures('W=1024', 'in the flood', warm),
          ...figures('W=1024', 'alone', alone),
          figure('W=1024', 'alone, by the cores left', 'rate', '1/s', alone.rate * left),
          figure('W=1024', 'logins', 'rate', '1/s', logins.rate),
          figure('W=1024', 'logins', 'p99', 'µs', logins.latency.p99),
        ];
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  claims: [
    {
      case: 'W=1024',
      text: 'rate over that alone, by the cores left',
      value: ['in the flood', 'rate'],
      over: ['alone, by the cores left', 'rate'],
      op: '>=',
      bound: 0.8,
    },
  ],
};
