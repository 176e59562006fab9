// A CM process for a test, with its configuration file, environment and ports.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { get, http } from './http.mjs';
import { license } from './license.mjs';
import { binary, preset, slowness, temporaryDirectory } from './paths.mjs';
import { freePorts } from './ports.mjs';
import { Process } from './process.mjs';
import { until } from './wait.mjs';

const sanitizers =
  preset === 'asan' ? { ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:exitcode=99:malloc_context_size=12', UBSAN_OPTIONS: 'print_stacktrace=1' } : {};

/** Two token validators, password workers and REST loops on any number of cores, so that work is always distributed. */
export const twoWorkersPerRole = { 'kaa.ecap.provider.concurrency': '4' };

export class Cm {
  /**
   * Creates a CM that is not started yet. `nats` and `mariadb` are servers of servers.mjs; `natsPort` and `mariadbPort`
   * replace their ports if a proxy is in between. `configuration` is an object of dotted keys, or the whole file as
   * text; `environment` is added to the default one, and a value of undefined removes a variable. `agent` is the
   * monitoring agent's password; without it the agent is disabled.
   */
  static async create({
    nats,
    mariadb,
    natsPort = nats?.port,
    mariadbPort = mariadb?.port,
    jdbcParameters = '',
    instance = 'cm',
    configuration = {},
    environment = {},
    args = ['serve'],
    executable = binary,
    stdin = 'ignore',
    agent,
  } = {}) {
    const cm = new Cm();
    cm.directory = temporaryDirectory('cm');
    cm.file = join(cm.directory, 'service-config.yml');
    cm.instance = instance;
    cm.executable = executable;
    cm.args = args;
    cm.stdin = stdin;
    [cm.port, cm.managementPort, cm.agentPort] = await freePorts(3);
    cm.api = `http://127.0.0.1:${cm.port}/api/v1`;
    cm.management = `http://127.0.0.1:${cm.managementPort}`;
    cm.agent = `http://127.0.0.1:${cm.agentPort}/jolokia/`;
    const keys = {
      'server.port': cm.port,
      'management.port': cm.managementPort,
      'nats.urls': `nats://127.0.0.1:${natsPort ?? 1}`,
      'spring.datasource.url': `jdbc:mariadb://127.0.0.1:${mariadbPort ?? 1}/cm${jdbcParameters}`,
      ...configuration,
    };
    const text = Object.entries(keys).map(([key, value]) => `${key}: ${value}\n`);
    writeFileSync(cm.file, typeof configuration === 'string' ? configuration : text.join(''));
    const { path, password } = license();
    cm.environment = {
      INSTANCE_NAME: instance,
      APP_CONFIG_PATH: cm.file,
      NATS_USERNAME: nats?.username ?? 'cm',
      NATS_PASSWORD: nats?.password ?? 'unused',
      MARIADB_USERNAME: mariadb?.username ?? 'cm',
      MARIADB_PASSWORD: mariadb?.password ?? 'unused',
      KAA_LICENSE_CERT_PATH: path,
      KAA_LICENSE_CERT_PASSWORD: password,
      KAA_CM_TOKEN_HASH_KEY: 'token-hash-key-of-the-tests',
      ...(agent === undefined
        ? {}
        : { JMX_ENABLE: 'true', JMX_PORT: String(cm.agentPort), JMX_MONITOR_USER_PASSWORD: agent }),
      ...sanitizers,
      ...environment,
    };
    for (const [name, value] of Object.entries(cm.environment)) {
      if (value === undefined) delete cm.environment[name];
    }
    return cm;
  }

  /** Creates a CM, starts it and waits until it is UP. */
  static async start(options) {
    const cm = await Cm.create(options);
    cm.launch();
    try {
      await cm.up();
    } catch (error) {
      await cm.remove(); // the test has no reference to end it
      throw error;
    }
    return cm;
  }

  /** Starts or restarts the process without waiting. */
  launch() {
    this.process = new Process(this.executable, this.args, {
      environment: this.environment,
      cwd: this.directory,
      stdin: this.stdin,
    });
    return this;
  }

  get pid() {
    return this.process.pid;
  }

  get log() {
    return this.process.output;
  }

  /** {status, body} of /health; rejects if there is no answer. */
  async health() {
    const { status, json } = await get(`${this.management}/health`, { timeout: 2_000 });
    return { status, body: json };
  }

  /** Waits for a health response for which `condition({status, body})` is true, and returns it. */
  async healthThat(condition, what, timeout = 10_000) {
    let last;
    try {
      return await until(
        async () => {
          if (!this.process.running) return { ended: true };
          last = await this.health();
          return condition(last) && last;
        },
        { timeout: timeout * slowness, interval: 10, what },
      ).then((health) => {
        if (health.ended) throw new Error(`cm ended before ${what}: ${JSON.stringify(this.process.end)}`);
        return health;
      });
    } catch (error) {
      error.message += `\nlast health: ${JSON.stringify(last)}\n${this.process.tail()}`;
      throw error;
    }
  }

  /** Awaits UP; `timeout` in milliseconds. */
  up(timeout = 20_000) {
    return this.healthThat(({ status, body }) => status === 200 && body.status === 'UP', 'UP', timeout);
  }

  /** Waits until the management port answers, with any status. */
  answers(timeout = 10_000) {
    return this.healthThat(() => true, 'an answer of /health', timeout);
  }

  /** Provisions a token; returns the whole response. */
  provision(endpointId, body = { applicationName: 'smart_kettle' }, options = {}) {
    return http('POST', `${this.api}/endpoints/${encodeURIComponent(endpointId)}/tokens`, { body, ...options });
  }

  /** Resident memory in bytes. */
  residentBytes() {
    return Process.residentBytes(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
  }

  /** Sends SIGTERM and waits for the end; resolves to how it ended. */
  stop(timeout = 40_000) {
    return this.process.stop('SIGTERM', timeout);
  }

  kill() {
    return this.process.kill();
  }

  /** Ends the process and removes its files. */
  async remove() {
    if (this.process) await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs cm to its end with a command line; {code, output}. */
export async function runCm(options, timeout = 15_000) {
  const cm = await Cm.create(options);
  cm.launch();
  try {
    const { code, signal } = await cm.process.exit(timeout * slowness);
    return { code, signal, output: cm.log, cm };
  } catch (error) {
    await cm.kill();
    error.message += `\n${cm.process.tail()}`;
    throw error;
  } finally {
    rmSync(cm.directory, { recursive: true, force: true });
  }
}
