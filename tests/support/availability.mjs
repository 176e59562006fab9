// Measures whether CM answers: cold look-ups of tokens, which need the database, and /health, at regular intervals.
import { sleep } from './wait.mjs';

const refused = 503;

export class Availability {
  /**
   * Starts to ask; each request begins `interval` milliseconds after the one before, answered or not. With `idle` it
   * only looks at /health.
   */
  static start({ cm, ecap }, { interval = 100, idle = false } = {}) {
    const measured = new Availability();
    measured.requests = [];
    measured.health = [];
    measured.running = true;
    measured.began = performance.now();
    const pending = new Set();
    const note = (promise) => {
      pending.add(promise);
      promise.finally(() => pending.delete(promise)).catch(() => {});
    };
    const loop = async () => {
      for (let i = 0; measured.running; i += 1, await sleep(interval)) {
        if (!idle) note(measured.#ask(ecap, `cold-${process.pid}-${i}-${Math.random().toString(36).slice(2)}`));
        note(measured.#look(cm));
      }
      await Promise.allSettled(pending);
    };
    measured.done = loop();
    return measured;
  }

  async #ask(ecap, token) {
    const at = performance.now();
    let code;
    try {
      code = (await ecap.validate('smart_kettle', token, { wait: 20_000 })).statusCode;
    } catch {
      code = 0; // no answer
    }
    this.requests.push({ at, code, answered: performance.now() });
  }

  async #look(cm) {
    const at = performance.now();
    const { body } = await cm.health();
    this.health.push({ at, up: body.status === 'UP', db: body.db });
  }

  async stop() {
    this.running = false;
    await this.done;
    this.requests.sort((a, b) => a.at - b.at);
    this.health.sort((a, b) => a.at - b.at);
    return this;
  }

  /** Requests that were not served, sent at or after `since` (performance.now()). */
  failures(since = this.began) {
    return this.requests.filter(({ at, code }) => at >= since && (code === refused || code === 0));
  }

  /** Milliseconds from `since` until the answer after which every request was served; 0 if all were. */
  outage(since) {
    const last = this.failures(since).at(-1);
    if (!last) return 0;
    const next = this.requests.find(({ at, code }) => at > last.at && code !== refused && code !== 0);
    return next ? next.answered - since : Infinity;
  }

  /** Milliseconds from `since` until /health was first DOWN; undefined if it never was. */
  down(since) {
    const first = this.health.find(({ at, up }) => at >= since && !up);
    return first && first.at - since;
  }

  summary(since) {
    const down = this.down(since);
    return (
      `${this.requests.filter(({ at }) => at >= since).length} requests, ${this.failures(since).length} not served, ` +
      `all served after ${Math.round(this.outage(since))} ms; /health ${down === undefined ? 'always UP' : `DOWN after ${Math.round(down)} ms`}`
    );
  }
}
