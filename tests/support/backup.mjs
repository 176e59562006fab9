// Backups of CM's database with the programs and options of docs/operations.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The options of a Mariadb whose binary log is to be replayed, with the log's path. */
export const binaryLog = (directory) => ['--server-id=1', `--log-bin=${join(directory, 'binlog')}`];

/** Runs a program to its end, with streams as its standard input and output. */
async function run(program, args, { input, output } = {}) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  child.stdout.on('error', () => {});
  // A program that ends early closes its input; its error message is in `errors`.
  const feeding = input ? pipeline(input, child.stdin).catch(() => {}) : child.stdin.end();
  const reading = output ? pipeline(child.stdout, output) : child.stdout.resume();
  const [code] = await ended;
  await Promise.all([feeding, reading]);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors}`);
}

/** Dumps the database of a running server into a file, with its binary log position. */
export function dump(mariadb, file) {
  const options = ['--single-transaction', '--master-data=2', '--hex-blob'];
  return run('mariadb-dump', ['--no-defaults', ...mariadb.login, ...options, mariadb.database], {
    output: createWriteStream(file),
  });
}

/** Restores a dump into the empty database of another server. */
export function restore(mariadb, file) {
  return run('mariadb', ['--no-defaults', ...mariadb.login, mariadb.database], { input: createReadStream(file) });
}

/** The binary log position of a dump: {file, position}. */
export function positionOf(file) {
  const [, name, position] = /^-- CHANGE MASTER TO MASTER_LOG_FILE='([^']+)', MASTER_LOG_POS=(\d+);/m.exec(
    readFileSync(file, 'utf8'),
  );
  return { file: name, position: Number(position) };
}

/**
 * Replays the binary log into a restored server. `logs` are the paths of its files, starting with that of the dump,
 * which is replayed from `position` on.
 */
export async function replay(mariadb, logs, position) {
  const reader = spawn(
    'mariadb-binlog',
    ['--no-defaults', `--database=${mariadb.database}`, `--start-position=${position}`, ...logs],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(reader, 'close');
  let errors = '';
  reader.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  await run('mariadb', ['--no-defaults', ...mariadb.login], { input: reader.stdout });
  const [code] = await ended;
  if (code !== 0) throw new Error(`mariadb-binlog ended with ${code}: ${errors}`);
}
