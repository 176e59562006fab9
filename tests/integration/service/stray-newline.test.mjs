// Logins whose passwords end with a newline, as those that are copied from a file: the refusal says so.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';

let nats;
let mariadb;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
});
after(async () => {
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

test('health and log say that a refused password ends with a newline, and warnings name the variables', async (t) => {
  const cm = await Cm.create({
    nats,
    mariadb,
    environment: {
      MARIADB_PASSWORD: `${mariadb.password}\n`,
      NATS_PASSWORD: `${nats.password}\n`,
      KAA_CM_TOKEN_HASH_KEY: 'token-hash-key-of-the-tests\n',
    },
  });
  t.after(() => cm.remove());
  cm.launch();
  const hint = /\(CM's password ends with a newline\)/;
  await cm.healthThat(({ body }) => hint.test(body.db?.error) && hint.test(body.nats?.error), 'the hint for both logins');
  for (const name of ['MARIADB_PASSWORD', 'NATS_PASSWORD', 'KAA_CM_TOKEN_HASH_KEY'])
    assert.ok(cm.log.includes(`environment ${name}: the value ends with a newline`), cm.log);
  for (const secret of [mariadb.password, nats.password, 'token-hash-key-of-the-tests']) {
    assert.ok(secret.length > 7);
    assert.ok(!cm.log.includes(secret), 'no secret is shown');
  }
});

test('a wrong password without a newline gets no such hint', async (t) => {
  const cm = await Cm.create({ nats, mariadb, environment: { MARIADB_PASSWORD: 'another-password', NATS_PASSWORD: 'another' } });
  t.after(() => cm.remove());
  cm.launch();
  const { body } = await cm.healthThat(
    ({ body: { db, nats: link } }) => /1045/.test(db?.error) && /auth/i.test(link?.error),
    'both logins refused',
  );
  assert.doesNotMatch(body.db.error + body.nats.error, /password ends/);
  assert.doesNotMatch(cm.log, /the value ends/);
});
