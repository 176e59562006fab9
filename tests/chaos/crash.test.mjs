// Crashes each actor during requests: requests are answered, the actor restarts within 1 s, the process survives.
// Uses the test build cm_faulty, which reads commands from standard input.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { EcapClient } from '../support/ecap.mjs';
import { get, http } from '../support/http.mjs';
import { faultyBinary, slowness } from '../support/paths.mjs';
import { Cm, twoWorkersPerRole } from '../support/cm.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { sleep, until } from '../support/wait.mjs';

/** Time limit for the answer to every request, in milliseconds. */
const patience = 3_000 * slowness;

/** Time limit for a crashed actor to restart and all health components to be UP, in milliseconds. */
const back = 1_000 * slowness;

let nats;
let mariadb;
let cm;
let ecap;
let names;
let token;

before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
  cm = await Cm.start({ nats, mariadb, executable: faultyBinary, stdin: 'pipe', agent: 'monitors-password', configuration: twoWorkersPerRole });
  ecap = await EcapClient.connect(nats);
  token = (await cm.provision('kettle')).json.token;
  cm.process.child.stdin.write('actors\n');
  const line = await until(() => /^actors: (.*)$/m.exec(cm.log)?.[1], { what: 'the list of actors' });
  const parsed = JSON.parse(line);
  names = Array.isArray(parsed) ? parsed : parsed.actors;
});
after(async () => {
  await ecap?.close();
  await cm?.remove();
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

/**
 * Repeats `ask` until there is an answer, as long as the failures are caused by the crash: connections that the crashed
 * actor held or would have accepted.
 */
async function answerOf(ask, mayMiss, nobodyThere) {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return await ask(Math.max(1, deadline - performance.now()));
    } catch (error) {
      if (!mayMiss || !nobodyThere.includes(error.code) || performance.now() >= deadline) throw error;
      await sleep(10);
    }
  }
}

/** Sends requests of every kind until end() is called; end() returns the status codes, and fails if one is wrong. */
function load(crashed) {
  let running = true;
  const seen = { ecap: {}, post: {}, get: {} };
  const note = (kind, code, allowed) => {
    seen[kind][code] = (seen[kind][code] ?? 0) + 1;
    assert.ok(allowed.includes(code), `${kind} was answered ${code} while ${crashed} crashed`);
  };
  const viaHttp = /^(api|root)/.test(crashed);
  const viaNats = /^(nats|root)/.test(crashed);
  const cut = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];
  const workers = [
    ...Array.from({ length: 8 }, async () => {
      while (running) {
        const answer = await answerOf((wait) => ecap.validate('smart_kettle', token, { wait }), viaNats, ['503']);
        note('ecap', answer.statusCode, [200, 503]);
      }
    }),
    ...Array.from({ length: 4 }, async (_, i) => {
      while (running) {
        if (i % 2 === 0) {
          const body = { applicationName: 'smart_kettle' };
          const answer = await answerOf(
            (timeout) => http('POST', `${cm.api}/endpoints/under-load/tokens`, { body, timeout }),
            viaHttp,
            cut,
          );
          note('post', answer.status, [201, 503]);
        } else {
          const answer = await answerOf((timeout) => get(`${cm.api}/endpoints/kettle/tokens`, { timeout }), viaHttp, cut);
          note('get', answer.status, [200, 503]);
        }
      }
    }),
  ];
  // One failure fails them all, but only when the result is awaited.
  const all = Promise.all(workers);
  all.catch(() => {});
  return {
    async end() {
      running = false;
      await all;
      return seen;
    },
  };
}

async function crash(t, name) {
  const before = await cm.up();
  const { pid } = cm;
  const logged = cm.log.length;
  const requests = load(name);
  await sleep(200);
  const began = performance.now();
  cm.process.child.stdin.write(`crash ${name}\n`);
  await until(
    async () => {
      const { status, body } = await cm.health();
      if (status !== 200 || body.status !== 'UP' || body.actors.restarts <= before.body.actors.restarts) return false;
      return (await ecap.validate('smart_kettle', token, { wait: 300 * slowness })).statusCode === 200;
    },
    { timeout: 10_000, interval: 5, what: `${name} back` },
  );
  const took = performance.now() - began;
  await sleep(200);
  const seen = await requests.end();
  t.diagnostic(`back after ${Math.round(took)} ms; ${JSON.stringify(seen)}`);
  assert.ok(took <= back, `${name} was back after ${took} ms`);
  assert.ok(cm.process.running);
  assert.equal(cm.pid, pid);
  const lines = cm.log.slice(logged).split('\n');
  assert.ok(
    lines.some((line) => line.includes(name) && /restart/i.test(line) && /fault|crash|inject/i.test(line)),
    `a line about the restart of ${name} and its cause in:\n${lines.join('\n')}`,
  );
  assert.ok(seen.ecap[200] > 0 && seen.get[200] > 0 && seen.post[201] > 0, 'most requests were served as ever');
}

test('every actor of the process may crash', async (t) => {
  assert.ok(names.length >= 8, `actors: ${names}`);
  for (const name of names) await t.test(name, (t) => crash(t, name));
});

test('the number of restarts in /health is the number of crashes', async () => {
  const { body } = await cm.health();
  assert.ok(body.actors.restarts >= names.length, JSON.stringify(body.actors));
  assert.equal(body.actors.status, 'UP');
});

test('a crash command for an unknown actor changes nothing', async () => {
  const { body } = await cm.health();
  cm.process.child.stdin.write('crash nobody\n');
  await sleep(300);
  assert.equal((await cm.health()).body.actors.restarts, body.actors.restarts);
});

test('a stopping process runs no exit handlers: a library thread may still use what they would destroy', async (t) => {
  const stopping = await Cm.start({ nats, mariadb, executable: faultyBinary, instance: 'cm-stopping' });
  t.after(() => stopping.remove());
  assert.deepEqual(await stopping.stop(), { code: 0, signal: null });
});

test('an actor that crashes repeatedly ends the process with 69 and a message', async (t) => {
  const doomed = await Cm.start({ nats, mariadb, executable: faultyBinary, stdin: 'pipe', instance: 'cm-doomed' });
  t.after(() => doomed.remove());
  doomed.process.child.stdin.on('error', () => {});
  const name = names.find((item) => item.startsWith('credential')) ?? names[0];
  const deadline = performance.now() + 60_000;
  while (doomed.process.running && performance.now() < deadline) {
    doomed.process.child.stdin.write(`crash ${name}\n`);
    await sleep(100);
  }
  const { code } = await doomed.process.exit(5_000);
  assert.equal(code, 69, doomed.process.tail());
  assert.ok(doomed.log.includes(name));
});
