// POST of tokens over 64 kept-alive connections; CM generates their values.
import { connections, httpLoad, measurements, sqlLoad, withCm } from '../rest.mjs';

const name = `c=${connections}`;

export default {
  name: 'provisioning',
  title: `provisioning: POST, ${connections} connections`,

  run(stage) {
    const seconds = stage.quick ? 1 : 5;
    return withCm(stage, async ({ cm, mariadb }) => {
      const post = (prefix, time) =>
        httpLoad(stage, {
          port: cm.port,
          method: 'POST',
          target: `/api/v1/endpoints/${prefix}-{n}/tokens`,
          body: '{"applicationName":"smart_kettle"}',
          expect: 201,
          seconds: time,
        });
      await post('warm-up', seconds / 5);
      const bare = await sqlLoad(stage, mariadb, 'insert', { connections, seconds });
      const created = await post('load', seconds);
      const stored = Number(await mariadb.sql("SELECT COUNT(*) FROM endpoint_token WHERE endpoint_id LIKE 'load-%'"));
      if (stored !== created.requests) throw new Error(`${created.requests} tokens were acknowledged, ${stored} are stored`);
      return [...measurements(name, 'cm', created), ...measurements(name, 'single-row INSERT', bare)];
    });
  },

  claims: [
    {
      case: name,
      text: 'rate over bare single-row inserts',
      value: ['cm', 'rate'],
      over: ['single-row INSERT', 'rate'],
      op: '>=',
      bound: 0.6,
    },
  ],
};
