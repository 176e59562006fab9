// Checks of the image that do not need a build.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { root, text, version } from './support/files.mjs';

const dockerfile = text('deploy', 'docker', 'Dockerfile');
const stages = dockerfile.split(/^FROM /m).slice(1);

test("the image has a numeric user, exec forms without a shell, and CM's stop signal", () => {
  const last = stages.at(-1);
  assert.match(last, /^USER 10001:10001$/m);
  assert.match(last, /^ENTRYPOINT \["\/usr\/bin\/cm"\]$/m);
  assert.match(last, /^CMD \["serve"\]$/m);
  assert.match(last, /^HEALTHCHECK .* CMD \["\/usr\/bin\/cm", "health", "--liveness"\]$/m);
  assert.match(last, /^STOPSIGNAL SIGTERM$/m);
  assert.doesNotMatch(last, /^ENV /m, "defaults are CM's own");
});

test('the base image is an argument, by default Debian 13, and the same for building and running', () => {
  assert.match(dockerfile, /^ARG BASE=debian:trixie-slim$/m);
  assert.deepEqual(
    stages.map((stage) => stage.split(/\s/)[0]),
    ['${BASE}', '${BINARY}', '${BASE}'],
  );
});

test('the build context contains only what the build of cm needs', () => {
  const lines = text('deploy', 'docker', 'Dockerfile.dockerignore')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  const [first, ...allowed] = lines;
  assert.equal(first, '*');
  assert.ok(allowed.every((line) => line.startsWith('!')));
  assert.ok(
    allowed.every((line) => !/^!(tests|build|docs$|deploy$)/.test(line)),
    'more than is needed',
  );
  const folders = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'CMakeLists.txt')),
  );
  for (const { name } of folders) assert.ok(name === 'tests' || allowed.includes(`!${name}`), `${name} is missing`);
});

test('the labels have the version of CMakeLists.txt', () => {
  assert.match(dockerfile, new RegExp(`^ARG VERSION=${version.replaceAll('.', '\\.')}$`, 'm'));
});

test(
  'the libraries of the image are those that cm is linked with',
  { skip: !existsSync('/usr/bin/dpkg') && 'not a Debian' },
  () => {
    const binary = process.env.CM_BINARY ?? join(root, 'build', process.env.CM_PRESET ?? 'release', 'cm');
    const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const needed = [...run('readelf', '--dynamic', binary).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
    const listed = run(join(root, 'deploy', 'packages'), 'list', 'image')
      .trim()
      .split('\n');
    // libc and the compiler's libraries are part of every Debian.
    const base = /^(libc6|libgcc-s1|libstdc\+\+6|libasan\d+|libubsan\d+)$/;
    const packages = needed.map((name) => {
      const path = run('ldd', binary).match(new RegExp(`${name.replace(/[.+]/g, '\\$&')} => (\\S+)`))?.[1];
      return path ? owner(run, path) : 'libc6';
    });
    const owners = [...new Set(packages)].filter((name) => !base.test(name)).sort();
    assert.deepEqual(
      owners.filter((name) => !listed.includes(name)),
      [],
      'missing in the image',
    );
    // The CA certificates are data; only components with metrics link the metrics library.
    const others = ['ca-certificates', 'libprometheus-cpp-core1.0'];
    assert.deepEqual(
      listed.filter((name) => !owners.includes(name) && !others.includes(name)),
      [],
      'of no use in the image',
    );
  },
);

/** The package of a library; its path may predate the /usr merge. */
function owner(run, path) {
  for (const candidate of [path, path.startsWith('/usr/') ? path.slice(4) : `/usr${path}`]) {
    try {
      return run('dpkg', '--search', candidate).split(':')[0];
    } catch {
      // the alternative path
    }
  }
  throw new Error(`${path} belongs to no package`);
}
