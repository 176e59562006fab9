// Cached tokens only, compared with a baseline responder on the same NATS server.
import { alternately, figures, withBench } from '../bench.mjs';

const widths = [1, 16, 64, 256, 1024];
const over = (W, metric, op, bound) => ({
  case: `W=${W}`,
  text: `${metric} over the bare echo's`,
  value: ['cm', metric],
  over: ['echo', metric],
  op,
  bound,
});

export default {
  name: 'warm',
  title: '100,000 tokens, all cached',
  async run(stage) {
    const count = 100_000;
    const time = stage.quick ? { 'warm-up': 0.3, seconds: 0.7 } : { 'warm-up': 1, seconds: 4 };
    const range = { name: 'warm', prefix: 'w', count, expect: 200 };
    return withBench(stage, {}, async (bench) => {
      await bench.fill('w', count);
      await bench.responders(1);
      // Read once from the database before, so that the cache is the same for every number of requests in flight.
      await bench.load([{ ...range, order: 'once' }], { 'in-flight': 1024, count });
      const rows = [];
      for (const W of widths) {
        const [cm, echo] = await alternately(
          stage,
          () => bench.load([range], { 'in-flight': W, ...time }),
          () => bench.echo([range], { 'in-flight': W, ...time }),
        );
        stage.log(`W=${W}: ${Math.round(cm.rate)}/s, echo ${Math.round(echo.rate)}/s`);
        rows.push(...figures(`W=${W}`, 'cm', cm), ...figures(`W=${W}`, 'echo', echo));
      }
      return rows;
    });
  },
  claims: [
    over(1024, 'rate', '>=', 0.7),
    over(64, 'rate', '>=', 0.8),
    over(1, 'rate', '>=', 0.8),
    ...widths.flatMap((W) => [over(W, 'p50', '<=', 1.3), over(W, 'p99', '<=', 2)]),
  ],
};
