// A fake of Tekton's REST API: applications and their versions, as described in docs/decisions/0009-tekton-rest.md.
import { once } from 'node:events';
import { createServer } from 'node:http';

import { sleep } from './wait.mjs';

export class Tekton {
  /**
   * Starts on a free loopback port. `applications` is {name: [version, …], …}. `separateVersions`: versions are only in
   * separate lists; `pageSize`: pages with this number of applications; default: one array.
   */
  static async start(applications = {}, { separateVersions = false, pageSize = 0 } = {}) {
    const tekton = new Tekton();
    tekton.applications = structuredClone(applications);
    tekton.separateVersions = separateVersions;
    tekton.pageSize = pageSize;
    /** Requests so far by path. */
    tekton.requests = new Map();
    tekton.failure = 0;
    tekton.latency = 0;
    tekton.server = createServer((request, response) => tekton.#answer(request, response));
    await once(tekton.server.listen(0, '127.0.0.1'), 'listening');
    tekton.port = tekton.server.address().port;
    return tekton;
  }

  /** The value for kaa.tekton.url. */
  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Number of requests for the list of applications. */
  get reads() {
    return this.requests.get('/api/v1/applications') ?? 0;
  }

  /** Adds an application, or versions to an existing one. */
  upsert(name, ...versions) {
    const known = this.applications[name] ?? [];
    this.applications[name] = [...new Set([...known, ...versions])];
  }

  /** Removes a version, or without one the whole application. */
  remove(name, version) {
    if (version === undefined) delete this.applications[name];
    else this.applications[name] = this.applications[name].filter((one) => one !== version);
  }

  /** Answers with this status from now on; 0: normally. */
  fail(status = 500) {
    this.failure = status;
  }

  /** Delays every response by this number of milliseconds. */
  delay(milliseconds) {
    this.latency = milliseconds;
  }

  async close() {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.url);
    this.requests.set(url.pathname, (this.requests.get(url.pathname) ?? 0) + 1);
    if (this.latency > 0) await sleep(this.latency);
    if (response.destroyed) return;
    const [status, body] = this.#reply(request.method, url);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  }

  #reply(method, url) {
    if (this.failure) return [this.failure, { message: 'told to fail' }];
    if (method !== 'GET') return [405, { message: 'only GET' }];
    if (url.pathname === '/api/v1/applications') return [200, this.#list(url.searchParams)];
    const name = /^\/api\/v1\/applications\/([^/]+)\/app-versions$/.exec(url.pathname)?.[1];
    if (name !== undefined && name in this.applications) return [200, this.#versions(name)];
    return [404, { message: 'no such thing' }];
  }

  #versions(name) {
    return this.applications[name].map((version) => ({ name: version, displayName: `Version ${version}` }));
  }

  #list(query) {
    const all = Object.keys(this.applications).map((name) => ({
      name,
      displayName: `Application ${name}`,
      ...(this.separateVersions ? {} : { versions: this.#versions(name) }),
    }));
    if (this.pageSize === 0) return all;
    const offset = Number(query.get('offset') ?? 0);
    return { content: all.slice(offset, offset + this.pageSize), totalElements: all.length };
  }
}
