// A relative distinguished name is a set of attributes (contract section 5): all orders of one issuer are one certificate,
// also of rows that the release before has stored, which knew each order as a certificate of its own.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { runCm } from '../../support/cm.mjs';
import { get, http, post } from '../../support/http.mjs';
import { root } from '../../support/paths.mjs';
import { isError } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';

let stack;
let url;
before(async () => {
  stack = await Stack.start();
  url = `${stack.cm.api}/clients/certificates`;
});
after(() => stack?.remove());

let last = 0;
const next = () => String((last += 1));

async function create(body) {
  const answer = await post(url, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

const setStatus = async (id, status) => assert.equal((await http('PUT', `${url}/${id}/status`, { body: { status } })).status, 200);
const code = async (issuer, serialNumber) => (await stack.ecap.certificate(issuer, serialNumber)).statusCode;

async function listed(issuer, serialNumber, more = '') {
  const { json } = await get(`${url}?issuer=${encodeURIComponent(issuer)}&serialNumber=${serialNumber}${more}`);
  return json.content.map(({ credentialId }) => credentialId);
}

/** The look-up key of one spelling. */
function subjectHash(name, serialNumber) {
  const parts = [name, serialNumber].flatMap((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    return [length, Buffer.from(text)];
  });
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex');
}

/** Turns a stored certificate into what the release before would have stored for this spelling. */
const storeAs = (id, issuer, serialNumber) =>
  stack.mariadb.sql(
    `UPDATE x509_credential SET issuer = '${issuer}', serial = '${serialNumber}', identity_hash = NULL,
     subject_hash = X'${subjectHash(issuer, serialNumber)}' WHERE id = X'${id.replaceAll('-', '')}'`,
  );

const migrate = async () => {
  const { code: status, output } = await runCm({ nats: stack.nats, mariadb: stack.mariadb, args: ['migrate'] });
  assert.equal(status, 0, output);
  return output;
};

const spellings = ['CN=foo+O=Multi+OU=x,C=DE', 'O=Multi+CN=foo+OU=x,C=DE', 'ou=x + o=Multi + cn=foo, c=DE', '2.5.4.11=x+CN=foo+O=Multi;C=DE'];

test('a certificate is valid in every order of the attributes, and exists only once', async () => {
  for (const spelling of spellings) {
    const serialNumber = next();
    const { credentialId, issuer } = await create({ issuer: spelling, serialNumber, clientId: 'multi' });
    for (const other of spellings) {
      const answer = await stack.ecap.certificate(other, serialNumber);
      assert.deepEqual([answer.statusCode, answer.credentialId, answer.clientId], [200, credentialId, 'multi'], other);
      isError(await post(url, { issuer: other, serialNumber }), 409);
      assert.deepEqual(await listed(other, serialNumber), [credentialId]);
    }
    assert.equal(issuer.split(',')[0].split('+').length, 3, 'in the order that was given');
    assert.equal(await code('CN=foo+O=Multi,C=DE', serialNumber), 401, 'another issuer');
    await setStatus(credentialId, 'Revoked');
    for (const other of spellings) assert.equal(await code(other, serialNumber), 403, other);
  }
});

test('a certificate that was registered by PEM is valid in both orders of its issuer', async () => {
  const certificate = readFileSync(join(root, 'tests', 'vectors', 'certificates', 'multi_valued.pem'), 'utf8');
  const { credentialId, serialNumber } = await create({ certificate });
  for (const issuer of ['CN=Devices CA+OU=Fleet,C=DE', 'OU=Fleet+CN=Devices CA,C=DE']) {
    const answer = await stack.ecap.certificate(issuer, serialNumber);
    assert.deepEqual([answer.statusCode, answer.credentialId], [200, credentialId], issuer);
    isError(await post(url, { issuer, serialNumber }), 409);
  }
  isError(await post(url, { certificate }), 409);
});

test('a certificate that the release before has stored is found in every order, before and after the migration', async () => {
  const rows = [];
  for (const spelling of ['OU=x+CN=foo+O=Multi,C=DE', 'CN=foo+O=Multi+OU=x,C=DE']) {
    const serialNumber = next();
    const { credentialId } = await create({ issuer: `CN=${serialNumber}`, serialNumber });
    await storeAs(credentialId, spelling, serialNumber);
    rows.push({ credentialId, serialNumber });
  }
  const check = async () => {
    for (const { credentialId, serialNumber } of rows) {
      for (const other of spellings) {
        assert.equal(await code(other, serialNumber), 200, other);
        isError(await post(url, { issuer: other, serialNumber }), 409);
        assert.deepEqual(await listed(other, serialNumber), [credentialId]);
      }
    }
  };
  await check();
  assert.match(await migrate(), /nothing to do/);
  const left = await stack.mariadb.sql("SELECT COUNT(*) FROM x509_credential WHERE identity_hash IS NULL AND issuer LIKE '%+%'");
  assert.equal(Number(left), 0);
  await check();
});

test('more attributes than all orders are tried of: the migration makes every order valid', async () => {
  const serialNumber = next();
  const { credentialId } = await create({ issuer: `CN=${serialNumber}`, serialNumber });
  await storeAs(credentialId, 'ST=e+O=b+L=d+CN=a+OU=c+C=f', serialNumber);
  assert.equal(await code('ST=e+O=b+L=d+CN=a+OU=c+C=f', serialNumber), 200, 'the stored order');
  await migrate();
  for (const issuer of ['CN=a+O=b+OU=c+L=d+ST=e+C=f', 'C=f+ST=e+L=d+OU=c+O=b+CN=a', 'OU=c+CN=a+L=d+O=b+ST=e+C=f']) {
    assert.equal(await code(issuer, serialNumber), 200, issuer);
    isError(await post(url, { issuer, serialNumber }), 409);
  }
});

test('of a certificate that is stored twice the stricter status counts, and cm migrate names both', async () => {
  const serialNumber = next();
  const made = [];
  for (const spelling of ['CN=foo+O=Twice', 'O=Twice+CN=foo']) {
    const { credentialId } = await create({ issuer: `CN=${made.length}`, serialNumber });
    made.push({ credentialId, spelling });
  }
  for (const { credentialId, spelling } of made) await storeAs(credentialId, spelling, serialNumber);
  const both = async (expected) => {
    for (const { spelling } of made) assert.equal(await code(spelling, serialNumber), expected, spelling);
  };
  await both(200);
  const ids = made.map(({ credentialId }) => credentialId);
  for (const output of [await migrate(), await migrate()]) for (const id of ids) assert.ok(output.includes(id), output);
  await both(200);
  await setStatus(ids[1], 'Suspended');
  await both(403);
  await setStatus(ids[0], 'Revoked');
  await setStatus(ids[1], 'Active');
  await both(403);
  assert.equal((await listed('O=Twice+CN=foo', serialNumber)).length, 2);
  assert.match(await migrate(), new RegExp(`${ids[0]} \\(Revoked\\)`));
  assert.equal((await http('DELETE', `${url}/${ids[0]}`)).status, 204);
  await both(200);
  assert.doesNotMatch(await migrate(), /stored twice/);
});
