// Proves with the compiler, and with each room's own flags, that a room finds the headers of the rooms it knows and of no
// other one.
//   node tests/lint/rooms.mjs BUILD_DIRECTORY
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const build = resolve(process.argv[2]);
const known = {
  core: ['core'],
  storage: ['core', 'storage'],
  messaging: ['core', 'messaging'],
  http: ['core', 'http'],
  client: ['core', 'client'],
  actors: ['core', 'storage', 'messaging', 'http', 'client', 'actors'],
};

const commands = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8'));
const probe = join(build, 'lint', 'include.cpp');
mkdirSync(dirname(probe), { recursive: true });

/** Some header of the room; undefined while it has none. */
function headerOf(room) {
  return readdirSync(join(root, room)).filter((file) => file.endsWith('.hpp')).sort()[0];
}

let wrong = 0;
let proved = 0;
for (const [room, rooms] of Object.entries(known)) {
  const command = commands.find(({ file }) => dirname(relative(root, resolve(file))) === room);
  if (!command) continue;
  const flags = command.command.split(' ').filter((flag) => /^-(I|isystem|std=|D)/.test(flag));
  const compiler = command.command.split(' ').find((word) => /(g\+\+|clang\+\+|c\+\+)(-\d+)?$/.test(word));
  for (const other of Object.keys(known)) {
    const header = headerOf(other);
    if (!header) continue;
    const may = rooms.includes(other);
    // What may be included must only be found; what may not must break the compilation.
    const text = may ? `#if !__has_include("${other}/${header}")\n#error No such file\n#endif\n` : `#include "${other}/${header}"\n`;
    writeFileSync(probe, text);
    const { status, stderr } = spawnSync(compiler, [...flags, '-fsyntax-only', probe], {
      cwd: command.directory,
      encoding: 'utf8',
    });
    const found = status === 0;
    if (!found && !stderr.includes('No such file')) throw new Error(`the probe itself is broken: ${stderr}`);
    if (found !== may) {
      console.log(`${room} ${found ? 'finds' : 'does not find'} ${other}/${header}`);
      wrong += 1;
    } else {
      proved += 1;
    }
  }
}
console.log(`${proved} of ${proved + wrong} pairs of rooms are as they must be`);
if (proved + wrong === 0) throw new Error(`no room's command in ${build}/compile_commands.json`);
process.exitCode = wrong === 0 ? 0 : 1;
