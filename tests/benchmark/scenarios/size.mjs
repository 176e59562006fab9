// The same load on tables of 10,000, 1 million and (with --full) 10 million tokens: what the size of the table costs.
import { Bench, figure, figures, firstOf } from '../bench.mjs';

const sizes = { '10 k': 10_000, '1 M': 1_000_000, '10 M': 10_000_000 };
const working = 10_000;

const within = (name, what, bound) => ({
  case: name,
  text: `${what} rate over that of 10 k tokens`,
  value: [name, `${what} rate`],
  over: ['10 k', `${what} rate`],
  op: '>=',
  bound,
});

export default {
  name: 'size',
  title: 'warm and cold at 10 k, 1 M and 10 M tokens, W = 1024',
  async run(stage) {
    const names = Object.keys(sizes).filter((name) => name !== '10 M' || stage.full);
    const time = stage.quick ? { 'warm-up': 0.3, seconds: 0.7 } : { 'warm-up': 1, seconds: 4 };
    const rows = [];
    const results = {};
    for (const name of names) {
      const count = stage.quick ? Math.min(sizes[name], 100_000) : sizes[name];
      // Creating ten million rows takes minutes: all repetitions share one server per size.
      const bench = await stage.once(`size ${name}`, async () => {
        const created = await Bench.start(stage, { bufferPool: '8G' });
        try {
          const { seconds } = await created.fill('t', count);
          stage.log(`${name}: filled in ${seconds.toFixed(1)} s`);
          return created;
        } catch (error) {
          await created.remove();
          throw error;
        }
      });
      const ask = (range, options = {}) =>
        bench.load([{ name: 't', prefix: 't', expect: 200, ...range }], { 'in-flight': 1024, ...time, ...options });
      // The same number of tokens is warm at every size, spread over the whole table: only the table size differs.
      // The server is shared by the repetitions, CM is not.
      await bench.restart({}, 1);
      const warm = await ask({ count: working, first: firstOf.t + count - working }, { prime: 't' });
      // No caching, so that a small table causes as many look-ups as a large one.
      await bench.restart({ 'kaa.cm.cache.time-to-live': '0' });
      const cold = await ask({ count });
      await bench.replicas(0);
      // The cost of the table size for the database alone.
      const bare = await bench.find('t', count, { seconds: time.seconds });
      rows.push(figure(name, 'bare look-ups', 'rate', '1/s', bare.rate));
      results[name] = { warm, cold };
      for (const [what, bytes] of Object.entries(await bench.tableSize())) {
        rows.push(figure(name, 'database', `${what} a token`, 'bytes', bytes / count));
      }
      stage.log(`${name}: warm ${Math.round(warm.rate)}/s, cold ${Math.round(cold.rate)}/s, bare client ${Math.round(bare.rate)} keys/s`);
    }
    for (const name of names) {
      for (const [what, result] of Object.entries(results[name])) {
        for (const row of figures(name, name, result)) rows.push({ ...row, metric: `${what} ${row.metric}` });
        // A claim compares two subjects of the same case.
        if (name !== '10 k') {
          const [small] = figures(name, '10 k', results['10 k'][what]).filter(({ metric }) => metric === 'rate');
          rows.push({ ...small, metric: `${what} rate` });
        }
      }
    }
    return rows;
  },
  claims: Object.keys(sizes)
    .filter((name) => name !== '10 k')
    .flatMap((name) => [within(name, 'warm', 0.95), within(name, 'cold', 0.75)]),
};
