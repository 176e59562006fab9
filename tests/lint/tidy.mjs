// clang-tidy over all of our sources, in parallel. What was clean is not looked at again until it changes: a result is kept
// under a hash of the source, every header of ours that it includes, its command, the rules and the tool.
//   node tests/lint/tidy.mjs BUILD_DIRECTORY [--jobs N] [--full] [FILE…]
// The rooms alone, and without the path-sensitive analyser, which takes ten times as long as all the rest: two cores need
// minutes for that. --full is everything, tests included, for the nightly run.
// Exit status 75 when clang-tidy is not the version that the rules are written for (14, Debian 12's).
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { jobs: { type: 'string' }, full: { type: 'boolean' } } });
const build = resolve(positionals[0]);
const only = positionals.slice(1).map((file) => resolve(file));

const versionOf = (program) => spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '';
const tool = ['clang-tidy-14', 'clang-tidy'].find((program) => /version 14\./.test(versionOf(program)));
if (!tool) {
  console.log('skipped: the rules are written for clang-tidy 14, which is not here');
  process.exit(75);
}

const cache = join(root, 'build', 'lint-cache');
mkdirSync(cache, { recursive: true });
const checks = values.full ? [] : ['--checks=-clang-analyzer-*'];
const common = [versionOf(tool), readFileSync(join(root, '.clang-tidy'), 'utf8'), ...checks].join('\0');

const contents = new Map();
function digest(file) {
  if (!contents.has(file)) contents.set(file, createHash('sha256').update(readFileSync(file)).digest('hex'));
  return contents.get(file);
}

/** The headers of ours that each object was made from, from ninja's own log: object -> files. */
function dependencies() {
  const text = execFileSync('ninja', ['-C', build, '-t', 'deps'], { encoding: 'utf8', maxBuffer: 1 << 30 });
  const result = new Map();
  for (const block of text.split('\n\n')) {
    const [head, ...files] = block.split('\n');
    const paths = files.map((file) => resolve(build, file.trim())).filter((file) => file.startsWith(`${root}/`));
    result.set(head.split(':')[0], paths);
  }
  return result;
}

const commands = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8')).filter(({ file }) => {
  const path = resolve(file);
  if (only.length > 0) return only.includes(path);
  const place = relative(root, path);
  return path.startsWith(`${root}/`) && !place.startsWith('build/') && (values.full || !place.startsWith('tests/'));
});
const included = dependencies();

/** The name under which a clean result is kept; undefined when it is not known what the source includes. */
function keyOf({ file, command, output }) {
  const object = output ?? / -o (\S+)/.exec(command)?.[1];
  const files = included.get(object);
  if (!files) return undefined;
  // A link of a room's include view leads to the file itself.
  const parts = [resolve(file), ...files].filter((path) => existsSync(path) && statSync(path).isFile());
  const hash = createHash('sha256').update(common).update(command);
  for (const path of [...new Set(parts)].sort()) hash.update(path).update(digest(path));
  return hash.digest('hex');
}

const seen = new Set();
const waiting = commands.filter((command) => !seen.has(command.file) && seen.add(command.file));
// The longest first, so that none of them is left over at the end.
const weight = (command) => (included.get(/ -o (\S+)/.exec(command.command)?.[1]) ?? []).length;
waiting.sort((a, b) => weight(b) - weight(a));

let kept = 0;
let failed = 0;
const total = waiting.length;

function tidy(command) {
  const key = keyOf(command);
  const mark = key && join(cache, key);
  if (mark && existsSync(mark)) {
    kept += 1;
    return Promise.resolve();
  }
  return new Promise((done, reject) => {
    const child = spawn(tool, ['-p', build, '--quiet', ...checks, '--extra-arg=-Wno-unknown-warning-option', command.file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) {
        if (mark) writeFileSync(mark, '');
      } else {
        failed += 1;
        const lines = output.split('\n').filter((line) => !/^\d+ warnings?( and \d+ errors?)? (generated|treated)/.test(line));
        console.log(lines.join('\n').trim());
      }
      done();
    });
  });
}

const jobs = Number(values.jobs ?? availableParallelism());
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await tidy(next);
  }),
);
console.log(`${total - failed} of ${total} sources are clean (${kept} known from before)`);
process.exitCode = failed === 0 ? 0 : 1;
