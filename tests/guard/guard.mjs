// Counts the instructions of single operations under callgrind and compares them with tests/guard/expected.json. Unlike
// times, the counts do not depend on the load of the machine.
//   node tests/guard/guard.mjs BUILD_DIRECTORY [--accept] [--results FILE] [--jobs N]
// Counts depend on the compiler and libraries: expected.json has separate values for each combination. A combination
// without values is reported and skipped. --accept writes the counts as the expected values.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { costliest, judge, totalOf } from './verdict.mjs';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { accept: { type: 'boolean' }, results: { type: 'string' }, jobs: { type: 'string', default: '2' } },
});
const build = resolve(positionals[0]);
const program = join(build, 'tests', 'guard', 'cm_guard');
const expectations = join(here, 'expected.json');
const found = join(here, '..', '..', 'build', 'guard');
mkdirSync(found, { recursive: true });

// Repetitions per operation: enough that the surrounding loop and differences between repetitions do not matter.
const operations = { decode: 2_000, encode: 2_000, list: 50, create: 100, 'validate-hit': 2_000, 'validate-miss': 1_000 };

// The same instructions on every processor: the C library and OpenSSL must not select newer instruction sets.
const environment = {
  PATH: process.env.PATH,
  LC_ALL: 'C',
  OPENSSL_ia32cap: '0:0',
  GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX_Fast_Unaligned_Load,-AVX2,-AVX,-ERMS,-FSRM,-BMI2,-BMI1,-LZCNT,-MOVBE,-RTM,-SSE4_2,-SSE4_1,-SSSE3',
};

function finish({ passed, failed, skipped }) {
  if (values.results) writeFileSync(values.results, JSON.stringify({ passed, failed, skipped }));
  if (skipped) console.log(`skipped: ${skipped}`);
  process.exit(failed > 0 ? 1 : 0);
}

const valgrind = spawnSync('valgrind', ['--version'], { encoding: 'utf8' });
if (valgrind.error) finish({ passed: 0, failed: 0, skipped: 'valgrind is not installed' });
const toolchain = execFileSync(program, ['--toolchain'], { encoding: 'utf8' }).trim();
const key = `${toolchain}, ${valgrind.stdout.trim().replace(/^valgrind-(\d+\.\d+).*$/, 'valgrind $1')}`;
console.log(key);
if (!/, Release, /.test(key)) finish({ passed: 0, failed: 0, skipped: 'instructions are counted in the release build' });

/** Counts the instructions of one operation. */
async function count(name, times) {
  const file = join(found, `callgrind.${name}.out`);
  await run(
    'valgrind',
    ['--tool=callgrind', '--quiet', '--toggle-collect=cm_guard_measured', `--callgrind-out-file=${file}`, program, name, String(times)],
    { env: environment, timeout: 300_000 },
  );
  return { name, file, count: totalOf(readFileSync(file, 'utf8')) / times };
}

const expected = JSON.parse(readFileSync(expectations, 'utf8'));
const waiting = Object.entries(operations);
const counted = new Map();
let broken = 0;
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      try {
        counted.set(next[0], await count(...next));
      } catch (error) {
        broken += 1;
        console.log(`${next[0]}: ${error.stderr?.trim() || error.message}`);
      }
    }
  }),
);

if (values.accept) {
  if (broken > 0) finish({ passed: 0, failed: broken });
  expected[key] = Object.fromEntries(Object.keys(operations).map((name) => [name, Math.round(counted.get(name).count)]));
  writeFileSync(expectations, `${JSON.stringify(expected, null, 2)}\n`);
  console.log(`accepted: ${JSON.stringify(expected[key])}`);
  finish({ passed: counted.size, failed: 0 });
}

const known = expected[key];
if (!known && broken === 0) {
  for (const { name, count: instructions } of counted.values()) console.log(`${name}: ${Math.round(instructions).toLocaleString('en-US')} instructions`);
  finish({ passed: 0, failed: 0, skipped: 'expected.json has no values for this compiler and these libraries' });
}
let failed = broken;
for (const name of Object.keys(operations)) {
  if (!counted.has(name)) continue;
  const { file, count: instructions } = counted.get(name);
  const { ok, text } = judge(name, instructions, known?.[name]);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${text}`);
  if (ok) continue;
  failed += 1;
  console.log(`     most expensive functions (complete list: callgrind_annotate ${file}):`);
  for (const { name: functionName, share } of costliest(readFileSync(file, 'utf8'))) console.log(`     ${(share * 100).toFixed(1).padStart(5)} %  ${functionName}`);
}
finish({ passed: Object.keys(operations).length - failed, failed });
