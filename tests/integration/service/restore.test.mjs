// Backup and restore as described in docs/backup.md: a dump that is taken during requests and restored into an empty
// MariaDB contains every credential that was acknowledged before it; the binary log contains the later changes.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { binaryLog, dump, positionOf, replay, restore } from '../../support/backup.mjs';
import { Cm, runCm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { Events } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness, temporaryDirectory } from '../../support/paths.mjs';
import { states } from '../../support/rest.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { until } from '../../support/wait.mjs';

const applications = ['smart_kettle', 'toaster'];
const endpoints = Array.from({ length: 4 }, (_, i) => `restored-${i}`);
const bulk = 20_000; // so that the dump takes a while
const wait = 5_000 * slowness;

/** The expected status code for a credential with this status. */
const codes = { Inactive: 200, Active: 200, Suspended: 403, Revoked: 403, deleted: 404 };

let directory;
let nats;
let mariadb;
let cm;
let operator;
let ecap;
let events;

/** Tokens, usernames and certificates in every status: {…the created credential, status}. */
const tokens = [];
const users = [];
const certificates = [];

/** The changes after the dump, and the responses of API and revocations before it. */
const later = {};
let shown;
let revocations;
let acknowledged;
let file;

async function ok(answer, status = 200) {
  const found = await answer;
  assert.equal(found.status, status, found.text);
  return status === 204 ? undefined : found.json;
}

/** Brings a new credential to a status over REST. */
async function bring(status, set) {
  if (status === 'Revoked' || status === 'Suspended') await ok(set('Suspended'));
  if (status === 'Revoked' || status === 'Active') await ok(set(status));
}

async function makeToken(endpointId, applicationName, status) {
  const { token, endpointTokenId: id } = await ok(operator.createToken(endpointId, applicationName), 201);
  if (status === 'deleted') await ok(operator.deleteToken(endpointId, id), 204);
  else await bring(status, (next) => operator.setTokenStatus(endpointId, id, next));
  return { endpointId, applicationName, token, id, status };
}

async function makeUser(username, status) {
  const { credentialId: id, password } = await ok(operator.createUser(username), 201);
  await bring(status, (next) => operator.setClientStatus('credentials', id, next));
  return { username, password, id, status };
}

async function makeCertificate(serialNumber, status) {
  const certificate = { issuer: 'CN=Authority,O=Kettles', serialNumber };
  const { credentialId: id } = await ok(operator.createCertificate(certificate), 201);
  await bring(status, (next) => operator.setClientStatus('certificates', id, next));
  return { ...certificate, id, status };
}

const tagged = async (answer) => {
  const { headers } = await answer;
  return { item: await ok(answer), etag: headers.etag };
};

/** All that the API of a replica shows of the fixture, tags included. */
async function everything(of) {
  const lists = await Promise.all(endpoints.map((id) => tagged(of.listTokens(id, '?limit=1000&order=ASC'))));
  const existing = tokens.filter(({ status }) => status !== 'deleted');
  const items = await Promise.all(existing.map(({ endpointId, id }) => tagged(of.getToken(endpointId, id))));
  const histories = await Promise.all(existing.map(({ endpointId, id }) => ok(of.history(endpointId, id))));
  const clients = {};
  for (const [kind, clients] of Object.entries({ credentials: users, certificates })) {
    clients[kind] = {
      list: await tagged(of.listClients(kind, '?limit=1000&order=ASC')),
      items: await Promise.all(clients.map(({ id }) => tagged(of.getClient(kind, id)))),
    };
  }
  return { lists, items, histories, clients };
}

/** All revocations after a cursor, and the next cursor. */
async function revocationsOf(of, after) {
  const content = [];
  for (let next = after; ; ) {
    const page = await ok(of.revocations(next));
    content.push(...page.content);
    ({ next } = page);
    if (page.content.length < 1_000) return { content, next };
  }
}

/**
 * Validates every credential of the fixture over NATS and checks the answer; statuses in `changed` override the
 * fixture's.
 */
