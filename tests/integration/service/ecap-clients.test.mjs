// Every status code of client-username-password-request and client-certificate-request (contract sections 4.1 and 6.3).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { anonymous, EcapClient } from '../../support/ecap.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { Rows } from '../../support/rows.mjs';
import { Stack } from '../../support/stack.mjs';
import { quantile, sleep, until } from '../../support/wait.mjs';

const password = 'the right password';
const issuer = 'CN=Devices CA, O=Example, C=DE';

let stack;
let ecap;
let rows;
let operator;
before(async () => {
  stack = await Stack.start({ proxies: true, jdbcParameters: '?socketTimeout=1000&connectTimeout=1000' });
  ecap = stack.ecap;
  rows = new Rows(stack.mariadb);
  operator = new Operator(stack.cm);
});
after(() => stack?.remove());

let number = 0;
/** A new user {username, credentialId, clientId}; each test has its own, so that failures do not accumulate. */
async function user({ status = 'Inactive', ...fields } = {}) {
  number += 1;
  const created = await operator.createUser(`user-${number}`, { password, ...fields });
  assert.equal(created.status, 201, created.text);
  if (status !== 'Inactive') await rows.setStatus('credentials', created.json.credentialId, status);
  return created.json;
}

/** A new certificate {issuer, serialNumber, credentialId, clientId}. */
async function certificate({ status = 'Inactive', ...fields } = {}) {
  number += 1;
  const created = await operator.createCertificate({ issuer, serialNumber: String(number), ...fields });
  assert.equal(created.status, 201, created.text);
  if (status !== 'Inactive') await rows.setStatus('certificates', created.json.credentialId, status);
  return created.json;
}

function accepted(answer, credential, what) {
  assert.equal(answer.statusCode, 200, what);
  assert.equal(answer.credentialId, credential.credentialId);
  assert.equal(answer.clientId, credential.clientId);
  assert.equal(answer.correlationId, answer.asked.correlationId);
}

function refused(answer, code, what) {
  assert.equal(answer.statusCode, code, what);
  assert.equal(answer.credentialId, null, what);
  assert.equal(answer.clientId, null, what);
  if (answer.asked) assert.equal(answer.correlationId, answer.asked.correlationId);
}

/** Both kinds of credentials, for common tests: how to create and to validate one. */
const both = [
  ['password', 'credentials', user, ({ username }, fields) => ecap.password(username, password, fields)],
  ['certificate', 'certificates', certificate, (of, fields) => ecap.certificate(of.issuer, of.serialNumber, fields)],
];

// The first test blocks a username; the last one checks that it is unblocked.
let blocked;
let blockedAt;
test('429 for a username after 10 failures, even with the right password; others are not affected', async () => {
  blocked = await user();
  const unknown = 'nobody-of-this-name';
  for (const username of [blocked.username, unknown]) {
    for (let i = 0; i < 10; i += 1) refused(await ecap.password(username, `wrong ${i}`), 401, `failure ${i + 1}`);
    blockedAt ??= performance.now(); // of the first one
    refused(await ecap.password(username, 'wrong'), 429);
  }
  refused(await ecap.password(blocked.username, password), 429);
  const other = await user();
  accepted(await ecap.password(other.username, password), other, 'another user');
  assert.equal(await rows.status('credentials', blocked.credentialId), 'Inactive', 'no login was accepted');
  // Requests that guess nothing do not count as attempts, and are not blocked.
  refused(await ecap.password(blocked.username, null), 401);
  refused(await ecap.password(blocked.username, ''), 400);
  refused(await ecap.password(blocked.username, password, { timestamp: 1, timeout: 1 }), 408);
});

test('200: a given and a generated password, with the IDs of the credential', async () => {
  const given = await user({ clientId: 'gateway-7' });
  assert.equal(given.clientId, 'gateway-7');
  assert.equal(given.password, undefined);
  const generated = await user({ password: undefined });
  accepted(await ecap.password(given.username, password), given);
  accepted(await ecap.password(generated.username, generated.password), generated);
});

