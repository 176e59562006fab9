// One import of a million lines, and its memory use.
import { execFile } from 'node:child_process';
import { createWriteStream, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { temporaryDirectory } from '../../support/paths.mjs';
import { sqlLoad, withCm } from '../rest.mjs';

const run = promisify(execFile);
const mebibyte = 1 << 20;

async function writeLines(file, lines) {
  const out = createWriteStream(file);
  for (let i = 0; i < lines; ) {
    let piece = '';
    for (const end = Math.min(lines, i + 1_000); i < end; i += 1)
      piece += `{"endpointId":"import-${i}","applicationName":"smart_kettle","token":"import-token-${i}"}\n`;
    if (!out.write(piece)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

/** Sends the file with curl; returns the seconds it took, and the resident memory, sampled every 250 ms after 10 %. */
async function send(cm, file, answers) {
  const sizes = [];
  const timer = setInterval(() => sizes.push(cm.residentBytes()), 250);
  const began = performance.now();
  try {
    await run('curl', [
      ...['--silent', '--show-error', '--fail', '--request', 'POST', '--header', 'Content-Type: application/x-ndjson'],
      ...['--header', 'Expect:', '--upload-file', file, '--output', answers, `${cm.api}/endpoint-tokens/import`],
    ]);
  } finally {
    clearInterval(timer);
  }
  return { seconds: (performance.now() - began) / 1_000, sizes: [...sizes, cm.residentBytes()] };
}

/** The number of lines in the file of results, and of those with "created". */
function count(answers) {
  const text = readFileSync(answers, 'latin1');
  return { lines: text.split('\n').length - 1, created: text.split('"result":"created"').length - 1 };
}

export default {
  name: 'import',
  title: 'import: 1 million lines',

  async run(stage) {
    const lines = stage.quick ? 100_000 : 1_000_000;
    const directory = temporaryDirectory('import');
    try {
      const file = join(directory, 'lines');
      await writeLines(file, lines);
      return await withCm(stage, async ({ cm, mariadb }) => {
        const bare = await sqlLoad(stage, mariadb, 'insert-batch', { connections: 2, keys: 500, rows: lines, seconds: 120 });
        const before = cm.residentBytes();
        const { seconds, sizes } = await send(cm, file, join(directory, 'answers'));
        const answers = count(join(directory, 'answers'));
        if (answers.lines !== lines || answers.created !== lines)
          throw new Error(`${answers.created} of ${lines} lines were created, ${answers.lines} answered`);
        const settled = sizes.slice(Math.ceil(sizes.length / 10));
        const rows = [
          ['cm', 'rate', '1/s', lines / seconds],
          ['cm', 'seconds', 's', seconds],
          ['cm', 'resident before', 'bytes', before],
          ['cm', 'resident at 10 %', 'bytes', settled[0]],
          ['cm', 'resident at most', 'bytes', Math.max(...sizes)],
          ['cm', 'growth after 10 %', 'bytes', Math.max(...settled) - settled[0]],
          ['500-row INSERT', 'rate', '1/s', bare.rate],
        ];
        return rows.map(([subject, metric, unit, value]) => ({ case: 'whole', subject, metric, unit, value }));
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },

  claims: [
    {
      case: 'whole',
      text: 'rate over bare 500-row inserts',
      value: ['cm', 'rate'],
      over: ['500-row INSERT', 'rate'],
      op: '>=',
      bound: 0.5,
    },
    { case: 'whole', text: 'resident memory grows by, after the first tenth', value: ['cm', 'growth after 10 %'], op: '<=', bound: 4 * mebibyte },
  ],
};
