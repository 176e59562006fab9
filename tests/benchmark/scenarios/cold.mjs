// Uncached Active tokens, each validated once, compared with a baseline client that looks up the same tokens in
// batches.
import { alternately, figure, figures, withBench } from '../bench.mjs';

export default {
  name: 'cold',
  title: '1 million Active tokens, empty cache, each once, W = 1024',
  async run(stage) {
    const count = stage.quick ? 100_000 : 1_000_000;
    const range = { name: 'cold', prefix: 'c', count, order: 'once', expect: 200 };
    return withBench(stage, {}, async (bench) => {
      await bench.fill('c', count);
      const [cm, bare] = await alternately(
        stage,
        () => bench.load([range], { 'in-flight': 1024, count }),
        () => bench.find('c', count),
      );
      stage.log(`${Math.round(cm.rate)}/s, bare client ${Math.round(bare.rate)} keys/s`);
      return [
        ...figures('W=1024', 'cm', cm),
        figure('W=1024', 'cm', 'seconds for 1 million', 's', (cm.seconds / count) * 1e6),
        figure('W=1024', 'bare look-ups', 'rate', '1/s', bare.rate),
      ];
    });
  },
  claims: [
    {
      case: 'W=1024',
      text: 'rate over bare look-ups in batches',
      value: ['cm', 'rate'],
      over: ['bare look-ups', 'rate'],
      op: '>=',
      bound: 0.6,
    },
    { case: 'W=1024', text: 'seconds for 1 million', value: ['cm', 'seconds for 1 million'], op: '<=', bound: 10 },
  ],
};