for (const [kind, table, make, ask] of both) {
  test(`${kind}: the first use activates it within 1 s, with an audit row and a lastUseDate`, async () => {
    const credential = await make();
    const beginning = Date.now();
    const answer = await ask(credential);
    accepted(answer, credential);
    await until(async () => (await rows.status(table, credential.credentialId)) === 'Active', {
      timeout: 1_000 * slowness,
      interval: 5,
      what: 'Active',
    });
    const trail = await rows.trail(credential.credentialId);
    assert.deepEqual(trail.slice(1), [
      { from: 'Inactive', to: 'Active', channel: 'ecap', correlationId: answer.correlationId },
    ]);
    const shown = (await operator.getClient(table, credential.credentialId)).json;
    assert.equal(shown.status, 'Active');
    const used = Date.parse(shown.lastUseDate);
    assert.ok(used >= beginning - 1 && used <= Date.now(), shown.lastUseDate);
  });

  test(`${kind}: lastUseDate is written at most once a minute`, async () => {
    const credential = await make();
    await ask(credential);
    const shown = async () => (await operator.getClient(table, credential.credentialId)).json;
    const first = await until(async () => (await shown()).lastUseDate, { timeout: 1_000 * slowness, what: 'lastUseDate' });
    for (let i = 0; i < 20; i += 1) accepted(await ask(credential), credential);
    // Uses are written in order: when this one is written, the others would be too.
    const later = await make();
    await ask(later);
    await until(async () => (await rows.status(table, later.credentialId)) === 'Active', { what: 'the later one Active' });
    const { lastUseDate } = await shown();
    assert.equal(lastUseDate, first);
    assert.equal((await rows.trail(credential.credentialId)).length, 2, 'one creation, one first use');
  });

  test(`${kind}: Active is accepted; Suspended and Revoked are 403 without IDs, and Suspended can be reactivated`, async () => {
    const active = await make({ status: 'Active' });
    accepted(await ask(active), active);
    for (const status of ['Suspended', 'Revoked']) {
      const taken = await make({ status });
      refused(await ask(taken), 403, status);
      assert.equal(await rows.status(table, taken.credentialId), status);
    }
    const back = await make();
    assert.equal((await operator.setClientStatus(table, back.credentialId, 'Suspended')).status, 200);
    refused(await ask(back), 403);
    assert.equal((await operator.setClientStatus(table, back.credentialId, 'Active')).status, 200);
    accepted(await ask(back), back);
    assert.equal((await operator.deleteClient(table, back.credentialId)).status, 204);
    refused(await ask(back), 401, 'deleted is unknown');
  });

  test(`${kind}: 408 for a request that expired in transit, without a look-up of the credential`, async () => {
    const credential = await make();
    const now = Date.now();
    refused(await ask(credential, { timestamp: now - 10_000, timeout: 1_000 }), 408);
    refused(await ask(credential, { timestamp: 1, timeout: 1 }), 408);
    accepted(await ask(credential, { timestamp: now - 10_000, timeout: 60_000 }), credential);
    accepted(await ask(credential, { timestamp: 1, timeout: 0 }), credential);
  });

  test(`${kind}: 400 for invalid bytes, every truncation of a request, and trailing bytes`, async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('garbage'), Buffer.from('ff'.repeat(40), 'hex')]) {
      const answer = await ecap.raw(bytes, { kind });
      refused(answer, 400);
      assert.equal(answer.correlationId, '');
    }
    const fields = kind === 'password' ? { username: 'some', password: 'one' } : { issuer, serialNumber: '1' };
    const good = EcapClient.encode(kind, fields);
    for (let length = 0; length < good.length; length += 1) refused(await ecap.raw(good.subarray(0, length), { kind }), 400);
    refused(await ecap.raw(Buffer.concat([good, Buffer.from([0])]), { kind }), 400);
  });

  test(`${kind}: a request without a reply subject has no effect`, async () => {
    const credential = await make();
    ecap.connection.publish(ecap.subjectOf(kind), Buffer.from('garbage'));
    const fields = kind === 'password' ? { username: null, password: null } : { issuer, serialNumber: '1' };
    ecap.connection.publish(ecap.subjectOf(kind), EcapClient.encode(kind, fields));
    await ecap.connection.flush();
    accepted(await ask(credential), credential);
  });
}

test('400: an invalid username or password', async () => {
  const { username } = await user();
  for (const [name, word] of [
    ['', password],
    [username, ''],
    ['', null],
    [null, ''],
    ['a\nb', password],
    ['a\u0000b', password],
    ['x'.repeat(256), password],
    [username, 'x'.repeat(1025)],
  ]) {
    refused(await ecap.password(name, word), 400, JSON.stringify([name, word]).slice(0, 60));
  }
});

test('401: unknown user, wrong password, Suspended or Revoked with a wrong password: indistinguishable answers', async () => {
  const [known, suspended, revoked] = [await user(), await user({ status: 'Suspended' }), await user({ status: 'Revoked' })];
  const answers = [];
  const names = ['unknown-to-all', known.username, suspended.username, revoked.username];
  const logins = names.flatMap((username) => [[username, 'a wrong password'], [username, null]]);
  for (const [username, word] of [...logins, [null, password], [null, null]]) {
    const answer = await ecap.password(username, word);
    refused(answer, 401, `${username}, ${word}`);
    answers.push(anonymous('password', answer));
  }
  assert.deepEqual(answers, Array(10).fill(answers[0]));
  refused(await ecap.password(suspended.username, password), 403);
  refused(await ecap.password(revoked.username, password), 403);
});

