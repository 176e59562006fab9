// A steady mixed load on replicas of CM while a fault is injected: validations of valid credentials, revocations, reads
// and probes. It records every answer, and afterwards checks what must hold whatever the fault was.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';

import { get } from '../../support/http.mjs';
import { Operator } from '../../support/operator.mjs';
import { noFigures, slowness } from '../../support/paths.mjs';
import { Rows } from '../../support/rows.mjs';
import { sleep, until } from '../../support/wait.mjs';

const application = 'smart_kettle';

/** CM answers each request within 5 s; the rest is for the way and for a machine under load. Milliseconds. */
export const answerBound = 5_000 + 1_500 * slowness;

/** A revoked credential may be accepted by another replica for this long; milliseconds. */
const revocationBound = 1_500 * slowness;

/** The time-to-live of the token cache: the bound without NATS and without the database. Milliseconds. */
const cacheBound = 10_000 * slowness;

/** Codes that say that a valid credential is not valid. */
const refusals = [401, 403, 404, 409, 422];

/** Errors of the clients' libraries: nobody has answered. */
const unanswered = /TIMEOUT|^503$|ECONN|EPIPE|CONNECTION|DISCONNECT|DRAINING|no complete answer|socket hang up/;

/** What a process uses: {descriptors, threads, resident} (bytes). */
export function resources(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: Number(/^Threads:\s+(\d+)$/m.exec(status)[1]),
    resident: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024,
  };
}

export class SteadyLoad {
  /**
   * Starts the load. `ecap` and `events` are connected to NATS without a proxy in between; `cms` are the replicas;
   * `mariadb` is a server on which the rows can be read afterwards. `rates` are requests per second; `revocable` is the
   * number of tokens to revoke: when there are none left, revocations end.
   */
  static async start({ ecap, events, cms, mariadb, rates = {}, revocable = 3_000 }) {
    const load = new SteadyLoad();
    Object.assign(load, { ecap, events, cms, rows: new Rows(mariadb) });
    load.rates = { token: 100, password: 2, certificate: 5, read: 10, revocation: 10, probe: 10, ...rates };
    load.operators = cms.map((cm) => new Operator(cm));
    /**
     * {kind, at, ms, code} of each request: times of performance.now(); the code is a number, "unanswered", or undefined
     * while it waits.
     */
    load.answers = [];
    /** {token, id, endpointId, correlationId, acknowledged?, code}: the revocations that were asked for. */
    load.revocations = [];
    load.accepted = []; // revoked tokens that were accepted past their bound
    load.open = new Set();
    load.turn = 0;
    await load.#prepare(revocable);
    await load.#warmUp();
    load.before = cms.map(({ pid }) => ({ pid, ...resources(pid) }));
    load.began = performance.now();
    load.timers = [
      load.#every('token', () => load.#validate()),
      load.#every('password', () => load.#ask('password', () => ecap.password(...load.user, { wait: answerBound }))),
      load.#every('certificate', () => load.#ask('certificate', () => ecap.certificate(...load.certificate, { wait: answerBound }))),
      load.#every('read', () => load.#read()),
      load.#every('revocation', () => load.#revoke()),
      load.#every('probe', () => cms.forEach((cm) => load.#probe(cm))),
    ];
    return load;
  }

