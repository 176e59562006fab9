// Subjects that CM is not permitted to subscribe to: CM reports them, serves as far as possible, and does not use its
// cache if it cannot receive revocations.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { get } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { until } from '../../support/wait.mjs';

const requests = 'kaa.v1.service.cm.ecap.ep-token-request';
const revoked = 'kaa.v1.events.cm.endpoint.token.revoked';
const unregistered = 'kaa.v1.events.epr.endpoint.lifecycle.unregistered';

const warningOf = (subject) => `NATS does not permit the subscription to ${subject}`;

/** More than the time between two attempts. */
const patience = 30_000;

let nats;
let mariadb;
let replicas = [];
let ecap;
beforeEach(async () => {
  [nats, mariadb] = await Promise.all([Nats.create(), Mariadb.start()]);
});
afterEach(async () => {
  await ecap?.close();
  for (const replica of replicas) await replica.remove();
  replicas = [];
  await Promise.all([nats.remove(), mariadb.remove()]);
});

async function startNats(...deaf) {
  nats.deaf = deaf;
  await nats.start();
  ecap = await EcapClient.connect(nats);
}

async function permit(...deaf) {
  nats.deaf = deaf;
  await nats.reload();
}

async function launch(configuration = {}) {
  const cm = await Cm.create({ nats, mariadb, configuration });
  replicas.push(cm);
  return cm.launch();
}

const hasWarnings = (...subjects) => ({ body }) => JSON.stringify(body.warnings ?? []) === JSON.stringify(subjects.map(warningOf));

/** The number of refused subscriptions, from the metric. */
async function refusedOnes(cm) {
  const { text } = await get(`${cm.management}/prometheus`);
  return Number(text.match(/^cm_nats_refused_subscriptions (\S+)$/m)[1]);
}

/** The number of validations that this replica has answered from its cache. */
async function fromMemory(cm) {
  const { text } = await get(`${cm.management}/prometheus`);
  const [, hits] = text.match(/^cm_token_cache_lookups_total\{result="hit"\} (\S+)$/m);
  return Number(hits);
}

test('without permission for requests it is OUT_OF_SERVICE with the reason, also after a later denial, and UP when permitted', async () => {
  await startNats(requests);
  const cm = await launch();
  const { status, body } = await cm.healthThat(hasWarnings(requests), 'a warning');
  assert.equal(status, 503);
  assert.equal(body.status, 'OUT_OF_SERVICE');
  assert.equal(body.nats.status, 'UP');
  await until(async () => (await refusedOnes(cm)) === 1, { what: 'the metric' });
  assert.match(cm.log, new RegExp(`does not permit the subscription to ${requests.replaceAll('.', '\\.')}`));

  await permit();
  await cm.healthThat(({ body: now }) => now.status === 'UP' && !now.warnings, 'UP without a warning', patience);
  await until(async () => (await refusedOnes(cm)) === 0, { what: 'the metric' });
  const { token } = (await cm.provision('kettle')).json;
  assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);

  await permit(requests);
  await cm.healthThat((health) => hasWarnings(requests)(health) && health.body.status === 'OUT_OF_SERVICE', 'a warning again', patience);
  await permit();
  await cm.healthThat(({ body: now }) => now.status === 'UP' && !now.warnings, 'UP again', patience);
  assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);
});

test('without permission for events it is UP with warnings, and does not answer from its cache', async () => {
  await startNats(revoked, unregistered);
  const configuration = { 'kaa.cm.cache.time-to-live': '10m' };
  for (let i = 0; i < 2; i += 1) {
    const cm = await launch(configuration);
    await cm.healthThat((health) => health.status === 200 && hasWarnings(revoked, unregistered)(health), 'UP with warnings');
    await until(async () => (await refusedOnes(cm)) === 2, { what: 'the metric' });
  }
  const operator = new Operator(replicas[0]);
  const { token, endpointTokenId } = (await operator.createToken('kettle')).json;
  const codes = async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => ecap.validate('smart_kettle', token)));
    return [...new Set(answers.map(({ statusCode }) => statusCode))];
  };
  const began = performance.now();
  while (performance.now() - began < 3_000) assert.deepEqual(await codes(), [200]); // a gap-free interval would have started after one second
  assert.equal((await operator.setTokenStatus('kettle', endpointTokenId, 'Revoked')).status, 200);
  assert.deepEqual(await codes(), [403]);
  for (const cm of replicas) assert.equal(await fromMemory(cm), 0);

  await permit();
  for (const cm of replicas) await cm.healthThat(({ body }) => body.status === 'UP' && !body.warnings, 'UP without warnings', patience);
  const healthy = (await operator.createToken('healthy')).json;
  await until(
    async () => {
      for (let i = 0; i < 40; i += 1) assert.equal((await ecap.validate('smart_kettle', healthy.token)).statusCode, 200);
      return (await Promise.all(replicas.map(fromMemory))).every((count) => count > 0);
    },
    { timeout: patience, what: 'answers from the memory of both' },
  );
});
