// A login in a NATS URL, with characters that URLs and JSON escape (contract section 3.2).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm, runCm } from '../../support/cm.mjs';
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

test('a malformed percent encoding is 78 with a message that does not show it', async () => {
  for (const wrong of ['svc:secret%', 'svc:secret%4', 'svc:secret%zz', 'svc%:secret', 'svc:secret%00', 'svc:secret%ff']) {
    const { code, output } = await runCm(withLogin(wrong));
    assert.equal(code, 78, wrong);
    assert.match(output, /nats\.urls: .*percent-encoded/);
    assert.ok(!output.includes('secret'), 'the password is not shown');
  }
});
