// Faults of the network, of MariaDB, of NATS and of the machine, under a steady load on two replicas: the invariants of
// support/steady-load.mjs hold during each, and CM recovers without a restart. Three of them run every time, all with
// CM_FULL_CHAOS=1; CM_FAULTS is a regular expression on the names of those to run.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { SqlSession } from '../support/sql-session.mjs';
import { until } from '../support/wait.mjs';
import { isChosen, runFault } from './support/fault-runs.mjs';
import { connectClients, endSite } from './support/site.mjs';

const site = { cms: [], links: [] };
before(async () => {
  [site.nats, site.mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
  for (let i = 0; i < 2; i += 1) {
    const link = { nats: await Proxy.start(site.nats.port), mariadb: await Proxy.start(site.mariadb.port) };
    site.links.push(link);
    site.cms.push(await Cm.start({ ...site, natsPort: link.nats.port, mariadbPort: link.mariadb.port }));
  }
  await connectClients(site);
});
after(() => endSite(site, { proxies: site.links.flatMap((link) => Object.values(link)) }));

/** A fault of the ways to a server: `act(proxy)` on the first replica's, or on all of them. */
const link = (server, act, { all = true } = {}) => {
  const proxies = ({ links }) => (all ? links : links.slice(0, 1)).map((each) => each[server]);
  return {
    begin: (it) => proxies(it).forEach(act),
    end: (it) => proxies(it).forEach((proxy) => proxy.heal()),
  };
};

/** A fault of a server: a statement that makes it, and one that ends it. */
const statement = (begin, end) => ({ begin: ({ mariadb }) => mariadb.sql(begin), end: ({ mariadb }) => mariadb.sql(end) });

/** A limit of a running process; the soft one can be raised again. */
const limit = (cm, option, value) => execFileSync('prlimit', ['--pid', String(cm.pid), `--${option}=${value}:`]);

let session;
const tableLock = {
  async begin({ mariadb }) {
    session = await SqlSession.open(mariadb);
    session.send('FLUSH TABLES WITH READ LOCK');
  },
  async end() {
    await session.close();
  },
};

let others = [];
const allConnections = {
  async begin({ mariadb }) {
    others = await Promise.all(Array.from({ length: 10 }, () => SqlSession.open(mariadb)));
    await mariadb.sql('SET GLOBAL max_connections = 10');
    for (const it of site.links) it.mariadb.cut();
  },
  async end({ mariadb }) {
    await mariadb.sql('SET GLOBAL max_connections = 100');
    await Promise.all(others.map((each) => each.close()));
  },
};

const pause = (server) => ({ begin: (it) => it[server].pause(), end: (it) => it[server].resume() });

const restart = (server, how) => ({ begin: (it) => it[server][how](), end: (it) => it[server].start() });

/** Requests that NATS gives to the deaf or dead replica stay unanswered. */
const mayLose = true;

const faults = [
  { name: 'MariaDB: every answer 200 ms later', ...link('mariadb', (proxy) => proxy.delay(100)) },
  { name: 'MariaDB: 2 kB/s', seconds: 10, ...link('mariadb', (proxy) => proxy.limit(2_000)) },
  { name: 'MariaDB: connections reset', short: true, ...link('mariadb', (proxy) => proxy.cut()) },
  { name: 'MariaDB: unreachable', ...link('mariadb', (proxy) => (proxy.refuse(), proxy.cut())) },
  { name: 'MariaDB: silent', ...link('mariadb', (proxy) => proxy.blackHole()) },
  { name: 'MariaDB: requests do not arrive', ...link('mariadb', (proxy) => proxy.halfOpen('up')) },
  { name: 'MariaDB: answers do not arrive', ...link('mariadb', (proxy) => proxy.halfOpen('down')) },
  { name: 'MariaDB: silent for one replica', ...link('mariadb', (proxy) => proxy.blackHole(), { all: false }) },
  { name: 'MariaDB: stopped with SIGSTOP', ...pause('mariadb') },
  { name: 'MariaDB: killed and started', short: true, seconds: 2, within: 8_000, ...restart('mariadb', 'kill') },
  { name: 'MariaDB: read-only', ...statement('SET GLOBAL read_only = 1', 'SET GLOBAL read_only = 0') },
  { name: 'MariaDB: FLUSH TABLES WITH READ LOCK', seconds: 8, ...tableLock },
  { name: 'MariaDB: no connection left', ...allConnections },
  { name: 'NATS: every message 200 ms later', ...link('nats', (proxy) => proxy.delay(100)), mayLose },
  { name: 'NATS: 20 kB/s', ...link('nats', (proxy) => proxy.limit(20_000)), mayLose },
  { name: 'NATS: connections reset', short: true, ...link('nats', (proxy) => proxy.cut()), mayLose },
  { name: 'NATS: unreachable', ...link('nats', (proxy) => (proxy.refuse(), proxy.cut())), mayLose },
  // The server does not learn that the connection has ended, and keeps it while it writes to it.
  { name: 'NATS: silent for one replica', ...link('nats', (proxy) => proxy.blackHole(), { all: false }), mayLose },
  { name: 'NATS: answers of one replica do not arrive', from: 'begin', ...link('nats', (proxy) => proxy.halfOpen('up'), { all: false }), mayLose },
  { name: 'NATS: requests do not reach one replica', from: 'begin', ...link('nats', (proxy) => proxy.halfOpen('down'), { all: false }), mayLose },
  { name: 'NATS: stopped with SIGSTOP', ...pause('nats'), mayLose },
  { name: 'NATS: killed and started', seconds: 2, ...restart('nats', 'kill'), mayLose },
  {
    name: 'a replica: stopped with SIGSTOP',
    begin: ({ cms: [cm] }) => {
      cm.excluded = true;
      cm.process.signal('SIGSTOP');
    },
    end: ({ cms: [cm] }) => {
      cm.process.signal('SIGCONT');
      cm.excluded = false;
    },
    mayLose,
  },
  {
    name: 'a replica: no descriptor left',
    begin: ({ cms: [cm], links: [its] }) => {
      limit(cm, 'nofile', 16);
      its.mariadb.cut();
    },
    end: ({ cms: [cm] }) => limit(cm, 'nofile', 1_024),
    mayLose,
  },
  {
    name: 'MariaDB and NATS: unreachable',
    begin: ({ links }) => links.flatMap((each) => Object.values(each)).forEach((proxy) => (proxy.refuse(), proxy.cut())),
    end: ({ links }) => links.flatMap((each) => Object.values(each)).forEach((proxy) => proxy.heal()),
    mayLose,
    cacheOnly: true,
  },
];

const chosen = faults.filter((fault) => (process.env.CM_FAULTS ? isChosen(fault) : fault.short || process.env.CM_FULL_CHAOS));

for (const fault of chosen) {
  test(`${fault.name}: nothing is lost, and CM recovers`, async (t) => {
    for (const cm of site.cms) await cm.up();
    await runFault(t, site, fault);
    for (const cm of site.cms) await cm.up();
    assert.ok(site.cms.every((cm) => cm.process.running), 'no replica has ended');
  });
}

test('the events of a revocation arrive after all faults', async () => {
  await until(async () => (await site.mariadb.sql('SELECT COUNT(*) FROM event_outbox')).trim() === '0', { what: 'an empty outbox' });
});
