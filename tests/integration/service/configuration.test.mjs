// An invalid setting ends the start with 78 and one line with file, line and key (contract section 3.2).
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { Cm, runCm } from '../../support/cm.mjs';

// Every key of contract section 3.2 with an invalid value.
const wrong = [
  ['server.port', 70000],
  ['server.port', 'ten'],
  ['server.port', -1],
  ['server.ssl.enabled', 'perhaps'],
  ['server.ssl.client-auth', 'sometimes'],
  ['server.address', '127.0.0.1'],
  ['server.ssl.key-store', '/no/such/store.p12'],
  ['server.ssl.certificate', '/no/such/file.pem'],
  ['management.port', 65536],
  ['management.address', '10.0.0.7'],
  ['management.ssl.enabled', 'true'],
  ['management.ssl.key-store', '/no/such/store.p12'],
  ['management.security.enabled', 'perhaps'],
  ['endpoints.enabled', 'perhaps'],
  ['endpoints.health.enabled', 'perhaps'],
  ['endpoints.info.enabled', 'perhaps'],
  ['endpoints.metrics.enabled', 'perhaps'],
  ['endpoints.prometheus.enabled', 'perhaps'],
  ['endpoints.health.mapping.DOWN', 9999],
  ['endpoints.health.mapping.UNKNOWN', 'NO_SUCH_STATUS'],
  ['nats.urls', 'http://nats:4222'],
  ['nats.urls', 'nats://nats:99999'],
  ['nats.tls.ca', '/no/such/file.pem'],
  ['nats.tls.certificate', '/no/such/file.pem'],
  ['nats.tls.key', '/no/such/file.pem'],
  ['spring.datasource.url', 'jdbc:oracle:thin:@db'],
  ['spring.datasource.url', 'jdbc:mariadb://db:99999/cm'],
  ['spring.datasource.hikari.maximum-pool-size', 'many'],
  ['spring.datasource.hikari.maximum-pool-size', 0],
  ['spring.datasource.tomcat.max-active', 'many'],
  ['kaa.cm.ep-token.length', 'ten'],
  ['kaa.cm.ep-token.length', 7],
  ['kaa.cm.ep-token.length', 256],
  ['kaa.cm.ep-register.service-instance.name', 'e.p.r'],
  ['kaa.cm.trustful', 'perhaps'],
  ['kaa.applications.Smart Kettle.versions.v1', ''],
  ['kaa.cm.cache.time-to-live', 'soon'],
  ['kaa.cm.cache.max-size', 'big'],
  ['kaa.cm.revocations.retention', 'never'],
  ['kaa.cm.audit.retention', 'never'],
  ['management.console.enabled', 'perhaps'],
  ['kaa.ecap.provider.concurrency', 'many'],
  ['kaa.ecap.provider.queue-length', 'many'],
  ['kaa.license.trusted-certificates', '/no/such/file.pem'],
  ['kaa.license.check-interval', 'daily'],
  ['kaa.license.grace-period', 'some'],
  ['security.oauth2.resource-server.enabled', 'perhaps'],
  ['security.oauth2.resource-server.base-url', 'not a url'],
  ['kaa.tekton.enabled', 'perhaps'],
  ['kaa.tekton.url', 'not a url'],
  ['scmp.consumer.provider.service-instance.name', 'tek ton'],
  ['logging.level.root', 'LOUD'],
  ['logging.format', 'xml'],
  ['shutdown.timeout', 'soon'],
];

/** The only line of the output that contains this key. */
function lineAbout(output, file, line, key) {
  const lines = output.split('\n').filter((item) => item.includes(`${file}:${line}:`) && item.includes(key));
  assert.equal(lines.length, 1, `one line with ${file}:${line} and ${key} in:\n${output}`);
  return lines[0];
}

for (const [key, value] of wrong) {
  test(`${key}: ${value === '' ? '(bad name)' : value}`, async () => {
    const { code, output, cm } = await runCm({ configuration: `# a comment\n\n${key}: ${value}\n` });
    assert.equal(code, 78, output);
    const line = lineAbout(output, cm.file, 3, key);
    if (value !== '') assert.ok(line.includes(String(value)) || /\.pem|\.p12|url/.test(`${value}${key}`), `what was found: ${line}`);
    assert.match(line, /expected|must|cannot|not |No such/i);
  });
}

test('all invalid values are reported together', async () => {
  const seen = new Set();
  // A certificate or key store is an error only without `enabled`, which is in the list.
  const alone = /tomcat|ssl\.(key-store|certificate)/;
  const unique = wrong.filter(([key]) => !alone.test(key) && !seen.has(key) && seen.add(key));
  const text = unique.map(([key, value]) => `${key}: ${value}\n`).join('');
  const { code, output, cm } = await runCm({ configuration: text });
  assert.equal(code, 78);
  for (const [i, [key]] of unique.entries()) lineAbout(output, cm.file, i + 1, key);
});

test('the same in nested spelling, with the line of the value', async () => {
  const text = 'kaa:\n  cm:\n    ep-token:\n      length: ten\nserver:\n  port: 70000\n';
  const { code, output, cm } = await runCm({ configuration: text });
  assert.equal(code, 78);
  lineAbout(output, cm.file, 4, 'kaa.cm.ep-token.length');
  lineAbout(output, cm.file, 6, 'server.port');
});

