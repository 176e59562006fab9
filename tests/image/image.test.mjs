// The image, built and run as on the platform's page. Needs root, and a while: cm is compiled inside once.
//   CM_IMAGE_BINARY=host  takes build/release/cm and the Debian of this machine instead
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { get, http } from '../support/http.mjs';
import { root } from '../support/paths.mjs';
import { freePorts } from '../support/ports.mjs';
import { until } from '../support/wait.mjs';
import { buildImage, debian } from './support/build.mjs';
import { Engine } from './support/engine.mjs';
import { application, Load, provision } from './support/load.mjs';
import { Site } from './support/site.mjs';

let engine;
let site;
let built;

before(
  async () => {
    engine = await Engine.start();
    built = await buildImage(engine, 'cm:test');
    site = await Site.start(engine);
  },
  { timeout: 3_600_000 },
);

after(async () => {
  await site?.remove();
  await engine?.stop();
});

const revision = () =>
  execFileSync('git', ['-c', `safe.directory=${root}`, 'rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

test('the image is at most 60 MB larger than its base, in one layer more', async () => {
  const [image, base] = [await engine.inspect('image', 'cm:test'), await engine.inspect('image', built.base)];
  const megabytes = (image.Size - base.Size) / 1e6;
  console.log(`Debian ${debian}: ${megabytes.toFixed(1)} MB more than the base`);
  assert.ok(megabytes < 60, `${megabytes} MB`);
  assert.equal(image.RootFS.Layers.length, base.RootFS.Layers.length + 1);
});

test('it says what it is: user, ports, signal, health check, labels', async () => {
  const { Config: config } = await engine.inspect('image', 'cm:test');
  assert.equal(config.User, '10001:10001');
  assert.deepEqual(Object.keys(config.ExposedPorts).sort(), ['10500/tcp', '80/tcp', '8080/tcp']);
  assert.equal(config.StopSignal, 'SIGTERM');
  assert.deepEqual(config.Healthcheck.Test, ['CMD', '/usr/bin/cm', 'health', '--liveness']);
  assert.deepEqual([config.Entrypoint, config.Cmd], [['/usr/bin/cm'], ['serve']]);
  const labels = config.Labels;
  const version = await engine.docker('run', '--rm', 'cm:test', '--version');
  assert.equal(labels['org.opencontainers.image.version'], /^cm (\S+)/.exec(version)[1]);
  assert.equal(labels['org.opencontainers.image.revision'], revision());
  assert.match(labels['org.opencontainers.image.created'], /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(labels['org.opencontainers.image.licenses'], 'Apache-2.0');
});

test('the SBOM has the fields that SPDX 2.3 requires, and every package of the image', async () => {
  const document = JSON.parse(readFileSync(join(root, 'build', 'image', 'cm_test.spdx.json'), 'utf8'));
  assert.equal(document.spdxVersion, 'SPDX-2.3');
  assert.equal(document.dataLicense, 'CC0-1.0');
  assert.equal(document.SPDXID, 'SPDXRef-DOCUMENT');
  assert.match(document.documentNamespace, /^urn:sha256:[0-9a-f]{64}$/);
  assert.match(document.creationInfo.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.ok(document.creationInfo.creators.every((creator) => /^(Tool|Person|Organization): /.test(creator)));
  const ids = new Set(document.packages.map(({ SPDXID }) => SPDXID));
  assert.equal(ids.size, document.packages.length, 'an identifier is there twice');
  for (const { SPDXID, name, versionInfo, downloadLocation, externalRefs } of document.packages) {
    assert.match(SPDXID, /^SPDXRef-[A-Za-z0-9.-]+$/);
    assert.ok(name && versionInfo && downloadLocation);
    if (name !== 'cm')
      assert.match(externalRefs[0].referenceLocator, /^pkg:deb\/debian\/[a-z0-9.%+-]+@[A-Za-z0-9.%+~-]+\?arch=/i);
  }
  for (const { spdxElementId, relatedSpdxElement } of document.relationships) {
    assert.ok(spdxElementId === 'SPDXRef-DOCUMENT' || ids.has(spdxElementId));
    assert.ok(ids.has(relatedSpdxElement));
  }
  const listed = await engine.docker(
    'run',
    '--rm',
    '--entrypoint',
    'dpkg-query',
    'cm:test',
    '--show',
    '--showformat',
    '${Package} ${Version}\n',
  );
  const documented = document.packages.map(({ name, versionInfo }) => `${name} ${versionInfo}`);
  for (const line of listed.split('\n')) assert.ok(documented.includes(line), line);
  assert.equal(documented.length, listed.split('\n').length + 1, 'all of them, and cm');
});

test('nothing in it needs a library that is not there, and cm holds no privilege of its own', async () => {
  const within = (program, ...args) =>
    engine.docker('run', '--rm', '--network', 'none', '--entrypoint', program, 'cm:test', ...args);
  assert.doesNotMatch(await within('ldd', '/usr/bin/cm'), /not found/);
  assert.match(await within('stat', '--format', '%a %U', '/usr/bin/cm'), /^755 root$/);
});

test('built again, it has the same layers', async () => {
  const again = await buildImage(engine, 'cm:again', { fresh: true });
  const layers = async (tag) => (await engine.inspect('image', tag)).RootFS.Layers;
  assert.equal(again.base, built.base);
  assert.deepEqual(await layers('cm:again'), await layers('cm:test'));
});

test("docker run as on the platform's page: port 80 without being root, tokens are provisioned and validated", async () => {
  await site.run(
    'cm',
    ['--network', 'cm-test', '--publish', '80:80', '--publish', '127.0.0.1:8080:8080', ...site.volumes, ...site.environment],
    'cm:test',
  );
  await site.health('cm');
  const api = 'http://127.0.0.1:80/api/v1';
  await until(async () => (await get('http://127.0.0.1:8080/health')).status === 200, { what: 'UP' });
  const { status, json } = await http('POST', `${api}/endpoints/kettle-1/tokens`, { body: { applicationName: application } });
  assert.equal(status, 201);
  const answer = await site.ecap.validate(application, json.token);
  assert.deepEqual([answer.statusCode, answer.endpointId], [200, 'kettle-1']);
  assert.equal((await site.ecap.validate(application, 'nobody-provisioned-it')).statusCode, 404);
  const { State: state } = await engine.inspect('cm');
  assert.match(readFileSync(`/proc/${state.Pid}/status`, 'utf8'), /^Uid:\s+10001\s+10001\s+10001\s+10001$/m);
  assert.match(readFileSync(`/proc/${state.Pid}/status`, 'utf8'), /^CapEff:\s+0{16}$/m);
});

test('it writes nothing into its file system', async () => {
  // What the engine mounts shows as a change of its folder.
  const changes = (await engine.docker('diff', 'cm'))
    .split('\n')
    .filter((line) => line && !/^[AC] \/(run|run\/license|srv|srv\/cm)$/.test(line));
  assert.deepEqual(changes, []);
});

test('docker stop ends it in order, within seconds', async () => {
  const began = performance.now();
  await engine.docker('stop', '--time', '40', 'cm');
  assert.ok(performance.now() - began < 10_000);
  const { State: state } = await engine.inspect('cm');
  assert.deepEqual([state.ExitCode, state.OOMKilled], [0, false]);
  await site.take('cm');
});

test('read-only, without capabilities and new privileges, and with 64 MB, it validates under load', async () => {
  const [port, management] = await freePorts(2);
  await site.run(
    'cm-locked',
    [
      '--network',
      'cm-test',
      '--read-only',
      '--cap-drop',
      'ALL',
      '--security-opt',
      'no-new-privileges',
      '--memory',
      '64m',
      '--memory-swap',
      '64m',
      '--publish',
      `127.0.0.1:${port}:80`,
      '--publish',
      `127.0.0.1:${management}:8080`,
      '--env',
      'JAVA_OPTIONS=-Xmx16m',
      ...site.volumes,
      ...site.environment,
    ],
    'cm:test',
  );
  await site.health('cm-locked');
  await until(async () => (await get(`http://127.0.0.1:${management}/health`)).status === 200, { what: 'UP' });
  const tokens = await provision(`http://127.0.0.1:${port}/api/v1`, 5_000);
  const requests = 100_000;
  const load = new Load(site.ecap, tokens, { inFlight: 64, limit: requests });
  // Passwords beside it: 19 MiB each while they are compared.
  const { status } = await http('POST', `http://127.0.0.1:${port}/api/v1/clients/credentials`, {
    body: { username: 'gateway', password: 'a-password-of-the-tests' },
  });
  assert.equal(status, 201);
  for (let count = 0; count < 20; count += 1) {
    assert.equal((await site.ecap.password('gateway', 'a-password-of-the-tests')).statusCode, 200);
  }
  assert.deepEqual(await load.complete(), { 200: requests });
  const usage = await engine.docker('stats', '--no-stream', '--format', '{{ .MemUsage }}', 'cm-locked');
  console.log(`after ${requests} validations of ${tokens.length} tokens and 20 passwords: ${usage}`);
  const { State: state, RestartCount: restarts } = await engine.inspect('cm-locked');
  assert.deepEqual([state.Status, state.OOMKilled, restarts, state.Health.Status], ['running', false, 0, 'healthy']);
  await site.take('cm-locked');
});

test('a configuration that is wrong ends it with 78 and the reason', async () => {
  const file = join(site.directory, 'config', 'service-config.yml');
  writeFileSync(file, 'server.port: many\n');
  try {
    await site.run('cm-wrong', ['--network', 'none', ...site.volumes, ...site.environment], 'cm:test');
    await until(async () => (await engine.inspect('cm-wrong')).State.Status === 'exited', { what: 'its end' });
    assert.equal((await engine.inspect('cm-wrong')).State.ExitCode, 78);
    assert.match(await engine.logs('cm-wrong'), /\/srv\/cm\/service-config\.yml:1: server\.port: found "many"/);
  } finally {
    writeFileSync(file, '');
    await site.take('cm-wrong');
  }
});

// As containerd before 2.0 and CRI-O do by default.
const keptForRoot = ['--sysctl', 'net.ipv4.ip_unprivileged_port_start=1024'];

test('where the network namespace keeps port 80 for root, it serves there nevertheless, and keeps no capability', async () => {
  await site.run('cm-kept', ['--network', 'cm-test', ...keptForRoot, ...site.volumes, ...site.environment], 'cm:test');
  await site.health('cm-kept');
  const { State: state } = await engine.inspect('cm-kept');
  assert.match(readFileSync(`/proc/${state.Pid}/status`, 'utf8'), /^CapPrm:\s+0{16}$/m);
  await site.take('cm-kept');
});

for (const [what, options] of [
  ['all capabilities dropped', ['--cap-drop', 'ALL']],
  ['no new privileges', ['--security-opt', 'no-new-privileges']],
]) {
  test(`where the network namespace keeps port 80 for root, with ${what}, it says so and ends with 78`, async () => {
    await site.run('cm-kept', ['--network', 'cm-test', ...keptForRoot, ...options, ...site.volumes, ...site.environment], 'cm:test');
    await until(async () => (await engine.inspect('cm-kept')).State.Status === 'exited', { what: 'its end' });
    assert.equal((await engine.inspect('cm-kept')).State.ExitCode, 78);
    assert.match(await engine.logs('cm-kept'), /server\.port: cannot listen on port 80 of all addresses: Permission denied/);
    await site.take('cm-kept');
  });
}
