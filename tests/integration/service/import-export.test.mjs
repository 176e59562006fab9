// POST /endpoint-tokens/import and GET /endpoint-tokens/export, line by line (contract section 5). Volume and memory are in
// import-volume.test.mjs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { get, http, raw, statuses } from '../../support/http.mjs';
import { exportLines, importLines } from '../../support/ndjson.mjs';
import { temporaryDirectory } from '../../support/paths.mjs';
import { allowed, isError, states, stored, uuid7 } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep, until } from '../../support/wait.mjs';

const run = promisify(execFile);
const ndjson = { 'Content-Type': 'application/x-ndjson' };

let stack;
const directory = temporaryDirectory('import');
before(async () => {
  const configuration = {};
  for (const item of ['smart_kettle', 'lamp', 'cut', 'curl']) configuration[`kaa.applications.${item}.versions.v1`] = '';
  stack = await Stack.start({ configuration });
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await stack?.remove();
});

const count = async (where) => Number(await stack.mariadb.sql(`SELECT COUNT(*) FROM endpoint_token WHERE ${where}`));
const audits = async (where) =>
  Number(
    await stack.mariadb.sql(
      `SELECT COUNT(*) FROM credential_audit a JOIN endpoint_token t ON a.credential_id = t.id WHERE a.channel = 3 AND ${where}`,
    ),
  );
const validate = async (application, token) => (await stack.ecap.validate(application, token)).statusCode;

test('a byte order mark before the first line is ignored, also with CRLF line ends', async () => {
  const line = (i) => JSON.stringify({ endpointId: 'marked', applicationName: 'lamp', token: `marked-${i}` });
  const ask = (body) => http('POST', `${stack.cm.api}/endpoint-tokens/import`, { body, headers: ndjson });
  const results = ({ text }) => text.split('\n').filter(Boolean).map((entry) => JSON.parse(entry).result);
  assert.deepEqual(results(await ask(`\ufeff${line(1)}\r\n${line(2)}\r\n`)), ['created', 'created']);
  assert.deepEqual(results(await ask(`\ufeff${line(1)}\n\ufeff${line(2)}\n${line(2)}`)), ['unchanged', 'failed', 'unchanged']);
  assert.deepEqual(results(await ask('\ufeff')), []);
});

test('results arrive while lines are still being sent', async () => {
  const socket = connect(stack.cm.port, '127.0.0.1');
  socket.setEncoding('utf8');
  let text = '';
  socket.on('data', (piece) => {
    text += piece;
  });
  const chunk = (bytes) => socket.write(`${Buffer.byteLength(bytes).toString(16)}\r\n${bytes}\r\n`);
  const line = (i) => `${JSON.stringify({ endpointId: 'slow', applicationName: 'lamp', token: `slow-${i}` })}\n`;
  socket.write(
    'POST /api/v1/endpoint-tokens/import HTTP/1.1\r\nHost: cm\r\nContent-Type: application/x-ndjson\r\n' +
      'Transfer-Encoding: chunked\r\n\r\n',
  );
  try {
    for (let i = 1; i <= 5; i += 1) {
      // In two pieces: a line ends at its line feed, not at the end of a piece.
      chunk(line(i).slice(0, 20));
      chunk(line(i).slice(20));
      await until(() => text.includes(`{"line":${i},"result":"created"`), { what: `the result of line ${i}` });
      assert.equal(await count(`endpoint_id = 'slow'`), i);
    }
    socket.write('0\r\n\r\n');
    await until(() => text.endsWith('\r\n0\r\n\r\n'), { what: 'the end of the answer' });
    // The connection stays open.
    socket.write('GET /api/v1/endpoints/slow/tokens HTTP/1.1\r\nHost: cm\r\n\r\n');
    await until(() => statuses(text).length === 2, { what: 'the next answer' });
    assert.deepEqual(statuses(text), [200, 200]);
  } finally {
    socket.destroy();
  }
});

