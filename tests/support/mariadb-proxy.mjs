// A proxy between CM and MariaDB that understands the protocol: it counts statements and injects a fault at exactly the
// one that a test selects. Without TLS.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import {
  Packets,
  Response,
  capabilitiesOf,
  errorPacket,
  phaseOf,
  queryPacket,
  threadOf,
  unanswered,
} from './mariadb-protocol.mjs';

const maxLog = 20_000;

/** One connection of CM, and the corresponding one to the server. */
class Link {
  #fromClient = new Packets();
  #fromServer = new Packets();
  #state = 'greeting';
  #waiting = []; // commands of the client that were not processed yet
  #unanswered = []; // commands that the server works on, oldest first
  #statements = new Map(); // SQL by the number of the prepared statement
  #piece; // the packets of a command that is longer than one packet
  #occupied = false; // by a fault: later commands wait

  constructor(proxy, number, client) {
    this.proxy = proxy;
    this.number = number;
    this.client = client;
    this.count = 0;
    this.open = true;
    this.intercept = undefined; // gets every command before the trap: see failRollback()
    this.upstream = connect({ port: proxy.target, host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [client, this.upstream]) {
      socket.setNoDelay(true);
      socket.once('error', () => this.#detach());
      socket.once('close', () => this.#detach());
    }
    client.on('data', (data) => this.#guarded(() => this.#takeClient(data)));
    client.on('end', () => this.upstream.end());
    this.upstream.on('data', (data) => this.#guarded(() => this.#takeServer(data)));
    this.upstream.on('end', () => this.client.end());
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
  }

  /** Reports a packet that cannot be parsed as an error of the test, and ends the connection. */
  #guarded(act) {
    try {
      act();
    } catch (error) {
      this.proxy.errors.push(error);
      this.cut();
    }
  }

  #detach() {
    if (!this.open) return;
    this.open = false;
    this.client.destroy();
    this.upstream.destroy();
    this.proxy.links.delete(this);
    for (const command of this.#unanswered.splice(0)) command.end({ lost: true });
    this.resolveEnded();
  }

  #takeClient(data) {
    for (const { sequence, payload, bytes, continued } of this.#fromClient.take(data)) {
      if (this.#state !== 'commands') {
        if (this.#state === 'login') {
          this.capabilities = capabilitiesOf(payload);
          this.#state = 'authentication';
        }
        this.upstream.write(bytes);
        continue;
      }
      if (this.#piece === undefined) this.#piece = { first: payload, bytes: [], sequence };
      this.#piece.bytes.push(bytes);
      if (continued) continue;
      const whole = this.#piece;
      this.#piece = undefined;
      this.#waiting.push(this.#commandOf(whole.first, Buffer.concat(whole.bytes)));
    }
    this.#pump();
  }

  #commandOf(payload, bytes) {
    const phase = phaseOf(payload);
    let sql = '';
    let statement;
    if (phase === 'query' || phase === 'prepare') {
      sql = payload.subarray(1).toString();
    } else if (['execute', 'bulk', 'close', 'fetch', 'reset statement', 'long data'].includes(phase)) {
      statement = payload.readUInt32LE(1);
      sql = this.#statements.get(statement === 0xffffffff ? 'last' : statement) ?? '';
    }
    this.count += 1;
    const command = { link: this, connection: this.number, n: this.count, phase, sql, statement, bytes, at: performance.now() };
    command.answered = new Promise((resolve) => {
      command.end = (outcome) => {
        command.outcome = outcome;
        resolve(outcome);
      };
    });
    return command;
  }

  #pump() {
    while (!this.#occupied && this.#waiting.length > 0) {
      const command = this.#waiting.shift();
      const act = this.intercept?.(command) ?? this.proxy.take(command);
      if (act === undefined) {
        this.forward(command);
        continue;
      }
      this.#occupied = true;
      Promise.resolve(act(this, command))
        .catch((error) => this.proxy.errors.push(error))
        .finally(() => {
          this.#occupied = false;
          this.#pump();
        });
    }
  }

  /** Sends a command to the server. `swallow`: its answer does not reach the client. Resolves to the outcome. */
  forward(command, { swallow = false } = {}) {
    command.swallow = swallow;
    command.forwarded = performance.now();
    command.response = new Response(command.phase, this.capabilities);
    if (command.phase === 'prepare') this.#statements.set('last', command.sql);
    if (command.phase === 'close') this.#statements.delete(command.statement);
    if (unanswered.has(command.phase)) command.end({});
    else this.#unanswered.push(command);
    if (this.upstream.writable) this.upstream.write(command.bytes);
    return command.answered;
  }

  /** Runs a statement of the test on the connection, invisible to the client. Resolves to the outcome. */
  run(sql) {
    const bytes = queryPacket(sql);
    const command = this.#commandOf(bytes.subarray(4), bytes);
    command.own = true;
    return this.forward(command, { swallow: true });
  }

  /** Answers a command with a simulated error of the server. */
  async refuse(command, number, sqlstate, message) {
    await this.idle();
    command.end({ error: number, message, injected: true });
    if (this.client.writable) this.client.write(errorPacket(number, sqlstate, message));
  }

  /** Makes the next ROLLBACK fail too: it does not reach the server, which keeps the transaction. */
  failRollback(number, sqlstate, message) {
    this.intercept = ({ sql }) => {
      if (!/^ROLLBACK\b/.test(sql)) return undefined;
      this.intercept = undefined;
      return (_, command) => this.refuse(command, number, sqlstate, message);
    };
  }

  /** Resolves when the server has answered everything that was sent to it. */
  async idle() {
    await Promise.all(this.#unanswered.map(({ answered }) => answered));
  }

  /** Ends both connections. The server still executes what was forwarded before. */
  cut() {
    this.client.resetAndDestroy();
    this.upstream.end();
  }

  #takeServer(data) {
    this.client.cork();
    for (const { payload, bytes, continued } of this.#fromServer.take(data)) {
      if (this.#state !== 'commands') {
        this.#takeLogin(payload, bytes);
        continue;
      }
      const [command] = this.#unanswered;
      if (command === undefined) {
        this.#send(bytes); // a final error: the server closes the connection
        continue;
      }
      const last = this.#inPacket ? !continued && this.#lastSeen : command.response.take(payload);
      this.#lastSeen = last;
      this.#inPacket = continued;
      const kept = !command.swallow;
      if (!last || continued) {
        if (kept) this.#send(bytes);
        continue;
      }
      this.#unanswered.shift();
      const { response } = command;
      if (command.phase === 'prepare' && response.statementId !== undefined && response.outcome.error === undefined)
        this.#statements.set(response.statementId, command.sql);
      // A test may act on the outcome before the client receives it.
      const before = this.proxy.beforeAnswer(command, response.outcome);
      if (kept) this.#send(bytes, before);
      command.end(response.outcome);
    }
    process.nextTick(() => this.client.uncork());
  }

  #inPacket = false;
  #lastSeen = false;
  #held = []; // to be sent to the client after a promise

  /** Sends to the client, in order; waits for the promise `after` first. */
  #send(bytes, after) {
    if (after === undefined && this.#held.length === 0) {
      if (this.client.writable) this.client.write(bytes);
      return;
    }
    const item = { bytes, ready: after === undefined };
    this.#held.push(item);
    after?.finally(() => {
      item.ready = true;
      while (this.#held[0]?.ready) {
        const { bytes: next } = this.#held.shift();
        if (this.client.writable) this.client.write(next);
      }
    });
  }

  #takeLogin(payload, bytes) {
    if (this.#state === 'greeting') {
      this.thread = threadOf(payload);
      this.#state = 'login';
    } else if (payload[0] === 0x00) {
      this.#state = 'commands';
    }
    this.client.write(bytes);
  }
}

