// A relative distinguished name is a set of attributes. A previous release that does not know that looks for the order that
// it is asked for: beside it, both find what either has stored, and a rollback finds it again.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { post } from '../support/http.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';

const previous = process.env.CM_PREVIOUS_BINARY;
const skip = previous === undefined && 'CM_PREVIOUS_BINARY names no previous release: tests/run upgrade builds one';

const given = 'O=Multi+CN=upgrade,C=DE';
const other = 'CN=upgrade+O=Multi,C=DE';

describe('certificates whose issuer has a relative name of several attributes', { skip }, () => {
  let servers;
  let old;
  let recent;
  const clients = {};
  // Each under a name of its own, so that a request reaches the one that is meant.
  const startPrevious = async () => {
    old = await Cm.start({ ...servers, executable: previous, instance: 'cm-old' });
  };
  const create = (cm, issuer, serialNumber) => post(`${cm.api}/clients/certificates`, { issuer, serialNumber });
  const code = async (client, issuer, serialNumber) => (await client.certificate(issuer, serialNumber)).statusCode;

  before(async () => {
    const [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
    servers = { nats, mariadb };
    clients.old = await EcapClient.connect(nats, { instance: 'cm-old' });
    clients.recent = await EcapClient.connect(nats, { instance: 'cm-new' });
    await startPrevious();
    assert.equal((await create(old, given, '1')).status, 201);
    recent = await Cm.start({ ...servers, instance: 'cm-new' });
  });
  after(async () => {
    await Promise.all(Object.values(clients).map((client) => client.close()));
    await old?.remove();
    await recent?.remove();
    await Promise.all([servers?.nats.remove(), servers?.mariadb.remove()]);
  });

  test('this release finds in every order what either has stored, and refuses it as a duplicate', async () => {
    assert.equal((await create(recent, given, '2')).status, 201);
    assert.equal((await create(old, given, '3')).status, 201);
    for (const serialNumber of ['1', '2', '3']) {
      for (const issuer of [given, other]) {
        assert.equal(await code(clients.recent, issuer, serialNumber), 200, issuer);
        assert.equal((await create(recent, issuer, serialNumber)).status, 409, issuer);
      }
    }
  });

  test('the previous release beside it finds each in the order that was given', async () => {
    for (const serialNumber of ['1', '2', '3']) {
      assert.equal(await code(clients.old, given, serialNumber), 200);
      assert.equal((await create(old, given, serialNumber)).status, 409);
    }
  });

  test('rolled back, the previous release finds them too, and this release finds what it stores meanwhile', async () => {
    await recent.stop();
    await old.remove();
    const version = await servers.mariadb.sql("SELECT version FROM cm_schema_history WHERE name = 'certificate_identities'");
    await servers.mariadb.sql(`DELETE FROM cm_schema_history WHERE version >= ${Number(version)}`);
    await startPrevious();
    for (const serialNumber of ['1', '2', '3']) assert.equal(await code(clients.old, given, serialNumber), 200);
    assert.equal((await create(old, given, '4')).status, 201);
    recent.launch();
    await recent.up();
    for (const serialNumber of ['1', '2', '3', '4']) assert.equal(await code(clients.recent, other, serialNumber), 200);
  });
});
