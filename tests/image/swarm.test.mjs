// deploy/swarm/stack.yml with stack-with-dependencies.yml on a Swarm of one node: three replicas under load, updated,
// killed, and updated to something that fails. What is changed of the files for this: no port in the routing mesh and
// endpoint_mode dnsrr, as not every kernel has IPVS; NATS on a port of this machine; the stand-ins' images.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { EcapClient } from '../support/ecap.mjs';
import { root } from '../support/paths.mjs';
import { freePorts } from '../support/ports.mjs';
import { until } from '../support/wait.mjs';
import { buildImage } from './support/build.mjs';
import { Engine } from './support/engine.mjs';
import { application, Load } from './support/load.mjs';
import { mountedFiles, passwords } from './support/site.mjs';

const yaml = createRequire(join(root, 'tests', 'deploy', 'package.json'))('js-yaml');
const work = join(root, 'build', 'image', 'swarm');

let engine;
let files;
let ecap;
let tokens;

/** The stack's file, changed for this machine. */
function changed(name, change) {
  const stack = yaml.load(readFileSync(join(root, 'deploy', 'swarm', name), 'utf8'));
  for (const service of Object.values(stack.services)) service.deploy.endpoint_mode = 'dnsrr';
  change(stack.services);
  // Numbers of files' modes are octal there; written out they would be read as decimal.
  const text = yaml.dump(stack).replace(/^(\s+mode: )400$/gm, (_, key) => `${key}0400`);
  writeFileSync(join(work, name), text);
  return join(work, name);
}

const tasks = async (...filters) => {
  const args = filters.flatMap((filter) => ['--filter', filter]);
  return (
    await engine.docker('service', 'ps', 'cm_cm', '--no-trunc', '--format', '{{ .ID }} {{ .Image }} {{ .CurrentState }}', ...args)
  )
    .split('\n')
    .filter(Boolean);
};
const running = async () => (await tasks('desired-state=running')).filter((line) => / Running /.test(line));

/** Awaits three tasks that run, which they do when they are healthy. */
async function threeRun(what) {
  try {
    await until(async () => (await running()).length === 3, { timeout: 120_000, interval: 500, what });
  } catch (error) {
    error.message += `\n${await engine.docker('service', 'ps', 'cm_cm', '--no-trunc')}\n${await engine.docker('service', 'logs', '--tail', '30', 'cm_cm').catch(() => '')}`;
    throw error;
  }
}
const updateState = async () => (await engine.inspect('service', 'cm_cm')).UpdateStatus?.State;

before(
  async () => {
    engine = await Engine.start();
    await buildImage(engine, 'cm:test');
    // The next release: another image, as its label says.
    writeFileSync(join(root, 'build', 'image', 'next'), 'FROM cm:test\nLABEL release=next\n');
    await engine.command('docker', [
      'build',
      '--tag',
      'cm:next',
      '--file',
      join(root, 'build', 'image', 'next'),
      join(root, 'tests', 'image', 'peers'),
    ]);
    const peers = await engine.peers();
    files = mountedFiles();
    const [port] = await freePorts(1);

    await engine.docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:2377');
    await engine.docker('node', 'update', '--label-add', 'cm.mariadb=true', await engine.docker('node', 'ls', '--quiet'));
    await engine.docker('network', 'create', '--driver', 'overlay', '--attachable', 'kaa');
    mkdirSync(work, { recursive: true });
    const write = (name, content) => {
      writeFileSync(join(work, name), content);
      return join(work, name);
    };
    for (const [name, file] of Object.entries({
      'cm-nats-password': write('nats-password', passwords.nats),
      'cm-nats-conf': join(files.directory, 'nats.conf'),
      'cm-mariadb-password': join(files.directory, 'mariadb-password'),
      'cm-token-hash-key': write('token-hash-key', 'token-hash-key-of-the-tests'),
      'cm-license': join(files.directory, 'license', 'license.p12'),
      'cm-license-password': write('license-password', files.licensePassword),
    })) {
      await engine.docker('secret', 'create', name, file);
    }
    write('service-config.yml', readFileSync(join(root, 'deploy', 'swarm', 'service-config.yml')));
    const stack = changed('stack.yml', ({ cm }) => delete cm.ports);
    const dependencies = changed('stack-with-dependencies.yml', ({ nats }) => {
      nats.ports = [{ target: 4222, published: port, protocol: 'tcp', mode: 'host' }];
    });
    const environment = { CM_IMAGE: 'cm:test', NATS_IMAGE: peers.nats, MARIADB_IMAGE: peers.mariadb };
    await engine.command(
      'docker',
      ['stack', 'deploy', '--resolve-image', 'never', '--compose-file', stack, '--compose-file', dependencies, 'cm'],
      { environment },
    );

    await threeRun('the first three replicas');
    ecap = await EcapClient.connect({ url: `nats://127.0.0.1:${port}`, username: 'cm', password: passwords.nats });
    // REST is asked from within, as no port of it is published: the tokens are rows that the import makes.
    tokens = await provisionWithin();
  },
  { timeout: 3_600_000 },
);

