// Signals (contract section 3.3): every command ends on request, the service reloads, shows its actors, and stays.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { Operator } from '../../support/operator.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep, until } from '../../support/wait.mjs';

const statuses = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGQUIT: 131 };

/** Whether a process in a PID namespace of its own can be started. */
const namespaces = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;
const skip = !namespaces && 'PID namespaces cannot be made here';

/** As the first process of a namespace, as in a container. `unshare` itself does not pass signals on. */
class FirstProcess {
  constructor(cm, script) {
    this.child = spawn('unshare', ['--pid', '--fork', '--mount-proc', 'sh', '-c', script ?? `exec "$0" ${cm.args.join(' ')}`, cm.executable], {
      cwd: cm.directory,
      env: { ...process.env, ...cm.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.output = '';
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => (this.output += data));
    this.ended = new Promise((resolve) => this.child.on('exit', (code) => resolve(code)));
  }

  /** The PID outside of the namespace. */
  async pid() {
    return until(() => Number(spawnSync('pgrep', ['-P', String(this.child.pid)]).stdout.toString().trim().split('\n')[0]) || undefined, {
      what: 'the process in the namespace',
    });
  }

  async runs(name) {
    const pid = await this.pid();
    await until(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name, { what: `${name} in the namespace` });
    return pid;
  }
}

let stack;
before(async () => {
  stack = await Stack.start({});
});
after(() => stack?.remove());

/** A command that reads its standard input, which stays open. */
const importing = () => Cm.create({ args: ['token', 'import', '-', '--url', `http://127.0.0.1:${stack.cm.port}`], stdin: 'pipe' });

for (const [signal, status] of Object.entries(statuses)) {
  test(`${signal} ends a command with ${status} and a line that says so`, async () => {
    const cm = (await importing()).launch();
    await until(() => readFileSync(`/proc/${cm.pid}/status`, 'utf8').match(/^SigCgt:\s+(\w+)/m)[1] !== '0000000000000000', { what: 'handlers' });
    await sleep(100);
    cm.process.signal(signal);
    assert.deepEqual(await cm.process.exit(10_000), { code: status, signal: null });
    assert.match(cm.log, new RegExp(`^cm: ended by ${signal}$`, 'm'));
    await cm.remove();
  });
}

for (const [what, args] of [
  ['token import -', (port) => ['token', 'import', '-', '--url', `http://127.0.0.1:${port}`]],
  ['migrate', () => ['migrate']],
]) {
  test(`as the first process of a container too, SIGTERM and SIGINT end "cm ${what}"`, { skip }, async () => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      // The database, or the REST API, accepts connections and never answers.
      const silent = createServer(() => {});
      await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address();
      const cm = await Cm.create({ args: args(port), mariadb: stack.mariadb, mariadbPort: port });
      const first = new FirstProcess(cm);
      const pid = await first.runs('cm');
      await sleep(200);
      process.kill(pid, signal);
      assert.equal(await first.ended, statuses[signal], first.output);
      assert.match(first.output, new RegExp(`cm: ended by ${signal}`));
      silent.close();
      await cm.remove();
    }
  });
}

test('SIGUSR1, SIGUSR2, SIGALRM and SIGPIPE are ignored', async () => {
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGPIPE']) stack.cm.process.signal(signal);
  await sleep(100);
  assert.ok(stack.cm.process.running);
  assert.equal((await stack.cm.health()).status, 200);
});

/** Whether the process has a handler of the signal with this number. */
function handles(pid, number) {
  const [, mask] = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (BigInt(`0x${mask}`) >> BigInt(number - 1)) % 2n === 1n;
}

test('SIGTERM at any moment of the start ends the service with 0', async () => {
  for (const delay of [30, 60, 120, 250, 500]) {
    const cm = (await Cm.create({ nats: stack.nats, mariadb: stack.mariadb })).launch();
    await until(() => handles(cm.pid, 15), { what: 'a handler of SIGTERM', interval: 1 });
    await sleep(delay - 30);
    cm.process.signal('SIGTERM');
    assert.deepEqual(await cm.process.exit(20_000), { code: 0, signal: null }, cm.log);
    assert.match(cm.log, /stopp(ed|ing) on request/);
    await cm.remove();
  }
});

test('SIGQUIT writes every actor with its state, restarts and mailbox to the log, and CM goes on', async () => {
  stack.cm.process.signal('SIGQUIT');
  await until(() => /actor tree: api-listener/.test(stack.cm.log), { what: 'the actor tree' });
  for (const name of ['health', 'storage-gate', 'database-worker-0', 'client-validator', 'nats-ep-token', 'reloader']) {
    assert.match(stack.cm.log, new RegExp(`actor tree: ${name}: running, restarts: 0, mailbox: \\d+`), name);
  }
  assert.match(stack.cm.log, /actor tree: management-io: running, restarts: 0, mailbox: none, it runs a loop/);
  assert.match(stack.cm.log, /actor tree: root: serving, \d+ children/);
  assert.equal((await stack.cm.health()).status, 200);
});

