// All operator commands against a real service, with both output formats and all exit statuses (contract section 3.4).
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createServer as createTlsTunnel } from 'node:tls';

import { Cm } from '../../support/cm.mjs';
import { binary, noFigures, root, slowness, temporaryDirectory } from '../../support/paths.mjs';
import { freePorts } from '../../support/ports.mjs';
import { iso, uuid7 } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';
import { timed, within } from '../../support/wait.mjs';

let stack;
const files = temporaryDirectory('files');
before(async () => {
  stack = await Stack.start();
});
after(async () => {
  await stack?.remove();
  rmSync(files, { recursive: true, force: true });
});

/**
 * Runs cm to its end; {code, out, err}. `input` is its standard input; `environment` is by default that of the service.
 */
async function cm(args, { input = '', environment = stack.cm.environment, timeout = 60_000 * slowness } = {}) {
  const child = spawn(binary, args, { env: { PATH: process.env.PATH, ...environment } });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (texts.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (texts.err += text));
  child.stdin.on('error', () => {}); // a process that fails immediately does not read
  child.stdin.end(input);
  try {
    const [code] = await within(timeout, once(child, 'close'), `the end of cm ${args.join(' ')}`);
    return { code, ...texts };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Runs cm(), which must succeed; returns its standard output as JSON. */
async function json(args, options) {
  const { code, out, err } = await cm([...args, '--output', 'json'], options);
  assert.equal(code, 0, err);
  return out === '' ? undefined : JSON.parse(out);
}

/** The cells of a table by heading; columns are separated by two spaces. */
function rows(text) {
  const [head, ...lines] = text.trimEnd().split('\n').map((line) => line.split(/ {2,}/));
  return lines.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
}

const file = (name, content) => {
  const path = join(files, name);
  writeFileSync(path, content);
  return path;
};

test('a token: created, listed, shown, suspended, activated, revoked, its history, deleted', async () => {
  const created = await json(['token', 'create', 'kettle-1', '--application', 'smart_kettle', '--correlation-id', 'cli-1']);
  assert.match(created.endpointTokenId, uuid7);
  assert.match(created.token, /^[A-Za-z0-9]{10}$/);
  const item = ['kettle-1', created.endpointTokenId];

  const list = await cm(['token', 'list', 'kettle-1']);
  assert.equal(list.code, 0, list.err);
  assert.deepEqual(Object.keys(rows(list.out)[0]), ['TOKEN ID', 'STATUS', 'APPLICATION', 'CREATED', 'UPDATED']);
  assert.equal(rows(list.out)[0]['TOKEN ID'], created.endpointTokenId);
  assert.equal(rows(list.out)[0].UPDATED, '-');
  assert.deepEqual((await json(['token', 'list', 'kettle-1', '--status', 'Revoked'])).content, []);

  const shown = await cm(['token', 'show', ...item]);
  assert.equal(shown.code, 0);
  assert.match(shown.out, /^STATUS +Inactive$/m);
  assert.ok(!shown.out.includes(created.token));

  for (const [verb, status] of [['suspend', 'Suspended'], ['activate', 'Active'], ['revoke', 'Revoked'], ['revoke', 'Revoked']]) {
    assert.equal((await json(['token', verb, ...item])).status, status);
  }
  const refused = await cm(['token', 'activate', ...item, '--correlation-id', 'cli-2']);
  assert.equal(refused.code, 1);
  assert.equal(refused.out, '');
  assert.match(refused.err, /^cm: 409 Conflict: .+ \(correlation ID cli-2\)\n$/);

  const history = await json(['token', 'history', ...item]);
  assert.deepEqual(history.content.map(({ to }) => to), ['Revoked', 'Active', 'Suspended', 'Inactive']);
  assert.equal(history.content[3].correlationId, 'cli-1');
  const first = await cm(['token', 'history', ...item, '--limit', '1']);
  assert.equal(rows(first.out)[0].TO, 'Revoked');
  assert.match(first.err, /^cm: 1 of 4 are shown/);

  assert.equal((await cm(['token', 'delete', ...item])).out, 'deleted\n');
  const missing = await cm(['token', 'delete', ...item]);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /^cm: 404 Not Found/);
});

test('a generated token is shown once, and a given one is read from a file or standard input', async () => {
  const made = await cm(['token', 'create', 'kettle-2', '--application', 'smart_kettle']);
  assert.equal(made.code, 0);
  assert.match(made.out, /^TOKEN +[A-Za-z0-9]{10}$/m);
  assert.match(made.err, /never again/);
  const given = await json(['token', 'create', 'kettle-2', '--application', 'smart_kettle', '--token-file', file('token', 'from-a-file\n')]);
  assert.equal(given.token, 'from-a-file');
  const piped = await json(['token', 'create', 'kettle-2', '--application', 'smart_kettle', '--token-file', '-'], { input: 'piped' });
  assert.equal(piped.token, 'piped');
  assert.equal((await stack.ecap.validate('smart_kettle', 'piped')).statusCode, 200);

  assert.equal((await cm(['token', 'delete', 'kettle-2'])).code, 64, 'all of them only when that is asked for');
  assert.equal((await json(['token', 'list', 'kettle-2'])).totalElements, 3);
  assert.equal(await json(['token', 'delete', 'kettle-2', '--all']), undefined);
  assert.equal((await json(['token', 'list', 'kettle-2'])).totalElements, 0);
});

test('a username: every command, with a generated and a given password', async () => {
  const made = await json(['credential', 'create', 'gateway-7', '--client-id', 'client-7']);
  assert.ok(made.password.length >= 8);
  assert.equal(made.clientId, 'client-7');
  const given = await cm(['credential', 'create', 'gateway-8', '--password-file', file('password', 'right-password\n')]);
  assert.equal(given.code, 0, given.err);
  assert.ok(!`${given.out}${given.err}`.includes('right-password'));
  assert.equal((await stack.ecap.password('gateway-8', 'right-password')).statusCode, 200);

  const listed = rows((await cm(['credential', 'list', '--username', 'gateway-7'])).out);
  assert.deepEqual(listed.map(({ USERNAME }) => USERNAME), ['gateway-7']);
  const id = made.credentialId;
  assert.equal((await json(['credential', 'show', id])).username, 'gateway-7');
  const changed = await json(['credential', 'password', id]);
  assert.notEqual(changed.password, made.password);
  const set = await json(['credential', 'password', id, '--password-file', '-'], { input: 'another-password\n' });
  assert.ok(!('password' in set));
  assert.equal((await stack.ecap.password('gateway-7', 'another-password')).statusCode, 200);
  assert.equal((await json(['credential', 'suspend', id])).status, 'Suspended');
  assert.equal((await json(['credential', 'activate', id])).status, 'Active');
  assert.equal((await json(['credential', 'revoke', id])).status, 'Revoked');
  assert.equal((await cm(['credential', 'delete', id])).code, 0);
  assert.equal((await cm(['credential', 'show', id])).code, 1);

  const short = await cm(['credential', 'create', 'gateway-9', '--password-file', '-'], { input: 'short' });
  assert.equal(short.code, 1);
  assert.match(short.err, /^cm: 400 Bad Request.*\ncm: {3}password: /);
  assert.ok(!short.err.includes('"short"'));
});

test('a certificate: every command, by names and by PEM', async () => {
  const names = await json(['certificate', 'create', '--issuer', 'CN=Devices CA, O=Example', '--serial-number', '0x1A2B', '--client-id', 'c']);
  assert.equal(names.issuer, 'CN=Devices CA,O=Example');
  assert.equal(names.serialNumber, '6699');
  const id = names.credentialId;
  const listed = rows((await cm(['certificate', 'list', '--issuer', 'CN=Devices CA,O=Example', '--serial-number', '6699'])).out);
  assert.deepEqual(listed.map((one) => one['CREDENTIAL ID']), [id]);
  assert.match((await json(['certificate', 'show', id])).createdDate, iso);
  assert.equal((await json(['certificate', 'suspend', id])).status, 'Suspended');
  assert.equal((await json(['certificate', 'activate', id])).status, 'Active');
  assert.equal((await json(['certificate', 'revoke', id])).status, 'Revoked');
  assert.equal((await cm(['certificate', 'delete', id])).out, 'deleted\n');

  const key = join(files, 'device.key');
  const pem = join(files, 'device.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', pem, '-subj', '/CN=device', '-days', '9'], { stdio: 'pipe' });
  assert.equal((await json(['certificate', 'create', '--file', pem])).issuer, 'CN=device');
  assert.equal((await cm(['certificate', 'create', '--file', pem])).code, 1, 'it is known already');
});