test('an invalid line fails alone, with the same error as in a separate request', async () => {
  const good = (token) => ({ endpointId: 'mixed', applicationName: 'smart_kettle', token });
  await stack.cm.provision('somebody', { applicationName: 'smart_kettle', token: 'taken-by-somebody' });
  const lines = [
    [good('mixed-1'), 'created'],
    ['{"endpointId":', 400],
    [good('mixed-2'), 'created'],
    ['nonsense', 400],
    ['[]', 400],
    ['null', 400],
    ['{"endpointId":"mixed","applicationName":"smart_kettle","token":"a-1","token":"a-2"}', 400],
    [JSON.stringify(good('x')).padEnd((64 << 10) + 1), 400],
    [JSON.stringify(good('mixed-long')).padEnd(64 << 10), 'created'],
    [{ ...good('mixed-huge'), more: 'y'.repeat(300_000) }, 400],
    [good('mixed-3'), 'created'],
    [{ ...good('a#b'), endpointId: 'a b' }, 400, ['endpointId', 'token']],
    [{ applicationName: 'smart_kettle' }, 400, ['endpointId']],
    [{ endpointId: 'mixed' }, 400, ['applicationName']],
    [{ ...good('mixed-s'), status: 'Gone' }, 400, ['status']],
    [{ ...good('mixed-s'), status: 5 }, 400, ['status']],
    [{ ...good('mixed-u'), applicationName: 'toaster' }, 404],
    [good('taken-by-somebody'), 409],
    [{ ...good('mixed-1'), endpointId: 'another' }, 409],
    [good('mixed-4'), 'created'],
    [good('mixed-1'), 'unchanged'],
    [{ ...good('mixed-1'), status: 'Revoked' }, 409],
    [`${JSON.stringify(good('mixed-5'))}\r`, 'created'],
    [{ ...good('mixed-6'), token: 'Ключ-鍵-🔑' }, 'created'],
  ];
  const { status, results } = await importLines(stack.cm.api, lines.map(([line]) => line));
  assert.equal(status, 200);
  assert.deepEqual(results.map(({ line }) => line), lines.map((_, i) => i + 1));
  for (const [i, [line, expected, fields]] of lines.entries()) {
    const { result, code, message, errors, endpointTokenId } = results[i];
    const what = `line ${i + 1}: ${JSON.stringify(results[i])}`;
    if (typeof expected === 'string') {
      assert.equal(result, expected, what);
      assert.match(endpointTokenId, uuid7);
      continue;
    }
    assert.equal(result, 'failed', what);
    assert.equal(code, expected, what);
    assert.ok(message.length > 0);
    assert.equal(endpointTokenId, undefined);
    if (fields) assert.deepEqual(errors.map(({ field }) => field).sort(), fields, what);
    if (line.token) assert.ok(!JSON.stringify(results[i]).includes(line.token), 'an error repeats no token');
  }
  const created = lines.filter(([, expected]) => expected === 'created').length;
  assert.equal(await count("endpoint_id = 'mixed'"), created);
  assert.equal(await count("endpoint_id = 'another' OR application = 'toaster'"), 0);
  for (const token of ['mixed-1', 'mixed-5', 'mixed-long', 'Ключ-鍵-🔑']) assert.equal(await validate('smart_kettle', token), 200);
  assert.equal(await validate('smart_kettle', 'mixed-huge'), 404);
});

test('an empty line counts: it fails alone and has its result in order', async () => {
  const good = (token) => ({ endpointId: 'blank', applicationName: 'lamp', token });
  const { results } = await importLines(stack.cm.api, [good('blank-1'), '', good('blank-2'), '  \t', '\r', good('blank-3')]);
  assert.deepEqual(
    results.map(({ line, result, code }) => [line, code ?? result]),
    [[1, 'created'], [2, 400], [3, 'created'], [4, 400], [5, 400], [6, 'created']],
  );
});

test('of several lines with one token the first creates it, although batches are stored concurrently', async () => {
  // Of lines that arrive fast, 500 form a batch, and the next 500 contain the same tokens.
  const lines = Array.from({ length: 8_000 }, (_, i) => ({
    endpointId: i % 1_000 < 500 ? 'race-first' : 'race-second',
    applicationName: 'lamp',
    token: `race-${Math.floor(i / 1_000) * 500 + (i % 500)}`,
  }));
  const { results } = await importLines(stack.cm.api, lines);
  for (const [i, { line, result, code }] of results.entries())
    assert.deepEqual([line, code ?? result], [i + 1, i % 1_000 < 500 ? 'created' : 409]);
  assert.equal(await count("endpoint_id = 'race-first'"), 4_000);
  assert.equal(await count("endpoint_id = 'race-second'"), 0);
});

