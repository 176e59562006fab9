// Imports and exports of any length need little memory, also two concurrent ones (contract section 5).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { exportLines, importLines } from '../../support/ndjson.mjs';
import { noFigures } from '../../support/paths.mjs';
import { iso, uuid7 } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';
import { sleep } from '../../support/wait.mjs';

// Fewer lines with the sanitizers: memory is only checked with the release preset.
const many = noFigures ? 20_000 : 100_000;
const mebibyte = 1 << 20;

let stack;
let replica;
before(async () => {
  stack = await Stack.start();
  replica = await Cm.start({ nats: stack.nats, mariadb: stack.mariadb });
});
after(async () => {
  await replica?.remove();
  await stack?.remove();
});

const count = async (where) => Number(await stack.mariadb.sql(`SELECT COUNT(*) FROM endpoint_token WHERE ${where}`));
const audits = async (where) =>
  Number(
    await stack.mariadb.sql(
      `SELECT COUNT(*) FROM credential_audit a JOIN endpoint_token t ON a.credential_id = t.id WHERE a.channel = 3 AND ${where}`,
    ),
  );

// CM ignores unknown members, so that lines can be made longer: the file has about 30 MB.
const padding = 'x'.repeat(200);
function* bulk(total = many) {
  for (let i = 0; i < total; i += 1) {
    yield { endpointId: `bulk-${i % 5_000}`, applicationName: 'bulk', token: `bulk-token-${i}`, padding };
  }
}

test(`${many} lines are imported by one replica, with results in order, and its memory does not grow with the file`, async (t) => {
  let expected = 0;
  let early = 0;
  let most = 0;
  const ids = new Set();
  const began = performance.now();
  const answer = await importLines(stack.cm.api, bulk(), {
    onResult: (result) => {
      expected += 1;
      assert.equal(result.line, expected);
      assert.equal(result.result, 'created');
      assert.equal(result.status, 'Inactive');
      assert.ok(!('token' in result), 'a token of the line is not repeated');
      ids.add(result.endpointTokenId);
      if (expected === many / 10) early = stack.cm.residentBytes();
      if (expected > many / 10 && expected % 5_000 === 0) most = Math.max(most, stack.cm.residentBytes());
    },
  });
  const seconds = (performance.now() - began) / 1_000;
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/x-ndjson/);
  assert.equal(answer.count, many);
  assert.equal(ids.size, many);
  const shown = [early, most, stack.cm.residentBytes()].map((bytes) => (bytes / mebibyte).toFixed(1));
  t.diagnostic(`resident at 10 %: ${shown[0]} MiB, most after that: ${shown[1]} MiB, at the end: ${shown[2]} MiB`);
  t.diagnostic(`${Math.round(many / seconds)} lines/s, of ${JSON.stringify(bulk().next().value).length + 1} bytes`);
  assert.equal(await count("application = 'bulk'"), many);
  assert.equal(await audits("application = 'bulk'"), many);
  if (!noFigures) assert.ok(most - early < 6 * mebibyte, `grew from ${shown[0]} to ${shown[1]} MiB over a file of 30 MB`);
});

test('repeating the file changes nothing: every line is unchanged, with the existing ID', async (t) => {
  const before = await stack.mariadb.sql('CHECKSUM TABLE endpoint_token, credential_audit');
  const early = stack.cm.residentBytes();
  let expected = 0;
  const began = performance.now();
  const answer = await importLines(stack.cm.api, bulk(), {
    onResult: ({ line, result, endpointTokenId, status }) => {
      expected += 1;
      assert.deepEqual([line, result, status], [expected, 'unchanged', 'Inactive']);
      assert.match(endpointTokenId, uuid7);
    },
  });
  assert.equal(answer.count, many);
  t.diagnostic(`${Math.round((many * 1_000) / (performance.now() - began))} lines/s`);
  assert.equal(await stack.mariadb.sql('CHECKSUM TABLE endpoint_token, credential_audit'), before);
  if (!noFigures) assert.ok(stack.cm.residentBytes() - early < 6 * mebibyte, 'memory');
});