  async #prepare(revocable) {
    const [operator] = this.operators;
    const name = `load-${process.pid}-${Math.round(performance.now())}`;
    const lines = Array.from({ length: revocable + 200 }, (_, i) => ({ endpointId: `${name}-${i}`, applicationName: application }));
    const { lines: made } = await operator.importTokens(lines, { timeout: 60_000 });
    this.tokens = made.map(({ endpointTokenId, token }, i) => ({ id: endpointTokenId, token, endpointId: `${name}-${i}` }));
    for (const { id, token } of this.tokens) assert.ok(id && token, 'an imported token');
    this.valid = this.tokens.splice(0, 200);
    const user = await operator.createUser(name);
    this.user = [name, user.json.password];
    this.certificate = ['CN=Devices CA,O=Example,C=DE', String(Math.round(1e9 * Math.random()))];
    await operator.createCertificate({ issuer: this.certificate[0], serialNumber: this.certificate[1] });
  }

  /** Until every replica has served every kind of request, so that its memory and threads are those of a busy one. */
  async #warmUp() {
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(this.valid.map(({ token }) => this.ecap.validate(application, token)));
      await Promise.all(this.cms.map(() => this.ecap.password(...this.user)));
      for (const operator of this.operators) await operator.listTokens(this.valid[0].endpointId);
    }
  }

  #every(kind, action) {
    const rate = this.rates[kind];
    return rate > 0 ? setInterval(action, 1_000 / rate) : undefined;
  }

  /** Records the answer of `send`, which resolves to {statusCode} or {status}. Returns the code. */
  async #ask(kind, send) {
    const at = performance.now();
    const entry = { kind, at };
    this.answers.push(entry);
    const done = (async () => {
      try {
        const answer = await send();
        entry.code = answer.statusCode ?? answer.status;
      } catch (error) {
        if (!unanswered.test(`${error.code ?? ''}`) && !unanswered.test(error.message)) throw error;
        entry.code = 'unanswered';
      }
      entry.ms = performance.now() - at;
      return entry.code;
    })();
    this.open.add(done);
    return done.finally(() => this.open.delete(done));
  }

  #validate() {
    this.turn += 1;
    const { token } = this.valid[this.turn % this.valid.length];
    return this.#ask('token', () => this.ecap.validate(application, token, { wait: answerBound }));
  }

  #read() {
    this.turn += 1;
    const { endpointId, id } = this.valid[this.turn % this.valid.length];
    return this.#ask('read', () => this.#operator().getToken(endpointId, id, { timeout: answerBound }));
  }

  /** One that runs; the client of a real service would find it by a load balancer. */
  #operator() {
    const running = this.operators.filter(({ cm }) => cm.process.running && !cm.excluded);
    return running[Math.floor(running.length * Math.random())] ?? this.operators[0];
  }

  #probe(cm) {
    if (!cm.process.running || cm.excluded) return undefined;
    return this.#ask('probe', () => get(`${cm.management}/health/liveness`, { timeout: answerBound }));
  }

  /** Revokes a token that the caches have, and validates it again later. */
  async #revoke() {
    const item = this.tokens.pop();
    if (!item) return;
    const chain = (async () => {
      await this.ecap.validate(application, item.token, { wait: answerBound }).catch(() => {});
      const entry = this.#ask('revocation', async () => {
        const answer = await this.#operator().setTokenStatus(item.endpointId, item.id, 'Revoked', { timeout: answerBound });
        item.correlationId = answer.correlationId;
        return answer;
      });
      this.revocations.push(item);
      item.code = await entry;
      if (item.code === 200) item.acknowledged = performance.now();
      await this.#refusedFrom(item);
    })();
    this.open.add(chain);
    await chain.finally(() => this.open.delete(chain));
  }

  /** Validates an acknowledged revocation several times: how late it was accepted is recorded. */
  async #refusedFrom(item) {
    for (let i = 0; item.acknowledged && i < 4; i += 1) {
      const at = performance.now();
      const answer = await this.ecap.validate(application, item.token, { wait: answerBound }).catch(() => undefined);
      if (answer?.statusCode === 200) this.accepted.push({ ...item, after: at - item.acknowledged });
      if (answer?.statusCode === 404 || answer?.statusCode === 401) this.accepted.push({ ...item, code: answer.statusCode, after: 0 });
      await sleep(revocationBound);
    }
  }

  /** Waits until the requests of one second after `since`, of every kind, were all answered right within half a second. */
  async recovered(since, timeout) {
    const kinds = Object.keys(this.rates).filter((kind) => this.rates[kind] > 0);
    const patience = 500 * slowness;
    await until(
      () => {
        const end = performance.now() - patience;
        const second = this.answers.filter(({ at }) => at >= end - 1_000 && at < end);
        const right = second.every(({ code, ms }) => code === 200 && ms <= patience);
        return end - since >= 1_000 && right && kinds.every((kind) => second.some((answer) => answer.kind === kind));
      },
      { timeout: timeout + patience, interval: 50, what: 'right answers to all kinds of requests for a second' },
    ).catch((error) => {
      error.message += `; asked last: ${JSON.stringify(this.#latest())}`;
      throw error;
    });
  }

  /** For how long after `since` requests were sent that were not answered right, in milliseconds. After stop(). */
  affectedFor(since) {
    return Math.max(0, ...this.answers.filter(({ at, code }) => at >= since && code !== 200).map(({ at }) => at - since));
  }

  /** The codes of the last three seconds' requests, by kind; "slow": right, but late; "open": not answered yet. */
  #latest() {
    const found = {};
    for (const { kind, at, ms, code } of this.answers) {
      if (at < performance.now() - 3_000) continue;
      const word = code === undefined ? 'open' : code === 200 && ms > 500 * slowness ? 'slow' : code;
      const counts = (found[kind] ??= {});
      counts[word] = (counts[word] ?? 0) + 1;
    }
    return found;
  }

  /** Ends the load and waits for the answers to what was sent. */
  async stop() {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all([...this.open]);
  }

  /**
   * Checks the invariants, after stop(). `cacheOnly`: replicas may have reached neither NATS nor the database, so that
   * the time-to-live of their caches is the bound. `mayLose`: requests over NATS may stay unanswered, because the fault
   * is in the way to CM. `restarted`: the processes are not those of the beginning.
   */
  async check({ cacheOnly = false, mayLose = false, restarted = false } = {}) {
    const wrong = this.answers.filter(({ code }) => refusals.includes(code) || (typeof code === 'number' && code >= 500 && code !== 503));
    assert.deepEqual(wrong, [], 'valid credentials that were refused, and internal errors');
    const late = this.answers.filter(({ code, ms }) => typeof code === 'number' && ms > answerBound);
    assert.deepEqual(late, [], 'late answers');
    if (!mayLose) assert.deepEqual(this.answers.filter(({ code }) => code === 'unanswered'), [], 'requests without an answer');
    const bound = cacheOnly ? cacheBound : revocationBound;
    assert.deepEqual(this.accepted.filter(({ after, code }) => code !== 200 || after > bound), [], 'answers to revoked tokens');
    await this.#checkRevocations();
    if (!restarted) await this.#checkResources();
  }

  async #checkRevocations() {
    await until(async () => (await this.rows.pending()) === 0, { timeout: 20_000 * slowness, interval: 100, what: 'an empty outbox' });
    const statuses = await this.rows.tokenStatuses();
    const revoked = this.revocations.filter(({ id }) => statuses.get(id) === 'Revoked');
    const lost = this.revocations.filter(({ id, code }) => code === 200 && statuses.get(id) !== 'Revoked');
    assert.deepEqual(lost, [], 'acknowledged revocations that are not in the database');
    const untold = () => {
      const told = new Set(this.events.all.flatMap(({ tokenIds }) => tokenIds ?? []));
      return revoked.filter(({ id }) => !told.has(id));
    };
    await until(() => untold().length === 0, { timeout: 5_000 * slowness, what: 'an event of each revocation' }).catch(() => {});
    assert.deepEqual(untold(), [], 'revocations without an event');
  }

  async #checkResources() {
    for (const [i, { pid }] of this.cms.entries()) {
      const before = this.before[i];
      if (pid !== before.pid) continue;
      const back = () => {
        const now = resources(pid);
        const memory = noFigures || now.resident <= 1.2 * before.resident + (8 << 20);
        return memory && now.descriptors <= before.descriptors + 16 && now.threads <= before.threads + 2;
      };
      await until(back, { timeout: 60_000, interval: 200, what: `resources as before: ${JSON.stringify(before)}` }).catch((error) => {
        error.message += `, now ${JSON.stringify(resources(pid))}`;
        throw error;
      });
    }
  }

  /** The answers since `since`: {asked, unavailable (503), unanswered, slowest (ms), firstWrong (ms since `since`)}. */
  summary(since) {
    const all = this.answers.filter(({ at }) => at >= since);
    const wrong = all.filter(({ code }) => code !== 200);
    return {
      asked: all.length,
      unavailable: all.filter(({ code }) => code === 503).length,
      unanswered: all.filter(({ code }) => code === 'unanswered').length,
      slowest: Math.round(Math.max(0, ...all.map(({ ms }) => ms))),
      slowestProbe: Math.round(Math.max(0, ...all.filter(({ kind }) => kind === 'probe').map(({ ms }) => ms))),
      firstWrong: wrong.length ? Math.round(Math.min(...wrong.map(({ at }) => at)) - since) : undefined,
    };
  }
}