test('an invalid environment variable is reported by name', async () => {
  for (const [name, value] of [
    ['SERVER_PORT', '70000'],
    ['KAA_CM_EP_TOKEN_LENGTH', 'ten'],
    ['KAA_CM_EPTOKEN_LENGTH', 'ten'],
    ['INSTANCE_NAME', 'c.m'],
    ['JMX_ENABLE', 'perhaps'],
    ['JMX_PORT', '70000'],
    ['JAVA_OPTIONS', '-Xmx12q'],
    ['NATS_URLS', 'http://nats'],
    ['SHUTDOWN_TIMEOUT', 'soon'],
  ]) {
    const { code, output } = await runCm({ environment: { [name]: value } });
    assert.equal(code, 78, `${name}: ${output}`);
    assert.ok(output.includes(name), output);
  }
});

test('a secret given both as a value and as a file is an error that reveals neither', async () => {
  const { code, output } = await runCm({ environment: { MARIADB_PASSWORD: 'the-value', MARIADB_PASSWORD_FILE: '/no/such/file' } });
  assert.equal(code, 78);
  assert.match(output, /MARIADB_PASSWORD_FILE/);
  assert.ok(!output.includes('the-value'));
});

test('a secret file that cannot be read is an error', async () => {
  const { code, output } = await runCm({ environment: { NATS_PASSWORD: undefined, NATS_PASSWORD_FILE: '/no/such/file' } });
  assert.equal(code, 78);
  assert.match(output, /NATS_PASSWORD_FILE/);
});

test('JMX_ENABLE without its password is an error', async () => {
  const { code, output } = await runCm({ environment: { JMX_ENABLE: 'true' } });
  assert.equal(code, 78);
  assert.match(output, /JMX_MONITOR_USER_PASSWORD/);
});

test('a missing file, and one that is not YAML', async () => {
  const missing = await runCm({ environment: { APP_CONFIG_PATH: '/no/such/service-config.yml' } });
  assert.equal(missing.code, 78);
  assert.match(missing.output, /\/no\/such\/service-config\.yml/);
  for (const text of ['server: {port: 1\n', 'a: b: c\n', '\tserver.port: 1\n', 'server:\n  - port\n - x\n']) {
    const { code, output, cm } = await runCm({ configuration: text });
    assert.equal(code, 78, output);
    assert.ok(output.includes(`${cm.file}:`), output);
  }
});

test('an unknown key is a warning with the most similar known key, and CM starts', async () => {
  const cm = await Cm.create({ configuration: { 'kaa.cm.ep-token.lenght': 12 } });
  cm.launch();
  try {
    await cm.answers();
    const line = cm.log.split('\n').find((item) => item.includes('kaa.cm.ep-token.lenght'));
    assert.ok(line?.includes('kaa.cm.ep-token.length'), cm.log);
  } finally {
    await cm.remove();
  }
});

test('check-config returns 0 for a valid configuration and 78 for an invalid one, and starts nothing', async () => {
  const good = await runCm({ args: ['check-config'] });
  assert.equal(good.code, 0, good.output);
  for (const secret of [good.cm.environment.MARIADB_PASSWORD, good.cm.environment.KAA_CM_TOKEN_HASH_KEY]) {
    assert.ok(!good.output.includes(secret));
  }
  const bad = await runCm({ args: ['check-config'], configuration: 'server.port: 70000\n' });
  assert.equal(bad.code, 78);
  lineAbout(bad.output, bad.cm.file, 1, 'server.port');
});

test('environment overrides file, file overrides default; placeholders are resolved', async () => {
  const cm = await Cm.create({ environment: { MY_PORT: '1' } });
  const text = `server.port: 1\nmanagement.port: \${MANAGEMENT:${cm.managementPort}}\nkaa.cm.ep-token.length: \${LENGTH:12}\n`;
  writeFileSync(cm.file, text);
  cm.environment.SERVER_PORT = String(cm.port);
  cm.launch();
  try {
    await cm.answers();
  } finally {
    await cm.remove();
  }
});

test("Spring's habits in a file: relaxed placeholders, trailing commas, elements of lists, profiles, both pools", async () => {
  const text = [
    'kaa.tekton.url: http://${tekton.host:tekton}:${tekton.port:80}',
    'nats.urls[0]: one,',
    'nats.urls[1]: tls://two:4333',
    'spring.datasource.tomcat.max-active: 5',
    'spring.datasource.hikari.maximum-pool-size: 7',
    '---',
    'spring.profiles: test',
    'kaa.cm.ep-token.length: 20',
    '---',
    'spring.config.activate.on-profile: prod',
    'kaa.cm.ep-token.length: 30',
  ].join('\n');
  const { code, output } = await runCm({
    args: ['check-config'],
    configuration: text,
    environment: { TEKTON_HOST: 'tek', NATS_URLS: undefined, SPRING_PROFILES_ACTIVE: 'test' },
  });
  assert.equal(code, 0, output);
  for (const [key, value] of [
    ['kaa.tekton.url', 'http://tek:80'],
    ['nats.urls', 'one,,tls://two:4333'],
    ['spring.datasource.hikari.maximum-pool-size', '7'],
    ['kaa.cm.ep-token.length', '20'],
  ])
    assert.ok(output.split('\n').some((line) => line.startsWith(`${key} = ${value} `)), `${key} = ${value} in\n${output}`);
  assert.match(output, /the profile prod is not active/);
  assert.match(output, /tomcat\.max-active: without effect/);
});

test('an empty file is a valid configuration', async () => {
  const { code, output } = await runCm({ args: ['check-config'], configuration: '' });
  assert.equal(code, 0, output);
});
