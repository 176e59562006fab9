// deploy/compose/up on an empty machine: one command to a CM that works, with stand-ins for NATS and MariaDB.
import assert from 'node:assert/strict';
import { cpSync, rmSync, statSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { EcapClient } from '../support/ecap.mjs';
import { get, http } from '../support/http.mjs';
import { root, temporaryDirectory } from '../support/paths.mjs';
import { freePorts } from '../support/ports.mjs';
import { buildImage } from './support/build.mjs';
import { Engine } from './support/engine.mjs';
import { application } from './support/load.mjs';

let engine;
let directory;
let environment;
let ports;

before(
  async () => {
    engine = await Engine.start();
    await buildImage(engine, 'cm:test');
    const peers = await engine.peers();
    // A copy, so that the checkout gets no secrets.
    directory = temporaryDirectory('compose');
    for (const name of ['compose', 'license']) cpSync(join(root, 'deploy', name), join(directory, name), { recursive: true });
    rmSync(join(directory, 'compose', 'secrets'), { recursive: true, force: true });
    const [rest, management, nats] = await freePorts(3);
    ports = { rest, management, nats };
    environment = {
      CM_IMAGE: 'cm:test',
      NATS_IMAGE: peers.nats,
      MARIADB_IMAGE: peers.mariadb,
      CM_PORT: String(rest),
      CM_MANAGEMENT_PORT: String(management),
      NATS_PORT: String(nats),
    };
  },
  { timeout: 3_600_000 },
);

const script = (...args) => engine.command(join(directory, 'compose', 'up'), args, { environment, timeout: 300_000 });

after(async () => {
  await script('down', '--volumes').catch((error) => console.log(error.message));
  await engine?.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('one command starts CM with NATS and MariaDB, and says how to go on', async () => {
  const { stdout } = await script();
  assert.match(stdout, /CM is ready/);
  assert.equal((await get(`http://127.0.0.1:${ports.management}/health`)).json.status, 'UP');
  const [, command] = /(curl -X POST \S+)/.exec(stdout);
  assert.ok(command.includes(`http://127.0.0.1:${ports.rest}/api/v1/endpoints/`), command);
});

test('a token that is provisioned there is validated there', async () => {
  const api = `http://127.0.0.1:${ports.rest}/api/v1`;
  const { status, json } = await http('POST', `${api}/endpoints/kettle-1/tokens`, { body: { applicationName: application } });
  assert.equal(status, 201);
  const password = readFileSync(join(directory, 'compose', 'secrets', 'nats-password'), 'utf8');
  const ecap = await EcapClient.connect({ url: `nats://127.0.0.1:${ports.nats}`, username: 'cm', password });
  try {
    assert.equal((await ecap.validate(application, json.token)).statusCode, 200);
  } finally {
    await ecap.close();
  }
});

test('the secrets are in a folder of the owner alone, and in no environment', async () => {
  assert.equal(statSync(join(directory, 'compose', 'secrets')).mode & 0o777, 0o700);
  const secrets = ['nats-password', 'mariadb-password', 'token-hash-key'].map((name) =>
    readFileSync(join(directory, 'compose', 'secrets', name), 'utf8'),
  );
  const container = await engine.docker('ps', '--quiet', '--filter', 'label=com.docker.compose.service=cm');
  const inspected = JSON.stringify(await engine.inspect(container));
  for (const secret of secrets) assert.ok(secret.length >= 32 && !inspected.includes(secret));
});

test('the command again changes nothing and keeps the secrets and the data', async () => {
  const id = () => engine.docker('ps', '--quiet', '--no-trunc', '--filter', 'label=com.docker.compose.service=cm');
  const before = await id();
  await script();
  assert.equal(await id(), before);
});
