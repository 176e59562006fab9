// CM's Avro codecs against npm's avsc: random records of every type, both directions.
// CM_AVRO_TOOL names the built avro_tool.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

import avro from 'avsc';

const schemas = new URL('../../../docs/avro/', import.meta.url);
const tool = process.env.CM_AVRO_TOOL;
const rounds = 300;

/** Numbers that JSON and JavaScript represent exactly. */
const longs = [0, -1, 1, 63, 64, -64, -65, 2 ** 31, -(2 ** 31) - 1, 1763821020123, 2 ** 52, -(2 ** 52)];
const ints = [0, 200, 404, -1, 2 ** 31 - 1, -(2 ** 31)];
const pieces = ['a', 'Z', 'ä', '鍵', '🔑', '\u0000', '\n', '"', '\\', '019aa7f0-5e3a-7c31'];

/** A deterministic random source (mulberry32), so that failures are reproducible. */
function randomSource(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function randomValue(type, random) {
  if (Array.isArray(type)) {
    return random(3) === 0 ? null : randomValue('string', random);
  }
  if (type?.type === 'array') {
    return Array.from({ length: random(random(5) === 0 ? 200 : 4) }, () => randomValue('string', random));
  }
  switch (type) {
    case 'long':
      return longs[random(longs.length)];
    case 'int':
      return ints[random(ints.length)];
    case 'string':
      return Array.from({ length: random(random(10) === 0 ? 300 : 10) }, () => pieces[random(pieces.length)]).join('');
    default:
      throw new Error(`no values for ${JSON.stringify(type)}`);
  }
}

let child;
let lines;

/** Sends one line to the tool and returns its answer. */
async function ask(line) {
  child.stdin.write(`${line}\n`);
  const { value, done } = await lines.next();
  assert.ok(!done, 'avro_tool ended');
  return value;
}

before(() => {
  assert.ok(tool, 'CM_AVRO_TOOL is not set');
  child = spawn(tool, { stdio: ['pipe', 'pipe', 'inherit'] });
  lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
});

after(() => child?.stdin.end());

const files = readdirSync(schemas).filter((name) => name.endsWith('.avsc'));

test('there is a schema for each of the 13 records', () => {
  assert.equal(files.length, 13);
});

for (const file of files) {
  const name = file.replace(/\.avsc$/, '');
  test(`${name} is encoded and decoded equally by avsc and CM`, async () => {
    const schema = JSON.parse(readFileSync(new URL(file, schemas), 'utf8'));
    assert.equal(name.split('.')[1], schema.name);
    const type = avro.Type.forSchema(schema, { wrapUnions: false });
    const random = randomSource(files.indexOf(file) + 1);
    for (let round = 0; round < rounds; ++round) {
      const record = Object.fromEntries(schema.fields.map((f) => [f.name, randomValue(f.type, random)]));
      const hex = type.toBuffer(record).toString('hex');
      assert.equal(await ask(`encode ${name} ${JSON.stringify(record)}`), hex);
      assert.deepEqual(JSON.parse(await ask(`decode ${name} ${hex}`)), record);
      const cut = 2 * random(hex.length / 2);
      assert.equal(await ask(`decode ${name} ${hex.slice(0, cut)}`), 'refused');
    }
  });
}
