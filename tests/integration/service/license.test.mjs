// The license (contract section 8): at the start, and while running.
import assert from 'node:assert/strict';
import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { Cm, runCm } from '../../support/cm.mjs';
import { expiredLicense, license, makeLicense } from '../../support/license.mjs';
import { Stack } from '../../support/stack.mjs';
import { until } from '../../support/wait.mjs';

const trash = [];
after(() => {
  for (const directory of trash) rmSync(directory, { recursive: true, force: true });
});

/** Runs a CM that must refuse its license, and returns the line with the reason. */
async function refused({ path, password }, configuration = {}) {
  const { code, output } = await runCm({
    configuration,
    environment: { KAA_LICENSE_CERT_PATH: path, KAA_LICENSE_CERT_PASSWORD: password },
  });
  assert.equal(code, 77, output);
  if (password) assert.ok(!output.includes(password) || password.length < 8, 'the password is not shown');
  const lines = output.split('\n').filter((line) => /licen[sc]e/i.test(line));
  assert.ok(lines.length >= 1, output);
  return lines.at(-1);
}

test('a missing file', async () => {
  const line = await refused({ path: '/no/such/license.p12', password: 'unused-password' });
  assert.match(line, /\/no\/such\/license\.p12/);
});

test('a file that is not PKCS #12', async () => {
  const damaged = makeLicense();
  trash.push(damaged.directory);
  writeFileSync(damaged.path, 'this is no license');
  await refused(damaged);
  writeFileSync(damaged.path, '');
  await refused(damaged);
});

test('a wrong password', async () => {
  const line = await refused({ path: license().path, password: 'quite-another-password' });
  assert.match(line, /password/i);
});

test('a password with a newline or white space at its end: the reason says so, and a warning names the variable', async () => {
  const { path, password } = license();
  for (const [value, what] of [
    [`${password}\n`, 'ends with a newline'],
    [`${password}\r\n`, 'ends with a newline'],
    [`${password} `, 'ends with white space'],
  ]) {
    const { code, output } = await runCm({ environment: { KAA_LICENSE_CERT_PATH: path, KAA_LICENSE_CERT_PASSWORD: value } });
    assert.equal(code, 77, output);
    assert.ok(output.includes(`environment KAA_LICENSE_CERT_PASSWORD: the value ${what}`), output);
    assert.ok(output.includes(`the password is wrong; it ${what}`), output);
    assert.ok(!output.includes(password), 'the password is not shown');
  }
});

test('an expired license', async () => {
  const expired = expiredLicense();
  trash.push(expired.directory);
  const line = await refused(expired);
  assert.match(line, /expired|2021/);
});

test('a license of an untrusted authority', async () => {
  const other = makeLicense({ commonName: 'CM other' });
  trash.push(other.directory);
  await refused(license(), { 'kaa.license.trusted-certificates': other.ca });
});

test('a license of the trusted authority is accepted', async () => {
  const cm = await Cm.create({ configuration: { 'kaa.license.trusted-certificates': license().ca } });
  cm.launch();
  try {
    await cm.healthThat(({ body }) => body.license?.status === 'UP', 'the license UP');
  } finally {
    await cm.remove();
  }
});

test('no password at all', async () => {
  const { code, output } = await runCm({ environment: { KAA_LICENSE_CERT_PASSWORD: undefined } });
  assert.ok(code === 77 || code === 78, `${code}: ${output}`);
  assert.match(output, /KAA_LICENSE_CERT_PASSWORD/);
});

test('while running: an invalid license causes refusal of writes only; a valid one is loaded', async (t) => {
  const own = makeLicense();
  trash.push(own.directory);
  const good = `${own.directory}/good.p12`;
  copyFileSync(own.path, good);
  // Like an operator: replaces the file atomically.
  const replace = (write) => {
    write(`${own.path}.new`);
    renameSync(`${own.path}.new`, own.path);
  };
  const stack = await Stack.start({
    environment: { KAA_LICENSE_CERT_PATH: own.path, KAA_LICENSE_CERT_PASSWORD: own.password },
  });
  t.after(() => stack.remove());
  const created = (await stack.cm.provision('kettle')).json;

  replace((file) => writeFileSync(file, 'this is no license'));
  const { status, body } = await stack.cm.healthThat(({ body }) => body.license.status !== 'UP', 'the license not UP', 15_000);
  assert.equal(status, 200);
  assert.equal(body.status, 'UP');
  assert.equal((await stack.ecap.validate('smart_kettle', created.token)).statusCode, 200);
  await until(async () => (await stack.cm.provision('kettle')).status === 503, { what: 'writes refused' });

  replace((file) => copyFileSync(good, file));
  await stack.cm.healthThat(({ body }) => body.license.status === 'UP', 'the license UP again', 15_000);
  await until(async () => (await stack.cm.provision('kettle')).status === 201, { what: 'writes accepted' });
});
