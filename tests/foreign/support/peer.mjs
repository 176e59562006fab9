// A foreign program as a client of CM. It reads one JSON object per line:
//   {"id", "do": "ask", "kind", "fields", "wait", "headers"?}   one request of 16/ECAP; `wait` in milliseconds
//   {"id", "do": "publish", "subject", "record", "fields"}      one message; returns when the server has it
//   {"id", "do": "flush"}                                       a round trip to the server
// and writes one per line:
//   {"ready": version of nats-server, "library"}                after it has subscribed to both events of CM
//   {"id", "answer"} or {"id", "error"}                         the result of a command
//   {"event": kind, "record"}, {"undecodable"}                  an event of CM
//   {"connection": state}                                       a change of its connection
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { slowness, root } from '../../support/paths.mjs';
import { Process } from '../../support/process.mjs';
import { until, within } from '../../support/wait.mjs';

/** The folder of an installed subject; fails if tests/foreign/install has not installed it. */
export function installed(subject) {
  const folder = join(root, 'build', 'foreign', subject);
  assert.ok(existsSync(join(folder, 'installed')), `not installed: tests/foreign/install ${subject}`);
  return folder;
}

const common = () => ({ correlationId: randomUUID(), timestamp: Date.now() });

export class Peer {
  /** Starts `command` with `args` as a client of `instance` on `server` (a Nats), and waits until it is ready. */
  static async start(server, { command, args, instance = 'cm' }) {
    const peer = new Peer();
    /** {kind, …fields of the record}, in the order of arrival. */
    peer.events = [];
    peer.undecodable = [];
    peer.connections = [];
    peer.pending = new Map();
    peer.instance = instance;
    peer.process = new Process(command, args, {
      stdin: 'pipe',
      environment: {
        NATS_URL: server.url,
        NATS_USERNAME: server.username,
        NATS_PASSWORD: server.password,
        CM_INSTANCE: instance,
      },
    });
    peer.process.child.stdin.on('error', () => {}); // its end is reported by ask()
    let rest = '';
    peer.process.child.stdout.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) peer.#take(JSON.parse(line));
    });
    try {
      await until(() => !peer.process.running || peer.ready, { timeout: 60_000, what: 'a client that is ready' });
      assert.ok(peer.process.running, `the client ended:\n${peer.process.tail()}`);
    } catch (error) {
      await peer.process.kill();
      throw error;
    }
    return peer;
  }

  #take(line) {
    if (line.id !== undefined) {
      this.pending.get(line.id)?.(line);
      this.pending.delete(line.id);
    } else if (line.event !== undefined) {
      this.events.push({ kind: line.event, ...line.record });
    } else if (line.undecodable !== undefined) {
      this.undecodable.push(line.undecodable);
    } else if (line.connection !== undefined) {
      this.connections.push(line.connection);
    } else {
      this.ready = line;
    }
  }

  /** Carries out a command; resolves to its answer, rejects with its error. */
  async #command(command, timeout) {
    const id = randomUUID();
    const answered = new Promise((resolve) => this.pending.set(id, resolve));
    this.process.child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    const { answer, error } = await within(timeout, answered, `an answer to ${command.do}`);
    if (error !== undefined) throw new Error(error);
    return answer;
  }

  /** Sends a request; the answer is checked to be for it. `wait` and `headers` are those of the protocol. */
  async ask(kind, fields, { wait = 5_000 * slowness, headers } = {}) {
    const asked = { ...common(), ...fields };
    const answer = await this.#command({ do: 'ask', kind, fields: asked, wait, headers }, wait + 10_000);
    assert.equal(answer.correlationId, asked.correlationId);
    return answer;
  }

  /** Asks until there is an answer, as a service does while CM or NATS restarts. */
  askUntilAnswered(kind, fields, timeout = 20_000 * slowness) {
    return until(() => this.ask(kind, fields, { wait: 500 }), { timeout, what: 'an answer' });
  }

  /** Publishes a record; resolves to its correlation ID when the server has it. */
  async publish(subject, record, fields) {
    const message = { ...common(), ...fields };
    await this.#command({ do: 'publish', subject, record, fields: message }, 20_000 * slowness);
    return message.correlationId;
  }

  /** Resolves when the client has been connected again, with its subscriptions, after `seen` changes of its connection. */
  async reconnected(seen) {
    await until(() => this.connections.slice(seen).includes('reconnected'), { timeout: 20_000 * slowness, what: 'the client back' });
    await until(() => this.#command({ do: 'flush' }, 5_000 * slowness), { timeout: 20_000 * slowness, what: 'a round trip' });
  }

  /** The first event with this correlation ID, awaited. */
  event(correlationId) {
    return until(() => this.events.find((event) => event.correlationId === correlationId), {
      timeout: 10_000 * slowness,
      what: `an event of ${correlationId}`,
    });
  }

  async close() {
    this.process.child.stdin.end();
    await this.process.exit(20_000).catch(() => this.process.kill());
  }
}
