// The start of the process: with and without dependencies, alone and concurrently with another, and its resource use.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm, runCm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { get } from '../../support/http.mjs';
import { noFigures } from '../../support/paths.mjs';
import { Proxy } from '../../support/proxy.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { quantile, sleep, until } from '../../support/wait.mjs';

let nats;
let mariadb;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
});
after(() => Promise.all([nats?.remove(), mariadb?.remove()]));

/** Provisions and validates one token. */
async function works(cm, server = nats) {
  const created = await cm.provision('works');
  assert.equal(created.status, 201, created.text);
  const ecap = await EcapClient.connect(server, { instance: cm.instance });
  try {
    assert.equal((await ecap.validate('smart_kettle', created.json.token)).statusCode, 200);
  } finally {
    await ecap.close();
  }
}

test('two replicas that start concurrently on an empty database both become UP and share the requests', async () => {
  const replicas = await Promise.all([Cm.create({ nats, mariadb }), Cm.create({ nats, mariadb })]);
  for (const replica of replicas) replica.launch();
  const ecap = await EcapClient.connect(nats);
  try {
    await Promise.all(replicas.map((replica) => replica.up()));
    for (const replica of replicas) await works(replica);
    const created = (await replicas[0].provision('shared')).json;
    const answers = await Promise.all(Array.from({ length: 50 }, () => ecap.validate('smart_kettle', created.token)));
    assert.ok(answers.every(({ statusCode }) => statusCode === 200));
    assert.equal((await get(`${replicas[1].api}/endpoints/shared/tokens`)).json.totalElements, 1);
    assert.notEqual((await get(`${replicas[0].management}/info`)).text, (await get(`${replicas[1].management}/info`)).text);
  } finally {
    await ecap.close();
    for (const replica of replicas) await replica.remove();
  }
});

test('started before MariaDB and NATS exist: DOWN with the reasons, and automatically UP when they start', async () => {
  const [lateNats, lateMariadb] = await Promise.all([Nats.create(), Mariadb.create()]);
  const cm = await Cm.create({ nats: lateNats, mariadb: lateMariadb });
  cm.launch();
  try {
    const { status, body } = await cm.healthThat(({ body }) => body.db.status === 'DOWN' && body.nats.status === 'DOWN', 'both DOWN');
    assert.equal(status, 503);
    assert.equal(body.status, 'DOWN');
    assert.ok(body.db.error.length > 0);
    assert.equal((await get(`${cm.management}/health/liveness`)).status, 200);
    assert.equal((await get(`${cm.management}/health/readiness`)).status, 503);
    const { pid } = cm;

    await lateNats.start();
    await cm.healthThat(({ body }) => body.nats.status === 'UP' && body.db.status === 'DOWN', 'NATS UP, MariaDB DOWN');
    await lateMariadb.start();
    await cm.up();
    assert.equal((await get(`${cm.management}/health/readiness`)).status, 200);
    await works(cm, lateNats);
    assert.ok(cm.process.running);
    assert.equal(cm.pid, pid);
  } finally {
    await cm.remove();
    await Promise.all([lateNats.remove(), lateMariadb.remove()]);
  }
});

test('CM is UP only when the NATS server has its subscriptions: all later requests are answered', async () => {
  const proxy = await Proxy.start(nats.port);
  proxy.hold('SUB kaa.');
  const cm = await Cm.create({ nats, mariadb, natsPort: proxy.port });
  const ecap = await EcapClient.connect(nats);
  cm.launch();
  try {
    await until(() => proxy.holding, { what: 'subscriptions under way' });
    await until(() => /serving: /.test(cm.log), { what: 'open ports' });
    const created = (await cm.provision('early')).json; // REST works, although there are no subscriptions yet
    for (let i = 0; i < 10; i += 1) {
      const { status, body } = await cm.health();
      assert.notEqual(body.status, 'UP');
      assert.equal(status, 503);
      assert.equal((await get(`${cm.management}/health/readiness`)).status, 503);
    }
    await assert.rejects(ecap.validate('smart_kettle', created.token), { code: '503' }, 'no subscriptions yet');
    proxy.release();
    await cm.up();
    assert.equal((await ecap.validate('smart_kettle', created.token)).statusCode, 200);
  } finally {
    await ecap.close();
    await cm.remove();
    await proxy.close();
  }
});