test('401: null is no attempt: after many of them neither the user nor other requests with null are blocked', async () => {
  const item = await user();
  for (let round = 0; round < 3; round += 1) {
    const asked = [[item.username, null], [null, password], [null, null]];
    const answers = await Promise.all(Array(5).fill(asked).flat().map(([name, word]) => ecap.password(name, word)));
    for (const answer of answers) refused(answer, 401);
  }
  accepted(await ecap.password(item.username, password), item);
});

test('401: names and passwords are compared exactly', async () => {
  const item = await user();
  for (const name of [item.username.toUpperCase(), `${item.username} `, ` ${item.username}`, `${item.username}\u00a0`]) {
    refused(await ecap.password(name, password), 401, JSON.stringify(name));
  }
  for (const word of [password.toUpperCase(), `${password} `, password.slice(0, -1), `${password}x`]) {
    refused(await ecap.password(item.username, word), 401, JSON.stringify(word));
  }
  const foreign = (await operator.createUser('Jürgen Ж 😀', { password: 'пароль ≠ 密码' })).json;
  accepted(await ecap.password('Jürgen Ж 😀', 'пароль ≠ 密码'), foreign);
  refused(await ecap.password('Ju\u0308rgen Ж 😀', 'пароль ≠ 密码'), 401, 'another spelling in Unicode');
});

test('after a password change the new one is valid and the old one is 401', async () => {
  const item = await user();
  accepted(await ecap.password(item.username, password), item);
  assert.equal((await operator.setPassword(item.credentialId, 'the next password')).status, 200);
  refused(await ecap.password(item.username, password), 401);
  accepted(await ecap.password(item.username, 'the next password'), item);
});

test('a certificate is found by all spellings of its issuer, and by its serial number with leading zeros', async () => {
  const item = await certificate({ serialNumber: '0x1A2B' });
  assert.equal(item.serialNumber, '6699');
  for (const spelling of [
    'CN=Devices CA,O=Example,C=DE',
    'CN=Devices CA, O=Example, C=DE',
    'cn=Devices CA,o=Example,c=DE',
    'CN = Devices CA , O = Example , C = DE',
    'CN=Devices CA;O=Example;C=DE',
    'CN="Devices CA",O=Example,C=DE',
    'CN=Devices\\20CA,O=Example,C=DE',
    '2.5.4.3=Devices CA,2.5.4.10=Example,2.5.4.6=DE',
    'OID.2.5.4.3=Devices CA,O=Example,C=DE',
    'CN=#0c0a44657669636573204341,O=Example,C=DE',
    item.issuer,
  ]) {
    accepted(await ecap.certificate(spelling, '6699'), item, spelling);
  }
  for (const serial of ['06699', '0000000000000000000000006699']) accepted(await ecap.certificate(issuer, serial), item, serial);
});

test('serial numbers of any length, and issuers with commas and escapes', async () => {
  const long = '9'.repeat(60);
  const item = await certificate({ issuer: 'CN=Smith\\, Sons \\+ Co,O=\\#1', serialNumber: long });
  accepted(await ecap.certificate('CN="Smith, Sons + Co", O=\\#1', `000${long}`), item);
  refused(await ecap.certificate(item.issuer, `${long}0`), 401);
  refused(await ecap.certificate(item.issuer, long.slice(1)), 401);
});

test('401: another issuer, another order of its components, another serial number: the same answer', async () => {
  const item = await certificate({ serialNumber: '4711' });
  const answers = [];
  for (const [name, serial] of [
    ['CN=Nobody', '4711'],
    ['C=DE, O=Example, CN=Devices CA', '4711'],
    ['CN=devices ca, O=Example, C=DE', '4711'],
    [item.issuer, '4712'],
    [item.issuer, '471'],
  ]) {
    const answer = await ecap.certificate(name, serial);
    refused(answer, 401, `${name} ${serial}`);
    answers.push(anonymous('certificate', answer));
  }
  assert.deepEqual(answers, Array(answers.length).fill(answers[0]));
});

test('400: an issuer that is not a distinguished name, a serial number that is not decimal', async () => {
  for (const name of ['', 'Devices CA', 'CN', '=x', 'CN=a,,O=b', 'CN="a', 'CN=a\\', 'x'.repeat(9_000)]) {
    refused(await ecap.certificate(name, '1'), 400, name.slice(0, 40));
  }
  for (const serial of ['', '0x1A', '1A', '-', '-1A', '--1', '-0x1', '+1', ' 1', '1 ', '1.0', '1e3', '１', '1'.repeat(5_000)]) {
    refused(await ecap.certificate(issuer, serial), 400, serial.slice(0, 40));
  }
});

