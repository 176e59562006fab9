// Forms of PKCS #12 that the JDK opens (contract section 8), made by the programs that operators use.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { runCm } from '../../support/cm.mjs';
import { temporaryDirectory } from '../../support/paths.mjs';

const password = 'only-for-this-test';

function openssl(...args) {
  execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
}

let directory;
before(() => {
  directory = temporaryDirectory('license-formats');
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'certificate.pem', '-days', '30', '-subj', '/CN=CM forms');
});
after(() => rmSync(directory, { recursive: true, force: true }));

function pack(file, ...options) {
  openssl('pkcs12', '-export', '-inkey', 'key.pem', '-in', 'certificate.pem', '-passout', `pass:${password}`, '-out', file, ...options);
  return join(directory, file);
}

const inspect = (path, word = password) =>
  runCm({ args: ['license', 'inspect'], environment: { KAA_LICENSE_CERT_PATH: path, KAA_LICENSE_CERT_PASSWORD: word } });

async function opens(path) {
  const { code, output } = await inspect(path);
  assert.equal(code, 0, output);
  assert.match(output, /subject: +CN=/);
}

for (const [what, ...options] of [
  ['without MAC', '-nomac'],
  ['without MAC and encryption', '-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE'],
  ['with RC2-40 for the key', '-legacy', '-keypbe', 'PBE-SHA1-RC2-40'],
  ['with RC2-128 for key and certificates', '-legacy', '-keypbe', 'PBE-SHA1-RC2-128', '-certpbe', 'PBE-SHA1-RC2-128'],
  ['with RC4', '-legacy', '-keypbe', 'PBE-SHA1-RC4-128', '-certpbe', 'PBE-SHA1-RC4-40'],
  ['with RC2-40 and without MAC', '-legacy', '-nomac', '-keypbe', 'PBE-SHA1-RC2-40'],
  ['with 1,000,000 iterations', '-iter', '1000000'],
]) {
  test(`a file of openssl ${what} is opened`, async () => opens(pack('license.p12', ...options)));
}

test('a wrong password for a file without MAC is told as such', async () => {
  const { code, output } = await inspect(pack('license.p12', '-nomac'), 'another-password');
  assert.equal(code, 77, output);
  assert.match(output, /the password is wrong/);
});

test('a file that asks for more iterations than the JDK permits is refused at once', async () => {
  const path = pack('license.p12', '-iter', '6000000', '-nomac');
  const begun = performance.now();
  const { code, output } = await inspect(path);
  assert.equal(code, 77, output);
  assert.match(output, /iteration count out of range/);
  assert.ok(performance.now() - begun < 30_000);
});

const keytool = spawnSync('keytool', ['-help']).error === undefined;
for (const [what, ...options] of [
  ['as it writes by default'],
  ['without MAC', '-J-Dkeystore.pkcs12.macAlgorithm=NONE'],
  ['in its legacy form', '-J-Dkeystore.pkcs12.legacy'],
]) {
  test(`a file of keytool ${what} is opened`, { skip: !keytool && 'keytool is not installed' }, async () => {
    const path = join(directory, 'java.p12');
    rmSync(path, { force: true });
    execFileSync(
      'keytool',
      [...options, '-genkeypair', '-alias', 'cm', '-keyalg', 'RSA', '-keysize', '2048', '-dname', 'CN=CM java', '-storetype', 'PKCS12', '-keystore', path, '-storepass', password],
      { cwd: directory, stdio: 'pipe' },
    );
    await opens(path);
  });
}
