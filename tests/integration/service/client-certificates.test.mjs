// /clients/certificates, all operations (contract section 5): all spellings of a certificate are the same credential.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { clientResource } from '../../support/client-resource.mjs';
import { get, http, post } from '../../support/http.mjs';
import { root, temporaryDirectory } from '../../support/paths.mjs';
import { allowed, etag, isError, iso, otherTag, stored, uuid7 } from '../../support/rest.mjs';
import { setStatus } from '../../support/state-table.mjs';
import { until } from '../../support/wait.mjs';

const directory = temporaryDirectory('certificates');
let stack;
let url;
const certificates = clientResource({
  path: 'certificates',
  name: 'client certificate',
  kind: 'x509',
  table: 'x509_credential',
  started: (resource) => {
    ({ stack, url } = resource);
  },
  usual: (next) => ({ issuer: `CN=States ${next()}`, serialNumber: next() }),
});
const { create, next: serial } = certificates;
after(() => rmSync(directory, { recursive: true, force: true }));

const issuer = 'CN=Devices CA,O=Example,C=UA';
const openssl = (...args) => execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });

/** The look-up key in the column subject_hash. */
function subjectHash(name, serialNumber) {
  const parts = [name, serialNumber].flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex');
}

/** A file of tests/vectors/certificates. */
const vector = (name) => readFileSync(join(root, 'tests', 'vectors', 'certificates', name), 'utf8');

