// Runs clang-tidy over all project sources in parallel. Clean results are cached, under a hash of the sources, the
// project headers that they include, their compile command, the rules and the tool.
//   node tests/lint/tidy.mjs [--jobs N] [--full] [FILE…]
// Most of the time is spent on library headers, so sources are checked in batches, those that CMake generates for
// CM_UNITY_BUILD (cmake/cm_unity.cmake). If a batch is not clean, each of its sources is checked separately, and only
// that result counts. By default only the modules are checked, without the path-sensitive analyser, which takes ten
// times as long as everything else, and without other expensive checks with few findings. --full checks everything
// separately, including tests, for the nightly run; with FILEs only those are checked, separately. Exit status 75 if
// clang-tidy is not the version that the rules are written for (14, Debian 12's).
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { jobs: { type: 'string' }, full: { type: 'boolean' } } });
const only = positionals.map((file) => resolve(file));

const versionOf = (program) => spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '';
const tool = ['clang-tidy-14', 'clang-tidy'].find((program) => /version 14\./.test(versionOf(program)));
if (!tool) {
  console.log('skipped: the rules are written for clang-tidy 14, which is not here');
  process.exit(75);
}

// The commands, without a build.
const build = join(root, 'build', 'lint');
execFileSync('cmake', ['--preset', 'lint', '-DCM_BUILD_TESTS=ON'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
const configured = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8'));

const inclusions = (text) => [...text.matchAll(/^#include "([^"]+)"/gm)].map(([, name]) => name);
const isBatch = (file) => /\/Unity\/unity_[^/]+$/.test(file);
const isOurs = (file) => {
  const path = relative(root, file);
  return !path.startsWith('..') && !path.startsWith('build/') && (values.full || only.length > 0 || !path.startsWith('tests/'));
};

/** All project sources with a compile command: that of the batch for sources in a batch. */
const single = [];
/** The batches: { file, command, members }, members as in `single`. */
const batches = [];
const known = new Set();
for (const { file: name, command, directory } of configured) {
  const file = resolve(directory, name);
  const sources = (isBatch(file) ? inclusions(readFileSync(file, 'utf8')) : [file]).filter((source) => isOurs(source) && !known.has(source));
  for (const source of sources) known.add(source);
  const members = sources.map((source) => ({ file: source, directory, command: command.replaceAll(name, source) }));
  single.push(...members);
  if (members.length > 0) batches.push({ file, directory, command, members });
}
const commands = join(build, 'tidy');
mkdirSync(commands, { recursive: true });
writeFileSync(join(commands, 'compile_commands.json'), JSON.stringify([...single, ...configured.filter(({ file }) => isBatch(file))]));

const texts = new Map();
function textOf(file) {
  if (!texts.has(file)) texts.set(file, existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  return texts.get(file);
}

/** The file and all project headers that it includes, directly or indirectly. */
function closure(file, folders, all = new Set()) {
  if (all.has(file)) return all;
  all.add(file);
  for (const name of inclusions(textOf(file))) {
    const found = [dirname(file), ...folders].map((folder) => resolve(folder, name)).find((path) => textOf(path) !== undefined);
    if (found) closure(found, folders, all);
  }
  return all;
}

const cache = join(root, 'build', 'lint-cache');
mkdirSync(cache, { recursive: true });
// Checks that take a third of the remaining time, but are nearly covered by compiler warnings or concern only style.
const rare = [
  'clang-analyzer-*',
  'bugprone-assert-side-effect',
  'bugprone-multiple-statement-macro',
  'bugprone-sizeof-expression',
  'bugprone-stringview-nullptr',
  'bugprone-suspicious-semicolon',
  'bugprone-suspicious-string-compare',
  'bugprone-undelegated-constructor',
  'misc-unused-using-decls',
  'modernize-redundant-void-arg',
  'modernize-use-bool-literals',
  'modernize-use-using',
  'performance-unnecessary-value-param',
  'readability-redundant-control-flow',
  'readability-static-definition-in-anonymous-namespace',
];
const checks = values.full ? [] : [`--checks=${rare.map((name) => `-${name}`).join(',')}`];
const common = [versionOf(tool), readFileSync(join(root, '.clang-tidy'), 'utf8'), ...checks].join('\0');
for (const entry of [...single, ...batches]) {
  const folders = [...entry.command.matchAll(/ -I(\S+)/g)].map(([, folder]) => folder);
  entry.included = closure(entry.file, folders);
  const hash = createHash('sha256').update(common).update(entry.command);
  for (const path of [...entry.included].sort()) hash.update(`\0${path}\0${textOf(path)}`);
  entry.mark = join(cache, hash.digest('hex'));
}

/** Whether clang-tidy finds nothing, and its output. */
function tidy({ file, mark }) {
  return new Promise((done, reject) => {
    const child = spawn(tool, ['-p', commands, '--quiet', ...checks, '--extra-arg=-Wno-unknown-warning-option', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) writeFileSync(mark, '');
      const lines = output.split('\n').filter((line) => !/^\d+ warnings?( and \d+ errors?)? (generated|treated)/.test(line));
      done({ clean: code === 0, output: lines.join('\n').trim() });
    });
  });
}

let kept = 0;
let failed = 0;

async function lookAtOne(entry) {
  if (existsSync(entry.mark)) {
    kept += 1;
    return;
  }
  const { clean, output } = await tidy(entry);
  if (clean) return;
  failed += 1;
  console.log(output);
}

async function lookAtBatch(batch) {
  if (existsSync(batch.mark)) {
    kept += batch.members.length;
    return;
  }
  if (!(await tidy(batch)).clean) waiting.unshift(...batch.members);
}

const oneByOne = values.full || only.length > 0;
const waiting = oneByOne ? single.filter(({ file }) => only.length === 0 || only.includes(file)) : batches;
const total = oneByOne ? waiting.length : single.length;
// The longest ones first, so that none of them runs alone at the end.
const weight = ({ included, members }) => included.size + 20 * (members?.length ?? 1);
waiting.sort((a, b) => weight(b) - weight(a));

const jobs = Number(values.jobs ?? availableParallelism());
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await (next.members?.length > 1 ? lookAtBatch(next) : lookAtOne(next));
  }),
);
console.log(`${total - failed} of ${total} sources are clean (${kept} known from before)`);
process.exitCode = failed === 0 ? 0 : 1;