async function checkValidations(client, changed = {}) {
  const due = ({ id, status }, unknown) => {
    const now = changed[id] ?? status;
    return now === 'deleted' ? unknown : codes[now];
  };
  for (const credential of tokens) {
    const { statusCode, endpointId } = await client.validate(credential.applicationName, credential.token, { wait });
    assert.equal(statusCode, due(credential, 404), `token ${credential.status} of ${credential.endpointId}`);
    assert.equal(endpointId, statusCode === 200 ? credential.endpointId : null);
  }
  for (const credential of users) {
    const { statusCode, credentialId } = await client.password(credential.username, credential.password, { wait });
    assert.equal(statusCode, due(credential, 401), `${credential.username}, ${credential.status}`);
    assert.equal(credentialId, statusCode === 200 ? credential.id : null);
    assert.equal((await client.password(credential.username, `${credential.password}x`, { wait })).statusCode, 401);
  }
  for (const credential of certificates) {
    const { statusCode, credentialId } = await client.certificate(credential.issuer, credential.serialNumber, { wait });
    assert.equal(statusCode, due(credential, 401), `certificate ${credential.serialNumber}, ${credential.status}`);
    assert.equal(credentialId, statusCode === 200 ? credential.id : null);
  }
}

/** Requests during the dump; counts the answers, and records created credentials with their times. */
class Traffic {
  constructor() {
    this.running = true;
    this.answers = 0;
    this.created = [];
    this.workers = Promise.all([
      ...Array.from({ length: 8 }, (_, worker) => this.#repeat((round) => this.#validate(worker + round))),
      ...Array.from({ length: 4 }, () => this.#repeat(() => this.#create())),
    ]);
    this.workers.catch(() => {});
  }

  async #repeat(action) {
    for (let round = 0; this.running; round += 1) {
      await action(round);
      this.answers += 1;
    }
  }

  async #validate(number) {
    const usual = tokens.filter(({ status }) => status !== 'Inactive'); // their use would change compared values
    const credential = usual[number % usual.length];
    const { statusCode } = await ecap.validate(credential.applicationName, credential.token, { wait });
    assert.equal(statusCode, codes[credential.status], `token ${credential.status}`);
  }

  async #create() {
    const sent = performance.now();
    const { token, endpointTokenId: id } = await ok(operator.createToken('traffic', 'smart_kettle'), 201);
    this.created.push({ id, token, sent, at: performance.now() });
  }

  async stop() {
    this.running = false;
    await this.workers;
  }
}

/** Takes the dump during requests, and classifies what the requests created. */
async function dumpUnderTraffic() {
  const traffic = new Traffic();
  try {
    await until(() => traffic.created.length > 50, { timeout: 20_000 * slowness, what: 'traffic before the dump' });
    const before = { answers: traffic.answers, at: performance.now() };
    await dump(mariadb, file);
    const end = { answers: traffic.answers, at: performance.now() };
    assert.ok(end.answers > before.answers, 'requests were answered while the dump was taken');
    await until(() => traffic.created.some(({ sent }) => sent > end.at), {
      timeout: 20_000 * slowness,
      what: 'a creation after the dump',
    });
    await traffic.stop();
    acknowledged = traffic.created.filter(({ at }) => at < before.at);
    later.created = traffic.created.filter(({ sent }) => sent > end.at);
    return `${end.answers - before.answers} answers in the ${Math.round(end.at - before.at)} ms of the dump`;
  } finally {
    traffic.running = false;
  }
}

/** Changes between the backup and the loss. */
async function changeAfterwards() {
  const active = tokens.filter(({ status }) => status === 'Active');
  [later.revoked, later.suspended, later.deleted] = active;
  await ok(operator.setTokenStatus(later.revoked.endpointId, later.revoked.id, 'Revoked'));
  await ok(operator.setTokenStatus(later.suspended.endpointId, later.suspended.id, 'Suspended'));
  await ok(operator.deleteToken(later.deleted.endpointId, later.deleted.id), 204);
  later.user = users.find(({ status }) => status === 'Active');
  await ok(operator.setClientStatus('credentials', later.user.id, 'Revoked'));
  later.certificate = certificates.find(({ status }) => status === 'Active');
  await ok(operator.setClientStatus('certificates', later.certificate.id, 'Suspended'));
}

/** The statuses of the fixture after changeAfterwards(). */
const statusesLater = () => ({
  [later.revoked.id]: 'Revoked',
  [later.suspended.id]: 'Suspended',
  [later.deleted.id]: 'deleted',
  [later.user.id]: 'Revoked',
  [later.certificate.id]: 'Suspended',
});

/** A new server with the restored dump. */
async function restored() {
  const other = await Mariadb.start();
  await restore(other, file);
  return other;
}

