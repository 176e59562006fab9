// Tests of the state table of contract section 2 over REST, shared by all kinds of credentials.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { get, http } from './http.mjs';
import { etag, isError, iso, otherTag, shownDate, states, stored } from './rest.mjs';
import { until } from './wait.mjs';

/** The transitions that the table allows, except to the same state. */
export const transitions = {
  Inactive: ['Active', 'Suspended', 'Revoked'],
  Active: ['Suspended', 'Revoked'],
  Suspended: ['Active', 'Revoked'],
  Revoked: [],
};

const valid = (status) => status === 'Inactive' || status === 'Active';

/** Whether a change revokes the credential; `to` undefined: deleted. */
export const isRevocation = (from, to) => to === undefined || (valid(from) && !valid(to));

export const setStatus = (url, status, headers = {}) => http('PUT', `${url}/status`, { body: { status }, headers });

/** Brings a credential from Inactive to a state by the shortest sequence of transitions. */
export async function bring(url, status) {
  if (status === 'Inactive') return;
  const answer = await setStatus(url, status);
  assert.equal(answer.status, 200, answer.text);
}

/**
 * Defines the tests of one kind. `make()` creates an Inactive credential and resolves to {id, url, revocation}: its ID,
 * its URL, and the {kind, application, endpointId} of its revocation. `table` is the table that stores it.
 */
