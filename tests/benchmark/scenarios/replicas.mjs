// One, two and three CMs in one queue group on this machine, compared with the same number of baseline responders.
import { alternately, figure, figures, withBench } from '../bench.mjs';

const numbers = [1, 2, 3];

export default {
  name: 'replicas',
  title: '1, 2 and 3 replicas on the machine, 100,000 tokens cached, W = 1024',
  async run(stage) {
    const count = 100_000;
    const time = stage.quick ? { 'warm-up': 0.3, seconds: 0.7 } : { 'warm-up': 1, seconds: 4 };
    const range = { name: 'warm', prefix: 'w', count, expect: 200 };
    return withBench(stage, {}, async (bench) => {
      await bench.fill('w', count);
      const rows = [];
      const alone = {};
      for (const n of numbers) {
        await bench.replicas(n);
        await bench.responders(n);
        // NATS selects replicas at random: after five rounds each has cached nearly all tokens.
        const prime = { 'in-flight': 1024, count: 5 * n * count };
        await bench.load([{ ...range, order: 'sequential' }], prime);
        const [cm, echo] = await alternately(
          stage,
          () => bench.load([range], { 'in-flight': 1024, ...time }),
          () => bench.echo([range], { 'in-flight': 1024, ...time }),
        );
        alone.cm ??= cm.rate;
        alone.echo ??= echo.rate;
        stage.log(`${n}: ${Math.round(cm.rate)}/s, echo ${Math.round(echo.rate)}/s`);
        const name = `${n} replicas`;
        rows.push(...figures(name, 'cm', cm), ...figures(name, 'echo', echo));
        rows.push(figure(name, 'cm', 'kept', '', cm.rate / alone.cm), figure(name, 'echo', 'kept', '', echo.rate / alone.echo));
      }
      return rows;
    });
  },
  // More processes on two cores have a cost of their own: the loss of the baseline responders is due to the cores, the
  // rest to CM.
  claims: numbers.slice(1).map((n) => ({
    case: `${n} replicas`,
    text: 'share of the rate of one, over the same share of bare responders',
    value: ['cm', 'kept'],
    over: ['echo', 'kept'],
    op: '>=',
    bound: 0.9,
  })),
};
