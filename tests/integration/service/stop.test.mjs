// Graceful shutdown (contract section 3.3): SIGTERM under load loses no request.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { get, http } from '../../support/http.mjs';
import { slowness } from '../../support/paths.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { sleep, until } from '../../support/wait.mjs';

let nats;
let mariadb;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
});
after(() => Promise.all([nats?.remove(), mariadb?.remove()]));

const start = (options = {}) => Cm.start({ nats, mariadb, ...options });

/**
 * Continuous validations until `running` is false; `answered` counts them, `all` rejects at an answer other than 200.
 */
function devices(ecap, token) {
  const load = { running: true, answered: 0 };
  const ask = async () => {
    while (load.running) {
      assert.equal((await ecap.validate('smart_kettle', token, { wait: 5_000 * slowness })).statusCode, 200);
      load.answered += 1;
    }
  };
  load.all = Promise.all(Array.from({ length: 32 }, ask));
  load.all.catch(() => {});
  return load;
}

test('NATS, two replicas: one stops under load and every request is answered 200', async (t) => {
  const [staying, leaving] = [await start(), await start()];
  const ecap = await EcapClient.connect(nats);
  let load;
  try {
    const { token } = (await staying.provision('kettle')).json;
    for (let round = 0; round < 3; round += 1) {
      load = devices(ecap, token);
      await until(() => load.answered > 500, { timeout: 30_000, what: 'load' });
      const atSignal = load.answered;
      const end = await leaving.stop();
      await until(() => load.answered > atSignal + 200, { timeout: 30_000, what: 'load on the one that stays' });
      load.running = false;
      await load.all;
      assert.deepEqual(end, { code: 0, signal: null });
      t.diagnostic(`round ${round}: ${load.answered} answers, ${atSignal} of them before the signal`);
      leaving.launch();
      await leaving.up();
    }
  } finally {
    if (load) load.running = false;
    await ecap.close();
    await leaving.remove();
    await staying.remove();
  }
});

test('NATS, one replica: repeatedly replaced, starting the new one first, and every request is answered 200', async (t) => {
  let cm = await start();
  const ecap = await EcapClient.connect(nats);
  let load;
  try {
    const { token } = (await cm.provision('replaced')).json;
    load = devices(ecap, token);
    for (let round = 0; round < 10; round += 1) {
      const next = await start();
      const before = cm;
      cm = next;
      assert.deepEqual(await before.stop(), { code: 0, signal: null });
      await before.remove();
      await Promise.race([load.all, until(() => load.answered > 100 * round, { timeout: 30_000, what: 'load' })]);
    }
    load.running = false;
    await load.all;
    t.diagnostic(`${load.answered} answers`);
  } finally {
    if (load) load.running = false;
    await ecap.close();
    await cm.remove();
  }
});

test('HTTP, one replica: requests before the signal are answered, and no change is partially done', async (t) => {
  const cm = await start();
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let signalled = Infinity;
  let number = 0;
  const answers = [];
  const lost = [];
  let accepting = true;
  const workers = Array.from({ length: 32 }, async (_, worker) => {
    while (accepting) {
      number += 1;
      const token = `stop-${number}`;
      const sent = performance.now();
      try {
        const answer =
          worker % 4 === 0
            ? await get(`${cm.api}/endpoints/kettle/tokens?limit=5`, { agent })
            : await http('POST', `${cm.api}/endpoints/stop/tokens`, { body: { applicationName: 'smart_kettle', token }, agent });
        answers.push({ sent, status: answer.status });
        if (![200, 201].includes(answer.status)) assert.equal(answer.status, 503);
      } catch (error) {
        if (error.code === 'ECONNREFUSED') accepting = false;
        else if (!['ECONNRESET', 'EPIPE'].includes(error.code)) throw error;
        lost.push({ sent, token, post: worker % 4 !== 0, code: error.code });
      }
    }
  });
  const all = Promise.all(workers);
  all.catch(() => {});
  try {
    await until(() => answers.length > 1_000, { timeout: 60_000, what: 'load' });
    signalled = performance.now();
    const end = await cm.stop();
    accepting = false;
    await all;
    assert.deepEqual(end, { code: 0, signal: null });
    assert.ok(answers.filter(({ sent }) => sent < signalled).every(({ status }) => [200, 201].includes(status)));
    assert.deepEqual(lost.filter(({ sent }) => sent < signalled), [], 'asked before the signal and not answered');
    for (const { token } of lost.filter(({ post }) => post)) {
      const again = await start();
      try {
        const retry = await again.provision('stop', { applicationName: 'smart_kettle', token });
        assert.equal(retry.status, 201, `${token} was not answered, so it must not be there`);
      } finally {
        await again.remove();
      }
      break;
    }
    t.diagnostic(`${answers.length} answers; ${lost.length} refused after the signal`);
  } finally {
    accepting = false;
    agent.destroy();
    await cm.remove();
  }
});