export function testStateTable({ name, table, mariadb, make }) {
  const look = (id) => stored(mariadb(), table, id);
  const leavesOutbox = (id) =>
    until(async () => (await look(id)).revocations.every(({ pending }) => !pending), { what: 'an empty outbox' });

  function checkRevocation(before, after, created, to, correlationId) {
    const fresh = after.revocations.slice(before.revocations.length);
    assert.equal(fresh.length, 1, 'one event for one operation');
    const { at, seq, pending, ...rest } = fresh[0];
    assert.deepEqual(rest, { ...created.revocation, ids: [created.id], to, correlationId });
    assert.equal(at, after.audit.at(-1).at);
  }

  for (const from of states) {
    for (const to of states) {
      const allowed = transitions[from].includes(to);
      const verdict = from === to ? 'writes nothing' : allowed ? 'is a change' : 'is 409';

      test(`${name}: ${from} to ${to} ${verdict}`, async () => {
        const created = await make();
        await bring(created.url, from);
        const before = await look(created.id);
        const shown = await get(created.url);
        const correlationId = `${name.replaceAll(' ', '-')}-${from}-${to}`;
        const answer = await setStatus(created.url, to, { 'Correlation-ID': correlationId });
        assert.equal(answer.headers['correlation-id'], correlationId);
        const after = await look(created.id);

        if (!allowed) {
          if (from === to) {
            assert.equal(answer.status, 200, answer.text);
            assert.deepEqual(answer.json, shown.json);
            assert.equal(answer.headers.etag, shown.headers.etag);
          } else {
            isError(answer, 409);
          }
          assert.deepEqual({ ...after, revocations: [] }, { ...before, revocations: [] }, 'nothing is written');
          assert.equal(after.revocations.length, before.revocations.length, 'no event');
          assert.equal((await get(created.url)).headers.etag, shown.headers.etag);
          return;
        }
        assert.equal(answer.status, 200, answer.text);
        assert.match(answer.headers.etag, etag);
        assert.notEqual(answer.headers.etag, shown.headers.etag);
        const { status, updateDate, ...rest } = answer.json;
        const { status: formerStatus, updateDate: formerDate, ...same } = shown.json;
        assert.equal(status, to);
        assert.equal(formerStatus, from);
        assert.match(updateDate, iso);
        assert.deepEqual(rest, same, 'nothing else changes');
        const again = await get(created.url);
        assert.deepEqual(again.json, answer.json);
        assert.equal(again.headers.etag, answer.headers.etag);

        assert.equal(after.row.status, to);
        assert.equal(shownDate(after.row.updatedAt), updateDate);
        assert.equal(after.row.createdAt, before.row.createdAt);
        assert.equal(after.row.usedAt, before.row.usedAt);
        assert.deepEqual(after.audit, [
          ...before.audit,
          { at: after.row.updatedAt, from, to, how: 'rest', actor: '', correlationId },
        ]);
        if (isRevocation(from, to)) checkRevocation(before, after, created, to, correlationId);
        else assert.equal(after.revocations.length, before.revocations.length, 'no event');
        await leavesOutbox(created.id);
      });
    }

    test(`${name}: ${from} to deleted is a change with an event`, async () => {
      const created = await make();
      await bring(created.url, from);
      const before = await look(created.id);
      const correlationId = `${name.replaceAll(' ', '-')}-${from}-deleted`;
      const answer = await http('DELETE', created.url, { headers: { 'Correlation-ID': correlationId } });
      assert.equal(answer.status, 204, answer.text);
      assert.equal(answer.text, '');
      assert.equal(answer.headers['correlation-id'], correlationId);
      const after = await look(created.id);
      assert.equal(after.row, undefined);
      assert.equal(after.audit.length, before.audit.length + 1);
      const { at, ...rest } = after.audit.at(-1);
      assert.deepEqual(rest, { from, to: undefined, how: 'rest', actor: '', correlationId });
      assert.ok(Math.abs(Number(at) - Date.now()) < 10_000);
      checkRevocation(before, after, created, undefined, correlationId);
      await leavesOutbox(created.id);

      isError(await get(created.url), 404);
      isError(await setStatus(created.url, 'Active'), 404);
      isError(await http('DELETE', created.url), 404);
      assert.deepEqual((await look(created.id)).audit, after.audit);
    });
  }

  test(`${name}: one of many conflicting requests wins, and one event reports it`, async () => {
    const created = await make();
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, i) => setStatus(created.url, ['Suspended', 'Revoked', 'Inactive'][i % 3])),
    );
    const found = await look(created.id);
    // For any order of requests: the audit trail follows the state table and ends at the row's status.
    let now;
    for (const { from, to } of found.audit) {
      assert.equal(from, now);
      if (from !== undefined) assert.ok(transitions[from].includes(to), `${from} to ${to}`);
      now = to;
    }
    assert.equal(found.row.status, now);
    assert.equal(now, 'Revoked');
    assert.equal(found.revocations.length, 1, 'it was revoked once');
    for (const [i, answer] of answers.entries()) {
      assert.ok([200, 409].includes(answer.status), answer.text);
      if (i % 3 === 1) assert.equal(answer.status, 200, 'everything may become Revoked');
    }
  });

  test(`${name}: If-Match allows changes and deletion only with the current tag`, async () => {
    const created = await make();
    const first = (await get(created.url)).headers.etag;
    const before = await look(created.id);
    const nearly = `${first.slice(0, -2)}${first.at(-2) === '0' ? '1' : '0'}"`;
    for (const match of [otherTag, `W/${first}`, nearly, 'nonsense']) {
      isError(await setStatus(created.url, 'Suspended', { 'If-Match': match }), 412);
      isError(await http('DELETE', created.url, { headers: { 'If-Match': match } }), 412);
    }
    assert.deepEqual(await look(created.id), before);
    const changed = await setStatus(created.url, 'Suspended', { 'If-Match': `${otherTag}, ${first}` });
    assert.equal(changed.status, 200, changed.text);
    isError(await setStatus(created.url, 'Active', { 'If-Match': first }), 412);
    // The precondition also applies to a request for the current state.
    isError(await setStatus(created.url, 'Suspended', { 'If-Match': first }), 412);
    assert.equal((await setStatus(created.url, 'Active', { 'If-Match': changed.headers.etag })).status, 200);
    assert.equal((await setStatus(created.url, 'Revoked', { 'If-Match': '*' })).status, 200);
    isError(await setStatus(created.url, 'Active', { 'If-Match': otherTag }), 412);
    isError(await http('DELETE', created.url, { headers: { 'If-Match': first } }), 412);
    const last = (await get(created.url)).headers.etag;
    assert.equal((await http('DELETE', created.url, { headers: { 'If-Match': last } })).status, 204);
    isError(await http('DELETE', created.url, { headers: { 'If-Match': '*' } }), 404);
  });

  test(`${name}: of many changes with the same If-Match tag, one succeeds`, async () => {
    const created = await make();
    const tag = (await get(created.url)).headers.etag;
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => setStatus(created.url, 'Suspended', { 'If-Match': tag })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(15).fill(412)]);
  });

  test(`${name}: the item has a tag, is 304 while unchanged, and HEAD is GET without the body`, async () => {
    const created = await make();
    const shown = await get(created.url);
    assert.equal(shown.status, 200);
    assert.match(shown.headers.etag, etag);
    for (const match of [shown.headers.etag, '*', `W/${shown.headers.etag}`, `${otherTag}, ${shown.headers.etag}`]) {
      const answer = await get(created.url, { headers: { 'If-None-Match': match } });
      assert.equal(answer.status, 304, match);
      assert.equal(answer.text, '');
      assert.equal(answer.headers.etag, shown.headers.etag);
    }
    assert.equal((await get(created.url, { headers: { 'If-None-Match': otherTag } })).status, 200);
    const head = await http('HEAD', created.url);
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    for (const key of ['etag', 'content-type', 'content-length']) assert.equal(head.headers[key], shown.headers[key]);
    await setStatus(created.url, 'Suspended');
    const changed = await get(created.url, { headers: { 'If-None-Match': shown.headers.etag } });
    assert.equal(changed.status, 200);
    assert.notEqual(changed.headers.etag, shown.headers.etag);
  });

  test(`${name}: 400 for an invalid status, 405 with Allow, 406, 411, 413 and 415`, async () => {
    const created = await make();
    const before = await look(created.id);
    for (const body of [{}, { status: null }, { status: 1 }, { status: '' }, { status: 'active' }, { status: 'Deleted' }]) {
      isError(await http('PUT', `${created.url}/status`, { body }), 400, ['status']);
    }
    for (const text of ['', '{', '[]', 'null', '"Active"', '{"status":"Active","status":"Active"}']) {
      const headers = { 'Content-Type': 'application/json' };
      isError(await http('PUT', `${created.url}/status`, { body: text, headers }), 400);
    }
    const body = '{"status":"Suspended"}';
    isError(await http('PUT', `${created.url}/status`, { body, headers: { 'Content-Type': 'text/plain' } }), 415);
    isError(await setStatus(created.url, 'Suspended', { Accept: 'text/html' }), 406);
    isError(await get(created.url, { headers: { Accept: 'application/xml' } }), 406);
    isError(await setStatus(created.url, `Suspended${' '.repeat(70_000)}`), 413);
    for (const [method, url, allow] of [
      ['POST', created.url, ['DELETE', 'GET', 'HEAD', 'OPTIONS']],
      ['PUT', created.url, ['DELETE', 'GET', 'HEAD', 'OPTIONS']],
      ['PATCH', created.url, ['DELETE', 'GET', 'HEAD', 'OPTIONS']],
      ['GET', `${created.url}/status`, ['OPTIONS', 'PUT']],
      ['POST', `${created.url}/status`, ['OPTIONS', 'PUT']],
      ['DELETE', `${created.url}/status`, ['OPTIONS', 'PUT']],
    ]) {
      const answer = await http(method, url, method === 'GET' || method === 'DELETE' ? {} : { body: { status: 'Active' } });
      isError(answer, 405);
      assert.deepEqual(answer.headers.allow.split(',').map((item) => item.trim()).sort(), allow);
    }
    assert.deepEqual(await look(created.id), before, 'nothing of all this is written');
    // Unknown members are ignored.
    const more = await http('PUT', `${created.url}/status`, { body: { status: 'Suspended', colour: 'red', list: [1, {}] } });
    assert.equal(more.status, 200);
  });

  test(`${name}: 404 for an unknown ID and for an ID that is not a UUID`, async () => {
    const created = await make();
    const base = created.url.slice(0, created.url.lastIndexOf('/') + 1);
    for (const id of ['0192f0a0-0000-7000-8000-000000000001', 'no-uuid', `${created.id}0`, created.id.slice(1)]) {
      isError(await get(`${base}${id}`), 404);
      isError(await setStatus(`${base}${id}`, 'Active'), 404);
      isError(await http('DELETE', `${base}${id}`), 404);
    }
    assert.equal((await http('HEAD', `${base}0192f0a0-0000-7000-8000-000000000001`)).status, 404);
    // A UUID is the same in upper case.
    assert.equal((await get(`${base}${created.id.toUpperCase()}`)).status, 200);
  });
}
