// Builds the image that the tests run.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { binary, root, temporaryDirectory } from '../../support/paths.mjs';

const host = process.env.CM_IMAGE_BINARY === 'host';
const releases = { bookworm: '12', trixie: '13' };
const codename = host ? /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))[1] : 'trixie';

/** The Debian of the image. */
export const debian = process.env.CM_IMAGE_DEBIAN ?? releases[codename];
const suite = Object.keys(releases).find((name) => releases[name] === debian);

/** An image with nothing but /out/cm: that of this machine, or what the Dockerfile's first stage compiles. */
async function binaryImage(engine, base) {
  const name = `cm-test-binary-${debian}`;
  if (!host) {
    const args = [
      'build',
      '--target',
      'build',
      '--tag',
      name,
      '--file',
      'deploy/docker/Dockerfile',
      '--build-arg',
      `BASE=${base}`,
      '--build-arg',
      `REVISION=${revision()}`,
      '.',
    ];
    await engine.command('docker', args, { timeout: 3_500_000 });
    return name;
  }
  const directory = temporaryDirectory('binary');
  try {
    mkdirSync(join(directory, 'out'));
    copyFileSync(binary, join(directory, 'out', 'cm'));
    chmodSync(join(directory, 'out', 'cm'), 0o755);
    execFileSync('strip', [join(directory, 'out', 'cm')]);
    execFileSync('tar', ['--create', '--file', join(directory, 'out.tar'), '--directory', directory, 'out']);
    await engine.docker('import', join(directory, 'out.tar'), name);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return name;
}

const revision = () =>
  execFileSync('git', ['-c', `safe.directory=${root}`, 'rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

/** Builds it under this name with deploy/docker/build; `fresh` makes everything but the binary from scratch. {base} */
export async function buildImage(engine, tag, { fresh = false } = {}) {
  const base = await engine.base(suite);
  const args = ['--tag', tag, '--debian', debian, '--binary', await binaryImage(engine, base)];
  await engine.command(join(root, 'deploy', 'docker', 'build'), [...args, ...(fresh ? ['--no-cache'] : [])], {
    timeout: 3_500_000,
  });
  return { base };
}
