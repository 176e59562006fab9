// The files for Docker Compose and Swarm: consistency and required properties. tests/run image starts them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { load, root, text, version } from './support/files.mjs';

const compose = load('deploy', 'compose', 'compose.yaml');
const stack = load('deploy', 'swarm', 'stack.yml');
const dependencies = load('deploy', 'swarm', 'stack-with-dependencies.yml');
const script = text('deploy', 'compose', 'up');

/** "30s" or "1m30s" in seconds. */
const seconds = (value) => {
  const [, minutes = 0, rest = 0] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(value);
  return Number(minutes) * 60 + Number(rest);
};
const named = (uses) => uses.map((use) => (typeof use === 'string' ? use : use.source));

test('all secrets, volumes and networks of the services are declared', () => {
  for (const [name, { services, secrets, volumes = {}, configs = {}, networks = {} }] of Object.entries({
    compose,
    stack,
    dependencies,
  })) {
    const all = { ...stack.networks, ...networks };
    for (const [service, uses] of Object.entries(services)) {
      for (const secret of named(uses.secrets ?? [])) assert.ok(secrets[secret], `${name}: ${service} uses the secret ${secret}`);
      for (const config of named(uses.configs ?? [])) assert.ok(configs[config], `${name}: ${service} uses the config ${config}`);
      for (const network of uses.networks ?? []) assert.ok(all[network], `${name}: ${service} is on ${network}`);
      for (const volume of uses.volumes ?? []) {
        const [from] = volume.split(':');
        assert.ok(from.startsWith('./') || from in volumes, `${name}: ${service} mounts ${from}`);
      }
    }
  }
});

test("every secret file in CM's configuration is mounted", () => {
  for (const [name, { services }] of Object.entries({ compose, stack })) {
    const mounted = services.cm.secrets.map((use) => `/run/secrets/${typeof use === 'string' ? use : use.target}`);
    const paths = Object.values(services.cm.environment).filter((value) => value.startsWith('/run/secrets/'));
    assert.equal(paths.length, 5, name);
    for (const path of paths) assert.ok(mounted.includes(path), `${name}: ${path}`);
  }
});

test('deploy/compose/up creates every secret that compose.yaml mounts, and git ignores all of them', () => {
  for (const { file } of Object.values(compose.secrets)) {
    const path = file.replace('./secrets/', '');
    const created = path.startsWith('license/') ? script.includes('--out secrets/license') : script.includes(path);
    assert.ok(created, `${file} is not made`);
    assert.ok(script.includes(`secrets/${path}`), `${file} is not made readable`);
    const ignored = ['-c', `safe.directory=${root}`, 'check-ignore', '--quiet', `deploy/compose/secrets/${path}`];
    assert.doesNotThrow(() => execFileSync('git', ignored, { cwd: root }), `${file} is not ignored by git`);
  }
});

test('CM has restricted privileges, resource limits and enough time to stop', () => {
  for (const [name, { services }] of Object.entries({ compose, stack })) {
    const { cm } = services;
    assert.equal(cm.image, `\${CM_IMAGE:-cm:${version}}`, name);
    assert.equal(cm.read_only, true, name);
    assert.deepEqual(cm.cap_drop, ['ALL'], name);
    assert.equal(cm.user, undefined, `${name}: the image's user`);
    assert.ok(seconds(cm.stop_grace_period) > 30, `${name}: more than shutdown.timeout`);
    assert.deepEqual(cm.healthcheck.test, ['CMD', '/usr/bin/cm', 'health', '--readiness'], name);
  }
  assert.deepEqual(compose.services.cm.security_opt, ['no-new-privileges:true']);
  assert.equal(compose.services.cm.mem_limit, '128m');
  assert.equal(stack.services.cm.deploy.resources.limits.memory, '128M');
});

test('every service in compose.yaml has a health check, and CM waits for the others', () => {
  for (const [name, { healthcheck }] of Object.entries(compose.services)) assert.ok(healthcheck, name);
  assert.deepEqual(Object.values(compose.services.cm.depends_on), [
    { condition: 'service_healthy' },
    { condition: 'service_healthy' },
  ]);
});

test('the Swarm stack updates three replicas one by one, starts the new one first, and rolls back on failure', () => {
  const { deploy, healthcheck, secrets } = stack.services.cm;
  assert.equal(deploy.replicas, 3);
  const { order, failure_action: action, parallelism, max_failure_ratio: ratio, monitor } = deploy.update_config;
  assert.deepEqual([order, action, parallelism, ratio], ['start-first', 'rollback', 1, 0]);
  assert.ok(seconds(monitor) >= 10);
  assert.equal(deploy.rollback_config.order, 'start-first');
  // Restarting CM does not help during an outage of MariaDB.
  assert.ok(healthcheck.retries * seconds(healthcheck.interval) >= 300);
  for (const { uid, gid, mode } of secrets)
    assert.deepEqual([uid, gid, mode], ['10001', '10001', 400], 'mode is octal in YAML 1.1, which Docker reads');
});

test('the second stack file adds NATS and MariaDB to the first, with the names in the configuration', () => {
  assert.deepEqual(Object.keys(dependencies.services), ['nats', 'mariadb']);
  assert.equal(dependencies.services.mariadb.deploy.update_config.order, 'stop-first');
  for (const path of [
    ['deploy', 'compose', 'config'],
    ['deploy', 'swarm'],
    ['deploy', 'kubernetes', 'base', 'config'],
  ]) {
    const { nats, spring } = load(...path, 'service-config.yml');
    assert.equal(nats.urls, 'nats://nats:4222');
    assert.equal(spring.datasource.url, 'jdbc:mariadb://mariadb:3306/cm');
  }
});

test('the documentation creates the secrets and the network of the stack', () => {
  const page = text('docs', 'deployment.md');
  for (const { name } of Object.values({ ...stack.secrets, ...dependencies.secrets })) {
    assert.match(page, new RegExp(`docker secret create ${name} `), name);
  }
  assert.match(page, /docker network create [^\n]* kaa$/m);
});
