// Prism as a proxy in front of CM: validates every request and response against the OpenAPI document.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { http } from './http.mjs';
import { root, slowness } from './paths.mjs';
import { freePorts } from './ports.mjs';
import { Process } from './process.mjs';
import { until } from './wait.mjs';

const require = createRequire(import.meta.url);
const preload = join(root, 'tests', 'support', 'single-use-sockets.cjs');
const program = join(dirname(require.resolve('@stoplight/prism-cli/package.json')), 'dist', 'index.js');

export class Prism {
  /** Starts it in front of `upstream` (a URL without a path), with the document at `file`. */
  static async start(file, upstream) {
    const prism = new Prism();
    [prism.port] = await freePorts(1);
    // Without --errors it forwards invalid requests too, and reports all violations in a header.
    const args = ['proxy', file, upstream, '--host', '127.0.0.1', '--port', String(prism.port)];
    prism.process = new Process(process.execPath, ['--require', preload, program, ...args]);
    try {
      await until(() => !prism.process.running || prism.process.output.includes('Prism is listening'), {
        timeout: 30_000 * slowness,
        what: 'Prism listening',
      });
    } catch (error) {
      await prism.close();
      throw new Error(`${error.message}\n${prism.process.tail()}`);
    }
    if (!prism.process.running) throw new Error(`Prism ended at its start:\n${prism.process.tail()}`);
    prism.url = `http://127.0.0.1:${prism.port}`;
    return prism;
  }

  /** Sends one request; the result has `violations`: {request, response}, lists of deviations from the document. */
  async ask(method, path, options) {
    const answer = await http(method, `${this.url}${path}`, { timeout: 20_000 * slowness, ...options });
    const violations = answer.headers['sl-violations'];
    assert.ok(!violations?.startsWith('Too many'), violations);
    const all = violations === undefined ? [] : JSON.parse(violations);
    const of = (part) => all.filter(({ location }) => location[0] === part);
    answer.violations = { request: of('request'), response: of('response') };
    assert.notEqual(answer.headers['content-type'], 'application/problem+json', `Prism itself answered: ${answer.text}`);
    return answer;
  }

  async close() {
    await this.process.stop();
  }
}
