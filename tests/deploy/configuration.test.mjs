// CM knows all settings that the manifests pass to it: `cm check-config` of the built binary reads them without a
// warning.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { root, text } from './support/files.mjs';
import { noTools } from './support/tools.mjs';
import { workloads } from './support/workloads.mjs';

const binary = process.env.CM_BINARY ?? join(root, 'build', process.env.CM_PRESET ?? 'release', 'cm');

// Long enough for a token-hash key.
const secret = 'a-secret-of-these-tests';

// The page that is generated from the schema lists every variable.
const known = new Set(
  text('docs', 'configuration.md')
    .match(/`[A-Z][A-Z0-9_]*`/g)
    .map((name) => name.slice(1, -1)),
);
const isKnown = (name) => known.has(name) || /^LOGGING_LEVEL_[A-Z_]+$/.test(name);

/** Runs `cm check-config` with local files instead of those in the container; {status, errors, output}. */
function checkConfig({ environment, configuration }) {
  const directory = mkdtempSync(join(tmpdir(), 'cm-deploy-'));
  try {
    const file = (name, content) => {
      writeFileSync(join(directory, name), content);
      return join(directory, name);
    };
    const variables = Object.entries(environment).map(([name, value]) => [
      name,
      name.endsWith('_FILE') ? file(name, name.includes('USERNAME') ? 'cm' : secret) : value,
    ]);
    const { status, stdout, stderr } = spawnSync(binary, ['check-config'], {
      encoding: 'utf8',
      env: { ...Object.fromEntries(variables), APP_CONFIG_PATH: file('service-config.yml', configuration) },
    });
    return { status, output: stdout, errors: stderr };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Warnings about settings that are present; not about missing settings or keys that are added later. */
function complaints(errors) {
  const expected = [
    /^$/,
    /: warning: default: /,
    / MARIADB_USERNAME: not set/,
    /not available in this release, and without effect$/,
  ];
  return errors.split('\n').filter((line) => !expected.some((pattern) => pattern.test(line)));
}

for (const [name, read] of Object.entries(workloads)) {
  const skip = name.endsWith('.yaml') || name.endsWith('.yml') ? undefined : noTools;
  test(`CM knows all settings of ${name} and would start with them`, { skip }, () => {
    const found = read();
    assert.ok(found.length > 0, 'no container of CM');
    for (const workload of found) {
      assert.deepEqual(
        Object.keys(workload.environment).filter((variable) => !isKnown(variable)),
        [],
        workload.name,
      );
      const { status, errors, output } = checkConfig(workload);
      assert.equal(status, 0, `${workload.name}: ${errors}`);
      assert.deepEqual(complaints(errors), [], workload.name);
      assert.ok(!output.includes(secret));
    }
  });
}

test('these tests detect an unknown configuration key or environment variable', () => {
  const { status, errors } = checkConfig({
    environment: { KAA_LICENSE_CERT_PASSWORD: 'x' },
    configuration: 'nats.url: nats://nats:4222\n',
  });
  assert.equal(status, 0, errors);
  assert.ok(
    complaints(errors).some((line) => line.includes('nats.url: unknown key; did you mean nats.urls?')),
    errors,
  );
  assert.ok(!isKnown('NATS_URL') && isKnown('NATS_URLS') && isKnown('LOGGING_LEVEL_ROOT'));
});