test('SIGHUP reopens the log, applies levels, and names keys that need a restart; a wrong file is refused', async () => {
  const keys = { 'logging.file': 'cm.log' };
  const cm = await Cm.start({ nats: stack.nats, mariadb: stack.mariadb, configuration: keys });
  const file = join(cm.directory, 'cm.log');
  const text = (name = file) => (existsSync(name) ? readFileSync(name, 'utf8') : '');
  try {
    renameSync(file, `${file}.1`);
    const configured = readFileSync(cm.file, 'utf8');
    writeFileSync(cm.file, `${configured}logging.level.root: DEBUG\nkaa.cm.ep-token.length: 20\n`);
    cm.process.signal('SIGHUP');
    await until(() => /reload: done/.test(text()), { what: 'the reload' });
    assert.match(text(), /reload: logging\.file: reopened/);
    assert.match(text(), /reload: logging\.level\.root: applied/);
    assert.match(text(), /reload: kaa\.cm\.ep-token\.length: needs a restart/);
    const lines = text(`${file}.1`).length;
    const operator = new Operator(cm);
    const { endpointTokenId } = (await operator.createToken('one')).json;
    await operator.deleteToken('one', endpointTokenId); // its event is logged at DEBUG
    await until(() => /DEBUG/.test(text()), { what: 'a line of the new level' });
    assert.equal(text(`${file}.1`).length, lines, 'nothing more is written to the old file');

    writeFileSync(cm.file, `${configured}server.port: 70000\n`);
    cm.process.signal('SIGHUP');
    await until(() => /reload: refused as a whole/.test(text()), { what: 'the refusal' });
    assert.match(text(), /reload: refused: .*server\.port/);
    assert.equal((await cm.health()).status, 200);
  } finally {
    await cm.remove();
  }
});

test('SIGHUP has new connections use new secrets, without a failed request', async () => {
  const { mariadb, nats } = stack;
  const alter = (password) => mariadb.sql(`ALTER USER 'cm'@'127.0.0.1' IDENTIFIED BY '${password}'`, { database: '' });
  const files = await Cm.create({});
  const passwords = { mariadb: join(files.directory, 'mariadb'), license: join(files.directory, 'license') };
  const write = (path, value) => {
    writeFileSync(path, `${value}\n`);
    chmodSync(path, 0o600);
  };
  write(passwords.mariadb, mariadb.password);
  write(passwords.license, files.environment.KAA_LICENSE_CERT_PASSWORD);
  const cm = await Cm.start({
    nats,
    mariadb,
    environment: {
      MARIADB_PASSWORD: undefined,
      MARIADB_PASSWORD_FILE: passwords.mariadb,
      KAA_LICENSE_CERT_PASSWORD: undefined,
      KAA_LICENSE_CERT_PASSWORD_FILE: passwords.license,
    },
  });
  try {
    // A password of the license that does not open it is refused, and the old one stays.
    write(passwords.license, 'not the password');
    cm.process.signal('SIGHUP');
    await until(() => /reload: kaa\.license\.cert-password: refused: .*the password is wrong/.test(cm.log), { what: 'the refusal' });
    assert.equal((await cm.provision('after-refusal')).status, 201);

    await alter('another-password');
    write(passwords.mariadb, 'another-password');
    cm.process.signal('SIGHUP');
    await until(() => /reload: spring\.datasource\.password: applied/.test(cm.log), { what: 'the new password' });
    const connections = "FROM information_schema.processlist WHERE user = 'cm'";
    const last = Number(await mariadb.sql(`SELECT MAX(id) ${connections}`, { database: '' }));
    await mariadb.sql("KILL SOFT CONNECTION USER 'cm'@'127.0.0.1'", { database: '' });
    assert.equal((await cm.provision('after-rotation')).status, 201);
    const opened = async () => Number(await mariadb.sql(`SELECT COUNT(*) ${connections} AND id > ${last}`, { database: '' }));
    await until(async () => (await opened()) > 0, { what: 'connections with the new password' });
    await cm.up();
  } finally {
    await alter(mariadb.password);
    await cm.remove();
    await files.remove();
  }
});

test('"cm serve" as the first process of a container reaps orphans, and stops on SIGTERM', { skip }, async () => {
  const cm = await Cm.create({ nats: stack.nats, mariadb: stack.mariadb });
  // Both orphans get CM as their parent: one has ended before CM replaces the shell, the other ends afterwards.
  const first = new FirstProcess(cm, '(sleep 0.1 &) ; (sleep 3 &) ; sleep 0.5 ; exec "$0" serve');
  const pid = await first.runs('cm');
  try {
    await until(async () => (await cm.health().catch(() => undefined))?.status === 200, { what: 'UP', timeout: 20_000 });
    await until(() => spawnSync('pgrep', ['-P', String(pid)]).stdout.length === 0, { what: 'no children, dead or alive', timeout: 20_000 });
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  assert.equal(await first.ended, 0, first.output);
  await cm.remove();
});
