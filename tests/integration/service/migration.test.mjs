// Migration from the platform's CM to this one and back, with the commands of docs/migration.md. Another CM with its
// own database plays the old service, because the platform's REST API is a subset of this one's.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { Operator } from '../../support/operator.mjs';
import { binary, root, slowness, temporaryDirectory } from '../../support/paths.mjs';
import { states } from '../../support/rest.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { until, within } from '../../support/wait.mjs';

const transfer = join(root, 'deploy', 'migration', 'transfer');
const issuer = 'CN=Devices CA,O=Example,C=DE';
const folder = temporaryDirectory('migration');
const at = (name) => join(folder, name);
const write = (name, lines) => writeFileSync(at(name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
const read = (name) => readFileSync(at(name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));

let nats;
let databases;
let old;
let next;
before(async () => {
  nats = await Nats.start();
  databases = await Promise.all([Mariadb.start(), Mariadb.start()]);
  old = await Cm.start({ nats, mariadb: databases[0], environment: { KAA_CM_TOKEN_HASH_KEY: 'key-of-the-old-one' } });
  next = await Cm.start({ nats, mariadb: databases[1], instance: 'cm-next' });
});
after(async () => {
  await old?.remove();
  await next?.remove();
  await Promise.all([nats?.remove(), ...(databases ?? []).map((item) => item.remove())]);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command to its end; {code, out, err}. */
async function run(command, args, environment = {}) {
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  try {
    const [code] = await within(60_000 * slowness, once(child, 'close'), `the end of ${command} ${args[0]}`);
    return { code, out, err };
  } finally {
    child.kill('SIGKILL');
  }
}

const origin = (cm) => `http://127.0.0.1:${cm.port}`;
const cm = (args, service) => run(binary, args, { CM_URL: origin(service) });

/**
 * A server with token lists like a CM that returns token values; `answer(endpointId, request)` may override responses.
 */
async function listOf(tokens, answer = () => false, tls) {
  const asked = [];
  const handler = (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const endpointId = decodeURIComponent(url.pathname.match(/^\/api\/v1\/endpoints\/([^/]+)\/tokens$/)[1]);
    asked.push(endpointId);
    if (answer(endpointId, response, request)) return;
    const all = tokens.filter((token) => token.endpointId === endpointId);
    const offset = Number(url.searchParams.get('offset'));
    assert.equal(url.searchParams.get('order'), 'ASC');
    const content = all.slice(offset, offset + Number(url.searchParams.get('limit')));
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ content, totalElements: all.length }));
  };
  const server = tls ? createTlsServer(tls, handler) : createServer(handler);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    asked,
    url: `http${tls ? 's' : ''}://127.0.0.1:${server.address().port}`,
    async close() {
      const closed = once(server, 'close'); // an HTTP server's close() returns nothing before Node 19
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

test('reading fetches all pages, retries on overload, reports failures, and repeats only failed endpoints', async () => {
  const tokens = [];
  for (let i = 0; i < 250; i += 1) {
    tokens.push({ endpointId: 'many', applicationName: 'smart_kettle', token: `many-${i}`, status: states[i % 4] });
  }
  for (const endpointId of ['one', 'unreadable', 'last']) {
    tokens.push({ endpointId, applicationName: 'smart_kettle', token: `of-${endpointId}`, status: 'Active' });
  }
  let overloaded = 1;
  let unreadable = true;
  const list = await listOf(tokens, (endpointId, response) => {
    if (endpointId === 'one' && overloaded > 0) {
      overloaded -= 1;
      response.writeHead(503, { 'Retry-After': '0' }).end();
      return true;
    }
    if (endpointId === 'unreadable' && unreadable) {
      response.writeHead(403, { 'Content-Type': 'application/json' }).end('{"message":"not yours"}');
      return true;
    }
    return false;
  });
  try {
    writeFileSync(at('endpoints'), 'many\none\nunreadable\nwithout-tokens\nlast\n');
    const args = ['tokens', '--url', list.url, '--endpoints', at('endpoints'), '--out', at('paged'), '--page', '100'];
    const first = await run(transfer, args);
    assert.equal(first.code, 1, first.err);
    assert.match(first.err, /endpoints\/unreadable\/tokens: 403 not yours/);
    assert.ok(!existsSync(at('paged')), 'not complete, so not there');
    assert.equal(list.asked.filter((id) => id === 'many').length, 3);
    assert.equal(list.asked.filter((id) => id === 'one').length, 2);

    unreadable = false;
    list.asked.length = 0;
    const second = await run(transfer, args);
    assert.equal(second.code, 0, second.err);
    assert.deepEqual(list.asked, ['unreadable']);
    const order = (lines) => lines.map((line) => line.token).sort();
    assert.deepEqual(order(read('paged')), order(tokens));
    for (const line of read('paged')) assert.deepEqual(line, tokens.find(({ token }) => token === line.token));
    assert.equal(statSync(at('paged')).mode & 0o777, 0o600);
    assert.ok(!existsSync(at('paged.progress')) && !existsSync(at('paged.missing')));
    assert.equal((await run(transfer, args)).code, 64, 'what is there is not overwritten');
  } finally {
    await list.close();
  }
});

test('a killed reading resumes without repeated or partial lines', async () => {
  const tokens = Array.from({ length: 40 }, (_, i) => ({
    endpointId: `e-${i}`,
    applicationName: 'smart_kettle',
    token: `of-${i}`,
    status: 'Inactive',
  }));
  let holds = true;
  const list = await listOf(tokens, (endpointId) => holds && endpointId === 'e-20');
  try {
    writeFileSync(at('forty'), tokens.map(({ endpointId }) => `${endpointId}\n`).join(''));
    const args = ['tokens', '--url', list.url, '--endpoints', at('forty'), '--out', at('killed')];
    const child = spawn(transfer, args, { stdio: 'ignore' });
    const ended = once(child, 'close');
    await until(() => list.asked.includes('e-20'), { timeout: 30_000 * slowness, what: 'the twenty-first endpoint' });
    child.kill('SIGKILL');
    await ended;
    // Simulates a kill while the lines of an endpoint and the progress were written.
    appendFileSync(at('killed.part'), '{"endpointId":"e-2');
    appendFileSync(at('killed.progress'), '99\t0\te-2');
    holds = false;
    const { code, err } = await run(transfer, args);
    assert.equal(code, 0, err);
    assert.deepEqual(read('killed').map(({ token }) => token), tokens.map(({ token }) => token));
    assert.equal(list.asked.length, 41);
  } finally {
    await list.close();
  }
});

test('https with an access token: an untrusted server gets no request, an expired token pauses the reading', async () => {
  const [key, pem] = [at('key.pem'), at('ca.pem')];
  const name = ['-subj', '/CN=old', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '9'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', pem, ...name], { stdio: 'pipe' });
  const tokens = ['a', 'b', 'c'].map((endpointId) => ({ endpointId, applicationName: 'smart_kettle', token: endpointId, status: 'Active' }));
  let valid = 'first';
  const list = await listOf(
    tokens,
    (endpointId, response, request) => {
      if (endpointId === 'b' && valid === 'first') valid = 'second';
      if (request.headers.authorization === `Bearer ${valid}`) return false;
      response.writeHead(401).end();
      return true;
    },
    { key: readFileSync(key), cert: readFileSync(pem) },
  );
  try {
    writeFileSync(at('abc'), 'a\nb\nc\n');
    writeFileSync(at('access'), 'first\n');
    const args = ['tokens', '--url', list.url, '--endpoints', at('abc'), '--out', at('secured'), '--bearer-token-file', at('access')];
    const stranger = await run(transfer, args);
    assert.equal(stranger.code, 1);
    assert.match(stranger.err, /stopped: .*certificate verify failed/);
    assert.deepEqual(list.asked, []);

    const over = await run(transfer, [...args, '--ca-file', pem]);
    assert.equal(over.code, 1);
    assert.match(over.err, /stopped: GET \/endpoints\/b\/tokens: 401/);
    assert.match(over.err, /1 lines, 0 without a value, 2 failed/);
    assert.deepEqual(list.asked, ['a', 'b'], 'c is not requested');

    writeFileSync(at('access'), 'second\n');
    const rest = await run(transfer, [...args, '--ca-file', pem]);
    assert.equal(rest.code, 0, rest.err);
    assert.deepEqual(read('secured').map(({ token }) => token), ['a', 'b', 'c']);
    for (const said of [over, rest]) assert.ok(!/first|second/.test(said.err + said.out), 'no access token is shown');
  } finally {
    await list.close();
  }
});

test('the query of the manual converts rows of another database to import lines', async () => {
  const [, sql] = readFileSync(join(root, 'docs', 'migration.md'), 'utf8').match(/```sql\n([^`]*)```/);
  const [, mariadb] = databases;
  const values = ['plain', 'with "quotes" and \\ backslash', 'ключ'];
  await mariadb.sql('CREATE DATABASE cm_old CHARACTER SET utf8mb4', { database: '' });
  const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  await mariadb.sql(
    'CREATE TABLE old_token (endpoint_id VARCHAR(64), application_name VARCHAR(64), token VARCHAR(64), status VARCHAR(16), created_date INT);' +
      values.map((value, i) => `INSERT INTO old_token VALUES ('dumped-${i}', 'smart_kettle', ${quoted(value)}, 'SUSPENDED', ${i});`).join(''),
    { database: 'cm_old' },
  );
  const account = [`--socket=${mariadb.socket}`, '--default-character-set=utf8mb4'];
  const rows = ['--batch', '--raw', '--skip-column-names', 'cm_old', '--execute', sql];
  const { stdout } = await promisify(execFile)('mariadb', ['--no-defaults', ...account, ...rows]);
  writeFileSync(at('dumped'), stdout);
  const { code, err } = await cm(['token', 'import', at('dumped')], next);
  assert.equal(code, 0, err);
  const ecap = await EcapClient.connect(nats, { instance: 'cm-next' });
  try {
    for (const value of values) assert.equal((await ecap.validate('smart_kettle', value)).statusCode, 403, value);
  } finally {
    await ecap.close();
  }
  for (const i of values.keys()) assert.equal((await new Operator(next).deleteTokens(`dumped-${i}`)).status, 204);
});

/** The tokens of the old CM: {endpointId, applicationName, token, id, status}, four endpoints with several tokens. */
const knownTokens = [];
const clients = [];

test('the old CM has tokens, usernames and certificates in every status', async () => {
  const operator = new Operator(old);
  for (let i = 0; i < 32; i += 1) {
    const item = { endpointId: `kettle-${i % 28}`, applicationName: 'smart_kettle', status: states[i % 4] };
    const { json } = await operator.createToken(item.endpointId);
    Object.assign(item, { token: json.token, id: json.endpointTokenId });
    if (item.status !== 'Inactive') await operator.setTokenStatus(item.endpointId, item.id, item.status);
    knownTokens.push(item);
  }
  for (const [i, status] of states.entries()) {
    const user = (await operator.createUser(`gateway-${i}`)).json;
    const certificate = (await operator.createCertificate({ issuer, serialNumber: String(i + 1) })).json;
    clients.push({ kind: 'credentials', status, ...user }, { kind: 'certificates', ...certificate, status });
    for (const client of clients.slice(-2)) {
      client.status = status;
      if (status !== 'Inactive') await operator.setClientStatus(client.kind, client.credentialId, status);
    }
  }
});

test("tokens: read over REST with the operator's values, imported, and compared", async () => {
  // Values by token ID, or by endpoint if it has one token of the application, or several with the same status.
  const byOwner = ({ endpointId, applicationName, token }) => ({ endpointId, applicationName, token });
  const byId = ({ id, token }) => ({ endpointTokenId: id, token });
  const half = (item) => Number(item.endpointId.slice('kettle-'.length)) % 2 === 1;
  write('values', knownTokens.slice(1).map((item) => (half(item) ? byOwner(item) : byId(item))));
  writeFileSync(at('kettles'), Array.from({ length: 28 }, (_, i) => `kettle-${i}\n`).join(''));
  const args = ['tokens', '--url', origin(old), '--endpoints', at('kettles'), '--page', '1'];

  const lacking = await run(transfer, [...args, '--values', at('values'), '--out', at('lacking')]);
  assert.equal(lacking.code, 1);
  assert.match(lacking.err, /31 lines, 1 without a value, 0 failed/);
  const { endpointId, applicationName, id: endpointTokenId, status } = knownTokens[0];
  assert.deepEqual(read('lacking.missing'), [{ endpointId, applicationName, endpointTokenId, status }]);

  appendFileSync(at('values'), `${JSON.stringify({ endpointTokenId, token: knownTokens[0].token })}\n`);
  const { code, err } = await run(transfer, [...args, '--values', at('values'), '--out', at('tokens.ndjson')]);
  assert.equal(code, 0, err);
  const lines = read('tokens.ndjson');
  assert.equal(lines.length, knownTokens.length);
  for (const item of knownTokens) {
    const line = lines.find(({ token }) => token === item.token);
    assert.deepEqual(line, { endpointId: item.endpointId, applicationName: 'smart_kettle', token: item.token, status: item.status });
  }

  for (const result of ['created', 'unchanged']) {
    const imported = await cm(['token', 'import', at('tokens.ndjson')], next);
    assert.equal(imported.code, 0, imported.err);
    assert.match(imported.err, new RegExp(`32 lines: .*\\b32 ${result}`));
  }
  assert.equal((await cm(['token', 'export', '--file', at('imported.ndjson')], next)).code, 0);
  const same = await run(transfer, ['compare', at('tokens.ndjson'), at('imported.ndjson')]);
  assert.equal(same.code, 0, same.out);
  assert.equal(same.out, '');
  assert.match(same.err, /now: 32 tokens, 8 Inactive, 8 Active, 8 Suspended, 8 Revoked\n.*0 differences/);
});

test('client credentials: read, loaded with their client IDs and statuses; loading again changes nothing', async () => {
  const users = clients.filter(({ kind }) => kind === 'credentials');
  write('passwords', users.slice(1).map(({ username, password }) => ({ username, password })));
  const source = ['--url', origin(old)];
  assert.equal((await run(transfer, ['certificates', ...source, '--out', at('certificates.ndjson'), '--page', '3'])).code, 0);
  const lacking = await run(transfer, ['credentials', ...source, '--passwords', at('passwords'), '--out', at('lacking-users')]);
  assert.equal(lacking.code, 1);
  assert.deepEqual(read('lacking-users.missing').map(({ username }) => username), ['gateway-0']);
  write('passwords', users.map(({ username, password }) => ({ username, password })));
  const all = await run(transfer, ['credentials', ...source, '--passwords', at('passwords'), '--out', at('credentials.ndjson')]);
  assert.equal(all.code, 0, all.err);

  // Simulates a load that was interrupted between a creation and its status change.
  const [interrupted] = read('certificates.ndjson').filter(({ status }) => status === 'Revoked');
  const { status: _, ...body } = interrupted;
  assert.equal((await new Operator(next).createCertificate(body)).status, 201);
  for (const result of ['created', 'unchanged']) {
    for (const file of ['certificates.ndjson', 'credentials.ndjson']) {
      const { code, err } = await run(transfer, ['load', '--url', origin(next), at(file)]);
      assert.equal(code, 0, err);
      assert.match(err, new RegExp(`\\b4 ${result}`));
    }
  }
  write('wrong', [{ issuer: 'no name', serialNumber: '1' }, { username: 'gateway-1', password: 'another one', status: 'Revoked' }, { username: 'x' }]);
  const wrong = await run(transfer, ['load', '--url', origin(next), at('wrong')]);
  assert.equal(wrong.code, 1);
  assert.deepEqual(wrong.out.trimEnd().split('\n').map((line) => JSON.parse(line).result), ['failed', 'failed', 'failed']);
});

/** Checks that every credential is answered over NATS according to its status. */
async function answeredRight(instance) {
  const ecap = await EcapClient.connect(nats, { instance });
  try {
    for (const item of knownTokens) {
      const answer = await ecap.validate('smart_kettle', item.token);
      const expected = item.status === undefined ? 404 : ['Suspended', 'Revoked'].includes(item.status) ? 403 : 200;
      assert.equal(answer.statusCode, expected, `${item.endpointId}, ${item.status}`);
      if (expected === 200) assert.equal(answer.endpointId, item.endpointId);
    }
    for (const item of clients) {
      const answer = await (item.kind === 'credentials'
        ? ecap.password(item.username, item.password, { wait: 20_000 })
        : ecap.certificate(issuer, item.serialNumber));
      const valid = ['Inactive', 'Active'].includes(item.status);
      assert.equal(answer.statusCode, valid ? 200 : 403, `${item.kind}, ${item.status}`);
      if (valid) assert.equal(answer.clientId, item.clientId, 'the client ID that the old one had');
    }
  } finally {
    await ecap.close();
  }
}

/**
 * Validates valid and invalid tokens while `action` runs; returns their number, and checks that no answer was wrong.
 */
async function devicesDuring(action) {
  const ecap = await EcapClient.connect(nats);
  let going = true;
  let count = 0;
  const devices = (async () => {
    while (going) {
      const item = knownTokens[count % knownTokens.length];
      const answer = await ecap.validate('smart_kettle', item.token, { wait: 10_000 * slowness });
      const good = ['Inactive', 'Active'].includes(item.status);
      assert.equal(answer.statusCode, good ? 200 : item.status === undefined ? 404 : 403);
      count += 1;
    }
  })();
  try {
    await Promise.race([action(), devices]);
  } finally {
    going = false;
    await devices.finally(() => ecap.close());
  }
  return count;
}

test('switch-over: the new CM takes the instance name, the old one is stopped, and no device is refused meanwhile', async () => {
  await answeredRight('cm-next');
  const count = await devicesDuring(async () => {
    assert.equal((await next.stop()).code, 0);
    next.environment.INSTANCE_NAME = 'cm';
    next.launch();
    await next.up();
    assert.equal((await old.stop()).code, 0);
  });
  assert.ok(count > 0);
  await answeredRight('cm');
});

test('switch back: later changes are found and transferred, and the old CM answers like the new one', async () => {
  const operator = new Operator(next);
  const of = (endpointId) => knownTokens.find((item) => item.endpointId === endpointId);
  const [suspended, deleted] = [of('kettle-5'), of('kettle-9')];
  assert.deepEqual([suspended.status, deleted.status], ['Active', 'Active']);
  const [{ endpointTokenId }] = (await operator.listTokens(suspended.endpointId)).json.content;
  assert.equal((await operator.setTokenStatus(suspended.endpointId, endpointTokenId, 'Suspended')).status, 200);
  suspended.status = 'Suspended';
  assert.equal((await operator.deleteTokens(deleted.endpointId)).status, 204);
  deleted.status = undefined;
  const created = { endpointId: 'kettle-new', applicationName: 'smart_kettle', token: 'a-value-of-our-own', status: 'Inactive' };
  assert.equal((await operator.createToken(created.endpointId, 'smart_kettle', { token: created.token })).status, 201);
  knownTokens.push(created);
  await answeredRight('cm');

  assert.equal((await cm(['token', 'export', '--file', at('now.ndjson')], next)).code, 0);
  const difference = await run(transfer, ['compare', '--used-alike', at('tokens.ndjson'), at('now.ndjson')]);
  assert.equal(difference.code, 1);
  const changes = difference.out.trimEnd().split('\n').map((line) => JSON.parse(line));
  const applicationName = 'smart_kettle';
  assert.deepEqual(changes, [
    { endpointId: 'kettle-5', applicationName, before: { Active: 1 }, now: { Suspended: 1 } },
    { endpointId: 'kettle-9', applicationName, before: { Active: 1 }, now: {} },
    { endpointId: 'kettle-new', applicationName, before: {}, now: { Active: 1 } },
  ]);

  // First under another instance name, so that it makes its own transitions.
  old.environment.INSTANCE_NAME = 'cm-back';
  old.launch();
  await old.up();
  const back = await EcapClient.connect(nats, { instance: 'cm-back' });
  try {
    assert.equal((await new Operator(old).createToken(created.endpointId, 'smart_kettle', { token: created.token })).status, 201);
    assert.equal((await back.transition('smart_kettle', suspended.token, 'Suspended')).statusCode, 200);
    assert.equal((await back.transition('smart_kettle', deleted.token, 'Revoked')).statusCode, 200);
    deleted.status = 'Revoked';
  } finally {
    await back.close();
  }
  await answeredRight('cm-back');
  knownTokens.splice(knownTokens.indexOf(deleted), 1); // refused by both, with 404 and 403
  await devicesDuring(async () => {
    assert.equal((await old.stop()).code, 0);
    old.environment.INSTANCE_NAME = 'cm';
    old.launch();
    await old.up();
    assert.equal((await next.stop()).code, 0);
  });
  await answeredRight('cm');
});
