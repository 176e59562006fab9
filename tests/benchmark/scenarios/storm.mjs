// A fleet that connects for the first time: Inactive tokens, each once, then again.
import { figure, figures, withBench } from '../bench.mjs';
import { until } from '../../support/wait.mjs';

export default {
  name: 'storm',
  title: '1 million Inactive tokens, each once, then again, W = 1024',
  async run(stage) {
    const count = stage.quick ? 100_000 : 1_000_000;
    const range = { name: 'storm', prefix: 's', count, order: 'once', expect: 200 };
    return withBench(stage, {}, async (bench) => {
      const few = 10_000;
      await bench.fill('w', few);
      await bench.fill('s', count, { status: 0 });
      const first = await bench.load([range], { 'in-flight': 1024, count, timeout: 30, tolerant: true });
      const ended = performance.now();
      const inactive = async () => Number(await bench.mariadb.sql('SELECT COUNT(*) FROM endpoint_token WHERE status = 0'));
      let left = await inactive();
      await until(async () => (left = await inactive()) === 0, { timeout: 120_000, interval: 200, what: 'all Active' }).catch(
        (error) => stage.log(`${left} still Inactive: ${error.message}`),
      );
      const seconds = (performance.now() - ended) / 1000;
      stage.log(`first round ${Math.round(first.rate)}/s, all Active after ${seconds.toFixed(1)} s more`);
      const second = await bench.load([range], { 'in-flight': 1024, count });
      const time = stage.quick ? 0.7 : 3;
      const warmRange = { name: 'warm', prefix: 'w', count: few, expect: 200 };
      const warm = await bench.load([warmRange], { 'in-flight': 1024, prime: 'warm', 'warm-up': 0.3, seconds: time });
      stage.log(`second round ${Math.round(second.rate)}/s, warm ${Math.round(warm.rate)}/s`);
      return [
        ...figures('first round', 'cm', first),
        figure('first round', 'cm', 'not 200', '', first.sent - (first.statuses['200'] ?? 0)),
        figure('first round', 'cm', 'still Inactive', '', left),
        figure('first round', 'cm', 'all Active after', 's', seconds),
        ...figures('second round', 'cm', second),
        ...figures('second round', 'warm', warm),
      ];
    });
  },
  claims: [
    { case: 'first round', text: 'answers that are not 200', value: ['cm', 'not 200'], op: '<=', bound: 0 },
    { case: 'first round', text: 'all Active, seconds after the last answer', value: ['cm', 'all Active after'], op: '<=', bound: 60 },
    { case: 'second round', text: 'rate over warm', value: ['cm', 'rate'], over: ['warm', 'rate'], op: '>=', bound: 0.9 },
  ],
};