test('SIGTERM ends a process that still waits for its dependencies with 0', async () => {
  const cm = await Cm.create();
  cm.launch();
  try {
    await cm.answers();
    assert.deepEqual(await cm.stop(), { code: 0, signal: null });
  } finally {
    await cm.remove();
  }
});

test('SIGINT ends the process with 0 too', async () => {
  const cm = await Cm.start({ nats, mariadb });
  try {
    assert.deepEqual(await cm.process.stop('SIGINT'), { code: 0, signal: null });
  } finally {
    await cm.remove();
  }
});

test('UP within 1 s after the start if the dependencies are available', { skip: noFigures }, async (t) => {
  const times = [];
  for (let i = 0; i < 5; i += 1) {
    const cm = await Cm.create({ nats, mariadb });
    cm.launch();
    await cm.up();
    times.push(performance.now() - cm.process.startedAt);
    await cm.remove();
  }
  t.diagnostic(`milliseconds from the start to UP: ${times.map(Math.round).join(', ')}`);
  assert.ok(quantile(times, 0.5) < 1_000, `median ${quantile(times, 0.5)} ms`);
});

test('resident memory stays below 64 MiB when idle', { skip: noFigures }, async (t) => {
  const cm = await Cm.start({ nats, mariadb });
  try {
    await works(cm);
    await sleep(1_000);
    const mebibytes = cm.residentBytes() / (1 << 20);
    t.diagnostic(`resident: ${mebibytes.toFixed(1)} MiB`);
    assert.ok(mebibytes < 64, `${mebibytes} MiB`);
  } finally {
    await cm.remove();
  }
});

test('generated tokens have the configured length', async () => {
  const cm = await Cm.start({ nats, mariadb, configuration: { 'kaa.cm.ep-token.length': 32 } });
  try {
    assert.match((await cm.provision('long')).json.token, /^[A-Za-z0-9]{32}$/);
  } finally {
    await cm.remove();
  }
});

test('another INSTANCE_NAME answers on its own subjects', async () => {
  const cm = await Cm.start({ nats, mariadb, instance: 'cm-other' });
  const stranger = await EcapClient.connect(nats, { instance: 'cm' });
  try {
    await works(cm);
    await assert.rejects(stranger.validate('smart_kettle', 'any', { wait: 1_000 }), { code: '503' });
  } finally {
    await stranger.close();
    await cm.remove();
  }
});

test('secrets can be read from files', async () => {
  const cm = await Cm.create({ nats, mariadb });
  const { writeFileSync } = await import('node:fs');
  for (const name of ['NATS_PASSWORD', 'MARIADB_PASSWORD', 'KAA_LICENSE_CERT_PASSWORD', 'KAA_CM_TOKEN_HASH_KEY']) {
    const file = `${cm.directory}/${name}`;
    writeFileSync(file, `${cm.environment[name]}\n`);
    delete cm.environment[name];
    cm.environment[`${name}_FILE`] = file;
  }
  cm.launch();
  try {
    await cm.up();
    await works(cm);
  } finally {
    await cm.remove();
  }
});

test('a wrong command line ends with 64 and a message', async () => {
  for (const args of [['--no-such-option'], ['no-such-command'], ['serve', 'more'], ['serve', '--no-such-option']]) {
    const { code, output } = await runCm({ args });
    assert.equal(code, 64, `${args}: ${output}`);
    assert.ok(args.some((word) => output.includes(word)), output);
  }
});

test('--version and --help print version and help', async () => {
  const version = await runCm({ args: ['--version'] });
  assert.equal(version.code, 0);
  assert.match(version.output, /\d+\.\d+\.\d+/);
  for (const args of [['--help'], ['serve', '--help'], ['check-config', '--help']]) {
    const help = await runCm({ args });
    assert.equal(help.code, 0);
    assert.match(help.output, /check-config|serve/);
  }
});

test('no command means serve', async () => {
  const cm = await Cm.start({ nats, mariadb, args: [] });
  try {
    await works(cm);
    assert.deepEqual(await cm.stop(), { code: 0, signal: null });
  } finally {
    await cm.remove();
  }
});
