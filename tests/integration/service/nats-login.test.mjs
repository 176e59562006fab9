// A login in a NATS URL, with characters that URLs and JSON escape (contract section 3.2).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';

const username = 'svc@cm';
const passwords = ['p@ss/w:rd%1#', 'comma, "quotes" \\ and ü'];

let nats;
let mariadb;
before(async () => {
  [nats, mariadb] = await Promise.all([Nats.create(), Mariadb.start()]);
});
after(async () => {
  await Promise.all([nats?.remove(), mariadb?.remove()]);
});

/** The options of a CM whose only NATS login is in the URL. */
function withLogin(login) {
  const configuration = { 'nats.urls': `'nats://${login}@127.0.0.1:${nats.port}'` };
  return { nats, mariadb, configuration, environment: { NATS_USERNAME: undefined, NATS_PASSWORD: undefined } };
}

for (const password of passwords) {
  test(`a percent-encoded login is accepted: ${password}`, async (t) => {
    await nats.stop();
    Object.assign(nats, { username, password });
    await nats.start();
    for (const encode of [encodeURIComponent, (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&')]) {
      const cm = await Cm.start(withLogin(`${encode(username)}:${encode(password)}`));
      t.after(() => cm.remove());
      assert.ok(!cm.log.includes(password) && !cm.log.includes(encode(password)), 'the password is not shown');
    }
    const cm = await Cm.start({ nats, mariadb });
    t.after(() => cm.remove());
  });
}

test('a login with a percent sign that begins no escape is taken as it is', async (t) => {
  await nats.stop();
  Object.assign(nats, { username: 'svc', password: '100%sure%4' });
  await nats.start();
  const cm = await Cm.start(withLogin('svc:100%sure%4'));
  t.after(() => cm.remove());
});
