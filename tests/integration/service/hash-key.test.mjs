// A token-hash key other than the one that the stored tokens use: a process with it refuses to start, instead of
// answering every device 404 (docs/operations.md, "Secrets").
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Cm, runCm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { until } from '../../support/wait.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';

const key = () => randomBytes(32).toString('hex');
const [first, right, wrong] = [key(), key(), key()];
const refusal = /the tokens of this database are stored under another key than kaa\.cm\.token-hash-key/;

let nats;
let mariadb;
let ecap;
let cm;
let token;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
  ecap = await EcapClient.connect(nats);
});
after(async () => {
  await cm?.remove();
  await ecap?.close();
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

const withKey = (value) => ({ nats, mariadb, environment: { KAA_CM_TOKEN_HASH_KEY: value } });
const recorded = () => mariadb.sql('SELECT HEX(fingerprint) FROM token_hash_key');

/** Restarts CM with this key. */
async function restartWith(value) {
  await cm?.remove();
  cm = undefined;
  cm = await Cm.start(withKey(value));
}

async function isAccepted() {
  const { statusCode } = await ecap.validate('smart_kettle', token, { wait: 5_000 * slowness });
  assert.equal(statusCode, 200);
}

/** Checks that a process with this key ends with 78 and a reason that reveals neither key. */
async function isRefused(value) {
  const { code, output } = await runCm(withKey(value));
  assert.equal(code, 78, output);
  assert.equal(output.split('\n').filter((line) => refusal.test(line)).length, 1, `once, not for each worker: ${output}`);
  for (const secret of [value, right].filter(Boolean)) assert.ok(!output.includes(secret));
}

/** Simulates that the last process with the recorded key ended and its lease has expired. */
const expireRecord = () => mariadb.sql('UPDATE token_hash_key SET recorded_at = recorded_at - 16000');

test('of two first replicas with different keys, one serves and the other ends with 78 before it serves', async () => {
  for (let round = 0; round < 3; round += 1) {
    await mariadb.sql('DROP DATABASE cm; CREATE DATABASE cm');
    const both = await Promise.all([first, right].map((value) => Cm.create(withKey(value))));
    try {
      for (const item of both) item.launch();
      const refused = await until(() => both.find((item) => !item.process.running), {
        timeout: 20_000 * slowness,
        what: 'the end of one of two processes with different keys',
      });
      assert.equal(refused.process.end.code, 78);
      assert.equal(refused.log.split(refusal).length, 2, `once: ${refused.log}`);
      const [serves] = both.filter((item) => item !== refused);
      await serves.up();
      const { status } = await new Operator(serves).createToken(`first-${round}`);
      assert.equal(status, 201);
    } finally {
      await Promise.all(both.map((item) => item.remove()));
    }
  }
  await mariadb.sql('DROP DATABASE cm; CREATE DATABASE cm');
});

test('without tokens, the key can be changed when no process uses the recorded one any more', async () => {
  await restartWith(undefined);
  const without = await recorded();
  await isRefused(first);
  await cm.remove();
  cm = undefined;
  await expireRecord();
  await restartWith(first);
  const other = await recorded();
  assert.match(other, /^[0-9A-F]{64}\n$/);
  assert.notEqual(other, without);
  await cm.remove();
  cm = undefined;
  await expireRecord();
  await restartWith(right);
  assert.notEqual(await recorded(), other);
});

test('with tokens, a process with another key or without one ends with 78 and a reason', async () => {
  token = (await new Operator(cm).createToken('known')).json.token;
  await isAccepted();
  const before = await recorded();
  await isRefused(wrong);
  await isRefused(first);
  await isRefused(undefined);
  assert.equal(await recorded(), before);
});

test('the replica with the right key continues meanwhile, also over new connections', async () => {
  await isAccepted();
  await mariadb.stop();
  await mariadb.start();
  await cm.up();
  await isAccepted();
});

test('with the right key everything works as before', async () => {
  await restartWith(right);
  await isAccepted();
});

test('a database with tokens but without a recorded key records that of the first process', async () => {
  const before = await recorded();
  await mariadb.sql('DELETE FROM token_hash_key');
  await restartWith(right);
  assert.equal(await recorded(), before);
  await isRefused(wrong);
  await isAccepted();
});

test('a process whose database is replaced by one with another key ends instead of answering 404', async () => {
  await mariadb.sql("UPDATE token_hash_key SET fingerprint = REPEAT('x', 32)");
  await mariadb.stop();
  await mariadb.start();
  const { code } = await cm.process.exit(15_000 * slowness);
  assert.equal(code, 78);
  assert.match(cm.log, refusal);
});
