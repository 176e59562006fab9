// A REST port below 1024 for a process that is not root, as in the image: the executable has the capability for such
// ports as a file capability without the effective bit.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { license } from '../../support/license.mjs';
import { binary, temporaryDirectory } from '../../support/paths.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';

const user = 65534;
const firstPort = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
const skip =
  process.getuid() !== 0
    ? 'only root can give a file a capability and start a process of another user'
    : firstPort < 1024 && 'here every user may open such ports: there is nothing to test';

let nats;
let mariadb;
let directory;
let executable;
before(async () => {
  if (skip) return;
  directory = temporaryDirectory('port');
  executable = join(directory, 'cm');
  copyFileSync(binary, executable);
  chmodSync(executable, 0o755);
  chmodSync(directory, 0o755);
  execFileSync('setcap', ['cap_net_bind_service=p', executable]);
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
});
after(async () => {
  await Promise.all([nats?.remove(), mariadb?.remove()]);
  if (directory) rmSync(directory, { recursive: true, force: true });
});

async function privilegedPort() {
  for (let tries = 0; tries < 100; tries += 1) {
    const server = createServer();
    const port = 600 + Math.floor(Math.random() * 400);
    try {
      await once(server.listen(port), 'listening');
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
      continue;
    }
    await once(server.close(), 'close');
    return port;
  }
  throw new Error('no free port between 600 and 999');
}

/** Creates a CM that runs as another user than root, with the given options of setpriv. */
async function createAsUser(options) {
  const port = await privilegedPort();
  const { path } = license();
  const cm = await Cm.create({
    nats,
    mariadb,
    configuration: { 'server.port': port },
    executable: 'setpriv',
    // setpriv keeps its own capabilities until it executes a program without: hence env.
    args: [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...options, 'env', executable, 'serve'],
  });
  cm.port = port;
  cm.api = `http://127.0.0.1:${port}/api/v1`;
  const readable = join(directory, 'license.p12');
  copyFileSync(path, readable);
  chmodSync(readable, 0o644);
  cm.environment.KAA_LICENSE_CERT_PATH = readable;
  chmodSync(cm.directory, 0o755);
  chmodSync(cm.file, 0o644);
  return cm;
}

const capabilities = (pid, set) => readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${set}:\\s+(\\w+)$`, 'm'))[1];

for (const [what, options] of [
  ['the capability among those of the container', []],
  ['only this capability left, as with the component net-bind-capability', ['--bounding-set=-all,+net_bind_service']],
]) {
  test(`with ${what} it serves, and no thread of it has the capability any more`, { skip }, async () => {
    const cm = await createAsUser(options);
    cm.launch();
    try {
      await cm.up();
      assert.equal((await cm.provision('kettle-1')).status, 201);
      const threads = execFileSync('ls', [`/proc/${cm.pid}/task`], { encoding: 'utf8' })
        .trim()
        .split('\n');
      assert.ok(threads.length > 3);
      for (const thread of threads) {
        for (const set of ['CapPrm', 'CapEff', 'CapInh', 'CapAmb'])
          assert.match(capabilities(thread, set), /^0+$/, `${thread} ${set}`);
      }
    } finally {
      await cm.remove();
    }
  });
}

for (const [what, option] of [
  ['all capabilities dropped', '--bounding-set=-all'],
  ['no new privileges', '--no-new-privs'],
]) {
  test(`with ${what} it starts, and ends with 78 and a line that names the port`, { skip }, async () => {
    const cm = await createAsUser([option]);
    cm.launch();
    try {
      const { code } = await cm.process.exit();
      assert.equal(code, 78, cm.log);
      assert.match(cm.log, new RegExp(`server\\.port: cannot listen on port ${cm.port} of all addresses: Permission denied`));
    } finally {
      await cm.remove();
    }
  });
}

test('until CM serves, connections to the REST port are refused', async () => {
  const cm = await Cm.create({ natsPort: 1, mariadbPort: 1 });
  cm.launch();
  try {
    await cm.answers();
    await assert.rejects(cm.provision('too-early'), /ECONNREFUSED/);
    assert.ok(cm.process.running);
  } finally {
    await cm.remove();
  }
});
