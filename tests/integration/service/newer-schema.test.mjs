// A database whose schema is newer than the release, as after an upgrade: running processes continue, new ones refuse
// to start, and the rollback works (docs/operations.md).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Census } from '../../support/census.mjs';
import { Cm, runCm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { Events } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { Rows } from '../../support/rows.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { until } from '../../support/wait.mjs';

const later = 9001;
const site = {};
let cm;
let servers;
let census;
before(async () => {
  [site.nats, site.mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
  servers = { nats: site.nats, mariadb: site.mariadb };
  site.ecap = await EcapClient.connect(site.nats);
  site.events = await Events.listen(site.nats);
  census = new Census(site);
});
after(async () => {
  await cm?.remove();
  await site.ecap?.close();
  await site.events?.close();
  await Promise.all([site.nats?.remove(), site.mariadb?.remove()]);
});

const recorded = async () => Number(await site.mariadb.sql('SELECT MAX(version) FROM cm_schema_history'));

test('cm migrate --dry-run reports what it would do to an empty database without doing it; cm migrate does it', async () => {
  const tried = await runCm({ ...servers, args: ['migrate', '--dry-run'] });
  assert.equal(tried.code, 0, tried.output);
  assert.match(tried.output, /^schema of \S+: version 0, this release brings [1-9]\d*\nwould apply 0001_\w+$/m);
  assert.equal(await site.mariadb.sql('SHOW TABLES'), '');
  const migrated = await runCm({ ...servers, args: ['migrate'] });
  assert.equal(migrated.code, 0, migrated.output);
  assert.equal(migrated.output, tried.output.replaceAll('would apply', 'applied'));
  assert.equal(migrated.output.match(/^applied /gm).length, await recorded());
  assert.match((await runCm({ ...servers, args: ['migrate'] })).output, /^nothing to do$/m);
});

test('a running replica continues after an upgrade of the schema, also over new connections', async () => {
  cm = await Cm.start(servers);
  const operator = new Operator(cm);
  await census.make(operator, 'before');
  // A later release may add objects that this one does not use.
  await site.mariadb.sql(
    'ALTER TABLE endpoint_token ADD COLUMN note VARCHAR(64) NULL;' +
      'ALTER TABLE basic_credential ADD COLUMN note VARCHAR(64) NULL;' +
      'ALTER TABLE x509_credential ADD COLUMN note VARCHAR(64) NULL;' +
      `INSERT INTO cm_schema_history VALUES (${later}, 'from_a_later_release', REPEAT('0', 64), 0)`,
  );
  await census.check([operator]);
  await site.mariadb.stop();
  await site.mariadb.start();
  await cm.up();
  await census.make(operator, 'meanwhile');
  await census.changeAll(operator);
  await census.check([operator]);
});

test('a process of this release refuses to start on the newer schema: 78 with the reason', async () => {
  const known = Number(await site.mariadb.sql(`SELECT MAX(version) FROM cm_schema_history WHERE version < ${later}`));
  for (const args of [['serve'], ['migrate'], ['migrate', '--dry-run']]) {
    const { code, output } = await runCm({ ...servers, args });
    assert.equal(code, 78, output);
    const why = `version ${later} (from_a_later_release), which this release does not know; it knows up to ${known}`;
    assert.equal(output.split(why).length, 2, `once, not for each worker: ${output}`);
  }
  assert.equal(await recorded(), later);
});

test('rollback: without the record of the later migration it starts and works', async () => {
  assert.equal((await cm.stop()).code, 0);
  await site.mariadb.sql(`DELETE FROM cm_schema_history WHERE version = ${later}`);
  cm.launch();
  await cm.up();
  const operator = new Operator(cm);
  await census.check([operator]);
  await census.make(operator, 'back');
  await census.changeAll(operator);
  await census.use([operator]);
  await census.check([operator]);
  await census.checkEvents(new Rows(site.mariadb));
});

test('a migration can be applied again after a rollback, without changes to existing data', async () => {
  const rows = () => site.mariadb.sql('SELECT HEX(id), status FROM endpoint_token ORDER BY id');
  await cm.stop();
  const before = await rows();
  const steps = await recorded();
  // All migrations together, as if each were part of a later release.
  await site.mariadb.sql('DELETE FROM cm_schema_history');
  cm.launch();
  await cm.up();
  await until(async () => (await recorded()) === steps, { timeout: 10_000 * slowness, what: 'the record of all migrations' });
  assert.equal(await rows(), before);
  await census.check([new Operator(cm)]);
});
