// Validations as consumers ask for them, many at a time, each counted by what became of it.
import { Buffer } from 'node:buffer';

import { http } from '../../support/http.mjs';

export const application = 'smart_kettle';

/** Provisions `count` tokens by an import; their values. */
export async function provision(api, count, prefix = 'load') {
  const tokens = Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(8, '0')}`);
  const lines = tokens.map((token, index) =>
    JSON.stringify({ endpointId: `${prefix}-endpoint-${index}`, applicationName: application, token }),
  );
  // The results of 100 lines fit into the buffers: the client reads only when it has sent everything.
  for (let from = 0; from < count; from += 100) {
    const body = Buffer.from(`${lines.slice(from, from + 100).join('\n')}\n`);
    const { status, text } = await http('POST', `${api}/endpoint-tokens/import`, {
      body,
      headers: { 'Content-Type': 'application/x-ndjson' },
      timeout: 30_000,
    });
    const created = text.split('\n').filter((line) => line.includes('"result":"created"')).length;
    const expected = Math.min(100, count - from);
    if (status !== 200 || created !== expected)
      throw new Error(`import: ${status}, ${created} of ${expected} created: ${text.slice(0, 200)}`);
  }
  return tokens;
}

export class Load {
  /** Asks for the tokens in turn, `inFlight` at a time, at most `limit` times, until stop(). */
  constructor(ecap, tokens, { inFlight = 16, limit = 1_000_000, pause = 0 } = {}) {
    this.outcomes = {};
    this.asked = 0;
    this.stopping = false;
    this.finished = Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (!this.stopping && this.asked < limit) {
          const token = tokens[this.asked % tokens.length];
          this.asked += 1;
          const outcome = await ecap.validate(application, token, { wait: 5_000 }).then(
            ({ statusCode }) => statusCode,
            (error) => error.code ?? error.message,
          );
          this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
          if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }),
    );
  }

  /** Ends it; how often there was which status, or which failure. */
  async stop() {
    this.stopping = true;
    await this.finished;
    return this.outcomes;
  }

  /** Awaits the limit. */
  async complete() {
    await this.finished;
    return this.outcomes;
  }
}
