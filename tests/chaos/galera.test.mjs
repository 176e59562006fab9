// CM on a Galera cluster: replicas that use different nodes are consistent although a node may lag behind, and all
// connections of a process use the same node. With CM_FULL_CHAOS=1 there are more rounds, and the restart is done
// twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { Galera, noGalera } from '../support/galera.mjs';
import { Operator } from '../support/operator.mjs';
import { slowness } from '../support/paths.mjs';
import { freePorts } from '../support/ports.mjs';
import { Nats } from '../support/servers.mjs';
import { sleep, until } from '../support/wait.mjs';

const full = Boolean(process.env.CM_FULL_CHAOS);
const rounds = full ? 10 : 2;
// The lag of a node depends on the load of the machine, and requests have deadlines: must not run in parallel with
// others.
const options = { skip: noGalera || (!process.env.CM_FULL_CHAOS && 'a cluster that lags needs the machine for itself: tests/run --nightly') };

/** From the acknowledgement of a revocation to its effect at the other replica, in milliseconds. */
const bound = 1_500 * slowness;

/** Desired lag of the second node, in milliseconds: more than a request takes, less than a timeout. */
const lag = 700;

let galera;
const replicas = [{}, {}];
before(async () => {
  if (options.skip) return;
  galera = await Galera.start(3);
  const [first, second] = await freePorts(2);
  // Servers of one NATS cluster: each replica answers requests at its own server and receives the other's revocations.
  for (const [i, port] of [first, second].entries()) {
    const nats = await Nats.create();
    nats.cluster = { port, routes: i === 0 ? [] : [first] };
    replicas[i].nats = await nats.start();
  }
  for (const [i, replica] of replicas.entries()) {
    const order = i === 0 ? [0, 1, 2] : [1, 0, 2];
    replica.cm = await Cm.start({
      nats: replica.nats,
      mariadb: galera.nodes[0],
      configuration: { 'spring.datasource.url': galera.jdbcUrl(...order) },
    });
    replica.operator = new Operator(replica.cm);
    replica.ecap = await EcapClient.connect(replica.nats);
  }
  await prepareLag();
});
after(async () => {
  for (const { ecap, cm } of replicas) {
    await ecap?.close();
    await cm?.remove();
  }
  await Promise.all([...replicas.map(({ nats }) => nats?.remove()), galera?.remove()]);
});

/** A table without a key: another node scans it for each changed row, the writing node only once. */
async function prepareLag() {
  const [near] = galera.nodes;
  const rows = 600;
  await near.sql('CREATE TABLE lag (n INT NOT NULL, filler CHAR(200) NOT NULL DEFAULT "")');
  await near.sql(`INSERT INTO lag (n) SELECT seq FROM seq_1_to_${rows}`);
  for (let grown = 0; grown < 5; grown += 1) {
    await fallBehind();
    const began = performance.now();
    await caughtUp();
    if (performance.now() - began >= lag) return;
    await growLag();
  }
}

/** Adds half as many rows again, with which the second node needs twice as long. */
const growLag = () => galera.nodes[0].sql('INSERT INTO lag (n) SELECT n FROM lag WHERE n % 2 = 0');

/** Makes the second node lag: resolves when the first one has committed the work that keeps the second one busy. */
const fallBehind = (times = 1) => galera.nodes[0].sql('UPDATE lag SET n = n + 1;'.repeat(times));

/** Waits until the second node has applied what the first one committed. */
const caughtUp = () => galera.nodes[1].sql('SET SESSION wsrep_sync_wait = 7; SELECT 1');

/** Whether the second node sees the same row as the first one; a difference proves that the node lags. */
async function behind(table, condition) {
  const of = async (node) => node.sql(`SELECT COUNT(*) FROM ${table} WHERE ${condition}`);
  return (await of(galera.nodes[0])) !== (await of(galera.nodes[1]));
}

/** Runs rounds until the node has lagged in enough of them; `round` resolves to whether it has. */
async function whileBehind(t, round) {
  let lagged = 0;
  let done = 0;
  for (; lagged < rounds && done < 3 * rounds; done += 1) {
    if (await round(done)) lagged += 1;
    else if (done < 3) await growLag();
    await caughtUp();
  }
  t.diagnostic(`the node was behind in ${lagged} of ${done} rounds`);
  assert.equal(lagged, rounds, 'rounds in which the node was behind');
}

const row = (id) => `id = X'${id.replaceAll('-', '')}'`;

async function makeToken(operator, endpoint) {
  const answer = await operator.createToken(endpoint);
  assert.equal(answer.status, 201, answer.text);
  return { id: answer.json.endpointTokenId, token: answer.json.token };
}

