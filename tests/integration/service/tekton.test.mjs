// 17/SCMP and Tekton (contract section 4.6): the list of applications changes without a restart.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { broadcastConfiguration, sendConfiguration } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { Proxy } from '../../support/proxy.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { Tekton } from '../../support/tekton.mjs';
import { sleep, until } from '../../support/wait.mjs';

let nats;
let mariadb;
let tekton;
let cm;
let ecap;
let operator;
before(async () => {
  [nats, mariadb, tekton] = await Promise.all([
    Nats.start(),
    Mariadb.start(),
    Tekton.start({ smart_kettle: ['smart_kettle_v1'], lamp: [] }),
  ]);
  cm = await start();
  ecap = await EcapClient.connect(nats);
  operator = new Operator(cm);
  await unknown('toaster');
});
after(async () => {
  await ecap?.close();
  await cm?.remove();
  await tekton?.close();
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

function start({ url = tekton.url, configuration = {}, ...options } = {}) {
  return Cm.start({
    nats,
    mariadb,
    configuration: {
      'kaa.tekton.enabled': true,
      'kaa.tekton.url': url,
      'kaa.applications.always.versions.always_v1': '',
      ...configuration,
    },
    ...options,
  });
}

/** Waits until tokens can be created in this application; resolves to one. */
const known = async (application, by = operator) => {
  const made = () => by.createToken('kettle', application);
  const answer = await until(
    async () => {
      const one = await made();
      assert.ok([201, 404].includes(one.status), one.text);
      return one.status === 201 && one;
    },
    { what: `${application} known` },
  );
  return answer.json;
};

/** Waits until the application is unknown over REST and NATS. */
async function unknown(application, token = 'some', { by = operator, client = ecap } = {}) {
  await until(async () => (await by.createToken('kettle', application)).status === 404, { what: `${application} unknown` });
  await until(async () => (await client.validate(application, token)).statusCode === 404, { what: `${application} unknown to ECAP` });
  await until(async () => (await client.transition(application, token, 'Revoked')).statusCode === 404, {
    what: `${application} unknown to transitions`,
  });
}

test("at the start, exactly the applications of Tekton and of the configuration are known", async () => {
  for (const application of ['smart_kettle', 'lamp', 'always']) await known(application);
  await unknown('toaster');
});

const ways = [
  ['broadcast', (what, fields) => broadcastConfiguration(ecap.connection, what, fields)],
  ['service-specific', (what, fields) => sendConfiguration(ecap.connection, what, fields)],
];

for (const [way, tell] of ways) {
  test(`${way} upsert and delete: an application is added and removed without a restart`, async () => {
    const { pid } = cm;
    const appName = `toaster-${way}`;
    await unknown(appName);
    tekton.upsert(appName, `${appName}_v1`);
    tell('upsert', { appName, appVerName: `${appName}_v1` });
    const { token, endpointTokenId } = await known(appName);
    assert.equal((await ecap.validate(appName, token)).statusCode, 200);

    tekton.remove(appName);
    tell('delete', { appName });
    await unknown(appName, token);
    // Its tokens are kept: the application may be added again.
    tekton.upsert(appName);
    tell('upsert', { appName });
    await known(appName);
    const answer = await ecap.validate(appName, token);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.tokenId, endpointTokenId);
    assert.equal(cm.pid, pid);
  });

  test(`${way}: adding or removing a version keeps the application known`, async () => {
    const appName = `versions-${way}`;
    tekton.upsert(appName, 'one', 'two');
    tell('upsert', { appName });
    await known(appName);
    tekton.remove(appName, 'one');
    const { reads } = tekton;
    tell('delete', { appName, appVerName: 'one' });
    await until(() => tekton.reads > reads, { what: 'another reading' });
    await known(appName);
  });
}

test('an event without names causes a complete reload', async () => {
  tekton.upsert('nameless');
  broadcastConfiguration(ecap.connection, 'upsert', {});
  await known('nameless');
});

test('a burst of events causes only a few reloads', async () => {
  const { reads } = tekton;
  for (let i = 0; i < 1_000; i += 1) broadcastConfiguration(ecap.connection, 'upsert', { appName: `burst-${i}` });
  tekton.upsert('after-the-burst');
  broadcastConfiguration(ecap.connection, 'upsert', { appName: 'after-the-burst' });
  await known('after-the-burst');
  assert.ok(tekton.reads - reads < 50, `${tekton.reads - reads} readings`);
});

test('invalid bytes have no effect, and events of other instances are ignored', async () => {
  await sleep(300);
  const { reads } = tekton;
  for (const bytes of [Buffer.alloc(0), Buffer.from('garbage'), Buffer.from('ff'.repeat(40), 'hex')]) {
    ecap.connection.publish('kaa.v1.events.tekton.service.configuration.upsert', bytes);
    ecap.connection.publish('kaa.v1.service.cm.scmp.configuration.delete', bytes);
  }
  broadcastConfiguration(ecap.connection, 'upsert', { tekton: 'another-tekton' });
  sendConfiguration(ecap.connection, 'upsert', { instance: 'another-cm' });
  await ecap.connection.flush();
  await sleep(500);
  assert.equal(tekton.reads, reads);
  tekton.upsert('still-here');
  broadcastConfiguration(ecap.connection, 'upsert', { appName: 'still-here' });
  await known('still-here');
});

test('a reading takes the tokens of removed applications from the cache, and no others', async (t) => {
  const proxy = await Proxy.start(mariadb.port);
  t.after(() => proxy.close());
  const other = await start({
    instance: 'cm-cache',
    mariadbPort: proxy.port,
    configuration: { 'kaa.cm.cache.time-to-live': '10m', 'kaa.ecap.provider.concurrency': 2 },
  });
  t.after(() => other.remove());
  const client = await EcapClient.connect(nats, { instance: 'cm-cache' });
  t.after(() => client.close());
  const by = new Operator(other);
  tekton.upsert('stays');
  tekton.upsert('goes');
  broadcastConfiguration(ecap.connection, 'upsert', {});
  const stays = await known('stays', by);
  const goes = await known('goes', by);
  const code = async (application, token) => (await client.validate(application, token)).statusCode;
  // 200 without a database is an answer from the cache.
  await until(
    async () => {
      proxy.heal();
      await other.healthThat(({ body }) => body.db.status === 'UP', 'a database');
      await until(async () => (await code('stays', stays.token)) === 200 && (await code('goes', goes.token)) === 200, { what: 'valid tokens' });
      proxy.refuse();
      proxy.cut();
      return (await code('stays', stays.token)) === 200 && (await code('goes', goes.token)) === 200;
    },
    { timeout: 30_000, interval: 100, what: 'both tokens in the cache' },
  );

  const read = async () => {
    const { reads } = tekton;
    broadcastConfiguration(ecap.connection, 'upsert', {});
    await until(() => tekton.reads > reads, { what: 'another reading' });
  };
  await read(); // nothing has changed
  tekton.upsert('comes');
  await read();
  // Known now, but its token cannot be looked up.
  await until(async () => (await code('comes', 'some')) === 503, { what: 'the added application' });
  assert.equal(await code('stays', stays.token), 200);
  assert.equal(await code('goes', goes.token), 200);

  tekton.remove('goes');
  await read();
  await until(async () => (await code('goes', goes.token)) === 404, { what: 'the removed application unknown' });
  assert.equal(await code('stays', stays.token), 200);
});

test('outage of Tekton: known applications stay known, and new ones are found when it is back', async () => {
  await known('smart_kettle');
  for (const status of [500, 404, 401]) {
    tekton.fail(status);
    const { reads } = tekton;
    const appName = `new-${status}`;
    tekton.upsert(appName);
    broadcastConfiguration(ecap.connection, 'upsert', { appName });
    await until(() => tekton.reads > reads, { what: 'a reading that fails' });
    await known('smart_kettle');
    assert.equal((await operator.createToken('kettle', appName)).status, 404);
    tekton.fail(0);
    await known(appName);
  }
  assert.match(cm.log, /Tekton/);
  assert.equal((await cm.health()).body.status, 'UP', 'requests are served without it');
});

test('outage of Tekton at the start: CM is UP, serves the configured applications, and finds the rest when Tekton starts', async (t) => {
  const proxy = await Proxy.start(tekton.port);
  t.after(() => proxy.close());
  proxy.refuse();
  const late = await start({ url: `http://127.0.0.1:${proxy.port}`, instance: 'cm-late' });
  t.after(() => late.remove());
  const by = new Operator(late);
  const client = await EcapClient.connect(nats, { instance: 'cm-late' });
  t.after(() => client.close());
  await known('always', by);
  await until(() => /Tekton is not available/.test(late.log), { what: 'a warning in the log' });
  proxy.heal();
  await known('smart_kettle', by);
  await unknown('no-such-application', 'some', { by, client });
});

test('an unresponsive Tekton delays neither the start nor requests', async (t) => {
  const proxy = await Proxy.start(tekton.port);
  t.after(() => proxy.close());
  proxy.blackHole();
  const patient = await start({ url: `http://127.0.0.1:${proxy.port}`, instance: 'cm-patient' });
  t.after(() => patient.remove());
  const by = new Operator(patient);
  const began = performance.now();
  assert.equal((await by.createToken('kettle', 'always')).status, 201);
  assert.ok(performance.now() - began < 2_000);
  assert.deepEqual(await patient.stop(), { code: 0, signal: null });
});

test('paged lists and separate lists of versions are read completely', async (t) => {
  for (const form of [{ pageSize: 7 }, { separateVersions: true }, { pageSize: 3, separateVersions: true }]) {
    const names = Array.from({ length: 25 }, (_, i) => `application-${i}`);
    const other = await Tekton.start(Object.fromEntries(names.map((name) => [name, [`${name}_v1`]])), form);
    t.after(() => other.close());
    const reader = await start({ url: other.url, instance: 'cm-reader' });
    try {
      const by = new Operator(reader);
      for (const name of names) await known(name, by);
      await until(async () => (await by.createToken('kettle', 'application-25')).status === 404, { what: 'no other' });
    } finally {
      await reader.remove();
    }
  }
});

test('the instance whose events are processed is configurable', async (t) => {
  const other = await start({
    instance: 'cm-follower',
    configuration: { 'scmp.consumer.provider.service-instance.name': 'tekton-two' },
  });
  t.after(() => other.remove());
  const by = new Operator(other);
  await known('smart_kettle', by);
  tekton.upsert('from-tekton-two');
  broadcastConfiguration(ecap.connection, 'upsert', { tekton: 'tekton-two', appName: 'from-tekton-two' });
  await known('from-tekton-two', by);
  tekton.upsert('for-the-follower');
  sendConfiguration(ecap.connection, 'upsert', { instance: 'cm-follower', appName: 'for-the-follower' });
  await known('for-the-follower', by);
});
