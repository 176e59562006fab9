// Checks the dependencies between the modules, as exported by CMake (build/<preset>/modules.json):
// - the include paths of each module contain exactly the modules that it uses, directly or indirectly;
// - USES of a module lists exactly the modules whose headers its files include;
// - there are no cycles, and no dependencies on a higher folder (see `folders`);
// - the diagram in docs/architecture.md shows them; --accept updates it.
//   node tests/lint/dependencies.mjs BUILD_DIRECTORY [--accept]
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { accept: { type: 'boolean' } } });
const build = resolve(positionals[0]);

/** The top-level folders that the modules of a folder may use. */
const folders = {
  core: ['core'],
  storage: ['core', 'storage'],
  messaging: ['core', 'messaging'],
  http: ['core', 'http'],
  client: ['core', 'http', 'client'],
  actors: ['core', 'storage', 'messaging', 'http', 'client', 'actors'],
};

const uses = JSON.parse(readFileSync(join(build, 'modules.json'), 'utf8'));
const modules = Object.keys(uses);
const folderOf = (module) => module.split('/')[0];

let wrong = 0;
let right = 0;
function check(holds, message) {
  if (holds) {
    right += 1;
  } else {
    wrong += 1;
    console.log(message);
  }
}

/** The module and all modules that it uses, directly or indirectly. */
function closure(module, all = new Set()) {
  if (all.has(module)) return all;
  all.add(module);
  for (const used of uses[module]) closure(used, all);
  return all;
}

const sourcesOf = (module) => readdirSync(join(root, module)).filter((file) => /\.(hpp|cpp|cpp\.in)$/.test(file));
const headerOf = (module) => sourcesOf(module).filter((file) => file.endsWith('.hpp')).sort()[0];

// -- direction --------------------------------------------------------------------------------------------------------

for (const module of modules) {
  for (const used of uses[module]) {
    check(folders[folderOf(module)].includes(folderOf(used)), `${module} uses ${used}, which is above it`);
    check(!closure(used).has(module), `${module} uses ${used}, which uses ${module}`);
  }
}

// -- USES is what is included -----------------------------------------------------------------------------------------

for (const module of modules) {
  const included = new Set();
  for (const file of sourcesOf(module)) {
    for (const [, path] of readFileSync(join(root, module, file), 'utf8').matchAll(/^#include "([^"]+)"/gm)) {
      const other = dirname(path);
      if (other === module || included.has(other)) continue;
      included.add(other);
      check(uses[module].includes(other), `${module}/${file} includes ${path}, and USES of ${module} does not name ${other}`);
    }
  }
  for (const used of uses[module]) check(included.has(used), `USES of ${module} names ${used}, of which nothing is included`);
}

// -- a forbidden include does not compile -----------------------------------------------------------------------------

// A module without sources has no compile command.
const commands = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8'));
const ofTarget = (module) => commands.find(({ command }) => command.includes(`cm_${module.replaceAll('/', '_')}.dir/`));
mkdirSync(join(build, 'lint'), { recursive: true });
let compiled = 0;
for (const module of modules) {
  const command = ofTarget(module);
  if (!command) continue;
  const allowed = closure(module);
  const flags = command.command.split(' ').filter((flag) => /^-(I|isystem|std=|D)/.test(flag));
  const compiler = command.command.split(' ').find((word) => /(g\+\+|clang\+\+|c\+\+)(-\d+)?$/.test(word));
  const probes = modules.map((other) => {
    const header = `${other}/${headerOf(other)}`;
    const wanted = allowed.has(other);
    return `#if ${wanted ? '!' : ''}__has_include("${header}")\n#error ${module} ${wanted ? 'does not find' : 'finds'} ${header}\n#endif\n`;
  });
  const probe = join(build, 'lint', 'includes.cpp');
  // The first line must fail to compile: proves that the probes are compiled.
  writeFileSync(probe, `${probes.join('')}#include "${module}/does_not_exist.hpp"\n`);
  const { stderr } = spawnSync(compiler, [...flags, '-fsyntax-only', probe], { cwd: command.directory, encoding: 'utf8' });
  if (!stderr.includes('does_not_exist.hpp')) throw new Error(`the probe itself is broken: ${stderr}`);
  const found = [...stderr.matchAll(/error: (?:#error )?"?(\S+ (?:finds|does not find) \S+\.hpp)/g)].map(([, text]) => text);
  for (const text of found) check(false, text);
  right += modules.length - found.length;
  compiled += 1;
}
if (compiled === 0) throw new Error(`no module's command in ${build}/compile_commands.json`);

// -- the diagram ------------------------------------------------------------------------------------------------------

/** The direct uses that are not implied by others. */
const reduced = (module) => uses[module].filter((used) => !uses[module].some((other) => other !== used && closure(other).has(used)));

function diagram() {
  const lines = ['```mermaid', 'flowchart BT'];
  for (const folder of Object.keys(folders)) {
    const own = modules.filter((module) => folderOf(module) === folder);
    if (own.length === 1) {
      lines.push(`  ${own[0]}`);
      continue;
    }
    lines.push(`  subgraph ${folder}`);
    for (const module of own) lines.push(`    ${module.replace('/', '_')}[${basename(module)}]`);
    for (const module of own) {
      for (const used of reduced(module).filter((other) => folderOf(other) === folder)) {
        lines.push(`    ${module.replace('/', '_')} --> ${used.replace('/', '_')}`);
      }
    }
    lines.push('  end');
  }
  for (const folder of Object.keys(folders)) {
    const used = new Set(modules.filter((module) => folderOf(module) === folder).flatMap((module) => uses[module].map(folderOf)));
    used.delete(folder);
    for (const other of Object.keys(folders)) if (used.has(other)) lines.push(`  ${folder} --> ${other}`);
  }
  return [...lines, '```'].join('\n');
}

const page = join(root, 'docs', 'architecture.md');
const text = readFileSync(page, 'utf8');
const begin = '<!-- modules: written by tests/lint/dependencies.mjs --accept -->\n';
const end = '\n<!-- end of modules -->';
const from = text.indexOf(begin);
const to = text.indexOf(end);
if (from < 0 || to < 0) {
  check(false, `${relative(root, page)} has no place for the diagram of modules`);
} else if (text.slice(from + begin.length, to) === diagram()) {
  right += 1;
} else if (values.accept) {
  writeFileSync(page, text.slice(0, from + begin.length) + diagram() + text.slice(to));
  console.log(`wrote the diagram of modules into ${relative(root, page)}`);
} else {
  check(false, `the diagram of modules in ${relative(root, page)} is another: node tests/lint/dependencies.mjs ${relative(root, build)} --accept`);
}

console.log(`${right} of ${right + wrong} statements about the dependencies of ${modules.length} modules hold`);
process.exitCode = wrong === 0 ? 0 : 1;