async function setStatus(operator, endpoint, id, status, headers) {
  const answer = await operator.setTokenStatus(endpoint, id, status, { headers });
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

const statusOf = async (operator, endpoint, id) => (await operator.getToken(endpoint, id)).json.status;

test('the replicas work on different nodes', options, async () => {
  assert.ok((await galera.nodes[0].connections()) > 0);
  assert.ok((await galera.nodes[1].connections()) > 0);
  assert.equal(await galera.nodes[2].connections(), 0);
});

test('a token that was created over one replica is immediately valid over the other, whose node lags', options, async (t) => {
  const [a, b] = replicas;
  await whileBehind(t, async () => {
    await fallBehind();
    const { id, token } = await makeToken(a.operator, 'created');
    const lagged = await behind('endpoint_token', row(id));
    const [read, answer] = await Promise.all([b.operator.getToken('created', id), b.ecap.validate('smart_kettle', token)]);
    assert.equal(answer.statusCode, 200, JSON.stringify(answer));
    assert.equal(read.status, 200, read.text);
    return lagged;
  });
});

test('a token that was revoked over one replica is refused by the other within 1.5 s, and never accepted again', options, async (t) => {
  const [a, b] = replicas;
  let last = 0;
  await whileBehind(t, async () => {
    const { id, token } = await makeToken(a.operator, 'revoked');
    assert.equal((await b.ecap.validate('smart_kettle', token)).statusCode, 200);
    await caughtUp();
    await until(async () => (await statusOf(a.operator, 'revoked', id)) === 'Active', { what: 'the first use' });
    await fallBehind();
    await setStatus(a.operator, 'revoked', id, 'Revoked');
    const acknowledged = performance.now();
    const lagged = await behind('endpoint_token', `${row(id)} AND status = 3`);
    let refused = false;
    while (performance.now() - acknowledged < 2 * bound) {
      const sent = performance.now() - acknowledged;
      const { statusCode } = await b.ecap.validate('smart_kettle', token);
      if (statusCode === 200) {
        last = Math.max(last, sent);
        assert.ok(!refused, `accepted after it was refused, ${Math.round(sent)} ms after the acknowledgement`);
        assert.ok(sent < bound, `accepted ${Math.round(sent)} ms after the acknowledgement`);
      } else if (statusCode !== 503) {
        assert.equal(statusCode, 403);
        refused = true;
      }
      await sleep(10);
    }
    assert.ok(refused);
    return lagged;
  });
  t.diagnostic(`accepted until ${Math.round(last)} ms`);
});

test('a change over the replica whose node lags takes effect after a change acknowledged over the other', options, async (t) => {
  const [a, b] = replicas;
  await whileBehind(t, async () => {
    const { id } = await makeToken(a.operator, 'changed');
    await setStatus(a.operator, 'changed', id, 'Suspended');
    await caughtUp();
    await fallBehind();
    await setStatus(a.operator, 'changed', id, 'Active');
    const lagged = await behind('endpoint_token', `${row(id)} AND status = 1`);
    // The second node still sees it as Suspended: if CM treated the suspension as a no-op there, it would be lost.
    await setStatus(b.operator, 'changed', id, 'Suspended');
    for (const { operator } of replicas) assert.equal(await statusOf(operator, 'changed', id), 'Suspended');
    return lagged;
  });
});

test('a replica whose node lags for seconds is DOWN at most while look-ups miss their deadlines, and answers when the node has caught up', options, async (t) => {
  const [a, b] = replicas;
  await fallBehind(12);
  const { id, token } = await makeToken(a.operator, 'patient');
  const began = performance.now();
  const answers = Promise.all([b.operator.getToken('patient', id), b.ecap.validate('smart_kettle', token, { wait: 15_000 })]);
  let samples = 0;
  let running = true;
  const watching = async () => {
    for (; running; samples += 1, await sleep(50)) {
      const { body } = await b.cm.health();
      const stuck = /not answered within their deadline/.test(body.db.error ?? '');
      assert.ok(body.status === 'UP' || (stuck && performance.now() - began > 2_000), JSON.stringify(body));
    }
  };
  const watched = watching();
  watched.catch(() => {});
  const [read, answer] = await answers.finally(() => {
    running = false;
  });
  t.diagnostic(`answered after ${Math.round(performance.now() - began)} ms`);
  await watched;
  // Requests during the lag may have missed their deadlines, but no answer is wrong.
  assert.ok([200, 503].includes(read.status), read.text);
  assert.ok([200, 503].includes(answer.statusCode), `${answer.statusCode}`);
  await until(async () => (await b.operator.getToken('patient', id)).status === 200, { timeout: 30_000, what: 'the token' });
  assert.ok(samples > 10, `${samples} samples`);
});

test('of two changes with the same precondition over both replicas exactly one is done', options, async (t) => {
  const [a, b] = replicas;
  const seen = {};
  for (let i = 0; i < 10 * rounds; i += 1) {
    const { id } = await makeToken(a.operator, 'contested');
    const { headers } = await a.operator.getToken('contested', id);
    const condition = { headers: { 'If-Match': headers.etag } };
    if (i % 5 === 0) await fallBehind();
    const targets = ['Suspended', 'Active'];
    const answers = await Promise.all([
      a.operator.setTokenStatus('contested', id, targets[0], condition),
      b.operator.setTokenStatus('contested', id, targets[1], condition),
    ]);
    const codes = answers.map(({ status }) => status);
    seen[codes] = (seen[codes] ?? 0) + 1;
    if (codes.includes(503)) continue; // its outcome is open
    assert.deepEqual(codes.toSorted(), [200, 412], answers.map(({ text }) => text).join('\n'));
    for (const { operator } of replicas) assert.equal(await statusOf(operator, 'contested', id), targets[codes.indexOf(200)]);
  }
  t.diagnostic(JSON.stringify(seen));
});

/** Sends requests over a replica until end() is called, which checks that no acknowledged change was lost. */
function load({ operator, ecap }) {
  let running = true;
  const seen = {};
  const created = [];
  const revoked = [];
  const check = (kind, code, allowed) => {
    seen[`${kind} ${code}`] = (seen[`${kind} ${code}`] ?? 0) + 1;
    assert.ok(allowed.includes(code), `${kind}: ${code}`);
  };
  // A missing answer counts as a refusal, not as a wrong answer.
  const validate = (token) => ecap.validate('smart_kettle', token, { wait: 20_000 });
  const validating = async () => {
    while (running) {
      const known = created[Math.floor(Math.random() * created.length)];
      if (known) check('validation', (await validate(known.token)).statusCode, [200, 503]);
      const victim = revoked[Math.floor(Math.random() * revoked.length)];
      if (victim && performance.now() - victim.at > bound) check('revoked', (await validate(victim.token)).statusCode, [403, 503]);
      await sleep(5);
    }
  };
  const changing = async () => {
    while (running) {
      const answer = await operator.createToken('rolling', 'smart_kettle', { timeout: 30_000 });
      check('creation', answer.status, [201, 503]);
      if (answer.status === 201) {
        const { endpointTokenId: id, token } = answer.json;
        if (Math.random() < 0.5) created.push({ id, token });
        else {
          const change = await operator.setTokenStatus('rolling', id, 'Revoked', { timeout: 30_000 });
          check('revocation', change.status, [200, 503]);
          if (change.status === 200) revoked.push({ id, token, at: performance.now() });
        }
      }
      await sleep(20);
    }
  };
  const all = Promise.all([validating(), validating(), changing(), changing(), changing()]);
  all.catch(() => {});
  return {
    async end() {
      running = false;
      await all;
      for (const { id } of created.slice(-200)) assert.notEqual((await operator.getToken('rolling', id)).status, 404);
      for (const { id } of revoked.slice(-200)) assert.equal(await statusOf(operator, 'rolling', id), 'Revoked');
      return seen;
    },
  };
}

/** The replica's connections by node; the other replica must be stopped. */
const connections = () => Promise.all(galera.nodes.map((node) => node.connections()));

/** Waits until all connections of the replica use one node. */
async function gathered() {
  const pool = 8; // spring.datasource.hikari.maximum-pool-size
  let last;
  try {
    return await until(
      async () => {
        last = await connections();
        return last.filter((number) => number > 0).length === 1 && Math.max(...last) === pool && last;
      },
      { timeout: 5_000 * slowness, interval: 100 },
    );
  } catch {
    throw new Error(`connections by node: ${last}, not ${pool} on one`);
  }
}

test('a rolling restart of the nodes under load causes no wrong answer, and then one node has all connections', options, async (t) => {
  const [a, b] = replicas;
  await b.ecap.close();
  await b.cm.stop();
  await until(async () => (await connections()).filter((number) => number > 0).length === 1, {
    what: 'the connections of one replica',
  });
  const requests = load(a);
  for (let i = 0; i < (full ? 2 : 1); i += 1) {
    for (const node of galera.nodes) {
      await sleep(500);
      await node.stop();
      await sleep(500);
      await node.start();
      await galera.whole();
    }
  }
  const seen = await requests.end();
  t.diagnostic(JSON.stringify(seen));
  t.diagnostic(`connections: ${await gathered()}`);
});

test('all connections leave an isolated node, including idle ones', options, async (t) => {
  const [a] = replicas;
  const left = galera.nodes[(await connections()).findIndex((number) => number > 0)];
  const { token } = await makeToken(a.operator, 'cut-off');
  await left.isolate();
  try {
    const began = performance.now();
    // The others exclude it after some seconds; until then it waits for them.
    await until(async () => (await a.operator.createToken('cut-off', 'smart_kettle', { timeout: 15_000 })).status === 201, {
      timeout: 25_000 * slowness,
      interval: 100,
      what: 'a creation',
    });
    t.diagnostic(`created after ${Math.round(performance.now() - began)} ms`);
    assert.equal((await a.ecap.validate('smart_kettle', token)).statusCode, 200);
    t.diagnostic(`connections: ${await gathered()}`);
    assert.equal(await left.connections(), 0);
  } finally {
    await left.isolate(false);
  }
  await galera.whole();
});
