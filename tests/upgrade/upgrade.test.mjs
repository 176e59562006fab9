// The previous release and this one on the same database: beside each other, one after the other, and back again. Which
// program the previous one is, CM_PREVIOUS_BINARY says (tests/upgrade/previous builds it).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Census } from '../support/census.mjs';
import { Cm, runCm } from '../support/cm.mjs';
import { EcapClient } from '../support/ecap.mjs';
import { Events } from '../support/events.mjs';
import { get } from '../support/http.mjs';
import { Operator } from '../support/operator.mjs';
import { slowness } from '../support/paths.mjs';
import { Rows } from '../support/rows.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { until } from '../support/wait.mjs';

const previous = process.env.CM_PREVIOUS_BINARY;
const skip = previous === undefined && 'CM_PREVIOUS_BINARY names no previous release: tests/run upgrade builds one';

/** How many requests a replica has answered over NATS; undefined for a release without that metric. */
async function answered(cm) {
  const { status, text } = await get(`${cm.management}/prometheus`);
  if (status !== 200) return undefined;
  const counts = [...text.matchAll(/^cm_requests_total\{[^}]*protocol="(?!rest")[^}]*\} (\d+)/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/**
 * The whole way there and back. `prepare(site)` is done before this release is started, which has `environment` besides
 * the usual one.
 */
function upgrade(title, { prepare = () => {}, environment } = {}) {
  describe(`an upgrade with the schema brought up to date ${title}`, { skip }, () => {
    const site = {};
    let census;
    let known; // the version that the previous release has brought the schema to
    const version = async () => Number(await site.mariadb.sql('SELECT MAX(version) FROM cm_schema_history'));
    const startPrevious = async () => {
      site.old = await Cm.start({ ...site.servers, executable: previous });
    };
    // Finds everything, makes more, and changes all of it.
    const worksAlone = async (cm, name) => {
      const operator = new Operator(cm);
      await census.check([operator]);
      await census.make(operator, name);
      await census.changeAll(operator);
      await census.check([operator]);
      await census.checkEvents(site.rows);
    };

    before(async () => {
      [site.nats, site.mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
      site.servers = { nats: site.nats, mariadb: site.mariadb };
      site.rows = new Rows(site.mariadb);
      site.ecap = await EcapClient.connect(site.nats);
      site.events = await Events.listen(site.nats);
      census = new Census(site, { sameTags: false });
    });
    after(async () => {
      await site.old?.remove();
      await site.new?.remove();
      await site.ecap?.close();
      await site.events?.close();
      await Promise.all([site.nats?.remove(), site.mariadb?.remove()]);
    });

    test('the previous release makes the schema and credentials of every kind in every status', async () => {
      await startPrevious();
      known = await version();
      await census.make(new Operator(site.old), 'first');
      await census.check([new Operator(site.old)]);
    });

    test('this release starts beside it, and both show and validate what each of them made', async () => {
      await prepare(site);
      site.new = await Cm.start({ ...site.servers, environment });
      const both = [new Operator(site.old), new Operator(site.new)];
      await census.make(both[1], 'by-new');
      await census.make(both[0], 'by-old');
      const counts = await Promise.all([answered(site.old), answered(site.new)]);
      await census.check(both);
      for (const [i, cm] of [site.old, site.new].entries()) {
        if (counts[i] !== undefined) assert.ok((await answered(cm)) > counts[i], 'both have been asked');
      }
      await census.use(both);
      await census.check(both);
    });

    test('what one of them revokes is refused by the other too, as soon as it has received the event', async () => {
      const both = [new Operator(site.old), new Operator(site.new)];
      for (const [i, operator] of both.entries()) {
        const token = await operator.createToken(`taken-${i}`);
        const ask = () => site.ecap.validate('smart_kettle', token.json.token);
        for (let k = 0; k < 24; k += 1) assert.equal((await ask()).statusCode, 200); // both have it in memory
        const item = { kind: 'token', endpointId: `taken-${i}`, id: token.json.endpointTokenId, token: token.json.token, status: 'Active' };
        census.all.push(item);
        await census.change(operator, item, 'Suspended');
        await site.events.first(census.told.at(-1).correlationId, 10_000 * slowness);
        // The other replica receives the event at the same time as this test: not before.
        const refused = async () => (await ask()).statusCode === 403;
        await until(
          async () => {
            for (let k = 0; k < 24; k += 1) if (!(await refused())) return false;
            return true;
          },
          { timeout: 5_000 * slowness, what: 'both refuse it' },
        );
      }
      await census.check(both);
      await census.checkEvents(site.rows);
    });

    test('the previous release is stopped, and this one goes on alone', async () => {
      assert.equal((await site.old.stop()).code, 0);
      await worksAlone(site.new, 'alone');
    });

    test('rolled back: the previous release finds and changes everything, also what this one made', async () => {
      assert.equal((await site.new.stop()).code, 0);
      await site.old.remove();
      const recorded = await version();
      if (recorded > known) {
        // As docs/operations.md has it.
        const refused = await runCm({ ...site.servers, executable: previous });
        assert.equal(refused.code, 78, refused.output);
        assert.match(refused.output, new RegExp(`schema has version ${recorded} `));
        await site.mariadb.sql(`DELETE FROM cm_schema_history WHERE version > ${known}`);
      }
      await startPrevious();
      await worksAlone(site.old, 'back');
    });

    test('the next try: this release starts again beside it and finds what it made meanwhile', async () => {
      await prepare(site);
      site.new.launch();
      await site.new.up();
      const both = [new Operator(site.old), new Operator(site.new)];
      await census.check(both);
      await census.changeAll(both[1]);
      await census.use(both);
      await census.checkEvents(site.rows);
      await census.check(both);
    });
  });
}

/** Tables, columns, indexes and which migrations were applied. */
const schema = (mariadb) =>
  mariadb.sql(
    'SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2;' +
      'SELECT table_name, index_name, column_name FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1, 2, 3;' +
      'SELECT * FROM cm_schema_history ORDER BY version',
  );

/** `cm migrate`, after it has said what it would do. */
async function migrate({ servers, mariadb, old }) {
  const before = await schema(mariadb);
  const tried = await runCm({ ...servers, args: ['migrate', '--dry-run'] });
  assert.equal(tried.code, 0, tried.output);
  assert.equal(await schema(mariadb), before, 'a dry run changes nothing');
  const migrated = await runCm({ ...servers, args: ['migrate'] });
  assert.equal(migrated.code, 0, migrated.output);
  assert.equal(migrated.output, tried.output.replaceAll('would apply', 'applied'), 'what it said it would do');
  assert.equal((await old.health()).status, 200, 'the previous release goes on');
}

upgrade('by this release at its start');

const account = 'cm_without_tables';
upgrade('by cm migrate before, so that this release need not change tables', {
  environment: { MARIADB_USERNAME: account },
  async prepare(site) {
    await migrate(site);
    const { database, password } = site.mariadb;
    await site.mariadb.sql(
      `CREATE OR REPLACE USER '${account}'@'127.0.0.1' IDENTIFIED BY '${password}';` +
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ${database}.* TO '${account}'@'127.0.0.1'`,
    );
  },
});