test('a flood of passwords does not affect token validation: every request is answered 200', async (t) => {
  const { token } = (await operator.createToken('kettle')).json;
  const validations = async (rounds) => {
    const times = [];
    for (let i = 0; i < rounds; i += 1) {
      const began = performance.now();
      assert.equal((await ecap.validate('smart_kettle', token)).statusCode, 200);
      times.push(performance.now() - began);
    }
    return times;
  };
  const quiet = await validations(200);
  // Different usernames, so that only the full worker pool can refuse them.
  let flooding = true;
  const codes = {};
  const flood = Array.from({ length: 400 }, (_, i) =>
    ecap.password(`flood-${i}`, 'wrong', { wait: 15_000 * slowness }).then(({ statusCode }) => {
      codes[statusCode] = (codes[statusCode] ?? 0) + 1;
    }),
  );
  const all = Promise.all(flood).finally(() => {
    flooding = false;
  });
  const loud = await validations(200);
  const overlapped = flooding;
  await all;
  t.diagnostic(
    `median of a validation: ${quantile(quiet, 0.5).toFixed(2)} ms alone, ${quantile(loud, 0.5).toFixed(2)} ms in the flood; ` +
      `p99 ${quantile(quiet, 0.99).toFixed(2)} and ${quantile(loud, 0.99).toFixed(2)} ms; passwords: ${JSON.stringify(codes)}`,
  );
  assert.ok(overlapped, 'the flood outlasted the validations');
  assert.deepEqual(Object.keys(codes).filter((code) => !['401', '503'].includes(code)), []);
  assert.ok(codes[401] > 0);
});

/** Sends all requests during a database outage: 503, except for those that need no database. */
async function withoutDatabase() {
  const wait = 10_000 * slowness;
  for (const [name, word] of [
    ['unknown-while-away', password],
    [blocked.username.replace(/\d+$/, '2'), password],
    [blocked.username.replace(/\d+$/, '2'), 'wrong while away'],
    [null, password], // like an unknown user
  ]) {
    refused(await ecap.password(name, word, { wait }), 503, `${name} ${word}`);
  }
  for (const serial of ['6699', '123456789']) refused(await ecap.certificate(issuer, serial, { wait }), 503, serial);
  refused(await ecap.password('some', ''), 400);
  refused(await ecap.certificate('', '1'), 400);
  refused(await ecap.password('some', 'one', { timestamp: 1, timeout: 1 }), 408);
  refused(await ecap.certificate(issuer, '1', { timestamp: 1, timeout: 1 }), 408);
}

test('503 while MariaDB is stopped, never 401, 403 or 404; such failures do not count as failed attempts', async () => {
  const item = await user();
  await stack.mariadb.stop();
  await withoutDatabase();
  for (let i = 0; i < 11; i += 1) refused(await ecap.password(item.username, 'wrong', { wait: 10_000 * slowness }), 503);
  await stack.mariadb.start();
  await stack.cm.up();
  accepted(await ecap.password(item.username, password), item);
});

test('503 while the network to MariaDB drops everything, and 200 when it works again', async () => {
  const [item, cert] = [await user(), await certificate()];
  stack.mariadbProxy.blackHole();
  try {
    await withoutDatabase();
  } finally {
    stack.mariadbProxy.heal();
  }
  await stack.cm.up();
  accepted(await ecap.password(item.username, password), item);
  accepted(await ecap.certificate(cert.issuer, cert.serialNumber), cert);
});

test('uses during a read-only phase of MariaDB are recorded afterwards', async () => {
  const item = await certificate();
  await stack.mariadb.sql('SET GLOBAL read_only = 1');
  let answer;
  try {
    answer = await ecap.certificate(item.issuer, item.serialNumber, { wait: 10_000 * slowness });
    // Reading suffices for an answer, but CM may also have disconnected from the read-only server.
    if (answer.statusCode === 200) accepted(answer, item);
    else refused(answer, 503);
  } finally {
    await stack.mariadb.sql('SET GLOBAL read_only = 0');
  }
  await stack.cm.up();
  if (answer.statusCode !== 200) accepted(await ecap.certificate(item.issuer, item.serialNumber), item);
  await until(async () => (await rows.status('certificates', item.credentialId)) === 'Active', { what: 'Active' });
});

test('after 30 s the blocked username is unblocked', async () => {
  const left = 30_000 - (performance.now() - blockedAt);
  if (left > 2_000) refused(await ecap.password(blocked.username, password), 429, 'still blocked');
  await sleep(Math.max(0, left) + 200);
  accepted(await ecap.password(blocked.username, password), blocked);
});
