// A cluster of three NATS servers under a steady load on two replicas: a server is killed, ends in lame duck mode, is
// restarted with the others one after the other, or loses its routes. Needs the machine for itself: CM_FULL_CHAOS=1.
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { Events } from '../support/events.mjs';
import { freePorts } from '../support/ports.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { sleep, until } from '../support/wait.mjs';
import { isChosen, runFault } from './support/fault-runs.mjs';

const skip = !process.env.CM_FULL_CHAOS && 'five faults of a cluster take two minutes: tests/run --nightly';

const site = { cms: [], servers: [], routes: [] };
before(async () => {
  if (skip) return;
  site.mariadb = await Mariadb.start();
  const ports = await freePorts(3);
  for (const [i, port] of ports.entries()) {
    const server = await Nats.create();
    // Each pair of servers has one route, through a proxy.
    const routes = [];
    for (const other of ports.slice(0, i)) {
      const proxy = await Proxy.start(other);
      site.routes.push({ proxy, ends: [i, ports.indexOf(other)] });
      routes.push(proxy.port);
    }
    server.cluster = { port, routes };
    // The others give requests to a silent server until its route's pings have remained unanswered.
    server.pingInterval = '1s';
    site.servers.push(await server.start());
  }
  const urls = (order) => order.map((i) => site.servers[i].url).join(',');
  for (const order of [[0, 1, 2], [1, 0, 2]]) {
    const [nats] = site.servers;
    site.cms.push(await Cm.start({ nats, mariadb: site.mariadb, configuration: { 'nats.urls': urls(order) } }));
  }
  for (const server of site.servers) {
    server.ecap = await EcapClient.connect(server);
    server.events = await Events.listen(server);
  }
  // What a listener misses that loses its own server, another one receives.
  site.events = { get all() { return site.servers.flatMap(({ events }) => events.all); } };
});
after(async () => {
  for (const { events, ecap } of site.servers) {
    await events?.close();
    await ecap?.close();
  }
  for (const cm of site.cms) await cm.remove();
  for (const { proxy } of site.routes) await proxy.close();
  await Promise.all([...site.servers.map((server) => server.remove()), site.mariadb?.remove()]);
});

/** The server that the first replica uses. */
async function used() {
  const { body } = await site.cms[0].health();
  return site.servers.find(({ port }) => body.nats.server.includes(String(port)));
}

let affected;
/** The load comes over another server than the one that the fault affects. */
async function prepare() {
  affected = await used();
  site.ecap = site.servers.find((server) => server !== affected).ecap;
}
const onUsed = (act) => ({ prepare, begin: () => act(affected) });
const back = async () => {
  if (!affected.process.running) await affected.start();
};

/** nats-server --signal ldm: it asks its clients to leave, waits, and ends. */
async function lameDuck(server) {
  server.process.signal('SIGUSR2');
  await until(() => /Entering lame duck mode/i.test(server.process.output), { what: 'lame duck mode' });
}

const apart = ({ ends }) => ends.includes(site.servers.indexOf(affected));

const faults = [
  { name: 'NATS cluster: a server killed', from: 'begin', mayLose: true, ...onUsed((server) => server.kill()), end: back },
  {
    name: 'NATS cluster: a server in lame duck mode',
    from: 'begin',
    seconds: 15,
    within: 20_000,
    mayLose: true,
    ...onUsed(lameDuck),
    end: async () => {
      await affected.stop();
      await affected.start();
    },
  },
  // nats-server gives requests to the silent one as long as its route is open, and keeps it open while it is written to.
  { name: 'NATS cluster: a server silent (SIGSTOP)', within: 10_000, mayLose: true, ...onUsed((server) => server.pause()), end: () => affected.resume() },
  {
    name: 'NATS cluster: a server without routes',
    prepare,
    seconds: 8,
    within: 10_000,
    mayLose: true,
    begin: () => site.routes.filter(apart).forEach(({ proxy }) => (proxy.refuse(), proxy.cut())),
    end: async () => {
      site.routes.forEach(({ proxy }) => proxy.heal());
    },
  },
  {
    name: 'NATS cluster: every server restarted in turn',
    prepare,
    within: 10_000,
    mayLose: true,
    begin: async () => {
      for (const server of site.servers) {
        await server.stop();
        await server.start();
        await sleep(2_000);
      }
    },
  },
];

for (const fault of faults.filter(isChosen)) {
  test(`${fault.name}: nothing is lost, and CM recovers`, { skip }, async (t) => {
    for (const cm of site.cms) await cm.up();
    await runFault(t, site, fault);
    for (const cm of site.cms) await cm.up();
  });
}
