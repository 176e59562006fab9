// A mixed load for 20 minutes on two replicas, with a cut of MariaDB or NATS each minute: the last minute is like the
// first, and resources end where they began. Only with CM_FULL_CHAOS=1; CM_SOAK_MINUTES is another number of minutes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { slowness } from '../support/paths.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { quantile, sleep } from '../support/wait.mjs';
import { connectClients, endSite } from './support/site.mjs';
import { SteadyLoad } from './support/steady-load.mjs';

const minutes = Number(process.env.CM_SOAK_MINUTES ?? (process.env.CM_FULL_CHAOS ? 20 : 0));
const skip = minutes === 0 && 'takes 20 minutes: tests/run --nightly';
const minute = 60_000;

const site = { cms: [] };
let proxies;
before(async () => {
  if (skip) return;
  [site.nats, site.mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
  proxies = { nats: await Proxy.start(site.nats.port), mariadb: await Proxy.start(site.mariadb.port) };
  for (let i = 0; i < 2; i += 1) {
    site.cms.push(await Cm.start({ ...site, natsPort: proxies.nats.port, mariadbPort: proxies.mariadb.port }));
  }
  await connectClients(site);
});
after(() => endSite(site, { proxies: Object.values(proxies ?? {}) }));

/** Unreachable for two seconds: half a minute after `from` (performance.now()). */
async function cut(proxy, from) {
  await sleep(Math.max(0, from + minute / 2 - performance.now()));
  proxy.refuse();
  proxy.cut();
  await sleep(2_000);
  proxy.heal();
}

/** Of the requests of a minute: {p99 (ms), wrong: share that was not answered right}. */
function figures(answers, from) {
  const mine = answers.filter(({ at }) => at >= from && at < from + minute);
  const right = mine.filter(({ code }) => code === 200);
  return { asked: mine.length, p99: quantile(right.map(({ ms }) => ms), 0.99), wrong: 1 - right.length / mine.length };
}

test(`${minutes} minutes with a cut each: the last one is like the first, and resources are as before`, { skip }, async (t) => {
  const revocable = 10 * 60 * (minutes + 2);
  const load = await SteadyLoad.start({ ...site, revocable });
  const began = load.began;
  const each = [];
  try {
    await load.recovered(began, 20_000 * slowness);
    for (let i = 0; i < minutes; i += 1) {
      // MariaDB and NATS alternate, but the first and the last minute have the same fault.
      await cut(i % 2 === 0 || i === minutes - 1 ? proxies.mariadb : proxies.nats, began + i * minute);
      await sleep(Math.max(0, began + (i + 1) * minute - performance.now()));
      each.push(figures(load.answers, began + i * minute));
      t.diagnostic(`minute ${i + 1}: ${JSON.stringify(each.at(-1))}`);
    }
    await load.recovered(performance.now(), 20_000 * slowness);
  } finally {
    await load.stop();
  }
  await load.check({ mayLose: true });
  const [first, last] = [each[0], each.at(-1)];
  assert.ok(last.wrong <= first.wrong + 0.02, `errors: ${first.wrong}, then ${last.wrong}`);
  assert.ok(last.p99 <= 3 * first.p99 + 50, `p99: ${first.p99} ms, then ${last.p99} ms`);
});
