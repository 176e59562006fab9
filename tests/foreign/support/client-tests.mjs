// What holds for every foreign client of CM on NATS: all requests of 16/ECAP, both events, 9/ELCE, 17/SCMP, and restarts
// of nats-server and of CM.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { Operator } from '../../support/operator.mjs';
import { volume } from '../../support/paths.mjs';
import { Proxy } from '../../support/proxy.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { Tekton } from '../../support/tekton.mjs';
import { sleep, until } from '../../support/wait.mjs';
import { Peer } from './peer.mjs';

const appName = 'smart_kettle';
const many = volume(1_000);

/** Defines the tests of a client; `program()` returns the {command, args} that start it, `name` is for their titles. */
export function testClient(name, program) {
  let nats;
  let mariadb;
  let tekton;
  let proxy;
  let cm;
  let operator;
  let peer;
  before(async () => {
    const started = program();
    [nats, mariadb, tekton] = await Promise.all([Nats.start(), Mariadb.start(), Tekton.start({ [appName]: [] })]);
    // Only CM is behind it, so a test decides who is connected again first.
    proxy = await Proxy.start(nats.port);
    const configuration = { 'kaa.tekton.enabled': true, 'kaa.tekton.url': tekton.url };
    cm = await Cm.start({ nats, mariadb, natsPort: proxy.port, configuration });
    operator = new Operator(cm);
    await until(async () => (await operator.createToken('first', appName)).status === 201, { what: 'the application known' });
    peer = await Peer.start(nats, started);
  });
  after(async () => {
    await peer?.close();
    await cm?.remove();
    await proxy?.close();
    await tekton?.close();
    await Promise.all([nats?.remove(), mariadb?.remove()]);
  });

  const create = async (endpointId) => (await operator.createToken(endpointId, appName)).json;
  const validate = (token, options) => peer.ask('token', { appName, token }, options);
  const refused = { tokenId: null, endpointId: null };

  test(`${name}: an endpoint token is validated with its IDs; unknown and suspended ones are refused without`, async (t) => {
    t.diagnostic(`library ${peer.ready.library}, nats-server ${peer.ready.ready}`);
    const { token, endpointTokenId } = await create('kettle');
    const answer = await validate(token);
    assert.deepEqual(
      [answer.statusCode, answer.tokenId, answer.endpointId],
      [200, endpointTokenId, 'kettle'],
    );
    assert.ok(Math.abs(answer.timestamp - Date.now()) < 60_000);
    const { statusCode, tokenId, endpointId } = await validate('no-such-token');
    assert.deepEqual({ statusCode, tokenId, endpointId }, { statusCode: 404, ...refused });
    assert.equal((await peer.ask('token', { appName: 'no_such_application', token })).statusCode, 404);
    await operator.setTokenStatus('kettle', endpointTokenId, 'Suspended');
    const suspended = await validate(token);
    assert.deepEqual([suspended.statusCode, suspended.tokenId, suspended.endpointId], [403, null, null]);
    assert.equal(typeof suspended.reasonPhrase, 'string');
    assert.equal((await validate('')).statusCode, 400);
  });

  test(`${name}: a status transition is carried out, and one that is forbidden is a conflict`, async () => {
    const { token, endpointTokenId } = await create('transition');
    const to = async (targetStatus) => (await peer.ask('transition', { appName, token, targetStatus })).statusCode;
    assert.deepEqual([await to('Active'), await to('Suspended'), await to('Inactive')], [200, 200, 409]);
    assert.equal((await operator.getToken('transition', endpointTokenId)).json.status, 'Suspended');
    assert.deepEqual([await to('Revoked'), await to('Active'), await to('Boiling')], [200, 409, 400]);
  });

  test(`${name}: a username is validated with its password; wrong, unknown and null ones are refused alike`, async () => {
    const { json } = await operator.createUser('gateway-ü', { password: 'password-of-the-gateway', clientId: 'gateway-1' });
    const answer = await peer.ask('password', { username: 'gateway-ü', password: 'password-of-the-gateway' });
    assert.deepEqual([answer.statusCode, answer.credentialId, answer.clientId], [200, json.credentialId, 'gateway-1']);
    for (const [username, password] of [['gateway-ü', 'wrong-password'], ['nobody', 'wrong-password'], [null, null]]) {
      const wrong = await peer.ask('password', { username, password });
      assert.deepEqual([wrong.statusCode, wrong.credentialId, wrong.clientId], [401, null, null]);
    }
  });

  test(`${name}: a certificate is validated by issuer and serial number, in another spelling of the issuer too`, async () => {
    const serialNumber = '1461501637330902918203684832716283019655932542975'; // 20 bytes, as RFC 5280 allows
    const { json } = await operator.createCertificate({ issuer: 'CN=Devices CA,O=Example', serialNumber, clientId: 'meter' });
    const answer = await peer.ask('certificate', { issuer: 'cn=Devices CA, O=Example', serialNumber });
    assert.deepEqual([answer.statusCode, answer.credentialId, answer.clientId], [200, json.credentialId, 'meter']);
    const other = await peer.ask('certificate', { issuer: 'CN=Devices CA,O=Example', serialNumber: '1' });
    assert.deepEqual([other.statusCode, other.credentialId, other.clientId], [401, null, null]);
  });

  test(`${name}: a response has the correlation ID of its request, whatever that is`, async () => {
    const { token } = await create('correlated');
    for (const correlationId of ['', 'ä鍵🔑', 'x'.repeat(4_000), '{"a":1}\r\n\u0000']) {
      // ask() compares the IDs.
      assert.equal((await peer.ask('token', { appName, token, correlationId })).statusCode, 200);
    }
  });

  test(`${name}: a request that has expired gets 408, and one that has not is answered`, async () => {
    const { token } = await create('timely');
    const past = Date.now() - 60_000;
    const ask = async (fields) => (await peer.ask('token', { appName, token, ...fields })).statusCode;
    assert.equal(await ask({ timestamp: past, timeout: 1_000 }), 408);
    assert.equal(await ask({ timestamp: past, timeout: 0 }), 200);
    assert.equal(await ask({ timestamp: past, timeout: 3_600_000 }), 200);
  });

  test(`${name}: ${many} requests at once over one connection get their own answers`, async () => {
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, i) => create(`busy-${i}`)));
    const answers = await Promise.all(
      Array.from({ length: many }, (_, i) => validate(tokens[i % 10].token, { wait: 30_000 })),
    );
    answers.forEach(({ statusCode, endpointId }, i) => assert.deepEqual([statusCode, endpointId], [200, `busy-${i % 10}`]));
  });

  test(`${name}: a request with NATS headers is answered like one without`, async () => {
    const { token } = await create('traced');
    const headers = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'X-Other': 'a, b' };
    assert.equal((await validate(token, { headers })).statusCode, 200);
  });

  test(`${name}: both events of CM are received and decoded`, async () => {
    const { endpointTokenId } = await create('revoked');
    const { correlationId } = await operator.setTokenStatus('revoked', endpointTokenId, 'Revoked');
    const token = await peer.event(correlationId);
    assert.equal(token.kind, 'endpoint.token.revoked');
    assert.deepEqual([token.appName, token.endpointId, token.tokenIds], [appName, 'revoked', [endpointTokenId]]);
    assert.ok(token.originatorReplicaId.length > 0);
    const { json } = await operator.createUser('leaving');
    const deletion = await operator.deleteClient('credentials', json.credentialId);
    const client = await peer.event(deletion.correlationId);
    assert.deepEqual([client.kind, client.credentialId], ['client.credential.revoked', json.credentialId]);
    assert.equal(client.originatorReplicaId, token.originatorReplicaId);
    assert.deepEqual(peer.undecodable, []);
  });

  test(`${name}: 9/ELCE: an endpoint that the client reports as unregistered loses its tokens`, async () => {
    const tokens = [await create('unregistered'), await create('unregistered')];
    const correlationId = await peer.publish(
      'kaa.v1.events.epr.endpoint.lifecycle.unregistered',
      'elce.UnregisteredEvent',
      { appVersionName: `${appName}_v1`, endpointId: 'unregistered', originatorReplicaId: 'replica-of-epr' },
    );
    const event = await peer.event(correlationId);
    assert.deepEqual([...event.tokenIds].sort(), tokens.map(({ endpointTokenId }) => endpointTokenId).sort());
    for (const { token } of tokens) assert.equal((await validate(token)).statusCode, 404);
    assert.equal((await operator.listTokens('unregistered')).json.totalElements, 0);
  });

  test(`${name}: 17/SCMP: CM reads its applications again after a broadcast, and after a message for its instance`, async () => {
    const broadcast = (what, fields) =>
      peer.publish(`kaa.v1.events.tekton.service.configuration.${what}`, 'scmp.BroadcastConfigurationUpdateEvent', {
        originatorReplicaId: 'replica-of-tekton',
        tenantID: null,
        appName: null,
        appVerName: null,
        ...fields,
      });
    const specific = (what, fields) =>
      peer.publish(`kaa.v1.service.cm.scmp.configuration.${what}`, 'scmp.ServiceSpecificConfigurationUpdateEvent', {
        tenantID: 'tenant',
        ...fields,
      });
    for (const [application, tell] of [['toaster', broadcast], ['lamp', specific]]) {
      const status = async () => (await operator.createToken('any', application)).status;
      assert.equal(await status(), 404);
      tekton.upsert(application, `${application}_v1`);
      await tell('upsert', { appName: application, appVerName: `${application}_v1` });
      await until(async () => (await status()) === 201, { what: `${application} known` });
      tekton.remove(application);
      await tell('delete', { appName: application });
      await until(async () => (await status()) === 404, { what: `${application} unknown` });
    }
  });

  for (const [how, end] of [['stopped', (server) => server.stop()], ['killed', (server) => server.kill()]]) {
    test(`${name}: nats-server is ${how} and restarted: both come back, and the revocation of the outage arrives`, async () => {
      const { token } = await create(`outage-${how}`);
      const { endpointTokenId } = await create(`revoked-while-${how}`);
      const seen = peer.connections.length;
      await end(nats);
      const { correlationId } = await operator.setTokenStatus(`revoked-while-${how}`, endpointTokenId, 'Suspended');
      // NATS keeps nothing for a client that is not subscribed yet, so the client is first.
      proxy.refuse();
      await nats.start();
      await peer.reconnected(seen);
      proxy.heal();
      assert.deepEqual((await peer.event(correlationId)).tokenIds, [endpointTokenId]);
      assert.equal((await peer.askUntilAnswered('token', { appName, token })).statusCode, 200);
      await cm.up();
    });
  }

  const ends = [
    ['stopped', () => cm.stop(), 'no request is lost'],
    ['killed', () => cm.kill(), 'what is lost is only what it had'],
  ];
  for (const [how, end, lost] of ends) {
    test(`${name}: CM is ${how} and restarted while the client asks: ${lost}, and no answer is a refusal`, async () => {
      const { token, endpointTokenId } = await create(`restart-${how}`);
      const seen = peer.connections.length;
      const codes = [];
      let asking = true;
      const asks = (async () => {
        while (asking) {
          codes.push(await validate(token, { wait: 1_000 }).then(({ statusCode }) => statusCode, ({ message }) => message));
          await sleep(2);
        }
      })();
      try {
        await until(() => codes.includes(200), { what: 'answers before' });
        await end();
        const soFar = codes.length;
        cm.launch();
        await cm.up();
        await until(() => codes.slice(soFar).includes(200), { what: 'answers after' });
      } finally {
        asking = false;
        await asks;
      }
      // While CM starts it may answer that it is not available. A request that a killed process had is lost.
      const nobody = (code) => /no ?responders/i.test(code) || (how === 'killed' && /time|cancel/i.test(code));
      for (const code of codes) assert.ok([200, 503].includes(code) || nobody(code), `${code} of ${codes}`);
      const { correlationId } = await operator.deleteToken(`restart-${how}`, endpointTokenId);
      assert.deepEqual((await peer.event(correlationId)).tokenIds, [endpointTokenId]);
      assert.deepEqual(peer.connections.slice(seen), [], 'the client kept its connection');
    });
  }
}
