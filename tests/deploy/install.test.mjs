// The files that cmake --install installs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';

import { root, text, version } from './support/files.mjs';

const prefix = mkdtempSync(join(tmpdir(), 'cm-install-'));
after(() => rmSync(prefix, { recursive: true, force: true }));

const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [relative(prefix, path)];
  });
}

test('an installation has the program, its manual page and completion, and the tools, at the right paths', () => {
  run('cmake', '--install', join(root, 'build', process.env.CM_PRESET ?? 'release'), '--prefix', prefix);
  assert.deepEqual(files(prefix).sort(), [
    'bin/cm',
    'share/bash-completion/completions/cm',
    'share/cm/make-license',
    'share/cm/transfer',
    'share/doc/cm/CHANGELOG.md',
    'share/doc/cm/LICENSE',
    'share/man/man1/cm.1',
  ]);
  const installed = (...path) => join(prefix, ...path);
  assert.match(run(installed('bin', 'cm'), '--version'), new RegExp(`^cm ${version.replaceAll('.', '\\.')} `));
  assert.equal(readFileSync(installed('share', 'man', 'man1', 'cm.1'), 'utf8'), text('docs', 'man', 'cm.1'));
  const completion = installed('share', 'bash-completion', 'completions', 'cm');
  run('bash', '-n', completion);
  assert.match(readFileSync(completion, 'utf8'), /^complete .*\bcm$/m);
  for (const tool of ['make-license', 'transfer']) {
    assert.ok(statSync(installed('share', 'cm', tool)).mode & 0o111);
    assert.match(run(installed('share', 'cm', tool), '--help'), /usage/i);
  }
});
