// Rotation of every secret without an outage, as described in docs/operations.md: two replicas of one instance are
// restarted one after the other during requests of devices and operators, and no answer is wrong.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Authority } from '../../support/authority.mjs';
import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { get } from '../../support/http.mjs';
import { makeLicense } from '../../support/license.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness, temporaryDirectory } from '../../support/paths.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { until } from '../../support/wait.mjs';

const wait = 10_000 * slowness;
const secret = () => randomBytes(12).toString('hex');

/** The secret files, as an orchestrator mounts them; each is passed in a variable NAME_FILE. */
class Secrets {
  constructor(directory, values) {
    this.directory = directory;
    this.values = {};
    this.environment = {};
    for (const [name, value] of Object.entries(values)) {
      this.environment[name] = undefined;
      this.environment[`${name}_FILE`] = join(directory, name);
      this.set(name, value);
    }
  }

  set(name, value) {
    this.values[name] = value;
    writeFileSync(join(this.directory, name), `${value}\n`, { mode: 0o600 });
  }
}

/** Continuous requests of devices and operators, and the first wrong answer. */
class Traffic {
  static async start(nats, replicas) {
    const traffic = new Traffic();
    traffic.replicas = replicas;
    traffic.ecap = await EcapClient.connect(nats);
    const operator = new Operator(replicas[0]);
    const [healthy, suspended] = await Promise.all(
      ['healthy', 'suspended'].map(async (id) => (await operator.createToken(id)).json),
    );
    await operator.setTokenStatus('suspended', suspended.endpointTokenId, 'Suspended');
    const user = (await operator.createUser('gateway')).json;
    await operator.createCertificate({ issuer: 'CN=Gateways', serialNumber: '7' });
    traffic.answered = 0;
    traffic.running = true;
    const { ecap } = traffic;
    traffic.workers = Promise.all([
      ...Array.from({ length: 8 }, () => traffic.#repeat(200, () => ecap.validate('smart_kettle', healthy.token, { wait }))),
      traffic.#repeat(403, () => ecap.validate('smart_kettle', suspended.token, { wait })),
      traffic.#repeat(404, () => ecap.validate('smart_kettle', 'never-made', { wait })),
      traffic.#repeat(200, () => ecap.password('gateway', user.password, { wait })),
      traffic.#repeat(200, () => ecap.certificate('CN=Gateways', '7', { wait })),
      traffic.#repeat(201, () => traffic.#rest((item) => item.createToken('made-meanwhile'))),
      traffic.#repeat(200, () => traffic.#rest((item) => item.listTokens('healthy'))),
    ]);
    traffic.workers.catch(() => {});
    return traffic;
  }

  /** Sends a request through a replica that is not stopping, as an orchestrator's service does. */
  #rest(ask) {
    const there = this.replicas.filter(({ leaving }) => !leaving);
    return ask(new Operator(there[this.answered % there.length]));
  }

  async #repeat(expected, ask) {
    while (this.running) {
      const answer = await ask();
      assert.equal(answer.statusCode ?? answer.status, expected, answer.text ?? answer.reasonPhrase);
      this.answered += 1;
    }
  }

  /** Waits for `count` more answers; rejects with the first wrong answer. */
  async more(count) {
    const wanted = this.answered + count;
    const enough = until(() => this.answered >= wanted, { timeout: 60_000 * slowness, what: `${count} more answers` });
    await Promise.race([enough, this.workers]);
  }

  async stop() {
    this.running = false;
    await this.workers?.finally(() => this.ecap.close());
  }
}

/** Restarts one replica after the other; calls `change(replica)` while it is down. */
async function roll(traffic, change = () => {}) {
  for (const replica of traffic.replicas) {
    replica.leaving = true;
    await traffic.more(20);
    assert.deepEqual(await replica.stop(), { code: 0, signal: null });
    await traffic.more(20);
    change(replica);
    replica.launch();
    await replica.up();
    replica.leaving = false;
    await traffic.more(50);
  }
}

/** Ends all of CM's connections to MariaDB, like a failover; CM reconnects at the next use. */
async function cutConnections(mariadb, traffic) {
  const connections = "FROM information_schema.processlist WHERE user LIKE 'cm%'";
  const last = Number(await mariadb.sql(`SELECT MAX(id) ${connections}`, { database: '' }));
  await mariadb.sql("KILL SOFT CONNECTION USER 'cm'@'127.0.0.1'", { database: '' });
  const created = async () => Number(await mariadb.sql(`SELECT COUNT(*) ${connections} AND id > ${last}`, { database: '' }));
  await until(async () => (await created()) > 4, { timeout: 20_000 * slowness, what: 'new connections' });
  await traffic.more(200);
  for (const item of traffic.replicas) await item.up();
}

/** Two replicas. */
async function pair(options) {
  return Promise.all([Cm.start(options), Cm.start(options)]);
}