test('a last line without a line feed counts; a file without lines has no results', async () => {
  const line = JSON.stringify({ endpointId: 'tail', applicationName: 'lamp', token: 'tail-1' });
  const post = (body) => http('POST', `${stack.cm.api}/endpoint-tokens/import`, { body, headers: ndjson });
  assert.equal((await post(line)).json.result, 'created');
  assert.equal((await post(`${line}\n`)).json.result, 'unchanged');
  const empty = await post('');
  assert.deepEqual([empty.status, empty.text], [200, '']);
});

test('generated tokens are returned in the result line, are valid, and are new when the line is repeated', async () => {
  const lines = Array.from({ length: 200 }, (_, i) => ({ endpointId: `generated-${i}`, applicationName: 'smart_kettle' }));
  const { results } = await importLines(stack.cm.api, lines);
  for (const { result, token } of results) {
    assert.equal(result, 'created');
    assert.match(token, /^[A-Za-z0-9]{10}$/);
  }
  assert.equal(new Set(results.map(({ token }) => token)).size, 200);
  const answers = await Promise.all(results.map(({ token }) => stack.ecap.validate('smart_kettle', token)));
  for (const [i, answer] of answers.entries()) {
    assert.deepEqual([answer.statusCode, answer.endpointId, answer.tokenId], [200, `generated-${i}`, results[i].endpointTokenId]);
  }
  const again = (await importLines(stack.cm.api, lines.slice(0, 3))).results;
  assert.deepEqual(again.map(({ result }) => result), ['created', 'created', 'created']);
  for (const { token } of results) assert.ok(!stack.cm.log.includes(token), 'a token is in the log');
});

test('a line may contain a status, which applies from the start, is in the audit trail, and has no event', async () => {
  const correlationId = 'import-with-status';
  const lines = states.map((status) => ({ endpointId: 'stateful', applicationName: 'smart_kettle', token: `with-${status}`, status }));
  const total = () => stack.mariadb.sql('SELECT COUNT(*) FROM revocation');
  const before = await total();
  const { results } = await importLines(stack.cm.api, lines, { headers: { 'Correlation-ID': correlationId } });
  for (const [i, status] of states.entries()) {
    const { result, endpointTokenId } = results[i];
    assert.deepEqual([result, results[i].status], ['created', status]);
    const { row, audit } = await stored(stack.mariadb, 'endpoint_token', endpointTokenId);
    assert.equal(row.status, status);
    assert.equal(audit.length, 1);
    const { at, ...rest } = audit[0];
    assert.deepEqual(rest, { from: undefined, to: status, how: 'import', actor: '', correlationId });
    const history = (await get(`${stack.cm.api}/endpoints/stateful/tokens/${endpointTokenId}/history`)).json;
    assert.deepEqual(history.content.map(({ to, how }) => [to, how]), [[status, 'import']]);
    assert.equal(await validate('smart_kettle', `with-${status}`), i < 2 ? 200 : 403);
  }
  assert.equal(await total(), before);
  // Without a status, or with null, any existing status is accepted.
  const { results: again } = await importLines(stack.cm.api, [{ ...lines[3], status: undefined }, { ...lines[2], status: null }]);
  assert.deepEqual(again.map(({ result, status }) => [result, status]), [['unchanged', 'Revoked'], ['unchanged', 'Suspended']]);
});

test('repeated lines are unchanged after the first use of their tokens, but not after other changes', async () => {
  const lines = ['used', 'idle', 'suspended', 'revoked'].map((token) => ({
    endpointId: 'used-since', applicationName: 'smart_kettle', token: `since-${token}`, status: 'Inactive',
  }));
  const { results: first } = await importLines(stack.cm.api, lines);
  assert.deepEqual(first.map(({ result }) => result), ['created', 'created', 'created', 'created']);
  assert.equal(await validate('smart_kettle', 'since-used'), 200);
  const url = (i) => `${stack.cm.api}/endpoints/used-since/tokens/${first[i].endpointTokenId}`;
  await until(async () => (await get(url(0))).json.status === 'Active', { what: 'the first use in the database' });
  for (const [i, status] of [[2, 'Suspended'], [3, 'Revoked']]) {
    assert.equal((await http('PUT', `${url(i)}/status`, { body: { status } })).status, 200);
  }
  const { results } = await importLines(stack.cm.api, [...lines, { ...lines[1], status: 'Active' }, lines[0]]);
  assert.deepEqual(
    results.map(({ result, status, code }) => [result, status ?? code]),
    [['unchanged', 'Active'], ['unchanged', 'Inactive'], ['failed', 409], ['failed', 409], ['failed', 409], ['unchanged', 'Active']],
  );
});

