// Another session locks revocation_gate for longer than a request may take, during revocations over each protocol:
// every acknowledged revocation is done once and has one event.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { deadline } from '../support/database-faults.mjs';
import { Events, publishUnregistered } from '../support/events.mjs';
import { unavailable } from '../support/operations.mjs';
import { Operator } from '../support/operator.mjs';
import { slowness } from '../support/paths.mjs';
import { Rows } from '../support/rows.mjs';
import { SqlSession } from '../support/sql-session.mjs';
import { Stack } from '../support/stack.mjs';
import { sleep, until } from '../support/wait.mjs';

const count = 8; // the size of the connection pool
const held = deadline + 2_000;

const patient = ({ correlationId }) => ({ correlationId, timeout: 20_000 });

/** The ways to revoke a token: `revoke` resolves to the status code, undefined if there is no answer. */
const protocols = {
  REST: {
    to: 'Revoked',
    revoke: async ({ operator }, token) =>
      (await operator.setTokenStatus(token.endpointId, token.id, 'Revoked', patient(token))).status,
  },
  ECAP: {
    to: 'Suspended',
    revoke: async ({ ecap }, { value, correlationId }) =>
      (await ecap.transition('smart_kettle', value, 'Suspended', { correlationId, wait: 20_000 })).statusCode,
  },
  ELCE: {
    to: undefined,
    revoke: async ({ ecap }, { endpointId, correlationId }) => {
      publishUnregistered(ecap.connection, endpointId, { correlationId });
      await ecap.connection.flush();
      return undefined;
    },
  },
};

/** Creates Active tokens of different endpoints. */
async function activeTokens({ operator }) {
  const tokens = [];
  for (let i = 0; i < count; i += 1) {
    const endpointId = randomUUID();
    const { json } = await operator.createToken(endpointId);
    await operator.setTokenStatus(endpointId, json.endpointTokenId, 'Active');
    tokens.push({ endpointId, id: json.endpointTokenId, value: json.token, correlationId: randomUUID() });
  }
  return tokens;
}

/** Revokes all of them, the first `before` of them before the lock is taken and the others while it is held. */
async function underLock(context, protocol, before) {
  const tokens = await activeTokens(context);
  const other = await SqlSession.open(context.mariadb);
  const codes = [];
  try {
    for (const token of tokens.slice(0, before)) codes.push(await protocol.revoke(context, token));
    await other.run('START TRANSACTION');
    await other.run('SELECT * FROM revocation_gate FOR UPDATE');
    const answers = Promise.all(tokens.slice(before).map((token) => protocol.revoke(context, token)));
    answers.catch(() => {});
    await sleep(held);
    await other.run('COMMIT');
    codes.push(...(await answers));
  } finally {
    await other.close();
  }
  await context.cm.up();
  // Requests that were answered 503 are repeated.
  for (const [i, token] of tokens.entries()) {
    let code = codes[i];
    await until(
      async () => {
        if (code === unavailable) code = await protocol.revoke(context, token);
        return code !== unavailable;
      },
      { timeout: 20_000 * slowness, interval: 50, what: `an answer to ${token.correlationId}` },
    );
    assert.ok([200, undefined].includes(code), `answered ${code}`);
  }
  await allRevoked(context, protocol, tokens);
  return codes;
}

async function allRevoked({ rows, events }, { to }, tokens) {
  const where = `correlation_id IN (${tokens.map(({ correlationId }) => `'${correlationId}'`).join(', ')})`;
  const revoked = async () => {
    const states = await Promise.all(tokens.map(({ id }) => rows.status('token', id)));
    return states.filter((state) => state === to).length;
  };
  await until(async () => (await revoked()) === count, { timeout: 20_000 * slowness, interval: 50, what: 'all revoked' });
  await until(async () => (await rows.pending()) === 0, { timeout: 20_000 * slowness, interval: 50, what: 'an empty outbox' });
  const received = tokens.filter(({ correlationId }) => events.of(correlationId).length > 0).length;
  assert.deepEqual(
    {
      revoked: await revoked(),
      changes: await rows.count('credential_audit', where),
      revocations: await rows.count('revocation', where),
      received,
    },
    { revoked: count, changes: count, revocations: count, received: count },
  );
}

test('a lock that is held longer than a request may take', { concurrency: true }, async (t) => {
  const tests = Object.entries(protocols).map(([name, protocol]) =>
    t.test(`${count} revocations over ${name}`, async (t) => {
      const stack = await Stack.start();
      t.after(() => stack.remove());
      const events = await Events.listen(stack.nats);
      t.after(() => events.close());
      const context = { ...stack, operator: new Operator(stack.cm), rows: new Rows(stack.mariadb), events };
      for (const before of [0, 3]) {
        const codes = await underLock(context, protocol, before);
        if (codes[0] !== undefined) t.diagnostic(`lock behind ${before} of ${count}: answered ${codes.join(' ')}`);
      }
    }),
  );
  await Promise.all(tests);
});
