// Licenses for the tests, created with the operators' tool.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root, temporaryDirectory, testData } from './paths.mjs';

const tool = join(root, 'deploy', 'license', 'make-license');

/** {path, password, ca} of a license in `directory`. */
function licenseIn(directory) {
  return {
    path: join(directory, 'license.p12'),
    password: readFileSync(join(directory, 'license.password'), 'utf8').trim(),
    ca: join(directory, 'ca.pem'),
    directory,
  };
}

/** A new license in a new directory, valid for `days` days; `environment` is added to that of the tool. */
export function makeLicense({ days = 365, commonName = 'CM test', environment = {} } = {}) {
  const directory = temporaryDirectory('license');
  execFileSync(tool, ['--out', directory, '--cn', commonName, '--days', String(days)], {
    stdio: 'pipe',
    env: { ...process.env, ...environment },
  });
  return licenseIn(directory);
}

/** The license that the tests share; created once. */
export function license() {
  const directory = join(testData, 'license');
  if (!existsSync(join(directory, 'license.p12'))) {
    const created = makeLicense();
    mkdirSync(testData, { recursive: true });
    const beside = `${directory}.${process.pid}`;
    mkdirSync(beside);
    for (const file of ['license.p12', 'license.password', 'ca.pem']) {
      writeFileSync(join(beside, file), readFileSync(join(created.directory, file)), { mode: 0o600 });
    }
    rmSync(created.directory, { recursive: true });
    try {
      renameSync(beside, directory);
    } catch (error) {
      // Another test has created it first.
      rmSync(beside, { recursive: true });
      if (!existsSync(join(directory, 'license.p12'))) throw error;
    }
  }
  return licenseIn(directory);
}

/** An expired, self-signed license with its own password. */
export function expiredLicense() {
  const directory = temporaryDirectory('expired');
  const run = (...args) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'key.pem');
  run('req', '-new', '-key', 'key.pem', '-subj', '/CN=CM expired', '-out', 'request.pem');
  // On Debian 12, `openssl x509` cannot set an end date in the past; `openssl ca` can.
  writeFileSync(
    join(directory, 'ca.conf'),
    `[ca]\ndefault_ca = ca\n[ca]\ndatabase = ${directory}/index\nserial = ${directory}/serial\nnew_certs_dir = ${directory}\n` +
      'default_md = sha256\npolicy = policy\n[policy]\ncommonName = supplied\n',
  );
  writeFileSync(join(directory, 'index'), '');
  writeFileSync(join(directory, 'serial'), '01\n');
  run(
    ...['ca', '-batch', '-selfsign', '-config', 'ca.conf', '-keyfile', 'key.pem', '-in', 'request.pem', '-notext'],
    ...['-startdate', '20200101000000Z', '-enddate', '20210101000000Z', '-out', 'certificate.pem'],
  );
  writeFileSync(join(directory, 'license.password'), 'expired');
  run(
    ...['pkcs12', '-export', '-inkey', 'key.pem', '-in', 'certificate.pem', '-passout', 'file:license.password'],
    ...['-out', 'license.p12'],
  );
  return { path: join(directory, 'license.p12'), password: 'expired', ca: join(directory, 'certificate.pem'), directory };
}