test('an export contains statuses and dates, of all applications or of one', async () => {
  const whole = new Map();
  await exportLines(stack.cm.api, { onLine: (line) => void whole.set(line.endpointTokenId, line) });
  assert.equal(whole.size, await count('TRUE'));
  const creation = (await stack.cm.provision('exported', { applicationName: 'lamp' })).json;
  const url = `${stack.cm.api}/endpoints/exported/tokens/${creation.endpointTokenId}`;
  await http('PUT', `${url}/status`, { body: { status: 'Suspended' } });
  const { lines } = await exportLines(stack.cm.api, { query: '?applicationName=lamp' });
  assert.equal(lines.length, await count("application = 'lamp'"));
  assert.ok(lines.every(({ applicationName }) => applicationName === 'lamp'));
  assert.deepEqual(lines.at(-1), { endpointId: 'exported', ...(await get(url)).json });
  const none = await exportLines(stack.cm.api, { query: '?applicationName=nobody' });
  assert.deepEqual([none.status, none.count, none.complete], [200, 0, true]);
  isError(await get(`${stack.cm.api}/endpoint-tokens/export?applicationName=Not%20One`), 400, ['applicationName']);
  isError(await get(`${stack.cm.api}/endpoint-tokens/export`, { headers: { Accept: 'application/json' } }), 406);
  const head = await http('HEAD', `${stack.cm.api}/endpoint-tokens/export?applicationName=lamp`);
  assert.deepEqual([head.status, head.text], [200, '']);
  const wrong = await http('DELETE', `${stack.cm.api}/endpoint-tokens/export`);
  isError(wrong, 405);
  assert.deepEqual(allowed(wrong), ['GET', 'HEAD', 'OPTIONS']);
});

test('405, 406, 411 and 415 of an import before its first line is read', async () => {
  const url = `${stack.cm.api}/endpoint-tokens/import`;
  const line = `${JSON.stringify({ endpointId: 'refused', applicationName: 'lamp' })}\n`;
  const wrong = await get(url);
  isError(wrong, 405);
  assert.deepEqual(allowed(wrong), ['OPTIONS', 'POST']);
  for (const type of ['application/json', 'text/plain', 'application/x-ndjson; charset=latin1']) {
    isError(await http('POST', url, { body: line, headers: { 'Content-Type': type } }), 415);
  }
  isError(await http('POST', url, { body: line, headers: { ...ndjson, Accept: 'application/json' } }), 406);
  const head = 'POST /api/v1/endpoint-tokens/import HTTP/1.1\r\nHost: cm\r\nContent-Type: application/x-ndjson\r\n\r\n';
  assert.deepEqual(statuses(await raw(stack.cm.port, head, { done: (text) => text.includes('}') })), [411]);
  assert.equal(await count("endpoint_id = 'refused'"), 0);
});

/**
 * Sends lines and closes the connection in the middle of one; returns how many complete lines were sent and answered.
 */
async function cutImport(prefix, { lines, tail, reset }) {
  const socket = connect(stack.cm.port, '127.0.0.1');
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  socket.on('error', () => {});
  const line = (i) => `${JSON.stringify({ endpointId: `${prefix}-${i}`, applicationName: 'cut', token: `${prefix}-${i}` })}\n`;
  const answered = () => text.split('"result":"created"').length - 1;
  const chunk = (bytes) => socket.write(`${Buffer.byteLength(bytes).toString(16)}\r\n${bytes}\r\n`);
  socket.write(
    'POST /api/v1/endpoint-tokens/import HTTP/1.1\r\nHost: cm\r\nContent-Type: application/x-ndjson\r\n' +
      'Transfer-Encoding: chunked\r\n\r\n',
  );
  for (let i = 0; i < lines; i += 50) {
    chunk(Array.from({ length: Math.min(50, lines - i) }, (_, k) => line(i + k)).join(''));
  }
  await until(() => answered() >= Math.min(lines, 300), { what: 'some results' });
  chunk(tail(line(lines)));
  await sleep(20);
  if (reset) socket.resetAndDestroy();
  else socket.destroy();
  return { answered: answered() };
}