const line = (i, more = {}) => `${JSON.stringify({ endpointId: `imported-${i % 50}`, applicationName: 'bulk', token: `bulk-${i}`, ...more })}\n`;

test('10,000 lines are imported through a pipe, with results in order, and exported again', async () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => line(i)).join('');
  const first = await cm(['token', 'import'], { input: lines });
  assert.equal(first.code, 0, first.err);
  const results = first.out.trimEnd().split('\n').map((one) => JSON.parse(one));
  assert.deepEqual(results.map((one) => one.line), Array.from({ length: 10_000 }, (_, i) => i + 1));
  assert.ok(results.every(({ result }) => result === 'created'));
  assert.equal(first.err, 'cm: 10000 lines: 10000 created, 0 unchanged, 0 failed\n', 'no bar where there is no terminal');

  const again = await cm(['token', 'import', file('again.ndjson', lines)]);
  assert.equal(again.code, 0);
  assert.equal(again.err, 'cm: 10000 lines: 0 created, 10000 unchanged, 0 failed\n');

  const exported = await cm(['token', 'export', '--application', 'bulk']);
  assert.equal(exported.code, 0, exported.err);
  assert.equal(exported.out.trimEnd().split('\n').length, 10_000);
  const target = join(files, 'export.ndjson');
  const kept = await cm(['token', 'export', '--application', 'bulk', '--file', target]);
  assert.deepEqual([kept.code, kept.out, kept.err], [0, '', '']);
  assert.equal(readFileSync(target, 'utf8'), exported.out);
  assert.equal(statSync(target).mode & 0o777, 0o600);
  assert.ok(!existsSync(`${target}.part`));
});