/**
 * Counts the statements that `matches` selects, and applies `fault` to the one at `position` (from 1; default: none).
 */
export class Trap {
  constructor({ matches, position, fault, onError }) {
    Object.assign(this, { matches, position, fault, onError });
    this.seen = [];
    this.fired = new Promise((resolve) => {
      this.resolveFired = resolve;
    });
  }

  /** The fault to apply to this command, if it is the selected one. */
  take(command) {
    if (!this.matches(command)) return undefined;
    this.seen.push(command);
    if (this.seen.length !== this.position) return undefined;
    this.command = command;
    return async (link) => {
      try {
        await this.fault(link, command);
      } finally {
        this.resolveFired(command);
      }
    };
  }

  get hit() {
    return this.command !== undefined;
  }
}

export class MariadbProxy {
  /** A proxy on a free loopback port in front of `target`, another loopback port. */
  static async start(target) {
    const proxy = new MariadbProxy();
    proxy.target = target;
    proxy.links = new Set();
    proxy.errors = []; // of the proxy itself and of the faults: any of them fails the test
    proxy.log = []; // the latest commands, oldest first
    proxy.refusing = false;
    proxy.waiting = undefined; // new connections that wait, while stalled
    proxy.connections = 0;
    proxy.server = createServer({ allowHalfOpen: true }, (client) => proxy.#accept(client));
    await once(proxy.server.listen(0, '127.0.0.1'), 'listening');
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  #accept(client) {
    if (this.refusing) {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    if (this.waiting !== undefined) {
      client.on('error', () => {});
      this.waiting.push(client);
      return;
    }
    this.#connect(client);
  }

  #connect(client) {
    this.connections += 1;
    this.links.add(new Link(this, this.connections, client));
  }

  /** Logs a command of a client and passes it to the trap. */
  take(command) {
    this.log.push(command);
    if (this.log.length > maxLog) this.log.splice(0, maxLog / 2);
    return this.trap?.take(command);
  }

  /** A promise to wait for before the client receives this outcome, or undefined. */
  beforeAnswer(command, outcome) {
    if (command.own || command.swallow) return undefined;
    if (command.holdAnswer) return command.holdAnswer;
    return outcome.error === undefined ? undefined : this.trap?.onError?.(command, outcome);
  }

  /** Sets a trap and replaces the previous one; see Trap for `options`. */
  arm(options) {
    this.trap = new Trap(options);
    return this.trap;
  }

  disarm() {
    this.trap = undefined;
  }

  /** Ends all existing connections; new ones are accepted. */
  cut() {
    for (const link of this.links) link.cut();
  }

  /** With `on`, new connections are reset. */
  refuse(on = true) {
    this.refusing = on;
  }

  /** With `on`, new connections are accepted but not served; without, they are served, including the waiting ones. */
  keepWaiting(on = true) {
    const waited = this.waiting ?? [];
    this.waiting = on ? waited : undefined;
    if (!on) for (const client of waited) if (!client.destroyed) this.#connect(client);
  }

  async close() {
    this.refusing = true;
    for (const client of this.waiting ?? []) client.destroy();
    for (const link of [...this.links]) {
      link.client.destroy();
      link.upstream.destroy();
    }
    this.server.close();
    await once(this.server, 'close');
  }
}
