// CM prunes old rows once a minute: with a fault at each statement of the pruning, only old rows are deleted, at the
// latest in the next run. Only with CM_FULL_CHAOS=1, because it takes two minutes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Cm } from '../support/cm.mjs';
import { quickFaults } from '../support/database-faults.mjs';
import { MariadbProxy } from '../support/mariadb-proxy.mjs';
import { Operator } from '../support/operator.mjs';
import { slowness } from '../support/paths.mjs';
import { Mariadb, Nats } from '../support/servers.mjs';
import { statementsFor } from '../support/statements.mjs';
import { until } from '../support/wait.mjs';

const skip = process.env.CM_FULL_CHAOS ? undefined : 'takes two minutes: CM_FULL_CHAOS=1';
const faults = quickFaults.filter(({ name }) => /1969|cut before|lost/.test(name));
const statements = 4; // two that find rows, two that delete them
const minutes = 3 * 60_000 * slowness;

/** One case: a CM with its own database. */
async function prune({ nats, mariadb, number, fault, statement }) {
  const database = `cm_${number}`;
  const sql = (text) => mariadb.sql(text, { database });
  const count = async (table) => {
    const text = await sql(`SELECT COUNT(*), IFNULL(SUM(at < 1000000000000), 0) FROM ${table}`);
    const [all, old] = text.trim().split('\t').map(Number);
    return { old, young: all - old };
  };
  await mariadb.sql(`CREATE DATABASE ${database}; GRANT ALL PRIVILEGES ON ${database}.* TO 'cm'@'127.0.0.1'`);
  const proxy = await MariadbProxy.start(mariadb.port);
  let cm;
  try {
    cm = await Cm.start({
      nats,
      mariadb,
      instance: `cm-${number}`,
      configuration: {
        'spring.datasource.url': `jdbc:mariadb://127.0.0.1:${proxy.port}/${database}`,
        'spring.datasource.hikari.maximum-pool-size': 2,
        'kaa.cm.revocations.retention': '10m',
        'kaa.cm.audit.retention': '10m',
      },
    });
    // Old rows come first, as in real databases.
    await sql(
      'INSERT INTO credential_audit (credential_id, at, to_status, channel, actor, correlation_id) ' +
        "SELECT UNHEX(LPAD(HEX(seq), 32, '0')), 1000 + seq, 0, 0, '', 'old' FROM seq_1_to_20; " +
        'INSERT INTO revocation (kind, application, endpoint_id, ids, correlation_id, at) ' +
        "SELECT 0, 'smart_kettle', 'old', UNHEX(LPAD(HEX(seq), 32, '0')), 'old', 1000 + seq FROM seq_1_to_20",
    );
    const operator = new Operator(cm);
    const { json } = await operator.createToken('young');
    assert.equal((await operator.setTokenStatus('young', json.endpointTokenId, 'Revoked')).status, 200);
    const young = [(await count('credential_audit')).young, (await count('revocation')).young];
    assert.deepEqual(young, [2, 1]);
    const trap = proxy.arm({ matches: statementsFor('prune'), position: statement, fault: fault.act });
    const pruned = async () => (await count('credential_audit')).old + (await count('revocation')).old === 0;
    await until(async () => trap.hit && (await pruned()), { timeout: minutes, interval: 1_000, what: 'the deletion of the old rows' });
    assert.deepEqual([(await count('credential_audit')).young, (await count('revocation')).young], young);
    assert.deepEqual(proxy.errors, []);
  } finally {
    await cm?.remove();
    await proxy.close();
  }
}

test('pruning of old rows, with a fault at each of its statements', { skip, concurrency: 32, timeout: minutes + 60_000 }, async (t) => {
  const [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start({ options: ['--max-connections=200'] })]);
  try {
    const cases = faults.flatMap((fault) => Array.from({ length: statements }, (_, i) => ({ fault, statement: i + 1 })));
    const tests = cases.map(({ fault, statement }, number) =>
      t.test(`${fault.name}; statement ${statement}`, () => prune({ nats, mariadb, number, fault, statement })),
    );
    await Promise.all(tests);
  } finally {
    await Promise.all([nats.remove(), mariadb.remove()]);
  }
});
