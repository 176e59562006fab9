// A TCP proxy that injects network faults: delays, a low rate, data lost in one or both directions, resets, refused
// connections.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export class Proxy {
  /** A proxy on a free loopback port in front of `target`, another loopback port. */
  static async start(target) {
    const proxy = new Proxy();
    proxy.target = target;
    proxy.latency = 0;
    proxy.swallow = { up: false, down: false };
    proxy.rate = Infinity;
    proxy.refusing = false;
    proxy.held = [];
    proxy.pairs = new Set();
    proxy.server = createServer({ allowHalfOpen: true }, (client) => proxy.#accept(client));
    await once(proxy.server.listen(0, '127.0.0.1'), 'listening');
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  #accept(client) {
    if (this.refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { client, upstream, carried: 0, swallow: false };
    this.pairs.add(pair);
    const detach = () => {
      client.destroy();
      upstream.destroy();
      this.pairs.delete(pair);
    };
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.once('error', detach);
      socket.once('close', detach);
    }
    this.#carry(pair, 'up', (data) => this.#hold(data, upstream));
    this.#carry(pair, 'down');
  }

  /** Whether `data` of a client is held back, itself or because earlier data is. */
  #hold(data, upstream) {
    if (this.heldFrom === undefined) return false;
    if (this.held.length === 0 && !data.includes(this.heldFrom)) return false;
    this.held.push({ data, upstream });
    return true;
  }

  #carry(pair, direction, held = () => false) {
    const [from, to] = direction === 'up' ? [pair.client, pair.upstream] : [pair.upstream, pair.client];
    const swallows = () => this.swallow[direction] || pair.swallow;
    const write = (data) => {
      if (to.destroyed) return;
      if (this.rate !== Infinity) {
        this.#trickle(from, to, data);
        return;
      }
      if (to.write(data)) return;
      from.pause();
      to.once('drain', () => from.resume());
    };
    const late = []; // in order of arrival, whichever timer fires first
    const inOrder = (act) => {
      if (this.latency === 0 && late.length === 0) {
        act();
        return;
      }
      late.push(act);
      setTimeout(() => late.shift()(), this.latency);
    };
    from.on('data', (data) => {
      pair.carried += data.length;
      if (!swallows() && !held(data)) inOrder(() => write(data));
    });
    from.on('end', () => {
      if (!swallows()) inOrder(() => to.destroyed || to.end());
    });
  }

  /** Writes `data` in pieces of 50 ms at the current rate, and reads no more meanwhile. */
  #trickle(from, to, data) {
    from.pause();
    const piece = () => {
      const size = this.rate === Infinity ? data.length : Math.max(1, Math.round(this.rate / 20));
      if (!to.destroyed) to.write(data.subarray(0, size));
      data = data.subarray(size);
      if (data.length === 0 || to.destroyed) from.resume();
      else setTimeout(piece, 50);
    };
    piece();
  }

  /** Every piece of data arrives `milliseconds` later. */
  delay(milliseconds) {
    this.latency = milliseconds;
  }

  /** Holds back what clients send, from the first piece that contains `text` on, until release(). */
  hold(text) {
    this.heldFrom = text;
  }

  release() {
    this.heldFrom = undefined;
    for (const { data, upstream } of this.held.splice(0)) {
      if (!upstream.destroyed) upstream.write(data);
    }
  }

  /** With `on`, connections stay open and are accepted, but all data is discarded. Needs cut() afterwards. */
  blackHole(on = true) {
    this.swallow = { up: on, down: on };
  }

  /** Discards all data of one existing connection, which stays open: the one that has carried the most lately. */
  async blackHoleBusiest(time = 1_000) {
    const open = [...this.pairs].filter((pair) => !pair.swallow);
    for (const pair of open) pair.carried = 0;
    await sleep(time);
    open.sort((a, b) => b.carried - a.carried);
    open[0].swallow = true;
  }

  /** Discards what goes to the server ("up") or what comes from it ("down"). Needs cut() afterwards. */
  halfOpen(direction) {
    this.swallow[direction] = true;
  }

  /** Data arrives at this rate, in bytes per second and direction of each connection; Infinity: without delay. */
  limit(bytesPerSecond) {
    this.rate = bytesPerSecond;
  }

  /** Resets all existing connections; new ones are accepted. */
  cut() {
    for (const { client, upstream } of this.pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** With `on`, new connections are reset. */
  refuse(on = true) {
    this.refusing = on;
  }

  /** Ends all faults. Resets the connections that have lost data. */
  heal() {
    this.latency = 0;
    this.rate = Infinity;
    this.refusing = false;
    if (this.swallow.up || this.swallow.down) {
      this.blackHole(false);
      this.cut();
    }
  }

  /** Whether hold() holds something back. */
  get holding() {
    return this.held.length > 0;
  }

  get connections() {
    return this.pairs.size;
  }

  async close() {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }
}