test('an export streams all of them in order of ID, without token values, and memory does not grow', async (t) => {
  const early = stack.cm.residentBytes();
  let most = 0;
  let last = '';
  const endpoints = new Map();
  const began = performance.now();
  const answer = await exportLines(stack.cm.api, {
    query: '?applicationName=bulk',
    onLine: (line) => {
      const { endpointId, applicationName, endpointTokenId, status, createdDate, ...rest } = line;
      assert.deepEqual(rest, {});
      assert.equal(applicationName, 'bulk');
      assert.equal(status, 'Inactive');
      assert.match(createdDate, iso);
      assert.ok(endpointTokenId > last, 'by rising ID');
      last = endpointTokenId;
      endpoints.set(endpointId, (endpoints.get(endpointId) ?? 0) + 1);
      if (endpoints.size % 1_000 === 0) most = Math.max(most, stack.cm.residentBytes());
    },
  });
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/x-ndjson/);
  assert.equal(answer.complete, true);
  assert.equal(answer.count, many);
  assert.equal(endpoints.size, 5_000);
  assert.ok([...endpoints.values()].every((item) => item === many / 5_000));
  t.diagnostic(`${Math.round((many * 1_000) / (performance.now() - began))} lines/s, ${Math.round(answer.bytes / 1_000)} kB`);
  if (!noFigures) assert.ok(most - early < 6 * mebibyte, `grew by ${most - early} bytes`);
});

test('a reader of an export that pauses blocks no other request, needs no memory, and gets everything', async () => {
  const early = stack.cm.residentBytes();
  let read = 0;
  let most = 0;
  const answer = await exportLines(stack.cm.api, {
    onLine: async () => {
      read += 1;
      if (read !== 2_000 && read !== many * 0.4) return;
      for (let i = 0; i < 6; i += 1) {
        await sleep(200);
        most = Math.max(most, stack.cm.residentBytes());
        assert.equal((await stack.cm.provision('meanwhile', { applicationName: 'lamp' })).status, 201);
      }
    },
  });
  assert.equal(answer.complete, true);
  assert.ok(answer.count >= many, `${answer.count} lines`);
  if (!noFigures) assert.ok(most - early < 6 * mebibyte, `grew by ${most - early} bytes`);
});

test('an import client that does not read its results is throttled and loses nothing', async (t) => {
  const early = stack.cm.residentBytes();
  let most = 0;
  let seen = 0;
  let given = 0;
  function* counted() {
    for (const line of bulk()) {
      given += 1;
      yield line;
    }
  }
  const answer = await importLines(stack.cm.api, counted(), {
    onResult: ({ line }) => {
      seen += 1;
      assert.equal(line, seen);
      if (seen !== 1) return undefined;
      return (async () => {
        for (let i = 0; i < 8; i += 1) {
          await sleep(200);
          most = Math.max(most, stack.cm.residentBytes());
        }
        t.diagnostic(`${given} lines were given out until the reader went on`);
      })();
    },
  });
  assert.equal(answer.count, many);
  if (!noFigures) assert.ok(most - early < 6 * mebibyte, `grew by ${most - early} bytes`);
});

test('two replicas that import the same file concurrently create each token once, and both report it', async () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => ({ endpointId: `pair-${i % 100}`, applicationName: 'pair', token: `pair-${i}` }));
  const [item, other] = await Promise.all([importLines(stack.cm.api, lines), importLines(replica.api, lines)]);
  assert.deepEqual([item.count, other.count], [lines.length, lines.length]);
  for (let i = 0; i < lines.length; i += 1) {
    const both = [item.results[i], other.results[i]];
    assert.deepEqual(both.map(({ result }) => result).sort(), ['created', 'unchanged'], JSON.stringify(both));
    assert.equal(both[0].endpointTokenId, both[1].endpointTokenId);
  }
  assert.equal(await count("application = 'pair'"), lines.length);
  assert.equal(await audits("application = 'pair'"), lines.length);
});