test('after a lost connection only complete lines are applied', async () => {
  // A line in two halves; a line without its line feed, which cannot be recognized as complete.
  const tails = [(line) => line.slice(0, line.length / 2), (line) => line.slice(0, -1)];
  for (const [t, tail] of tails.entries()) {
    for (const reset of [false, true]) {
      const prefix = `cut-${t}-${reset}`;
      const lines = 2_000;
      const { answered } = await cutImport(prefix, { lines, tail, reset });
      const where = `endpoint_id LIKE '${prefix}-%'`;
      let before = -1;
      await until(
        async () => {
          const now = await count(where);
          const quiet = now === before;
          before = now;
          return quiet;
        },
        { interval: 300, what: 'the end of it' },
      );
      const found = (await stack.mariadb.sql(`SELECT endpoint_id FROM endpoint_token WHERE ${where}`)).trimEnd().split('\n');
      assert.ok(found.length >= answered, `${found.length} rows, ${answered} were answered`);
      assert.ok(found.length <= lines);
      // From the first line on, without a gap, each with its audit row.
      assert.deepEqual(
        found.map((id) => Number(id.slice(prefix.length + 1))).sort((a, b) => a - b),
        Array.from({ length: found.length }, (_, i) => i),
      );
      assert.equal(await audits(where), found.length);
      assert.equal(await validate('cut', `${prefix}-${lines}`), 404);
    }
  }
  assert.equal((await stack.cm.provision('after-the-cut', { applicationName: 'cut' })).status, 201);
});

test('a client that disconnects during an export has no effect on others', async () => {
  for (let i = 0; i < 5; i += 1) {
    const socket = connect(stack.cm.port, '127.0.0.1');
    socket.write('GET /api/v1/endpoint-tokens/export HTTP/1.1\r\nHost: cm\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
  }
  assert.equal((await stack.cm.provision('after-the-export', { applicationName: 'lamp' })).status, 201);
});

test('curl -T uploads a file with Expect: 100-continue, and gets errors before it sends the body', async () => {
  const file = join(directory, 'lines.ndjson');
  const lines = Array.from({ length: 20_000 }, (_, i) => ({ endpointId: `curl-${i}`, applicationName: 'curl', token: `curl-${i}` }));
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const curl = (...args) =>
    run(
      'curl',
      ['-sSv', '--max-time', '60', '-X', 'POST', '-H', 'Expect: 100-continue', '--expect100-timeout', '30', ...args, `${stack.cm.api}/endpoint-tokens/import`],
      { maxBuffer: 64 << 20 },
    );
  const { stdout, stderr } = await curl('-T', file, '-H', 'Content-Type: application/x-ndjson');
  assert.match(stderr, /< HTTP\/1\.1 100 Continue/);
  assert.match(stderr, /< HTTP\/1\.1 200 OK/);
  const results = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(results.length, lines.length);
  assert.ok(results.every(({ line, result }, i) => line === i + 1 && result === 'created'));
  assert.equal(await count("application = 'curl'"), lines.length);

  const refused = await curl('-T', file, '-H', 'Content-Type: text/plain');
  assert.doesNotMatch(refused.stderr, /100 Continue/);
  assert.match(refused.stderr, /< HTTP\/1\.1 415 /);
  assert.equal(JSON.parse(refused.stdout).status, 415);
});

// The last test stops the database.
test('MariaDB down: each line fails with 503 and can be repeated, an export is 503', async () => {
  await stack.mariadb.kill();
  const lines = Array.from({ length: 100 }, (_, i) => ({ endpointId: 'later', applicationName: 'lamp', token: `later-${i}` }));
  const { status, results } = await importLines(stack.cm.api, ['nonsense', ...lines]);
  assert.equal(status, 200);
  assert.deepEqual(results.map(({ result, code }) => [result, code]), [['failed', 400], ...lines.map(() => ['failed', 503])]);
  const refused = await get(`${stack.cm.api}/endpoint-tokens/export`);
  isError(refused, 503);
  assert.match(refused.headers['retry-after'], /^\d+$/);
  await stack.mariadb.start();
  await stack.cm.up();
  const again = await importLines(stack.cm.api, lines);
  assert.ok(again.results.every(({ result }) => result === 'created'));
});
