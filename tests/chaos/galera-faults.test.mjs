// A Galera cluster of three under a steady load on two replicas: the node that CM uses is killed, isolated, silent,
// rejects queries, is read-only, or is restarted with the others one after the other. CM goes to another node. Needs the
// machine for itself: CM_FULL_CHAOS=1. With CM_GALERA_DEFAULTS=1 the nodes exclude a silent one after 5 s, not 1 s.
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { Galera, noGalera, quickExclusion } from '../support/galera.mjs';
import { Nats } from '../support/servers.mjs';
import { sleep } from '../support/wait.mjs';
import { isChosen, runFault } from './support/fault-runs.mjs';
import { connectClients, endSite } from './support/site.mjs';

const skip = noGalera || (!process.env.CM_FULL_CHAOS && 'the faults of a cluster take three minutes: tests/run --nightly');

const site = { cms: [] };
let nodes;
before(async () => {
  if (skip) return;
  [site.nats, site.galera] = await Promise.all([Nats.start(), Galera.start(3, process.env.CM_GALERA_DEFAULTS ? {} : { providerOptions: quickExclusion })]);
  nodes = site.galera.nodes;
  [, , site.mariadb] = nodes; // where the rows are read
  for (let i = 0; i < 2; i += 1) {
    const configuration = { 'spring.datasource.url': site.galera.jdbcUrl(0, 1, 2) };
    site.cms.push(await Cm.start({ nats: site.nats, mariadb: nodes[0], configuration }));
  }
  await connectClients(site);
});
after(() => endSite(site, { servers: [site.nats, site.galera] }));

/** The node that the first replica uses. */
async function used() {
  const { body } = await site.cms[0].health();
  return nodes.find(({ port }) => JSON.stringify(body.db).includes(String(port))) ?? nodes[0];
}

let affected;
const onUsed = (act) => async () => {
  affected = await used();
  await act(affected);
};
const set = (text) => (node) => node.sql(`SET GLOBAL ${text}`, { database: '' });
const whole = () => site.galera.whole(60_000);

const faults = [
  { name: 'Galera: the node killed', begin: onUsed((node) => node.kill()), end: () => affected.start() },
  { name: 'Galera: the node isolated', begin: onUsed((node) => node.isolate()), end: () => affected.isolate(false) },
  { name: 'Galera: the node silent (SIGSTOP)', begin: onUsed((node) => node.pause()), end: () => affected.resume() },
  {
    name: 'Galera: the node rejects queries',
    begin: onUsed(set("wsrep_reject_queries = 'ALL'")),
    end: () => set("wsrep_reject_queries = 'NONE'")(affected),
  },
  { name: 'Galera: the node read-only', begin: onUsed(set('read_only = 1')), end: () => set('read_only = 0')(affected) },
  {
    name: 'Galera: every node restarted in turn',
    from: 'end',
    within: 10_000,
    begin: async () => {
      for (const node of nodes) {
        await node.stop();
        await node.start();
        await whole();
        await sleep(1_000);
      }
    },
  },
].map((fault) => ({ from: 'begin', within: 3_000, seconds: 8, ...fault }));

for (const fault of faults.filter(isChosen)) {
  test(`${fault.name}: nothing is lost, and CM goes to another node`, { skip }, async (t) => {
    for (const cm of site.cms) await cm.up();
    await runFault(t, site, fault);
    await whole();
    for (const cm of site.cms) await cm.up();
  });
}
