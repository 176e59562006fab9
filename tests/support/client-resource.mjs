// Shared setup of the tests of /clients/credentials and /clients/certificates: stack, creation, state tests.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { post } from './http.mjs';
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
  return resource;
}
