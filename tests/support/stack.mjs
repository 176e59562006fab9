// A whole stack for a test file: MariaDB, nats-server, CM and an ECAP client, which end together.
import { Cm } from './cm.mjs';
import { EcapClient } from './ecap.mjs';
import { Mariadb, Nats } from './servers.mjs';

export class Stack {
  /** `proxies` puts a Proxy of proxy.mjs in front of each server; the other options are passed to Cm.create. */
  static async start({ proxies = false, ...options } = {}) {
    const stack = new Stack();
    try {
      [stack.nats, stack.mariadb] = await Promise.all([Nats.start(), Mariadb.start()]);
      const between = {};
      if (proxies) {
        const { Proxy } = await import('./proxy.mjs');
        stack.natsProxy = await Proxy.start(stack.nats.port);
        stack.mariadbProxy = await Proxy.start(stack.mariadb.port);
        between.natsPort = stack.natsProxy.port;
        between.mariadbPort = stack.mariadbProxy.port;
      }
      stack.cm = await Cm.start({ nats: stack.nats, mariadb: stack.mariadb, ...between, ...options });
      stack.ecap = await EcapClient.connect(stack.nats, { instance: stack.cm.instance });
    } catch (error) {
      await stack.remove();
      throw error;
    }
    return stack;
  }

  async remove() {
    await this.ecap?.close();
    await this.cm?.remove();
    await this.natsProxy?.close();
    await this.mariadbProxy?.close();
    await Promise.all([this.nats?.remove(), this.mariadb?.remove()]);
  }
}