/** Ends all existing parts of a stack. */
async function end({ traffic, replicas, nats, mariadb, trash }) {
  await traffic?.stop().catch(() => {});
  await Promise.all(replicas?.map((item) => item.remove()) ?? []);
  await Promise.all([nats?.remove(), mariadb?.remove()]);
  for (const item of trash) rmSync(item, { recursive: true, force: true });
}

describe('secrets in files', () => {
  let directory;
  let nats;
  let mariadb;
  let secrets;
  let replicas;
  let traffic;
  const trash = [];
  before(async () => {
    directory = temporaryDirectory('secrets');
    const license = makeLicense();
    trash.push(directory, license.directory);
    secrets = new Secrets(directory, {
      MARIADB_USERNAME: 'cm',
      MARIADB_PASSWORD: 'mariadb-password-of-the-tests',
      NATS_USERNAME: 'cm-of-spring',
      NATS_PASSWORD: secret(),
      KAA_LICENSE_CERT_PASSWORD: license.password,
      KAA_CM_TOKEN_HASH_KEY: secret(),
      JMX_MONITOR_USER_PASSWORD: secret(),
    });
    nats = await Nats.create();
    nats.users = [{ username: secrets.values.NATS_USERNAME, password: secrets.values.NATS_PASSWORD }];
    [mariadb] = await Promise.all([Mariadb.start(), nats.start()]);
    replicas = await pair({
      nats,
      mariadb,
      agent: 'in a file',
      environment: { ...secrets.environment, KAA_LICENSE_CERT_PATH: license.path },
    });
    traffic = await Traffic.start(nats, replicas);
  });
  after(() => end({ traffic, replicas, nats, mariadb, trash }));

  const alter = (login) => mariadb.sql(`ALTER USER 'cm'@'127.0.0.1' IDENTIFIED ${login}`, { database: '' });
  const native = (password) => `mysql_native_password USING PASSWORD('${password}')`;

  test('a new MariaDB password that replaces the old one immediately: open connections work until the restarts', async () => {
    secrets.set('MARIADB_PASSWORD', secret());
    await alter(`BY '${secrets.values.MARIADB_PASSWORD}'`);
    await traffic.more(200);
    for (const item of replicas) assert.equal((await item.health()).body.status, 'UP');
    await roll(traffic);
  });

  test('a new MariaDB password while the old one remains valid: connections may break at any time', async () => {
    const old = secrets.values.MARIADB_PASSWORD;
    secrets.set('MARIADB_PASSWORD', secret());
    await alter(`VIA ${native(old)} OR ${native(secrets.values.MARIADB_PASSWORD)}`);
    await cutConnections(mariadb, traffic); // the new connections use the old password
    await roll(traffic);
    await alter(`BY '${secrets.values.MARIADB_PASSWORD}'`);
    await cutConnections(mariadb, traffic);
  });

  test('a new MariaDB user in addition to the old one', async () => {
    secrets.set('MARIADB_USERNAME', 'cm_autumn');
    secrets.set('MARIADB_PASSWORD', secret());
    await mariadb.sql(
      `CREATE USER 'cm_autumn'@'127.0.0.1' IDENTIFIED BY '${secrets.values.MARIADB_PASSWORD}';` +
        `GRANT ALL PRIVILEGES ON ${mariadb.database}.* TO 'cm_autumn'@'127.0.0.1'`,
    );
    await roll(traffic);
    assert.equal(await mariadb.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'cm'"), '0\n');
    await mariadb.sql("DROP USER 'cm'@'127.0.0.1'", { database: '' });
    await traffic.more(100);
  });

  test('a new NATS user in addition to the old one', async () => {
    const [old] = nats.users;
    secrets.set('NATS_USERNAME', 'cm-of-autumn');
    secrets.set('NATS_PASSWORD', secret());
    const next = { username: secrets.values.NATS_USERNAME, password: secrets.values.NATS_PASSWORD };
    nats.users = [old, next];
    await nats.reload();
    await traffic.more(50);
    await roll(traffic);
    nats.users = [next];
    await nats.reload();
    await traffic.more(100);
    for (const item of replicas) {
      const { text } = await get(`${item.management}/prometheus`);
      assert.match(text, /^cm_nats_reconnects_total 0$/m, 'the old user was not used any more');
    }
  });

  test('a new license with another password', async () => {
    const next = makeLicense({ commonName: 'CM of autumn' });
    trash.push(next.directory);
    secrets.set('KAA_LICENSE_CERT_PASSWORD', next.password);
    await roll(traffic, (replica) => Object.assign(replica.environment, { KAA_LICENSE_CERT_PATH: next.path }));
    for (const item of replicas) {
      const { license } = (await item.health()).body;
      assert.equal(license.status, 'UP');
      assert.match(license.subject, /CM of autumn/);
    }
  });

  test('a new password of the monitoring agent', async () => {
    const old = secrets.values.JMX_MONITOR_USER_PASSWORD;
    secrets.set('JMX_MONITOR_USER_PASSWORD', secret());
    const ask = async (replica, password) => {
      const authorization = `Basic ${Buffer.from(`monitor:${password}`).toString('base64')}`;
      return (await get(`${replica.agent}version`, { headers: { Authorization: authorization } })).status;
    };
    assert.equal(await ask(replicas[0], old), 200, 'a file that has changed is not read before the restart');
    assert.equal(await ask(replicas[0], secrets.values.JMX_MONITOR_USER_PASSWORD), 401);
    await roll(traffic);
    for (const item of replicas) {
      assert.equal(await ask(item, old), 401);
      assert.equal(await ask(item, secrets.values.JMX_MONITOR_USER_PASSWORD), 200);
    }
  });

  test('no log contains any of these secrets', () => {
    for (const { log } of replicas) {
      for (const value of Object.values(secrets.values).filter((item) => item.length > 12)) assert.ok(!log.includes(value));
    }
  });

  test('no answer was wrong meanwhile', async (t) => {
    await traffic.stop();
    t.diagnostic(`${traffic.answered} answers`);
  });
});

describe('certificates', () => {
  let directory;
  let nats;
  let mariadb;
  let replicas;
  let traffic;
  let spring;
  let autumn;
  const files = {};
  const both = () => readFileSync(spring.certificate, 'utf8') + readFileSync(autumn.certificate, 'utf8');
  const install = ({ certificate, key }) => {
    copyFileSync(certificate, files.certificate);
    copyFileSync(key, files.key);
  };
  before(async () => {
    directory = temporaryDirectory('certificates');
    spring = Authority.make(directory, 'spring');
    autumn = Authority.make(directory, 'autumn');
    for (const name of ['certificate', 'key', 'natsCa', 'mariadbCa', 'serverCa']) files[name] = join(directory, name);
    install(spring.issue('cm-spring'));
    for (const name of ['natsCa', 'mariadbCa', 'serverCa']) copyFileSync(spring.certificate, files[name]);
    nats = await Nats.create();
    nats.tls = { ...spring.issue('nats-spring'), ca: files.serverCa };
    const peer = spring.issue('tests'); // only the trust of servers and CM changes; the tests' own client stays
    const clientCa = join(directory, 'client-ca');
    writeFileSync(clientCa, both());
    nats.clientTls = { certFile: peer.certificate, keyFile: peer.key, caFile: clientCa };
    const server = spring.issue('mariadb-spring');
    files.mariadb = { certificate: join(directory, 'mariadb'), key: join(directory, 'mariadb-key') };
    copyFileSync(server.certificate, files.mariadb.certificate);
    copyFileSync(server.key, files.mariadb.key);
    [mariadb] = await Promise.all([
      Mariadb.start({ options: [`--ssl-cert=${files.mariadb.certificate}`, `--ssl-key=${files.mariadb.key}`] }),
      nats.start(),
    ]);
    replicas = await pair({
      nats,
      mariadb,
      jdbcParameters: `?sslMode=verify-ca&serverSslCert=${files.mariadbCa}`,
      configuration: {
        'nats.urls': `tls://127.0.0.1:${nats.port}`,
        'nats.tls.ca': files.natsCa,
        'nats.tls.certificate': files.certificate,
        'nats.tls.key': files.key,
      },
    });
    traffic = await Traffic.start(nats, replicas);
  });
  after(() => end({ traffic, replicas, nats, mariadb, trash: [directory] }));

  test("CM's certificate for NATS, and the CA of both sides", async () => {
    // First each side trusts both CAs, then each uses its new certificate, then the old CA is removed.
    writeFileSync(files.serverCa, both());
    await nats.reload();
    writeFileSync(files.natsCa, both());
    install(autumn.issue('cm-autumn'));
    await roll(traffic);
    nats.tls = { ...autumn.issue('nats-autumn'), ca: files.serverCa };
    await nats.reload();
    copyFileSync(autumn.certificate, files.natsCa);
    copyFileSync(autumn.certificate, files.serverCa); // open connections stay, those of the tests too
    await nats.reload();
    await roll(traffic);
    for (const item of replicas) assert.equal((await item.health()).body.nats.status, 'UP');
  });

  test("MariaDB's certificate and its CA: CM reads the CA file for each new connection", async () => {
    writeFileSync(files.mariadbCa, both());
    const server = autumn.issue('mariadb-autumn');
    copyFileSync(server.certificate, files.mariadb.certificate);
    copyFileSync(server.key, files.mariadb.key);
    await mariadb.sql('FLUSH SSL', { database: '' });
    copyFileSync(autumn.certificate, files.mariadbCa);
    await cutConnections(mariadb, traffic);
  });

  test('no answer was wrong meanwhile', async (t) => {
    await traffic.stop();
    t.diagnostic(`${traffic.answered} answers`);
  });
});