/** A certificate created by openssl: {pem, issuer(nameopt), serialNumber}. */
function certificate(subject, serialNumber) {
  const file = `${serial()}.pem`;
  openssl(
    ...['req', '-x509', '-utf8', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${file}.key`],
    ...['-subj', subject, '-set_serial', serialNumber, '-days', '30', '-out', file],
  );
  return {
    pem: readFileSync(join(directory, file), 'utf8'),
    issuer: (nameopt) => openssl('x509', '-in', file, '-noout', '-issuer', '-nameopt', nameopt).replace(/^issuer=/, '').trimEnd(),
  };
}

test('POST answers 201 with canonical issuer, decimal serial number, status, date and Location', async () => {
  const serialNumber = serial();
  const created = await create({ issuer: 'cn=Devices CA ; o = Example, C=UA', serialNumber, clientId: 'its-client' });
  const body = created.answer.json;
  const members = ['clientId', 'createdDate', 'credentialId', 'issuer', 'serialNumber', 'status'];
  assert.deepEqual(Object.keys(body).sort(), members);
  assert.match(body.credentialId, uuid7);
  assert.equal(body.issuer, issuer);
  assert.equal(body.serialNumber, serialNumber);
  assert.equal(body.clientId, 'its-client');
  assert.equal(body.status, 'Inactive');
  assert.match(body.createdDate, iso);
  const { location } = created.answer.headers;
  assert.ok(location.endsWith(`/api/v1/clients/certificates/${body.credentialId}`), location);
  const item = await get(new URL(location, url).href);
  assert.deepEqual(item.json, body);
  assert.match(item.headers.etag, etag);
  assert.equal(created.answer.headers.etag, item.headers.etag);
});

test('CM generates a missing client ID', async () => {
  const [entry, other] = [await create({ issuer, serialNumber: serial() }), await create({ issuer, serialNumber: serial(), clientId: null })];
  assert.ok(entry.clientId.length > 0);
  assert.notEqual(entry.clientId, other.clientId);
});

test('all spellings of an issuer are equal: creating the second is 409, and the filter finds the first', async () => {
  for (const [canonical, spellings] of [
    [
      'CN=Devices CA,OU=IoT,O=Example,L=Kyiv,ST=Kyiv,C=UA',
      [
        'CN=Devices CA,OU=IoT,O=Example,L=Kyiv,ST=Kyiv,C=UA',
        // RFC 2253: spaces, semicolons, quotes.
        'CN=Devices CA; OU=IoT; O="Example"; L = Kyiv ; ST=Kyiv ;C=UA',
        // RFC 4514: escapes, other names of types, hexadecimal values.
        'cn=Devices\\20CA,2.5.4.11=IoT,OID.2.5.4.10=Example,L=\\4byiv,ST=#0c044b796976,c=#13025541',
        // X500Principal.toString(), getName(RFC2253) and getName(RFC1779) of Java.
        'CN=Devices CA, OU=IoT, O=Example, L=Kyiv, ST=Kyiv, C=UA',
        'CN=Devices CA,OU=IoT,O=Example,L=Kyiv,S=Kyiv,C=UA',
      ],
    ],
    [
      'emailAddress=ca@example.org,CN=Acme\\, Inc.,DC=example,DC=org',
      [
        // The output of Java's toString() and getName(RFC2253).
        'EMAILADDRESS=ca@example.org, CN="Acme, Inc.", DC=example, DC=org',
        '1.2.840.113549.1.9.1=#160e6361406578616d706c652e6f7267,CN=Acme\\, Inc.,DC=example,DC=org',
        // openssl -nameopt RFC2253.
        'emailAddress=ca@example.org,CN=Acme\\, Inc.,DC=example,DC=org',
        'E=ca@example.org, CN=Acme\\2C Inc., 0.9.2342.19200300.100.1.25=example, domainComponent=org',
      ],
    ],
    [
      '0.9.2342.19200300.100.1.3=ca@example.org,2.5.4.20=\\+49 1,dnQualifier=q,2.5.4.16=x,jurisdictionC=UA',
      [
        // OpenSSL's short and long names, BouncyCastle, NSS, GnuTLS, Windows, Java.
        'mail=ca@example.org,telephoneNumber=\\+49 1,dnQualifier=q,postalAddress=x,jurisdictionC=UA',
        'rfc822Mailbox=ca@example.org,TelephoneNumber=\\+49 1,DN=q,PostalAddress=x,jurisdictionCountryName=UA',
        'MAIL=ca@example.org,TELEPHONENUMBER=\\+49 1,dnqualifier=q,postaladdress=x,incorporationCountry=UA',
        'Mail=ca@example.org, Phone="+49 1", DNQ=q, POSTALADDRESS=x, jurisdictionOfIncorporationCountryName=UA',
        'OID.0.9.2342.19200300.100.1.3=ca@example.org, OID.2.5.4.20=\\+49 1, DNQ=q, oid.2.5.4.16=x, OID.1.3.6.1.4.1.311.60.2.1.3=UA',
      ],
    ],
    ['CN=Grüße+OU=日本', ['CN=Gr\\C3\\BC\\C3\\9Fe+OU=\\E6\\97\\A5\\E6\\9C\\AC', 'cn = "Grüße" + ou = 日本']],
  ]) {
    for (const spelling of spellings) {
      const serialNumber = serial();
      const created = await create({ issuer: spelling, serialNumber });
      assert.equal(created.issuer, canonical, spelling);
      for (const other of [canonical, ...spellings]) {
        isError(await post(url, { issuer: other, serialNumber }), 409);
        const found = (await get(`${url}?issuer=${encodeURIComponent(other)}&serialNumber=${serialNumber}`)).json;
        assert.deepEqual(found.content.map(({ credentialId }) => credentialId), [created.credentialId], other);
      }
    }
  }
});

test('issuers that differ in order, case or inner spaces are different', async () => {
  const serialNumber = serial();
  for (const entry of ['CN=a b,O=c', 'O=c,CN=a b', 'CN=A b,O=c', 'CN=a  b,O=c', 'CN=a b+O=c', 'CN=a b', 'CN=a b\\,O\\=c']) {
    await create({ issuer: entry, serialNumber });
  }
});

test('all spellings of a serial number of any length are equal', async () => {
  const long = '9'.repeat(100);
  for (const [decimal, spellings] of [
    ['6699', ['6699', '0006699', '0x1a2b', '0X1A2B', '0x00001A2b']],
    ['0', ['0', '000', '0x0', '-0', '-0x0']],
    ['-128', ['-128', '-000128', '-0x80', '-0X0080']],
    [`-${long}`, [`-${long}`, `-0${long}`, `-0x${BigInt(long).toString(16)}`]],
    [long, [long, `000${long}`, `0x${BigInt(long).toString(16)}`, `0x000${BigInt(long).toString(16).toUpperCase()}`]],
    [String(2n ** 64n), ['18446744073709551616', '0x10000000000000000']],
  ]) {
    const of = `CN=Serials ${serial()}`;
    const created = await create({ issuer: of, serialNumber: spellings[0] });
    assert.equal(created.serialNumber, decimal);
    assert.equal((await get(created.url)).json.serialNumber, decimal);
    for (const spelling of spellings) {
      isError(await post(url, { issuer: of, serialNumber: spelling }), 409);
      const found = (await get(`${url}?serialNumber=${spelling}&issuer=${encodeURIComponent(of)}`)).json;
      assert.deepEqual(found.content.map(({ credentialId }) => credentialId), [created.credentialId], spelling);
    }
  }
  // A serial number that differs only in a late digit is another certificate.
  const of = `CN=Digits ${serial()}`;
  for (const last of ['0', '1', '00']) await create({ issuer: of, serialNumber: `1${'7'.repeat(99)}${last}` });
  assert.equal((await get(`${url}?issuer=${encodeURIComponent(of)}`)).json.totalElements, 3);
});

test('PEM from openssl: issuer and serial number match the output of openssl and other tools', async () => {
  const huge = `0x7${'f'.repeat(38)}`;
  for (const [subject, serialNumber, canonical, decimal] of [
    ['/C=UA/O=Example/CN=Devices CA', '0x1a2b3c', 'CN=Devices CA,O=Example,C=UA', String(0x1a2b3c)],
    ['/C=UA/O=Acme, Inc./CN=Лучіч "CA" 日本', huge, 'CN=Лучіч \\"CA\\" 日本,O=Acme\\, Inc.,C=UA', String(BigInt(huge))],
    ['/DC=org/DC=example/CN=a/emailAddress=ca@example.org', '1', 'emailAddress=ca@example.org,CN=a,DC=example,DC=org', '1'],
  ]) {
    const entry = certificate(subject, serialNumber);
    const created = await create({ certificate: entry.pem, clientId: 'by-pem' });
    assert.equal(created.issuer, canonical);
    assert.equal(created.serialNumber, decimal);
    for (const nameopt of ['RFC2253', 'RFC2253,-esc_msb', 'RFC2253,-esc_msb,utf8', 'RFC2253,sep_comma_plus_space', 'RFC2253,dump_all,dump_der']) {
      const spelling = entry.issuer(nameopt);
      isError(await post(url, { issuer: spelling, serialNumber: decimal }), 409);
    }
    isError(await post(url, { certificate: entry.pem }), 409);
    // Text around the block is ignored.
    isError(await post(url, { certificate: `Subject: x\n${entry.pem.replaceAll('\n', '\r\n')}\nmore` }), 409);
    await http('DELETE', created.url);
    assert.equal((await create({ issuer: entry.issuer('RFC2253'), serialNumber: decimal })).issuer, created.issuer);
  }
});

test('a negative serial number: by PEM, by REST and over NATS it is the same certificate', async () => {
  const created = await create({ certificate: vector('neg128.pem'), clientId: 'negative' });
  assert.deepEqual([created.issuer, created.serialNumber], ['CN=Neg CA', '-128']);
  isError(await post(url, { issuer: 'CN=Neg CA', serialNumber: '-128' }), 409);
  for (const serialNumber of ['-128', '-0128']) {
    const answer = await stack.ecap.certificate('CN=Neg CA', serialNumber);
    assert.deepEqual([answer.statusCode, answer.credentialId, answer.clientId], [200, created.credentialId, 'negative'], serialNumber);
  }
  assert.equal((await stack.ecap.certificate('CN=Neg CA', '128')).statusCode, 401);
  await setStatus(created.url, 'Revoked');
  assert.equal((await stack.ecap.certificate('CN=Neg CA', '-128')).statusCode, 403);
});

test('PEM as it comes: other line ends, white space and text around it, and the same certificate is 409', async () => {
  for (const [name, serialNumber] of [
    ['ws_cr.pem', '3001'],
    ['ws_nginx_tab.pem', '3002'],
    ['ws_blank_before_end.pem', '3003'],
  ]) {
    const created = await create({ certificate: vector(name) });
    assert.deepEqual([created.issuer, created.serialNumber], ['CN=Ws CA', serialNumber], name);
    assert.equal((await stack.ecap.certificate('CN=Ws CA', serialNumber)).statusCode, 200, name);
  }
  const { pem } = certificate('/CN=Shapes', '6');
  const lines = (before, after) => pem.trimEnd().split('\n').map((line) => `${before}${line}${after}`).join('');
  await create({ certificate: pem });
  for (const shape of [
    lines('', '\r'),
    lines('', '\r\n'),
    lines('\t', '\n'),
    lines('    ', '\n'),
    lines('', ' \t\n'),
    lines('', '\n\n'),
    lines('', ' '),
    `\ufeff${pem}`,
    `Bag Attributes\r    localKeyID: 01\r${lines('', '\r')}the end`,
  ]) {
    isError(await post(url, { certificate: shape }), 409);
    isError(await post(url, { certificate: `${shape}\n${shape}` }), 400, ['certificate']);
  }
});

test('string types of Java: a certificate by PEM is valid by the text that getName() and toString() print', async () => {
  const asPrinted = 'CN=\\00D\\00e\\00v\\00i\\00c\\00e\\00s\\00 \\00C\\00A,O=Example,C=DE';
  for (const [name, canonical, serialNumber, printed] of [
    ['bmp_ascii.pem', 'CN=Devices CA,O=Example,C=DE', '1004', [asPrinted, 'CN=Devices CA, O=Example, C=DE']],
    ['bmp_surrogates.pem', 'CN=Ger🔧te,O=Example,C=DE', '1006', ['CN=Ger🔧te, O=Example, C=DE']],
    ['universal_surrogates.pem', 'CN=G😀,C=DE', '1', ['CN=#1c0c000000470000d83d0000de00,C=DE', 'CN=G😀, C=DE']],
    ['general_string.pem', 'CN=Devices,C=DE', '1', ['CN=Devices,C=DE']],
  ]) {
    const created = await create({ certificate: vector(name), clientId: name });
    assert.deepEqual([created.issuer, created.serialNumber], [canonical, serialNumber]);
    for (const text of printed) {
      const answer = await stack.ecap.certificate(text, serialNumber);
      assert.deepEqual([answer.statusCode, answer.credentialId, answer.clientId], [200, created.credentialId, name], text);
      isError(await post(url, { issuer: text, serialNumber }), 409);
      const found = (await get(`${url}?issuer=${encodeURIComponent(text)}&serialNumber=${serialNumber}`)).json;
      assert.deepEqual(found.content.map(({ credentialId }) => credentialId), [created.credentialId], text);
    }
  }
});

test('a certificate that an earlier build stored in its own canonical form is still found, refused as a duplicate, and revoked', async () => {
  for (const [text, former, canonical] of [
    ['CN=\\00O\\00l\\00d', 'CN=\\00O\\00l\\00d', 'CN=Old'],
    ['Mail=old@example.org', '1.3.6.1.7=old@example.org', '0.9.2342.19200300.100.1.3=old@example.org'],
  ]) {
    const serialNumber = serial();
    const created = await create({ issuer: `CN=x${serialNumber}`, serialNumber, clientId: 'old' });
    await stack.mariadb.sql(
      `UPDATE x509_credential SET issuer = X'${Buffer.from(former).toString('hex')}', subject_hash = X'${subjectHash(former, serialNumber)}'
       WHERE serial = '${serialNumber}'`,
    );
    const answer = await stack.ecap.certificate(text, serialNumber);
    assert.deepEqual([answer.statusCode, answer.credentialId], [200, created.credentialId], text);
    isError(await post(url, { issuer: text, serialNumber }), 409);
    const listed = async (name) => (await get(`${url}?issuer=${encodeURIComponent(name)}&serialNumber=${serialNumber}`)).json;
    assert.deepEqual((await listed(text)).content.map(({ credentialId, issuer: shown }) => [credentialId, shown]), [[created.credentialId, former]]);
    // The other spelling was another certificate for the earlier build. The one that is revoked decides.
    const second = await create({ issuer: canonical, serialNumber });
    assert.equal((await stack.ecap.certificate(canonical, serialNumber)).credentialId, second.credentialId);
    assert.equal((await listed(text)).totalElements, 2);
    await setStatus(created.url, 'Revoked');
    assert.equal((await stack.ecap.certificate(text, serialNumber)).statusCode, 403, text);
  }
});

test('PEM with a multi-valued name component: the order is that of the certificate, as in Java', async () => {
  const created = await create({ certificate: certificate('/O=x/CN=a+OU=b', '2').pem });
  assert.equal(created.issuer, 'CN=a+OU=b,O=x');
  for (const spelling of ['CN=a + OU=b, O=x', 'CN=a+OU=b,O=x', 'OU=b+CN=a,O=x']) isError(await post(url, { issuer: spelling, serialNumber: '2' }), 409);
});

test('a certificate registered by PEM is valid with the names of openssl and Java, and its use is visible', async () => {
  const entry = certificate('/C=UA/O=Acme, Inc./CN=Лучіч/emailAddress=ca@example.org', '0xabcdef0123456789abcdef');
  const created = await create({ certificate: entry.pem, clientId: 'let-in' });
  const decimal = String(0xabcdef0123456789abcdefn);
  for (const issuerText of [
    entry.issuer('RFC2253'),
    entry.issuer('RFC2253,-esc_msb,utf8'),
    'EMAILADDRESS=ca@example.org, CN=Лучіч, O="Acme, Inc.", C=UA',
    '1.2.840.113549.1.9.1=#160e6361406578616d706c652e6f7267,CN=Лучіч,O=Acme\\, Inc.,C=UA',
  ]) {
    const answer = await stack.ecap.certificate(issuerText, decimal);
    assert.deepEqual([answer.statusCode, answer.credentialId, answer.clientId], [200, created.credentialId, 'let-in'], issuerText);
  }
  const used = await until(async () => (await get(created.url)).json.lastUseDate && (await get(created.url)).json, { what: 'lastUseDate' });
  assert.match(used.lastUseDate, iso);
  assert.equal(used.status, 'Active');
  const listed = (await get(`${url}?serialNumber=${decimal}`)).json.content;
  assert.deepEqual(listed, [used]);
});

test('400 for a PEM that is not exactly one certificate, and for PEM together with names', async () => {
  const { pem } = certificate('/CN=one', '5');
  const broken = pem.replace(/[A-Za-z]{8}\n/, 'AAAAAAA\n');
  const key = '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n';
  for (const bad of ['', 'no PEM', `${pem}${pem}`, broken, key, pem.slice(0, -30), pem.replace('CERTIFICATE', 'SOMETHING')]) {
    isError(await post(url, { certificate: bad }), 400, ['certificate']);
  }
  isError(await post(url, { certificate: pem, issuer: 'CN=one', serialNumber: '5' }), 400, ['certificate']);
  isError(await post(url, { certificate: 7 }), 400, ['certificate']);
});

test('400 with the fields for invalid bodies, and nothing is stored', async () => {
  const count = () => stack.mariadb.sql('SELECT COUNT(*) FROM x509_credential');
  const before = await count();
  for (const [body, fields] of [
    [{}, ['certificate']],
    [{ issuer }, ['serialNumber']],
    [{ serialNumber: '1' }, ['issuer']],
    [{ issuer: '', serialNumber: '1' }, ['issuer']],
    [{ issuer: 'Devices CA', serialNumber: '1' }, ['issuer']],
    [{ issuer: '/C=UA/O=Example', serialNumber: '1' }, ['issuer']],
    [{ issuer: 'CN=a,', serialNumber: '1' }, ['issuer']],
    [{ issuer: 'CN="a', serialNumber: '1' }, ['issuer']],
    [{ issuer: 'nonsense=a', serialNumber: '1' }, ['issuer']],
    [{ issuer: `CN=${'x'.repeat(8_200)}`, serialNumber: '1' }, ['issuer']],
    [{ issuer, serialNumber: '' }, ['serialNumber']],
    [{ issuer, serialNumber: '+1' }, ['serialNumber']],
    [{ issuer, serialNumber: '-' }, ['serialNumber']],
    [{ issuer, serialNumber: '--1' }, ['serialNumber']],
    [{ issuer, serialNumber: '1a' }, ['serialNumber']],
    [{ issuer, serialNumber: '0x' }, ['serialNumber']],
    [{ issuer, serialNumber: ' 1' }, ['serialNumber']],
    [{ issuer, serialNumber: '1:2' }, ['serialNumber']],
    [{ issuer, serialNumber: 1 }, ['serialNumber']],
    [{ issuer, serialNumber: '9'.repeat(4_097) }, ['serialNumber']],
    [{ issuer, serialNumber: '1', clientId: '' }, ['clientId']],
    [{ issuer: 5, serialNumber: 'x', clientId: 'a\nb' }, ['issuer', 'serialNumber', 'clientId']],
  ]) {
    isError(await post(url, body), 400, fields);
  }
  const headers = { 'Content-Type': 'application/json' };
  for (const text of ['', '{', '[]', `{"issuer":"${issuer}","issuer":"${issuer}","serialNumber":"1"}`]) {
    isError(await post(url, text, { headers }), 400);
  }
  isError(await post(url, '{}', { headers: { 'Content-Type': 'application/x-pem-file' } }), 415);
  isError(await post(url, { certificate: 'x'.repeat(70_000) }), 413);
  isError(await post(url, { issuer, serialNumber: '1' }, { headers: { Accept: 'text/plain' } }), 406);
  assert.equal(await count(), before);
});

test('GET lists pages in order of creation, with filters, totals and a tag', async () => {
  const of = 'CN=Listed,O=Example';
  const created = [];
  for (let i = 0; i < 12; i += 1) created.push(await create({ issuer: of, serialNumber: String(100 + i) }));
  for (const entry of created.slice(0, 3)) await setStatus(entry.url, 'Suspended');
  const list = async (query) => {
    const answer = await get(`${url}${query}`);
    assert.equal(answer.status, 200, answer.text);
    return { serials: answer.json.content.map(({ serialNumber }) => serialNumber), total: answer.json.totalElements, answer };
  };
  const filter = `issuer=${encodeURIComponent('cn=Listed, o=Example')}`;
  const newest = created.map(({ serialNumber }) => serialNumber).reverse();
  assert.deepEqual((await list(`?${filter}`)).serials, newest);
  assert.deepEqual((await list(`?${filter}&order=ASC&limit=4&offset=2`)).serials, ['102', '103', '104', '105']);
  assert.deepEqual((await list(`?${filter}&limit=5&offset=10`)).serials, ['101', '100']);
  assert.deepEqual([(await list(`?${filter}&offset=12`)).serials, (await list(`?${filter}&offset=12`)).total], [[], 12]);
  assert.deepEqual((await list(`?${filter}&status=Suspended`)).serials, ['102', '101', '100']);
  assert.equal((await list(`?${filter}&status=Inactive,Revoked`)).total, 9);
  assert.equal((await list(`?${filter}&status=Active`)).total, 0);
  assert.deepEqual((await list('?serialNumber=0x6f')).serials, ['111']);
  assert.deepEqual((await list(`?issuer=${encodeURIComponent('CN=Nobody')}`)).total, 0);
  const { total, answer } = await list('?limit=1000');
  assert.equal(answer.json.content.length, total);
  assert.equal((await list('')).serials.length, 20);

  const tag = (await list(`?${filter}`)).answer.headers.etag;
  assert.match(tag, etag);
  const again = await get(`${url}?${filter}`, { headers: { 'If-None-Match': tag } });
  assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', tag]);
  assert.equal((await get(`${url}?${filter}`, { headers: { 'If-None-Match': otherTag } })).status, 200);
  await setStatus(created[7].url, 'Revoked');
  assert.notEqual((await get(`${url}?${filter}`)).headers.etag, tag);
  const head = await http('HEAD', `${url}?${filter}`);
  assert.deepEqual([head.status, head.text], [200, '']);
});

test('400 with all invalid parameters; 405 with Allow', async () => {
  for (const [query, fields] of [
    ['limit=0', ['limit']],
    ['offset=x', ['offset']],
    ['order=newest', ['order']],
    ['status=Gone', ['status']],
    ['issuer=nobody', ['issuer']],
    ['serialNumber=x1', ['serialNumber']],
    ['status=Gone&limit=0&issuer=a&serialNumber=-x', ['status', 'limit', 'issuer', 'serialNumber']],
  ]) {
    isError(await get(`${url}?${query}`), 400, fields);
  }
  const answer = await http('DELETE', url);
  isError(answer, 405);
  assert.deepEqual(allowed(answer), ['GET', 'HEAD', 'OPTIONS', 'POST']);
  // A certificate has no password.
  const created = await create({ issuer, serialNumber: serial() });
  isError(await http('PUT', `${created.url}/password`, { body: {} }), 404);
});

test('of concurrent registrations of one certificate, one succeeds; a deleted one can be registered again', async () => {
  const serialNumber = `0x${'ab'.repeat(20)}`;
  const answers = await Promise.all(Array.from({ length: 16 }, () => post(url, { issuer, serialNumber })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(15).fill(409)]);
  const { credentialId } = answers.find(({ status }) => status === 201).json;
  await setStatus(`${url}/${credentialId}`, 'Revoked');
  isError(await post(url, { issuer, serialNumber }), 409);
  assert.equal((await http('DELETE', `${url}/${credentialId}`)).status, 204);
  assert.notEqual((await create({ issuer, serialNumber })).credentialId, credentialId);
});

test('the audit trail has the correlation IDs of creation and deletion', async () => {
  const created = await create({ issuer, serialNumber: serial() }, { 'Correlation-ID': 'known' });
  await http('DELETE', created.url, { headers: { 'Correlation-ID': 'deletion' } });
  const { audit } = await stored(stack.mariadb, 'x509_credential', created.credentialId);
  assert.deepEqual(
    audit.map(({ at, ...rest }) => rest),
    [
      { from: undefined, to: 'Inactive', how: 'rest', actor: '', correlationId: 'known' },
      { from: 'Inactive', to: undefined, how: 'rest', actor: '', correlationId: 'deletion' },
    ],
  );
});

test('the two kinds are separate: an ID of one kind is 404 for the other', async () => {
  const created = await create({ issuer, serialNumber: serial() });
  const elsewhere = `${stack.cm.api}/clients/credentials/${created.credentialId}`;
  isError(await get(elsewhere), 404);
  isError(await setStatus(elsewhere, 'Suspended'), 404);
  isError(await http('DELETE', elsewhere), 404);
  assert.equal((await get(created.url)).json.status, 'Inactive');
});

// The last test stops the database.
test('MariaDB down: 503 with Retry-After from every operation', async () => {
  const created = await create({ issuer, serialNumber: serial() });
  await stack.mariadb.kill();
  for (const answer of await Promise.all([
    get(url),
    get(created.url),
    post(url, { issuer, serialNumber: serial() }),
    setStatus(created.url, 'Suspended'),
    http('DELETE', created.url),
  ])) {
    isError(answer, 503);
    assert.match(answer.headers['retry-after'], /^\d+$/);
  }
  await stack.mariadb.start();
  await stack.cm.up();
  assert.equal((await get(created.url)).json.status, 'Inactive');
});
