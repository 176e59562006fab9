// Shared setup of the tests of /clients/credentials and /clients/certificates: stack, creation, state tests.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { get, post } from './http.mjs';
import { Stack } from './stack.mjs';
import { testStateTable } from './state-table.mjs';

/**
 * Starts a Stack for a test file, ends it, and defines the tests of the state table. `path` is the resource below
 * /clients, `kind` its kind in a revocation, `table` the table that stores it, `usual(next)` creates an ordinary body.
 * Calls `started({stack, url})` with the stack, and `created(answer, body)` for each created credential.
 * Returns `next()`, which returns a new number as text, and `create(body, headers)`, which resolves to the created
 * credential with its `answer` and `url`.
 */
export function clientResource({ path, name, kind, table, usual, started, created = () => {} }) {
  let number = 0;
  const resource = {
    stack: undefined,
    url: undefined,
    next: () => String((number += 1)),
    async create(body = {}, headers = {}) {
      const answer = await post(resource.url, body, { headers });
      assert.equal(answer.status, 201, answer.text);
      created(answer.json, body);
      return { ...answer.json, answer, url: `${resource.url}/${answer.json.credentialId}` };
    },
  };
  before(async () => {
    resource.stack = await Stack.start();
    resource.url = `${resource.stack.cm.api}/clients/${path}`;
    started(resource);
  });
  after(() => resource.stack?.remove());
  testStateTable({
    name,
    table,
    mariadb: () => resource.stack.mariadb,
    make: async () => {
      const creation = await resource.create(usual(resource.next));
      return { id: creation.credentialId, url: creation.url, revocation: { kind, application: '', endpointId: '' } };
    },
  });
  testCursors(resource, usual);
  return resource;
}

/** `next` of a page leads through the list in either order, with a filter too. */
function testCursors(resource, usual) {
  test('the pages that follow `next` are the whole list, without a total', async () => {
    const made = [];
    for (let i = 0; i < 7; i += 1) made.push((await resource.create(usual(resource.next))).credentialId);
    const list = async (query) => {
      const { status, json, text } = await get(`${resource.url}?${query}`);
      assert.equal(status, 200, text);
      return json;
    };
    for (const query of ['order=DESC', 'order=ASC', 'status=Inactive,Suspended&order=ASC']) {
      const all = await list(`${query}&limit=1000`);
      assert.equal(all.totalElements, all.content.length);
      assert.equal(all.next, undefined, 'the last page');
      const seen = [];
      let page = await list(`${query}&limit=3`);
      assert.equal(page.totalElements, all.totalElements);
      while (seen.push(...page.content), page.next !== undefined) {
        page = await list(`${query}&limit=3&after=${page.next}`);
        assert.equal(page.totalElements, undefined);
      }
      assert.deepEqual(seen, all.content);
      assert.ok(made.every((id) => seen.some(({ credentialId }) => credentialId === id)));
    }
    const { next } = await list('limit=1');
    assert.equal((await list(`limit=1&total=exact&after=${next}`)).totalElements, (await list('limit=1')).totalElements);
    for (const query of ['after=x', `after=${next}0`, `after=${next}&offset=1`, 'total=some'])
      assert.equal((await get(`${resource.url}?${query}`)).status, 400, query);
  });
}