test('a failed line makes the exit status 1, and the others are imported', async () => {
  const { code, out, err } = await cm(['token', 'import', '-'], { input: `${line(1)}{}\n${line(20_000)}` });
  assert.equal(code, 1);
  assert.deepEqual(out.trimEnd().split('\n').map((one) => JSON.parse(one).result), ['unchanged', 'failed', 'created']);
  assert.equal(err, 'cm: 3 lines: 1 created, 1 unchanged, 1 failed\n');
});

test('results are printed while the input is still open, without waiting for the next line', async () => {
  const child = spawn(binary, ['token', 'import'], { env: { PATH: process.env.PATH, ...stack.cm.environment } });
  try {
    const results = child.stdout.setEncoding('utf8');
    for (const i of [30_001, 30_002]) {
      child.stdin.write(line(i));
      const [text] = await within(10_000 * slowness, once(results, 'data'), 'a result');
      assert.match(text, /"result":"created"/);
    }
    child.stdin.end();
    assert.deepEqual(await within(10_000 * slowness, once(child, 'close')), [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('memory does not grow with the size of an import', { skip: noFigures }, async (t) => {
  const lines = Array.from({ length: 60_000 }, (_, i) => line(i % 10_000, { padding: 'x'.repeat(300) })).join('');
  const path = file('large.ndjson', lines);
  const child = spawn(binary, ['token', 'import', path], { env: { PATH: process.env.PATH, ...stack.cm.environment } });
  const peak = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
  let early;
  let last;
  let seen = 0;
  child.stdout.on('data', (bytes) => {
    seen += bytes.length;
    if (seen > 200_000) early ??= peak();
    if (child.exitCode === null && seen < 5_500_000) last = peak();
  });
  const [code] = await within(120_000, once(child, 'close'), 'the import');
  assert.equal(code, 0);
  t.diagnostic(`peak early ${early} MiB, later ${last} MiB, of a file of ${(lines.length / (1 << 20)).toFixed(1)} MiB`);
  assert.ok(last - early < 4, `from ${early} to ${last} MiB`);
});

/** A TCP proxy to `port` that closes the connection after `bytes` of response. */
async function cutAfter(port, bytes) {
  const server = createTcpServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let count = 0;
    client.pipe(upstream);
    upstream.on('data', (piece) => {
      count += piece.length;
      client.write(piece);
      if (count > bytes) client.destroy();
    });
    for (const one of [client, upstream]) one.on('error', () => {}).on('close', () => (client.destroy(), upstream.destroy()));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

test('a broken connection is 69, with only complete lines, and leaves no partial export file', async () => {
  const proxy = await cutAfter(stack.cm.port, 20_000);
  try {
    const url = ['--url', `http://127.0.0.1:${proxy.address().port}`];
    const lines = Array.from({ length: 10_000 }, (_, i) => line(i)).join('');
    const imported = await cm(['token', 'import', ...url], { input: lines });
    assert.equal(imported.code, 69, imported.err);
    assert.match(imported.err, /may be sent again\n$/);
    for (const one of imported.out.trimEnd().split('\n')) JSON.parse(one);
    const target = join(files, 'cut.ndjson');
    const exported = await cm(['token', 'export', '--file', target, ...url]);
    assert.equal(exported.code, 69, exported.err);
    assert.ok(!existsSync(target) && !existsSync(`${target}.part`));
  } finally {
    proxy.close();
  }
});

test('connection refused, no response, and another service are distinguished', async (t) => {
  const [port] = await freePorts(1);
  const unconnected = await cm(['token', 'list', 'e', '--url', `http://127.0.0.1:${port}`]);
  assert.equal(unconnected.code, 69);
  assert.match(unconnected.err, /^cm: cannot connect to 127\.0\.0\.1:\d+: Connection refused\n$/);

  const silent = createTcpServer(() => {});
  t.after(() => silent.close());
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const late = await cm(['token', 'list', 'e', '--url', `http://127.0.0.1:${silent.address().port}`, '--timeout', '200ms']);
  assert.equal(late.code, 69);
  assert.match(late.err, /in time/);

  const other = createServer((_, response) => response.end('<html>'));
  t.after(() => other.close());
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const stranger = await cm(['token', 'list', 'e', '--url', `http://127.0.0.1:${other.address().port}`]);
  assert.equal(stranger.code, 1);
  assert.match(stranger.err, /is not one of the API/);
});

test('the access token is read from a file and never printed', async () => {
  let seen;
  const server = createServer((request, response) => {
    seen = request.headers.authorization;
    response.writeHead(403).end('{"message":"not allowed"}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const environment = {
    ...stack.cm.environment,
    CM_URL: `http://127.0.0.1:${server.address().port}/api/v1`,
    CM_BEARER_TOKEN_FILE: file('bearer', 'the.access.token\n'),
  };
  const { code, out, err } = await cm(['token', 'list', 'e'], { environment });
  assert.equal(seen, 'Bearer the.access.token');
  assert.equal(code, 1);
  assert.equal(out + err, 'cm: 403 Forbidden: not allowed\n');
  const odd = await cm(['token', 'list', 'e', '--bearer-token-file', file('odd', 'two words\n')], { environment });
  assert.equal(odd.code, 64);
  assert.ok(!odd.err.includes('two words'));
  server.close();
});

test('https: chain and host name are verified', async () => {
  const [key, pem] = [join(files, 'server.key'), join(files, 'server.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', pem, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '9'], { stdio: 'pipe' });
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(pem) }, (_, response) => response.end('{"content":[],"totalElements":0}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const at = (host) => ['--url', `https://${host}:${server.address().port}`];
  const good = await cm(['token', 'list', 'e', ...at('localhost'), '--ca-file', pem]);
  assert.equal(good.code, 0, good.err);
  const name = await cm(['token', 'list', 'e', ...at('127.0.0.1'), '--ca-file', pem]);
  assert.equal(name.code, 69);
  assert.match(name.err, /mismatch/);
  const chain = await cm(['token', 'list', 'e', ...at('localhost')]);
  assert.equal(chain.code, 69);
  assert.match(chain.err, /self.signed/);
  const missing = await cm(['token', 'list', 'e', ...at('localhost'), '--ca-file', '/no/such.pem']);
  assert.equal(missing.code, 64);
  server.close();
});

test('import and export work over https, with concurrent sending and receiving', async () => {
  const [key, pem] = [join(files, 'tls.key'), join(files, 'tls.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', pem, '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '9'], { stdio: 'pipe' });
  const server = createTlsTunnel({ key: readFileSync(key), cert: readFileSync(pem) }, (client) => {
    const upstream = connect(stack.cm.port, '127.0.0.1');
    for (const one of [client, upstream]) one.on('error', () => {}).on('close', () => (client.destroy(), upstream.destroy()));
    client.pipe(upstream).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const options = ['--url', `https://127.0.0.1:${server.address().port}`, '--ca-file', pem];
  const lines = Array.from({ length: 10_000 }, (_, i) => line(i)).join('');
  const imported = await cm(['token', 'import', ...options], { input: lines });
  assert.equal(imported.err, 'cm: 10000 lines: 0 created, 10000 unchanged, 0 failed\n');
  assert.equal(imported.code, 0);
  const exported = await cm(['token', 'export', ...options]);
  assert.equal(exported.code, 0, exported.err);
  assert.ok(exported.out.split('\n').length > 10_000);
  server.close();
});

test('cm health: 0 if UP, 1 with the reasons if not, 1 without a service', async (t) => {
  for (const args of [[], ['--liveness'], ['--readiness'], ['--url', stack.cm.management]]) {
    const { code, out, err } = await cm(['health', ...args]);
    assert.deepEqual([code, out, err], [0, 'UP\n', '']);
  }
  const alone = await Cm.create();
  alone.launch();
  try {
    await alone.healthThat(({ body }) => body.db.status === 'DOWN', 'DOWN');
    const down = await cm(['health'], { environment: alone.environment });
    assert.equal(down.code, 1);
    assert.match(down.out, /^DOWN: db DOWN \(.+\), nats DOWN.*\n$/);
    assert.equal((await cm(['health', '--liveness'], { environment: alone.environment })).code, 0);
    assert.equal((await cm(['health', '--readiness'], { environment: alone.environment })).code, 1);
  } finally {
    await alone.remove();
  }
  const unconnected = await cm(['health'], { environment: { MANAGEMENT_PORT: String(alone.managementPort) } });
  assert.equal(unconnected.code, 1);
  assert.match(unconnected.out, /^no health: cannot connect to .*\n$/);
  const ms = await timed(() => cm(['health']));
  t.diagnostic(`cm health takes ${Math.round(ms)} ms`);
  assert.equal((await cm(['health', '--liveness', '--readiness'])).code, 64);
});

test('a wrong command line is 64 with a message, without a request', async () => {
  for (const args of [['token'], ['token', 'lst'], ['token', 'list'], ['token', 'list', 'e', '--limit'], ['token', 'create', 'e'], ['credential', 'show'], ['health', '--timeout', 'soon'], ['token', 'import', '/no/such/file']]) {
    const { code, out, err } = await cm(args);
    assert.equal(code, 64, `${args}: ${err}`);
    assert.equal(out, '');
    assert.match(err, /^cm: [^\n]+\n$/);
  }
});

test('on a terminal, an import shows its progress, and a password prompt has no echo', { skip: !existsSync('/usr/bin/python3') && 'python3 makes the pseudo terminal' }, async () => {
  const program = `
import os, pty, sys, select
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b''
typed = False
while True:
    try:
        piece = os.read(fd, 65536)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    if not typed and b'Password: ' in seen:
        os.write(fd, b'typed-password\\n')
        typed = True
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
  const terminal = (...args) =>
    spawnSync('/usr/bin/python3', ['-c', program, binary, ...args], { env: { PATH: process.env.PATH, ...stack.cm.environment }, encoding: 'utf8', timeout: 60_000 * slowness, maxBuffer: 1 << 26 });
  const path = file('terminal.ndjson', Array.from({ length: 2_000 }, (_, i) => line(i)).join(''));
  const bar = terminal('token', 'import', path);
  assert.equal(bar.status, 0, bar.stderr);
  assert.match(bar.stdout, /\r\x1b\[K\[#*\.*\] +\d+ % {2}\d+ lines/);
  assert.match(bar.stdout, /cm: 2000 lines: 0 created, 2000 unchanged, 0 failed\r\n$/);
  const asked = terminal('credential', 'create', 'typed', '--password-file', '-');
  assert.equal(asked.status, 0, asked.stdout);
  assert.ok(!asked.stdout.includes('typed-password'));
  assert.equal((await stack.ecap.password('typed', 'typed-password')).statusCode, 200);
});

test('bash completes commands, options and their values', () => {
  const completions = (...words) => {
    const script = `source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cm; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script, binary, ...words], { encoding: 'utf8' }).trimEnd().split('\n');
  };
  assert.ok(completions('cm', '').includes('token') && completions('cm', '').includes('health'));
  assert.deepEqual(completions('cm', 'mig'), ['migrate']);
  assert.deepEqual(completions('cm', 'token', 're'), ['revoke']);
  assert.deepEqual(completions('cm', 'token', 'create', 'e', '--app'), ['--application']);
  assert.deepEqual(completions('cm', 'health', '--live'), ['--liveness']);
  assert.deepEqual(completions('cm', 'token', 'list', 'e', '--status', 'S'), ['Suspended']);
  assert.deepEqual(completions('cm', 'token', 'list', 'e', '--order', '=', 'D'), ['DESC']);
  assert.deepEqual(completions('cm', 'token', 'import', 'fi'), [''], 'file names are for bash');
});

const hasMan = spawnSync('man', ['--version']).status === 0;
test('the manual page has no formatting errors', { skip: !hasMan && 'man is not here' }, () => {
  const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', join(root, 'docs/man/cm.1')], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', MANPAGER: 'cat', MANWIDTH: '100' } });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /cm token import \[FILE\]/);
});
