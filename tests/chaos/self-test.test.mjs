// A hot path that hangs: CM's own test requests find out, and CM is DOWN until they get through again.
// Uses the test build cm_faulty, which reads commands from standard input.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm, twoWorkersPerRole } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { get } from '../support/http.mjs';
import { faultyBinary, slowness } from '../support/paths.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { sleep } from '../support/wait.mjs';

/** From the fault to DOWN, and from its end to UP, in milliseconds: 3 s of patience, a period, and time to notice. */
const noticed = 10_000 * slowness;

let nats;
let mariadb;
let cm;
let ecap;
let token;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
  cm = await Cm.start({ nats, mariadb, executable: faultyBinary, stdin: 'pipe', configuration: twoWorkersPerRole });
  ecap = await EcapClient.connect(nats);
  token = (await cm.provision('kettle')).json.token;
});
after(async () => {
  await ecap?.close();
  await cm?.remove();
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

const command = (text) => cm.process.child.stdin.write(`${text}\n`);
const ask = () => ecap.validate('smart_kettle', token, { wait: 20_000 * slowness });

const faults = [
  ['token-validator-0', /^no answer to a test request by way of token-validator-0$/],
  ['token-validator-1', /^no answer to a test request by way of token-validator-1$/],
  ['nats-egress', /^no answer to a test request by way of token-validator-\d$/],
  ['decoder', /^the decoder of nats-ep-token is blocked$|^no answer/],
];
for (const [what, words] of faults) {
  test(`CM is DOWN, and says why, while ${what} is blocked, and UP again afterwards`, async () => {
    await cm.up(noticed);
    const { restarts } = (await cm.health()).body.actors;
    command(`block ${what}`);
    await sleep(100); // until the command was read
    const answer = what === 'decoder' ? ask() : undefined; // work for the decoder
    const { body } = await cm.healthThat(({ body: { status } }) => status === 'DOWN', 'DOWN', noticed);
    assert.equal(body.actors.status, 'DOWN');
    assert.match(body.actors.error, words);
    assert.equal(body.nats.status, 'UP');
    assert.equal((await get(`${cm.management}/health/liveness`)).status, 200);
    command('release');
    const { body: after } = await cm.healthThat(({ body: { status } }) => status === 'UP', 'UP', noticed);
    assert.equal(after.actors.error, undefined);
    assert.equal(after.actors.restarts, restarts);
    if (answer) assert.equal((await answer).statusCode, 200);
    assert.equal((await ask()).statusCode, 200);
  });
}

test('the test requests are in no metric, and make no look-up', async () => {
  const figures = async () => {
    const { text } = await get(`${cm.management}/prometheus`);
    return text
      .split('\n')
      .filter((line) => /^cm_(requests_total|request_duration_seconds_count|requests_in_flight|token_cache_\w+_total|nats_lost\w*|requests_without\w*)/.test(line))
      .filter((line) => !line.includes('protocol="rest"'));
  };
  const first = await figures();
  assert.ok(first.some((line) => line.includes('protocol="ep-token"')), first.join('\n'));
  await sleep(2_500);
  assert.deepEqual(await figures(), first);
});
