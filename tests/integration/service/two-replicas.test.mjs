// Two replicas of one instance on one database: every transition is one conditional write, so that database, audit
// trail, events and answers are consistent for concurrent requests (contract section 2).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { get, http } from '../../support/http.mjs';
import { importLines } from '../../support/ndjson.mjs';
import { slowness, volume } from '../../support/paths.mjs';
import { channels, isError, states, stored } from '../../support/rest.mjs';
import { Stack } from '../../support/stack.mjs';
import { setStatus, isRevocation, transitions } from '../../support/state-table.mjs';
import { until } from '../../support/wait.mjs';

const contested = volume(1_000);

let stack;
let replicas;
before(async () => {
  stack = await Stack.start();
  replicas = [stack.cm, await Cm.start({ nats: stack.nats, mariadb: stack.mariadb })];
});
after(async () => {
  await replicas?.[1]?.remove();
  await stack?.remove();
});

/** Calls `action(item, index)` for all items, `width` at a time. */
async function spread(items, width, action) {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < items.length) {
        const index = next;
        next += 1;
        await action(items[index], index);
      }
    }),
  );
}

/** The audit trails and revocations of all tokens of one application, and their rows, by ID. */
async function everything(application) {
  const found = new Map();
  const of = (id) => {
    if (!found.has(id)) found.set(id, { row: undefined, audit: [], revocations: [] });
    return found.get(id);
  };
  const state = (text) => (text === '-' ? undefined : states[Number(text)]);
  const rows = async (statement) => (await stack.mariadb.sql(statement)).split('\n').slice(0, -1).map((line) => line.split('\t'));
  for (const [id, status] of await rows(`SELECT HEX(id), status FROM endpoint_token WHERE application = '${application}'`)) {
    of(id).row = states[Number(status)];
  }
  for (const [id, from, to, channel, correlationId] of await rows(
    "SELECT HEX(credential_id), IFNULL(from_status, '-'), IFNULL(to_status, '-'), channel, correlation_id FROM credential_audit ORDER BY seq",
  )) {
    of(id).audit.push({ from: state(from), to: state(to), how: channels[Number(channel)], correlationId });
  }
  for (const [ids, to, correlationId] of await rows(
    `SELECT HEX(ids), IFNULL(to_status, '-'), correlation_id FROM revocation WHERE application = '${application}' ORDER BY seq`,
  )) {
    assert.equal(ids.length, 32, 'one token');
    of(ids).revocations.push({ to: state(to), correlationId });
  }
  return (id) => of(id.replaceAll('-', '').toUpperCase());
}

/** Checks that audit trail, row, events and answers of one token are consistent. */
function checkStory({ id, asked }, { row, audit, revocations }) {
  const details = `${id}: ${JSON.stringify({ row, audit, revocations, asked }, undefined, 1)}`;
  // 1. The audit trail follows the state table and ends at the row's status.
  let now;
  const been = [];
  for (const [i, { from, to }] of audit.entries()) {
    assert.equal(from, now, details);
    if (i > 0) {
      assert.ok(from !== undefined, details);
      assert.ok(to === undefined || transitions[from].includes(to), details);
    }
    now = to;
    been.push(to);
  }
  assert.equal(row, now, details);
  // 2. Each change was requested once and answered with success; requests without success changed nothing.
  const changes = new Map(audit.slice(1).map((item) => [item.correlationId, item]));
  assert.equal(changes.size, audit.length - 1, details);
  for (const { target, status, shown, correlationId } of asked) {
    const change = changes.get(correlationId);
    changes.delete(correlationId);
    if (change) {
      assert.equal(change.to, target, details);
      assert.equal(status, target === undefined ? 204 : 200, details);
      if (target !== undefined) assert.equal(shown, target, details);
    } else if (status === 200) {
      // A no-op: the token had that status at some time.
      assert.equal(shown, target, details);
      assert.ok(been.includes(target), details);
    } else if (status === 409) {
      assert.ok(been.some((state) => state && state !== target && !transitions[state].includes(target)), details);
    } else {
      assert.equal(status, 404, details);
      assert.equal(row, undefined, details);
    }
  }
  // First uses are not among the requests.
  for (const [, change] of changes) assert.equal(change.how, 'ecap', details);
  // 3. Each revocation has its event, in the same order; nothing else has one.
  const expected = audit
    .filter(({ from, to }) => from !== undefined && isRevocation(from, to))
    .map(({ to, correlationId }) => ({ to, correlationId }));
  assert.deepEqual(revocations, expected, details);
  if (row === undefined) assert.ok(asked.some(({ target, status }) => target === undefined && status === 204), details);
}

