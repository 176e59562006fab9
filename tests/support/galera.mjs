// A Galera cluster for tests: real nodes on free loopback ports. They start with the same data and position, so that
// none needs a full state transfer; a returning node gets what it missed from another node's cache.
import { chmodSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { freePorts } from './ports.mjs';
import { Mariadb } from './servers.mjs';
import { until } from './wait.mjs';

const provider = ['/usr/lib/galera/libgalera_smm.so', '/usr/lib/libgalera_smm.so'].find((path) => existsSync(path));

/** Why a cluster cannot be created here; undefined if it can. */
export const noGalera = provider ? undefined : 'Galera is not installed (Debian package galera-4)';

/**
 * Options with which the nodes exclude a silent one after 1 s instead of 5 s: until then nothing is committed, and
 * consistent reads wait on every node.
 */
export const quickExclusion = [
  'evs.keepalive_period=PT0.3S',
  'evs.inactive_check_period=PT0.3S',
  'evs.suspect_timeout=PT1S',
  'evs.inactive_timeout=PT3S',
];

export class GaleraNode extends Mariadb {
  /** Makes one that is not started yet; `ports` are [group, incremental transfer, whole transfer]. */
  static async prepare(ports) {
    const node = await Mariadb.create();
    Object.setPrototypeOf(node, GaleraNode.prototype);
    [node.groupPort, node.transferPort, node.copyPort] = ports;
    node.openToNobody();
    return node;
  }

  /** The script that ends a transfer has rsync write a marker into the data, as user "nobody" if root starts it. */
  openToNobody() {
    if (process.getuid() !== 0) return;
    for (const directory of [this.directory, this.data]) chmodSync(directory, 0o777);
  }

  get stateFile() {
    return join(this.data, 'grastate.dat');
  }

  launch({ recovers = false } = {}) {
    const { groupPort, transferPort, copyPort, members, position } = this;
    const options = [
      `base_port=${groupPort}`,
      `gmcast.listen_addr=tcp://127.0.0.1:${groupPort}`,
      `ist.recv_addr=127.0.0.1:${transferPort}`,
      'gcache.size=32M',
      'pc.recovery=false',
      ...(this.providerOptions ?? []),
    ];
    this.options = [
      '--wsrep-on=ON',
      `--wsrep-provider=${provider}`,
      '--wsrep-cluster-name=tests',
      `--wsrep-cluster-address=gcomm://${members.map((port) => `127.0.0.1:${port}`).join(',')}`,
      `--wsrep-node-name=node-${groupPort}`,
      `--wsrep-node-address=127.0.0.1:${groupPort}`,
      `--wsrep-provider-options=${options.join(';')}`,
      '--wsrep-sst-method=rsync',
      `--wsrep-sst-receive-address=127.0.0.1:${copyPort}`,
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
      ...(this.bootstraps ? ['--wsrep-new-cluster'] : []),
      ...(recovers ? ['--wsrep-recover'] : []),
      ...(position ? [`--wsrep-start-position=${position}`] : []),
    ];
    return super.launch();
  }

  /** Starts or restarts the node and waits until it accepts statements. */
  async start() {
    const unclean = existsSync(this.stateFile) && /seqno:\s+-1/.test(readFileSync(this.stateFile, 'utf8'));
    this.position = unclean ? await this.recoverPosition() : undefined;
    return super.start();
  }

  /** The position of a killed node, according to InnoDB. */
  async recoverPosition() {
    this.position = undefined;
    const recovery = this.launch({ recovers: true });
    await recovery.exit(30_000);
    const position = /Recovered position:?\s+(\S+:-?\d+)/.exec(recovery.output)?.[1];
    if (!position) throw new Error(`no position in:\n${recovery.tail()}`);
    return position;
  }

  async answers() {
    return existsSync(this.socket) && (await this.status('wsrep_ready')) === 'ON';
  }

  /** A status variable of the node. */
  async status(name) {
    return (await this.sql(`SHOW STATUS LIKE '${name}'`, { database: '' })).trim().split('\t')[1];
  }

  /** Isolates the node from the others; it still accepts connections. `false` ends the isolation. */
  async isolate(yes = true) {
    await this.sql(`SET GLOBAL wsrep_provider_options='gmcast.isolate=${Number(yes)}'`, { database: '' });
  }

  /** The number of connections that CM's user has on the node. */
  async connections(username = this.username) {
    // An isolated node does not allow reading a table of information_schema.
    const rows = (await this.sql('SHOW PROCESSLIST', { database: '' })).trim().split('\n');
    return rows.filter((row) => row.split('\t')[1] === username).length;
  }
}

export class Galera {
  /** A running cluster of `count` nodes; `providerOptions` are added to those of wsrep_provider_options. */
  static async start(count = 3, { providerOptions } = {}) {
    const galera = new Galera();
    const ports = await freePorts(3 * count);
    galera.nodes = await Promise.all(Array.from({ length: count }, (_, i) => GaleraNode.prepare(ports.slice(3 * i, 3 * i + 3))));
    const members = galera.nodes.map((node) => node.groupPort);
    const [first, ...others] = galera.nodes;
    try {
      for (const node of galera.nodes) Object.assign(node, { members, providerOptions });
      first.bootstraps = true;
      await first.start();
      await first.stop(); // only after an orderly end the data contains the cluster position
      for (const node of others) {
        rmSync(node.data, { recursive: true });
        cpSync(first.data, node.data, { recursive: true, filter: (path) => !/galera\.cache$|gvwstate\.dat$/.test(path) });
        node.openToNobody();
      }
      await first.start();
      first.bootstraps = false;
      for (const node of others) await node.start();
      await galera.whole();
    } catch (error) {
      await galera.remove();
      throw error;
    }
    return galera;
  }

  /** A JDBC URL with the nodes in this order of their indexes. */
  jdbcUrl(...order) {
    const hosts = order.map((i) => `127.0.0.1:${this.nodes[i].port}`);
    return `jdbc:mariadb:sequential://${hosts.join(',')}/${this.nodes[0].database}`;
  }

  /** Waits until every running node sees all running nodes and has applied all transactions. */
  async whole(timeout = 30_000) {
    const running = this.nodes.filter((node) => node.process?.running);
    for (const node of running) {
      await until(
        async () =>
          Number(await node.status('wsrep_cluster_size')) === running.length &&
          (await node.status('wsrep_local_state_comment')) === 'Synced',
        { timeout, interval: 100, what: 'a whole cluster' },
      );
    }
  }

  async remove() {
    await Promise.all(this.nodes.map((node) => node.remove()));
  }
}