after(async () => {
  await ecap?.close();
  if (engine) {
    await engine.docker('stack', 'rm', 'cm').catch(() => {});
    await engine.docker('swarm', 'leave', '--force').catch(() => {});
    await engine.stop();
  }
  if (files) rmSync(files.directory, { recursive: true, force: true });
  rmSync(work, { recursive: true, force: true });
});

/** Provisions 200 tokens over REST from the nats container, which is on the network and has wget; their values. */
async function provisionWithin() {
  const container = await engine.docker('ps', '--quiet', '--filter', 'label=com.docker.swarm.service.name=cm_nats');
  const values = Array.from({ length: 200 }, (_, index) => `swarm${String(index).padStart(6, '0')}`);
  for (let from = 0; from < values.length; from += 50) {
    const lines = values
      .slice(from, from + 50)
      .map((token) => JSON.stringify({ endpointId: `e-${token}`, applicationName: application, token }));
    const answer = await engine.docker(
      'exec',
      container,
      'wget',
      '-q',
      '-O',
      '-',
      '--header',
      'Content-Type: application/x-ndjson',
      `--post-data=${lines.join('\n')}\n`,
      'http://tasks.cm:80/api/v1/endpoint-tokens/import',
    );
    assert.equal(answer.split('\n').filter((line) => line.includes('"result":"created"')).length, 50, answer);
  }
  return values;
}

/** A steady load of some hundred requests a second while something happens; every answer has to be 200. */
async function underLoad(happening) {
  const load = new Load(ecap, tokens, { inFlight: 16, pause: 20 });
  let failure;
  await happening().catch((error) => (failure = error));
  const outcomes = await load.stop();
  if (failure) throw failure;
  console.log(`requests meanwhile: ${JSON.stringify(outcomes)}`);
  assert.deepEqual(Object.keys(outcomes), ['200']);
  assert.ok(outcomes[200] > 100);
}

test('a rolling update over three replicas under load fails no request', async () => {
  await underLoad(async () => {
    await engine.command('docker', ['service', 'update', '--detach', '--no-resolve-image', '--image', 'cm:next', 'cm_cm']);
    await until(async () => (await updateState()) === 'completed', {
      timeout: 300_000,
      interval: 500,
      what: 'the end of the update',
    });
  });
  const lines = await running();
  assert.equal(lines.length, 3);
  for (const line of lines) assert.match(line, /^\S+ cm:next /);
  const replaced = (await tasks('desired-state=shutdown')).map((line) => line.split(' ')[0]);
  assert.equal(replaced.length, 3);
  for (const id of replaced) {
    assert.equal((await engine.inspect(id)).Status.ContainerStatus.ExitCode, 0, 'what was replaced has ended in order');
  }
});

test('replicas that are killed come back, and requests are answered meanwhile', async () => {
  const before = (await running()).map((line) => line.split(' ')[0]);
  const containers = (await engine.docker('ps', '--quiet', '--filter', 'label=com.docker.swarm.service.name=cm_cm')).split('\n');
  assert.equal(containers.length, 3);
  await engine.docker('kill', '--signal', 'KILL', containers[0], containers[1]);
  // What the killed ones had taken in is lost; the third answers what comes now.
  for (let count = 0; count < 50; count += 1) {
    assert.equal((await ecap.validate(application, tokens[count])).statusCode, 200);
  }
  await until(
    async () => {
      const now = (await running()).map((line) => line.split(' ')[0]);
      return now.length === 3 && now.filter((id) => !before.includes(id)).length === 2;
    },
    { timeout: 120_000, interval: 500, what: 'two new replicas' },
  );
});

test('an update to something that does not start is rolled back, and no request fails', async () => {
  await underLoad(async () => {
    await engine.command('docker', [
      'service',
      'update',
      '--detach',
      '--no-resolve-image',
      '--env-add',
      'KAA_CM_EP_TOKEN_LENGTH=ten',
      'cm_cm',
    ]);
    await until(async () => (await updateState()) === 'rollback_completed', {
      timeout: 300_000,
      interval: 500,
      what: 'the rollback',
    });
  });
  const failed = (
    await engine.docker('service', 'ps', 'cm_cm', '--no-trunc', '--format', '{{ .CurrentState }} {{ .Error }}')
  ).split('\n');
  assert.ok(
    failed.some((line) => /Failed .*non-zero exit \(78\)/.test(line)),
    failed.join('\n'),
  );
  const { Spec: spec } = await engine.inspect('service', 'cm_cm');
  assert.ok(!spec.TaskTemplate.ContainerSpec.Env.some((variable) => variable.startsWith('KAA_CM_EP_TOKEN_LENGTH')));
  await threeRun('three replicas as before');
});

test('an update to an image that starts and never becomes ready interrupts nothing, and is rolled back', async () => {
  await underLoad(async () => {
    // Less patience than in the file, so that the test has an end.
    const args = [
      '--health-retries',
      '5',
      '--health-start-period',
      '1s',
      '--env-add',
      'SPRING_DATASOURCE_URL=jdbc:mariadb://nowhere:3306/cm',
    ];
    await engine.command('docker', ['service', 'update', '--detach', '--no-resolve-image', ...args, 'cm_cm']);
    await until(async () => (await updateState()) === 'rollback_completed', {
      timeout: 300_000,
      interval: 500,
      what: 'the rollback',
    });
  });
  await threeRun('three replicas as before');
});
