// A Docker engine of the tests' own: its data lies under build/engine, and it ends with them. Needs root.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { root, temporaryDirectory } from '../../support/paths.mjs';
import { until } from '../../support/wait.mjs';

const run = promisify(execFile);
const state = join(root, 'build', 'engine');

// Debian's own client: another one may want plugins that are not there.
const client = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker';

export class Engine {
  /** Starts dockerd and waits until it answers. */
  static async start() {
    const engine = new Engine();
    mkdirSync(state, { recursive: true });
    engine.directory = temporaryDirectory('engine'); // a socket's path may have 107 characters
    engine.host = `unix://${join(engine.directory, 'socket')}`;
    engine.log = join(state, 'dockerd.log');
    const file = openSync(engine.log, 'a');
    engine.daemon = spawn(
      'dockerd',
      [
        '--data-root',
        join(state, 'data'),
        '--exec-root',
        join(engine.directory, 'exec'),
        '--pidfile',
        join(engine.directory, 'pid'),
        '--host',
        engine.host,
      ],
      { stdio: ['ignore', file, file] },
    );
    engine.ended = new Promise((resolve) => engine.daemon.once('exit', resolve));
    engine.daemon.once('exit', () => (engine.exited = true));
    process.on('exit', () => engine.daemon.kill('SIGTERM'));
    await until(
      () =>
        engine.exited ||
        engine.docker('info').then(
          () => true,
          () => false,
        ),
      { timeout: 60_000, interval: 200, what: 'dockerd' },
    );
    if (engine.exited) throw new Error(`dockerd ended:\n${readFileSync(engine.log, 'utf8').split('\n').slice(-15).join('\n')}`);
    await engine.clean();
    return engine;
  }

  /** Removes what an interrupted run has left: a Swarm, containers, networks, volumes. Images stay. */
  async clean() {
    await this.docker('swarm', 'leave', '--force').catch(() => {}); // there is none
    const lines = async (...args) => (await this.docker(...args)).split('\n').filter(Boolean);
    const containers = await lines('ps', '--all', '--quiet');
    if (containers.length > 0) await this.docker('rm', '--force', '--volumes', ...containers);
    await this.docker('network', 'prune', '--force');
    const volumes = await lines('volume', 'ls', '--quiet');
    if (volumes.length > 0) await this.docker('volume', 'rm', ...volumes);
  }

  get environment() {
    return { ...process.env, DOCKER_HOST: this.host, DOCKER_BUILDKIT: '1' };
  }

  /** Runs docker with these arguments; resolves to its output without the last line end, rejects with its errors. */
  async docker(...args) {
    const { stdout } = await this.command(client, args);
    return stdout.trimEnd();
  }

  /** What `docker inspect` says about one thing. */
  async inspect(...args) {
    return JSON.parse(await this.docker(...args.slice(0, -1), 'inspect', args.at(-1)))[0];
  }

  /** Runs a program that calls docker; {stdout, stderr}. `timeout` in milliseconds. */
  async command(program, args, { environment = {}, cwd = root, timeout = 120_000 } = {}) {
    const path = `/usr/sbin:/usr/bin:${process.env.PATH}`;
    try {
      return await run(program, args, {
        cwd,
        timeout,
        env: { ...this.environment, PATH: path, ...environment },
        maxBuffer: 64 << 20,
      });
    } catch (error) {
      error.message += `\n${error.stdout ?? ''}${error.stderr ?? ''}`;
      throw error;
    }
  }

  /** Both streams of a container's log. */
  async logs(container) {
    const { stdout, stderr } = await this.command(client, ['logs', container]);
    return stdout + stderr;
  }

  /** The base image debian:<suite>-slim, made with mmdebstrap where it is not there. */
  async base(suite) {
    const name = `debian:${suite}-slim`;
    if (
      await this.docker('image', 'inspect', name).then(
        () => true,
        () => false,
      )
    )
      return name;
    const tar = join(state, `${suite}.tar`);
    if (!existsSync(tar)) {
      // What the builder mounts over is there, as in the official images: else it changes /etc when it is done.
      const options = ['--format=tar', '--variant=minbase', '--include=ca-certificates', '--customize-hook=touch "$1/etc/hosts"'];
      await this.command('mmdebstrap', [...options, suite, `${tar}.new`], { timeout: 600_000 });
      await this.command('mv', [`${tar}.new`, tar]);
    }
    await this.docker('import', '--change', 'CMD ["bash"]', tar, name);
    return name;
  }

  /** The stand-ins for the images of NATS and MariaDB; {nats, mariadb}. */
  async peers() {
    const base = await this.base('bookworm');
    const images = { nats: 'cm-test-nats', mariadb: 'cm-test-mariadb' };
    for (const [target, tag] of Object.entries(images)) {
      const args = [
        'build',
        '--target',
        target,
        '--tag',
        tag,
        '--build-arg',
        `BASE=${base}`,
        join(root, 'tests', 'image', 'peers'),
      ];
      await this.command(client, args, { timeout: 600_000 });
    }
    return images;
  }

  /** Ends it, and waits for that. Containers end with it; images stay for the next time. */
  async stop() {
    this.daemon.kill('SIGTERM');
    await this.ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
