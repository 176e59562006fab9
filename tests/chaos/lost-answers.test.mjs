// The database commits a change but its response is lost; before CM retries, another client changes the same credential
// and is acknowledged. CM's retry must not undo that.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { MariadbProxy } from '../support/mariadb-proxy.mjs';
import { unavailable } from '../support/operations.mjs';
import { Operator } from '../support/operator.mjs';
import { slowness } from '../support/paths.mjs';
import { Rows } from '../support/rows.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { commits, ofChange } from '../support/statements.mjs';
import { until, within } from '../support/wait.mjs';

let nats;
let mariadb;
let proxy;
let cm;
let other;
let operator;
let ecap;
let rows;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
  proxy = await MariadbProxy.start(mariadb.port);
  cm = await Cm.start({ nats, mariadb, mariadbPort: proxy.port });
  const direct = await Cm.start({ nats, mariadb, instance: 'cm-other' }); // ECAP requests go to the first
  other = { cm: direct, operator: new Operator(direct) };
  operator = new Operator(cm);
  ecap = await EcapClient.connect(nats);
  rows = new Rows(mariadb);
});
after(async () => {
  await ecap?.close();
  await cm?.remove();
  await other?.cm.remove();
  assert.deepEqual(proxy?.errors, []);
  await proxy?.close();
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

/**
 * Requests a change from CM, loses the database's response to its commit, and runs `meanwhile` before CM reaches the
 * database again. Resolves to the status code of CM's answer.
 */
async function lose(ask, meanwhile) {
  const trap = proxy.arm({
    matches: (command) => ofChange(command) && commits(command.sql),
    position: 1,
    fault: async (link, command) => {
      const outcome = await link.forward(command, { swallow: true });
      assert.equal(outcome.error, undefined, 'it was carried out');
      proxy.keepWaiting();
      link.cut();
    },
  });
  const answer = ask();
  answer.catch(() => {});
  try {
    await within(10_000 * slowness, trap.fired, 'the commit');
    await meanwhile();
  } finally {
    proxy.disarm();
    proxy.keepWaiting(false);
  }
  const { status, statusCode } = await answer;
  await cm.up();
  return status ?? statusCode;
}

const patient = () => ({ correlationId: randomUUID(), timeout: 20_000 });

async function right(promise) {
  const { status, text } = await promise;
  assert.equal(status, 200, text);
}

const kinds = {
  token: {
    make: async () => {
      const endpointId = randomUUID();
      const { json } = await operator.createToken(endpointId);
      return { endpointId, id: json.endpointTokenId, value: json.token };
    },
    set: (by, { endpointId, id }, status, options) => by.setTokenStatus(endpointId, id, status, options),
  },
  credentials: {
    make: async () => ({ id: (await operator.createUser(randomUUID())).json.credentialId }),
    set: (by, { id }, status, options) => by.setClientStatus('credentials', id, status, options),
  },
  certificates: {
    make: async () => {
      const certificate = { issuer: 'CN=Devices CA', serialNumber: String(Date.now()) };
      return { id: (await operator.createCertificate(certificate)).json.credentialId };
    },
    set: (by, { id }, status, options) => by.setClientStatus('certificates', id, status, options),
  },
};

for (const [kind, { make, set }] of Object.entries(kinds)) {
  test(`${kind}: a suspension with a lost commit response does not undo a later activation`, async (t) => {
    const credential = await make();
    await right(set(operator, credential, 'Active'));
    const code = await lose(
      () => set(operator, credential, 'Suspended', patient()),
      async () => {
        assert.equal(await rows.status(kind, credential.id), 'Suspended');
        await right(set(other.operator, credential, 'Active'));
      },
    );
    t.diagnostic(`answered ${code}`);
    assert.ok([200, unavailable].includes(code), `answered ${code}`);
    assert.equal(await rows.status(kind, credential.id), 'Active');
    const trail = (await rows.trail(credential.id)).map(({ from, to }) => `${from} ${to}`);
    assert.deepEqual(trail.slice(-2), ['Active Suspended', 'Suspended Active']);
  });

  test(`${kind}: an activation with a lost commit response does not undo a later suspension`, async (t) => {
    const credential = await make();
    await right(set(operator, credential, 'Suspended'));
    const code = await lose(
      () => set(operator, credential, 'Active', patient()),
      async () => {
        assert.equal(await rows.status(kind, credential.id), 'Active');
        await right(set(other.operator, credential, 'Suspended'));
      },
    );
    t.diagnostic(`answered ${code}`);
    assert.ok([200, unavailable].includes(code), `answered ${code}`);
    assert.equal(await rows.status(kind, credential.id), 'Suspended');
  });
}

test('a suspension over ECAP with a lost commit response does not undo a later activation', async () => {
  const credential = await kinds.token.make();
  const code = await lose(
    () => ecap.transition('smart_kettle', credential.value, 'Suspended', { wait: 20_000 }),
    () => right(kinds.token.set(other.operator, credential, 'Active')),
  );
  assert.ok([200, unavailable].includes(code), `answered ${code}`);
  assert.equal(await rows.status('token', credential.id), 'Active');
});

test('a password change with a lost commit response does not replace a later password', async () => {
  const username = randomUUID();
  const { json } = await operator.createUser(username, { password: 'the first password' });
  const id = json.credentialId;
  const code = await lose(
    () => operator.setPassword(id, 'the lost password', patient()),
    () => right(other.operator.setPassword(id, 'the later password')),
  );
  assert.ok([200, unavailable].includes(code), `answered ${code}`);
  const login = async (password) => (await ecap.password(username, password, { wait: 20_000 })).statusCode;
  await until(async () => (await login('the later password')) !== unavailable, { what: 'logins' });
  assert.equal(await login('the later password'), 200);
  assert.equal(await login('the lost password'), 401);
});

test('an import with a lost commit response does not restore a token that was deleted later', async (t) => {
  const endpointId = randomUUID();
  const line = { endpointId, applicationName: 'smart_kettle', token: randomUUID() };
  const code = await lose(
    () => operator.importTokens([line], patient()),
    async () => {
      const { json } = await other.operator.listTokens(endpointId);
      const { status } = await other.operator.deleteToken(endpointId, json.content[0].endpointTokenId);
      assert.equal(status, 204);
    },
  );
  t.diagnostic(`answered ${code}`);
  assert.equal(await rows.count('endpoint_token', `endpoint_id = '${endpointId}'`), 0);
});

test('a creation with a lost commit response does not restore a credential that was deleted later', async (t) => {
  const endpointId = randomUUID();
  const code = await lose(
    () => operator.createToken(endpointId, 'smart_kettle', { token: randomUUID(), ...patient() }),
    async () => {
      const { json } = await other.operator.listTokens(endpointId);
      const { status } = await other.operator.deleteToken(endpointId, json.content[0].endpointTokenId);
      assert.equal(status, 204);
    },
  );
  t.diagnostic(`answered ${code}`);
  assert.equal(await rows.count('endpoint_token', `endpoint_id = '${endpointId}'`), 0);
});
