// GET of one token, and of the tokens of one endpoint, over 64 kept-alive connections.
import { writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { temporaryDirectory } from '../../support/paths.mjs';
import { connections, helloLoad, httpLoad, measurements, sqlLoad, withCm } from '../rest.mjs';

const ofHello = 0.4;
const ofPoint = 0.6;
const dashed = (hex) => hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Writes the targets of both kinds to files, in an order that matches no index. */
async function writeTargets(mariadb, rows, directory) {
  const paths = [];
  const page = 10_000;
  for (let offset = 0; offset < rows; offset += page) {
    const text = await mariadb.sql(
      `SELECT endpoint_id, HEX(id) FROM endpoint_token ORDER BY token_hash LIMIT ${page} OFFSET ${offset}`,
    );
    for (const row of text.trimEnd().split('\n')) {
      const [endpoint, id] = row.split('\t');
      const list = `/api/v1/endpoints/${endpoint}/tokens`;
      paths.push({ list, item: `${list}/${dashed(id)}` });
    }
  }
  const files = {};
  for (const kind of ['list', 'item']) {
    files[kind] = join(directory, kind);
    writeFileSync(files[kind], paths.map((path) => `${path[kind]}\n`).join(''));
  }
  return files;
}

export default {
  name: 'read',
  title: `list, item: GET, ${connections} connections`,

  async run(stage) {
    const rows = stage.quick ? 10_000 : 100_000;
    const seconds = stage.quick ? 1 : 5;
    const directory = temporaryDirectory('read');
    try {
      return await withCm(stage, async ({ cm, mariadb }) => {
        await sqlLoad(stage, mariadb, 'fill', { rows, keys: 500, seconds: 120 });
        const targets = await writeTargets(mariadb, rows, directory);
        const load = (kind, time) => httpLoad(stage, { port: cm.port, targets: targets[kind], seconds: time });
        const point = await sqlLoad(stage, mariadb, 'point', { connections, rows, count: 100 * rows, seconds });
        const entry = await helloLoad(stage, 1, { seconds });
        const two = await helloLoad(stage, 2, { seconds });
        const found = [];
        for (const kind of ['item', 'list']) {
          await load(kind, seconds / 5); // connections, statements and pages are warm
          const cmRate = await load(kind, seconds);
          const hello = entry.rate > two.rate ? entry : two;
          found.push(
            ...measurements(kind, 'cm', cmRate),
            ...measurements(kind, 'hello', entry),
            ...measurements(kind, 'hello, 2 threads', two),
            ...measurements(kind, 'point SELECT', point),
            { case: kind, subject: 'wanted', metric: 'rate', unit: '1/s', value: Math.min(ofHello * hello.rate, ofPoint * point.rate) },
          );
        }
        return found;
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },

  claims: ['item', 'list'].map((kind) => ({
    case: kind,
    text: `rate over the lesser of ${ofHello} of bare Beast and ${ofPoint} of bare point SELECTs`,
    value: ['cm', 'rate'],
    over: ['wanted', 'rate'],
    op: '>=',
    bound: 1,
  })),
};
