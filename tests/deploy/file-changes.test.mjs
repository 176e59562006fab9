// deploy/docker/file-changes: which files of an image a build has changed, whenever its base was unpacked.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { root, text } from './support/files.mjs';

const latest = 1_600_000_000; // SOURCE_DATE_EPOCH
const packed = 1_500_000_000; // a time within a package
const trash = [];
after(() => {
  for (const folder of trash) rmSync(folder, { recursive: true, force: true });
});

/** Runs a line of bash with the functions; what it prints, split at zero bytes. */
function bash(line, ...args) {
  const script = `set -euo pipefail; . "$0"; ${line}`;
  return execFileSync('bash', ['-c', script, join(root, 'deploy', 'docker', 'file-changes'), ...args], { encoding: 'utf8' })
    .split('\0')
    .filter(Boolean);
}

/** A tree that was unpacked a moment ago, as tar does it: old times of the files, but their ctimes are of now. */
function unpacked() {
  const folder = mkdtempSync(join(tmpdir(), 'cm-base-'));
  trash.push(folder);
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'etc'), { recursive: true });
  mkdirSync(join(tree, 'doc'));
  for (const name of [
    'etc/kept',
    'etc/changed',
    'etc/same-size',
    'etc/rewritten',
    'doc/of base',
    'doc/removed',
    'doc/two\nlines\t',
  ]) {
    writeFileSync(join(tree, name), 'content');
    utimesSync(join(tree, name), packed, packed);
  }
  // Newer than the commit, and not changed by the build.
  writeFileSync(join(tree, 'etc/newer'), 'content');
  symlinkSync('kept', join(tree, 'etc/link'));
  lutimesSync(join(tree, 'etc/link'), packed, packed);
  for (const name of ['doc', 'etc', '.']) utimesSync(join(tree, name), packed, packed);
  const list = join(folder, 'list');
  bash('list_files "$1" >"$2"', tree, list);
  return { tree, list, path: (name) => join(tree, name), time: (name) => Math.floor(statSync(join(tree, name)).mtimeMs / 1000) };
}

/** What a build does to it. */
function build({ path }) {
  appendFileSync(path('etc/changed'), ' and more');
  writeFileSync(path('etc/same-size'), 'CONTENT');
  writeFileSync(path('etc/rewritten'), 'content');
  rmSync(path('doc/removed'));
  writeFileSync(path('doc/new\nof a "package"\t '), '');
  utimesSync(path('doc/new\nof a "package"\t '), packed, packed);
  symlinkSync('kept', path('etc/new link'));
  mkdirSync(path('new folder'));
}

test('nothing of a base that was unpacked a moment ago counts as changed', () => {
  const { tree, list } = unpacked();
  assert.deepEqual(bash('changed_files "$1" "$2"', list, tree), []);
  assert.deepEqual(bash('changed_regular_files "$1" "$2"', list, tree), []);
});

test('what the build has created and changed is found, whatever its name and time, and nothing else', () => {
  const base = unpacked();
  build(base);
  const changed = ['doc/new\nof a "package"\t ', 'etc/changed', 'etc/rewritten', 'etc/same-size'];
  const regular = bash('changed_regular_files "$1" "$2"', base.list, base.tree);
  assert.deepEqual(regular.sort(), changed.map(base.path));
  assert.deepEqual(bash('changed_regular_files "$1" "$2"', base.list, base.path('doc')), [base.path(changed[0])]);
  const all = bash('changed_files "$1" "$2"', base.list, base.tree).map((entry) => entry.split(' ').slice(3).join(' '));
  const others = ['doc', 'etc', 'etc/new link', 'new folder'].map(base.path);
  assert.deepEqual(all.sort(), [base.tree, ...changed.map(base.path), ...others].sort());
});

test('the times of what has changed are limited; those of the base stay, also if they are newer', () => {
  const base = unpacked();
  const newer = base.time('etc/newer');
  build(base);
  bash('limit_times "$1" "$2" "$3"', base.list, String(latest), base.tree);
  for (const name of ['.', 'doc', 'etc', 'etc/changed', 'etc/same-size', 'etc/rewritten', 'new folder'])
    assert.equal(base.time(name), latest, name);
  for (const name of ['etc/kept', 'doc/of base', 'doc/new\nof a "package"\t ']) assert.equal(base.time(name), packed, name);
  assert.equal(base.time('etc/newer'), newer);
});

test('the installation goes by these functions and not by ctimes, and they are in the build context', () => {
  const script = text('deploy', 'docker', 'install');
  assert.doesNotMatch(script, /newerct|newercm|%[CZ]/);
  assert.match(script, /^\. "\$\(dirname "\$\{BASH_SOURCE\[0\]\}"\)\/file-changes"$/m);
  assert.ok(text('deploy', 'docker', 'Dockerfile.dockerignore').split('\n').includes('!deploy/docker/file-changes'));
  for (const name of ['install', 'file-changes']) execFileSync('bash', ['-n', join(root, 'deploy', 'docker', name)]);
});