/** A CM on a database, with its own client. */
async function cmOn(other, instance, options = {}) {
  const replica = await Cm.start({ nats, mariadb: other, instance, ...options });
  return { replica, operator: new Operator(replica), client: await EcapClient.connect(nats, { instance }) };
}

async function end({ replica, client } = {}) {
  await client?.close();
  await replica?.remove();
}

before(async () => {
  directory = temporaryDirectory('backup');
  file = join(directory, 'cm.sql');
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start({ options: binaryLog(directory) })]);
  cm = await Cm.start({ nats, mariadb });
  operator = new Operator(cm);
  ecap = await EcapClient.connect(nats);
  events = await Events.listen(nats);
  for (const endpointId of endpoints) {
    for (const application of applications) {
      for (const status of [...states, 'deleted']) tokens.push(await makeToken(endpointId, application, status));
    }
  }
  for (const status of states) {
    users.push(await makeUser(`user-${status}`, status));
    certificates.push(await makeCertificate(String(users.length), status));
  }
  await operator.importTokens(
    Array.from({ length: bulk }, (_, i) => ({ endpointId: `bulk-${i}`, applicationName: 'smart_kettle', token: `bulk-${i}` })),
    { timeout: 60_000 * slowness },
  );
  // First uses are written with a delay; compared values must be stable.
  const active = ({ status }) => status === 'Active';
  for (const { applicationName, token } of tokens.filter(active)) await ecap.validate(applicationName, token, { wait });
  for (const { username, password } of users.filter(active)) await ecap.password(username, password, { wait });
  await until(async () => (await mariadb.sql('SELECT COUNT(*) FROM event_outbox')) === '0\n', {
    timeout: 10_000 * slowness,
    what: 'an empty outbox',
  });
  await until(
    async () => (await ok(operator.getClient('credentials', users.find(({ status }) => status === 'Active').id))).lastUseDate,
    { timeout: 10_000 * slowness, what: 'the last use of a username' },
  );
  shown = await everything(operator);
  revocations = await revocationsOf(operator);
});
after(async () => {
  await events?.close();
  await ecap?.close();
  await cm?.remove();
  await Promise.all([nats?.remove(), mariadb?.remove()]);
  rmSync(directory, { recursive: true, force: true });
});

test('a dump is taken during requests, and none of them is answered wrong', async (t) => {
  t.diagnostic(await dumpUnderTraffic());
  assert.ok(events.all.length > 0 && revocations.content.length === events.all.length, 'one event a revocation');
  await changeAfterwards();
});

describe('the dump in an empty MariaDB', () => {
  let other;
  let on;
  before(async () => {
    other = await restored();
    on = await cmOn(other, 'cm-restored');
  });
  after(async () => {
    await end(on);
    await other?.remove();
  });

  test('every credential is the same as before the dump, with its tag and its history', async () => {
    assert.deepEqual(await everything(on.operator), shown);
    assert.equal(await other.sql("SELECT COUNT(*) FROM endpoint_token WHERE endpoint_id LIKE 'bulk-%'"), `${bulk}\n`);
    const list = await ok(on.operator.listTokens('traffic', '?limit=1000'));
    const there = new Set(list.content.map(({ endpointTokenId }) => endpointTokenId));
    for (let offset = 1000; offset < list.totalElements; offset += 1000) {
      const { content } = await ok(on.operator.listTokens('traffic', `?limit=1000&offset=${offset}`));
      for (const { endpointTokenId } of content) there.add(endpointTokenId);
    }
    assert.ok(acknowledged.length > 50);
    for (const { id } of acknowledged) assert.ok(there.has(id), 'what was acknowledged before the dump is in it');
    for (const { id } of later.created) assert.ok(!there.has(id), 'what was asked for after the dump is not');
  });

  test('the revocations before the dump exist, and an old cursor is still valid', async () => {
    assert.deepEqual(await revocationsOf(on.operator), revocations);
    assert.deepEqual((await revocationsOf(on.operator, revocations.next)).content, []);
  });

  test('tokens, passwords and certificates are accepted or refused as at the dump: later revocations are undone', async () => {
    await checkValidations(on.client);
    for (const { token } of acknowledged.slice(0, 20)) {
      assert.equal((await on.client.validate('smart_kettle', token, { wait })).statusCode, 200);
    }
    const [{ token }] = later.created;
    assert.equal((await on.client.validate('smart_kettle', token, { wait })).statusCode, 404);
  });

  test('a reader of revocations with a newer cursor misses new ones, unless the sequence continues after that cursor', async () => {
    const { endpointId, id } = tokens.filter(({ status }) => status === 'Active').at(-1);
    const beyond = (await revocationsOf(operator)).next;
    assert.ok(beyond > revocations.next);
    await ok(on.operator.setTokenStatus(endpointId, id, 'Suspended'));
    assert.deepEqual((await revocationsOf(on.operator, beyond)).content, [], 'a number that he has passed by');
    await ok(on.operator.setTokenStatus(endpointId, id, 'Active'));
    await other.sql('ALTER TABLE revocation AUTO_INCREMENT = 1000000000');
    await ok(on.operator.setTokenStatus(endpointId, id, 'Suspended'));
    const [entry, ...others] = (await revocationsOf(on.operator, beyond)).content;
    assert.deepEqual(entry.endpointTokenIds, [id]);
    assert.deepEqual(others, []);
    await ok(on.operator.setTokenStatus(endpointId, id, 'Active'));
  });

  test('later revocations that the old database still contains can be repeated over REST', async () => {
    const { content } = await revocationsOf(operator, revocations.next);
    assert.equal(content.length, 5);
    for (const credential of content) {
      if (credential.type === 'endpoint-tokens') {
        for (const id of credential.endpointTokenIds) {
          if (credential.deleted) await ok(on.operator.deleteToken(credential.endpointId, id), 204);
          else await ok(on.operator.setTokenStatus(credential.endpointId, id, credential.status));
        }
        continue;
      }
      const answers = [];
      for (const kind of ['credentials', 'certificates']) {
        answers.push((await on.operator.setClientStatus(kind, credential.credentialId, credential.status)).status);
      }
      assert.deepEqual(answers.sort(), [200, 404]);
    }
    await checkValidations(on.client, statusesLater());
  });
});