async function conflict(application, requests, { use = false } = {}) {
  const lines = Array.from({ length: contested }, (_, i) => ({ endpointId: `${application}-${i}`, applicationName: application }));
  const { results } = await importLines(stack.cm.api, lines);
  const tokens = results.map(({ endpointTokenId, token }, i) => ({ id: endpointTokenId, token, endpointId: `${application}-${i}`, asked: [] }));
  await spread(tokens, 24, async ({ id, token, endpointId, asked }, index) => {
    const calls = requests(index).map(async (target, i) => {
      const { api } = replicas[(index + i) % 2];
      const correlationId = `${application}-${index}-${i}`;
      const headers = { 'Correlation-ID': correlationId };
      const url = `${api}/endpoints/${endpointId}/tokens/${id}`;
      const options = { headers, timeout: 20_000 * slowness };
      const answer = await (target === undefined
        ? http('DELETE', url, options)
        : http('PUT', `${url}/status`, { ...options, body: { status: target } }));
      if (answer.status >= 400) isError(answer, answer.status);
      asked.push({ target, status: answer.status, shown: answer.status === 200 ? answer.json.status : undefined, correlationId });
    });
    if (use) calls.push(stack.ecap.validate(application, token));
    await Promise.all(calls);
  });
  if (use) await new Promise((resolve) => setTimeout(resolve, 1_500));
  return tokens;
}

const tally = (tokens) => {
  const counts = {};
  for (const { asked } of tokens) for (const { status } of asked) counts[status] = (counts[status] ?? 0) + 1;
  return JSON.stringify(counts);
};

test(`concurrent conflicting transitions on ${contested} tokens: database, audit trail, events and answers are consistent`, async (t) => {
  // Different transitions for each token, in different orders and over different replicas.
  const kinds = ['Suspended', 'Revoked', 'Active', 'Inactive', 'Suspended', 'Active'];
  const tokens = await conflict('quarrel', (i) => kinds.map((_, k) => kinds[(k + i) % kinds.length]).slice(0, 4));
  t.diagnostic(`answers: ${tally(tokens)}`);
  const found = await everything('quarrel');
  for (const token of tokens) checkStory(token, found(token.id));
  for (const { asked } of tokens) for (const { status } of asked) assert.ok([200, 409].includes(status), `${status}`);
});

test('the same with deletions: each token is deleted once, and is 404 for later requests', async (t) => {
  const tokens = await conflict('removal', (i) => [undefined, ['Suspended', 'Revoked', 'Active'][i % 3], undefined, 'Suspended']);
  t.diagnostic(`answers: ${tally(tokens)}`);
  const found = await everything('removal');
  for (const token of tokens) {
    checkStory(token, found(token.id));
    const deletions = token.asked.filter(({ target }) => target === undefined).map(({ status }) => status);
    assert.deepEqual(deletions.sort(), [204, 404]);
  }
});

test('the same with first uses: a use never reactivates a revoked token', async (t) => {
  const tokens = await conflict('usage', (i) => [['Suspended', 'Revoked'][i % 2], 'Suspended'], { use: true });
  t.diagnostic(`answers: ${tally(tokens)}`);
  const found = await everything('usage');
  for (const token of tokens) {
    const story = found(token.id);
    checkStory(token, story);
    assert.ok(['Suspended', 'Revoked'].includes(story.row));
  }
});

test('both replicas return the same status as soon as a change is answered', async () => {
  for (let i = 0; i < 30; i += 1) {
    const created = (await replicas[i % 2].provision(`both-${i}`)).json;
    const at = (replica) => `${replica.api}/endpoints/both-${i}/tokens/${created.endpointTokenId}`;
    const [item, other] = i % 2 === 0 ? replicas : [...replicas].reverse();
    const changed = await setStatus(at(item), 'Suspended');
    const shown = await get(at(other));
    assert.deepEqual(shown.json, changed.json);
    assert.equal(shown.headers.etag, changed.headers.etag, 'a tag of one replica is good for the other');
    assert.equal((await setStatus(at(other), 'Active', { 'If-Match': changed.headers.etag })).status, 200);
    isError(await setStatus(at(item), 'Revoked', { 'If-Match': changed.headers.etag }), 412);
    assert.equal((await http('DELETE', at(item))).status, 204);
    isError(await get(at(other)), 404);
  }
});

test('deletion of all concurrently with provisioning through the other replica: each token either exists or is deleted', async () => {
  for (let round = 0; round < 10; round += 1) {
    const endpointId = `churn-${round}`;
    const [created] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => replicas[0].provision(endpointId))),
      Promise.all(Array.from({ length: 4 }, () => http('DELETE', `${replicas[1].api}/endpoints/${endpointId}/tokens`))).then(
        (answers) => answers.forEach(({ status, text }) => assert.equal(status, 204, text)),
      ),
    ]);
    const left = (await get(`${replicas[1].api}/endpoints/${endpointId}/tokens?limit=1000`)).json;
    for (const { status, json, text } of created) {
      assert.equal(status, 201, text);
      const { row, audit, revocations } = await stored(stack.mariadb, 'endpoint_token', json.endpointTokenId);
      const there = left.content.some(({ endpointTokenId }) => endpointTokenId === json.endpointTokenId);
      assert.equal(row !== undefined, there);
      assert.equal(audit.length, there ? 1 : 2);
      assert.equal(revocations.length, there ? 0 : 1);
    }
  }
});

test('the outbox of both replicas is finally empty', async () => {
  await until(async () => (await stack.mariadb.sql('SELECT COUNT(*) FROM event_outbox')) === '0\n', {
    timeout: 10_000 * slowness,
    what: 'an empty outbox',
  });
});
