// What a container of CM needs around it: a network with NATS and MariaDB, the files that it mounts, an ECAP client.
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { EcapClient } from '../../support/ecap.mjs';
import { license } from '../../support/license.mjs';
import { temporaryDirectory } from '../../support/paths.mjs';
import { freePorts } from '../../support/ports.mjs';
import { until } from '../../support/wait.mjs';

export const passwords = { nats: 'nats-password-of-the-tests', mariadb: 'mariadb-password-of-the-tests' };
export const natsConfiguration = `http: "127.0.0.1:8222"\nauthorization { user: "cm", password: "${passwords.nats}" }\n`;

/** A file that everybody may read, as a container's user has another number. */
function readable(path, content) {
  writeFileSync(path, content);
  chmodSync(path, 0o644);
  return path;
}

/** A folder with nats.conf, mariadb-password, license/ and config/, for mounting. */
export function mountedFiles() {
  const directory = temporaryDirectory('site');
  chmodSync(directory, 0o755);
  for (const name of ['config', 'license']) mkdirSync(join(directory, name), { mode: 0o755 });
  readable(join(directory, 'nats.conf'), natsConfiguration);
  readable(join(directory, 'mariadb-password'), passwords.mariadb);
  readable(join(directory, 'config', 'service-config.yml'), '');
  const { path, password } = license();
  copyFileSync(path, join(directory, 'license', 'license.p12'));
  chmodSync(join(directory, 'license', 'license.p12'), 0o644);
  return { directory, licensePassword: password };
}

export class Site {
  /** Starts NATS and MariaDB under the names that CM looks for as it stands. */
  static async start(engine) {
    const site = new Site();
    site.engine = engine;
    site.containers = [];
    Object.assign(site, mountedFiles());
    const images = await engine.peers();
    const [port] = await freePorts(1);
    site.nats = { url: `nats://127.0.0.1:${port}`, username: 'cm', password: passwords.nats };
    await engine.docker('network', 'create', 'cm-test');
    await site.run(
      'nats',
      [
        '--network',
        'cm-test',
        '--publish',
        `127.0.0.1:${port}:4222`,
        '--volume',
        `${site.directory}/nats.conf:/etc/nats.conf:ro`,
      ],
      images.nats,
      '--config',
      '/etc/nats.conf',
    );
    await site.run(
      'mariadb',
      [
        '--network',
        'cm-test',
        '--volume',
        `${site.directory}/mariadb-password:/run/mariadb-password:ro`,
        '--env',
        'MARIADB_DATABASE=cm',
        '--env',
        'MARIADB_USER=cm',
        '--env',
        'MARIADB_PASSWORD_FILE=/run/mariadb-password',
        '--health-cmd',
        'healthcheck.sh',
        '--health-interval',
        '1s',
      ],
      images.mariadb,
    );
    await until(async () => (await engine.inspect('mariadb')).State.Health.Status === 'healthy', {
      timeout: 60_000,
      interval: 250,
      what: 'MariaDB in its container',
    });
    site.ecap = await EcapClient.connect(site.nats);
    return site;
  }

  /** `docker run --detach` with options, an image and its arguments; the container is removed at the end. */
  async run(name, options, image, ...args) {
    this.containers.push(name);
    return this.engine.docker('run', '--detach', '--name', name, ...options, image, ...args);
  }

  /** The environment of CM, as options of docker run. */
  get environment() {
    const variables = {
      NATS_USERNAME: 'cm',
      NATS_PASSWORD: passwords.nats,
      MARIADB_USERNAME: 'cm',
      MARIADB_PASSWORD: passwords.mariadb,
      KAA_LICENSE_CERT_PASSWORD: this.licensePassword,
      KAA_CM_TOKEN_HASH_KEY: 'token-hash-key-of-the-tests',
    };
    return Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  }

  /** The volumes of CM: the platform's page has the first, its descriptor the second. */
  get volumes() {
    return ['--volume', `${this.directory}/config:/srv/cm`, '--volume', `${this.directory}/license:/run/license`];
  }

  /** Awaits the state of the image's own health check. */
  async health(name, state = 'healthy', timeout = 60_000) {
    try {
      await until(async () => (await this.engine.inspect(name)).State.Health.Status === state, {
        timeout,
        interval: 200,
        what: `${name} is ${state}`,
      });
    } catch (error) {
      error.message += `\n${await this.engine.logs(name)}\n${JSON.stringify((await this.engine.inspect(name)).State.Health?.Log?.slice(-1))}`;
      throw error;
    }
  }

  /** Removes one container. */
  async take(name) {
    this.containers = this.containers.filter((other) => other !== name);
    await this.engine.docker('rm', '--force', '--volumes', name);
  }

  async remove() {
    await this.ecap?.close();
    for (const name of this.containers.reverse()) await this.engine.docker('rm', '--force', '--volumes', name).catch(() => {});
    await this.engine.docker('network', 'rm', 'cm-test').catch(() => {});
    rmSync(this.directory, { recursive: true, force: true });
  }
}