test('with another token-hash key CM does not start; if forced to, it finds no token, clients work, and nothing is lost', async (t) => {
  const other = await restored();
  t.after(() => other.remove());
  const environment = { KAA_CM_TOKEN_HASH_KEY: 'another-key-than-the-one-before' };
  const refused = await runCm({ nats, mariadb: other, instance: 'cm-other-key', environment });
  assert.equal(refused.code, 78, refused.output);
  assert.match(refused.output, /the tokens of this database are stored under another key than kaa\.cm\.token-hash-key/);
  const forgetKey = () => other.sql('DELETE FROM token_hash_key');
  await forgetKey();
  const wrong = await cmOn(other, 'cm-other-key', { environment });
  try {
    for (const { applicationName, token } of tokens) {
      assert.equal((await wrong.client.validate(applicationName, token, { wait })).statusCode, 404);
    }
    for (const { username, password, status } of users) {
      assert.equal((await wrong.client.password(username, password, { wait })).statusCode, codes[status]);
    }
    for (const { issuer, serialNumber, status } of certificates) {
      assert.equal((await wrong.client.certificate(issuer, serialNumber, { wait })).statusCode, codes[status]);
    }
  } finally {
    await end(wrong);
  }
  await forgetKey();
  const right = await cmOn(other, 'cm-right-key');
  try {
    await checkValidations(right.client);
  } finally {
    await end(right);
  }
});

test('the dump and the binary log after it are everything, the later revocations and creations included', async (t) => {
  const now = await everything(new Operator(cm)).catch((error) => error);
  assert.match(String(now), /404/, 'the fixture has changed since');
  await cm.stop(); // simulates the loss: nothing is written after the end of the log
  const other = await restored();
  t.after(() => other.remove());
  const start = positionOf(file);
  const logs = (await mariadb.sql('SHOW BINARY LOGS', { database: '' }))
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0])
    .filter((name) => name >= start.file)
    .map((name) => join(directory, name));
  await replay(other, logs, start.position);
  const credentials = ['endpoint_token', 'basic_credential', 'x509_credential'];
  for (const table of [...credentials, 'credential_audit', 'revocation', 'event_outbox']) {
    const sum = `CHECKSUM TABLE ${table}`;
    assert.equal(await other.sql(sum), await mariadb.sql(sum), `${table} is the same`);
  }
  const on = await cmOn(other, 'cm-replayed');
  try {
    await checkValidations(on.client, statusesLater());
    for (const { token } of later.created) {
      assert.equal((await on.client.validate('smart_kettle', token, { wait })).statusCode, 200);
    }
  } finally {
    await end(on);
  }
});