test('readiness becomes 503 immediately, and requests in flight are completed', async () => {
  const cm = await start({ jdbcParameters: '?socketTimeout=20000' });
  try {
    mariadb.pause();
    const inFlight = cm.provision('in-flight', undefined, { timeout: 30_000 }).catch((error) => ({ status: error.message }));
    await sleep(200);
    cm.process.signal('SIGTERM');
    await until(
      async () => {
        try {
          return (await get(`${cm.management}/health/readiness`, { timeout: 1_000 })).status === 503;
        } catch {
          return true;
        }
      },
      { timeout: 1_000 * slowness, what: 'readiness down' },
    );
    mariadb.resume();
    const answer = await inFlight;
    assert.ok([201, 503].includes(answer.status), String(answer.status));
    assert.deepEqual(await cm.process.exit(35_000), { code: 0, signal: null });
  } finally {
    mariadb.resume();
    await cm.remove();
  }
});

test('shutdown.timeout limits the wait: exit 0 within it although MariaDB does not respond', async () => {
  const cm = await start({ jdbcParameters: '?socketTimeout=20000', configuration: { 'shutdown.timeout': '2s' } });
  try {
    mariadb.pause();
    const inFlight = cm.provision('stuck', undefined, { timeout: 30_000 }).catch(() => {});
    await sleep(200);
    const began = performance.now();
    cm.process.signal('SIGTERM');
    const end = await cm.process.exit(20_000);
    const took = performance.now() - began;
    assert.deepEqual(end, { code: 0, signal: null });
    assert.ok(took < 2_500 * slowness, `${took} ms`);
    await inFlight;
  } finally {
    mariadb.resume();
    await cm.remove();
  }
});

test('a second signal ends the process immediately', async () => {
  const cm = await start({ jdbcParameters: '?socketTimeout=20000' });
  try {
    mariadb.pause();
    const inFlight = cm.provision('twice', undefined, { timeout: 30_000 }).catch(() => {});
    await sleep(200);
    cm.process.signal('SIGTERM');
    await sleep(200);
    assert.ok(cm.process.running, 'it waits for the request in flight');
    const began = performance.now();
    cm.process.signal('SIGTERM');
    await cm.process.exit(10_000);
    assert.ok(performance.now() - began < 500 * slowness);
    await inFlight;
  } finally {
    mariadb.resume();
    await cm.remove();
  }
});

test('an idle process ends within a second', async () => {
  const cm = await start();
  try {
    const began = performance.now();
    assert.deepEqual(await cm.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - began < 1_000 * slowness);
  } finally {
    await cm.remove();
  }
});

test('a stop with an unresponsive MariaDB ends within a second after the log line `stopped`', async () => {
  // The workers wait in the client library for connections that are accepted and then silent.
  const cm = await start({ jdbcParameters: '?connectTimeout=10000&socketTimeout=10000' });
  try {
    mariadb.pause();
    await cm.healthThat(({ body }) => body.db.status === 'DOWN', 'MariaDB unavailable');
    cm.process.signal('SIGTERM');
    await until(() => cm.log.includes('"stopped"'), { timeout: 35_000, interval: 10, what: 'the log line' });
    assert.deepEqual(await cm.process.exit(1_000 * slowness), { code: 0, signal: null });
    assert.doesNotMatch(cm.log, /leaving without them/);
  } finally {
    mariadb.resume();
    await cm.remove();
  }
});

test('a token that was activated just before the signal is Active in the database afterwards', async () => {
  const cm = await start();
  const ecap = await EcapClient.connect(nats);
  try {
    const created = await Promise.all(Array.from({ length: 50 }, (_, i) => cm.provision(`last-${i}`)));
    await Promise.all(created.map(({ json }) => ecap.validate('smart_kettle', json.token)));
    assert.deepEqual(await cm.stop(), { code: 0, signal: null });
    const active = "SELECT COUNT(*) FROM endpoint_token WHERE endpoint_id LIKE 'last-%' AND status = 1";
    assert.equal(await mariadb.sql(active), '50\n');
  } finally {
    await ecap.close();
    await cm.remove();
  }
});
