// Tests of the proxy that the change tests rely on: it must recognize commands and the ends of their responses.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { Packets, Response, packet } from '../support/mariadb-protocol.mjs';
import { MariadbProxy } from '../support/mariadb-proxy.mjs';
import { Mariadb } from '../support/servers.mjs';

const run = promisify(execFile);
const mebibyte = 1 << 20;

let mariadb;
let proxy;
before(async () => {
  mariadb = await Mariadb.start({ options: ['--max-allowed-packet=64M'] });
  proxy = await MariadbProxy.start(mariadb.port);
});
after(async () => {
  await proxy?.close();
  await mariadb?.remove();
});

/** Runs statements through the proxy with MariaDB's command-line client; resolves to {text, commands}. */
async function through(statements) {
  const before = proxy.log.length;
  const args = ['--no-defaults', '--skip-ssl', '--host=127.0.0.1', `--port=${proxy.port}`, '--user=cm'];
  const options = ['--max-allowed-packet=64M', '--batch', '--skip-column-names', '--force', '--quick'];
  const child = run('mariadb', [...args, `--password=${mariadb.password}`, ...options, 'cm'], { maxBuffer: 64 * mebibyte });
  child.child.stdin.end(statements);
  const { stdout } = await child.catch((error) => error); // a failed statement makes the client's exit status nonzero
  assert.deepEqual(proxy.errors, []);
  const commands = proxy.log.slice(before).filter(({ phase, sql }) => phase === 'query' && !/@@version_comment/.test(sql));
  return { text: stdout, commands };
}

const outcomes = ({ commands }) => commands.map(({ outcome }) => outcome.error ?? outcome.rows);

test('rows, errors, blocks with several results and transactions are recognized', async () => {
  const answer = await through(
    'CREATE TABLE t (n INT);\nSELECT seq, NULL FROM seq_1_to_3;\nSELECT * FROM missing;\nSTART TRANSACTION;\n' +
      'INSERT INTO t VALUES (1);\nCOMMIT;\ndelimiter //\nBEGIN NOT ATOMIC SELECT 1; SELECT 2; SELECT 3 WHERE FALSE; END//\n',
  );
  assert.deepEqual(outcomes(answer), [0, 3, 1146, 0, 0, 0, 2]);
  assert.deepEqual(
    answer.commands.map(({ outcome }) => outcome.transaction),
    [false, false, undefined, true, true, false, false],
  );
  assert.equal(answer.text, '1\tNULL\n2\tNULL\n3\tNULL\n1\n2\n');
});

test('a command or row of more than 16 MiB counts as one', async () => {
  const length = 17 * mebibyte;
  const answer = await through(`SELECT LENGTH('${'x'.repeat(length)}');\nSELECT REPEAT('y', ${length});\nSELECT 5;\n`);
  assert.deepEqual(outcomes(answer), [1, 1, 1]);
  assert.equal(answer.text, `${length}\n${'y'.repeat(length)}\n5\n`);
});

test('with an injected error, the statement does not reach the server', async () => {
  const trap = proxy.arm({
    matches: ({ sql }) => sql.startsWith('INSERT'),
    position: 2,
    fault: (link, command) => link.refuse(command, 1205, 'HY000', 'Lock wait timeout exceeded'),
  });
  const answer = await through('CREATE TABLE u (n INT);\nINSERT INTO u VALUES (1);\nINSERT INTO u VALUES (2);\nSELECT n FROM u;\n');
  proxy.disarm();
  assert.ok(trap.hit);
  assert.deepEqual(outcomes(answer), [0, 0, 1205, 1]);
  assert.equal(answer.text, '1\n');
});

test('with a lost response, the statement is executed', async () => {
  proxy.arm({
    matches: ({ sql }) => sql.startsWith('INSERT'),
    position: 1,
    fault: async (link, command) => {
      await link.forward(command, { swallow: true });
      link.cut();
    },
  });
  await through('CREATE TABLE v (n INT);\nINSERT INTO v VALUES (1);\n');
  proxy.disarm();
  assert.equal(await mariadb.sql('SELECT n FROM v'), '1\n');
});

test('the end of responses without EOF packets (CLIENT_DEPRECATE_EOF) is recognized', () => {
  const bytes = (...values) => Buffer.from(values);
  const more = 0x08;
  const ok = (status) => bytes(0xfe, 0, 0, status, 0, 0, 0);
  const follow = (response, payloads) => payloads.map((payload) => response.take(payload));
  const capabilities = { eof: false, cachesMetadata: false };
  const result = [bytes(1), bytes(3, 0x64, 0x65, 0x66), bytes(1, 0x31)];
  assert.deepEqual(follow(new Response('query', capabilities), [...result, ok(2)]), [false, false, false, true]);
  const several = [...result, ok(more), ...result, ok(more), bytes(0, 0, 0, 2, 0, 0, 0)];
  assert.deepEqual(follow(new Response('execute', capabilities), several), [...Array(8).fill(false), true]);
  const prepared = [bytes(0, 7, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0), bytes(3), bytes(3), bytes(3)];
  const prepare = new Response('prepare', capabilities);
  assert.deepEqual(follow(prepare, prepared), [false, false, false, true]);
  assert.equal(prepare.statementId, 7);
});

test('packets are found regardless of how the stream is split', () => {
  const stream = Buffer.concat([packet(Buffer.from('one')), packet(Buffer.alloc(0), 1), packet(Buffer.from('three'), 2)]);
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const packets = new Packets();
    const found = [...packets.take(stream.subarray(0, cut)), ...packets.take(stream.subarray(cut))];
    assert.deepEqual(found.map(({ payload, sequence }) => `${sequence} ${payload}`), ['0 one', '1 ', '2 three']);
  }
});
