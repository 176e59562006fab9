// The operations of an operator on credentials over REST, one method each; all resolve to the whole response.
import { randomUUID } from 'node:crypto';

import { get, http } from './http.mjs';

const path = (id) => encodeURIComponent(id);

export class Operator {
  constructor(cm) {
    this.cm = cm;
  }

  /** Sends a request with a new correlation ID, which the result has in `correlationId`. */
  async #send(method, url, { correlationId = randomUUID(), headers = {}, ...options } = {}) {
    const answer = await http(method, `${this.cm.api}${url}`, {
      headers: { 'Correlation-ID': correlationId, ...headers },
      ...options,
    });
    return Object.assign(answer, { correlationId });
  }

  createToken(endpointId, applicationName = 'smart_kettle', { token, ...options } = {}) {
    return this.#send('POST', `/endpoints/${path(endpointId)}/tokens`, { body: { applicationName, token }, ...options });
  }

  listTokens(endpointId, query = '', options) {
    return this.#send('GET', `/endpoints/${path(endpointId)}/tokens${query}`, options);
  }

  getToken(endpointId, id, options) {
    return this.#send('GET', `/endpoints/${path(endpointId)}/tokens/${id}`, options);
  }

  setTokenStatus(endpointId, id, status, options) {
    return this.#send('PUT', `/endpoints/${path(endpointId)}/tokens/${id}/status`, { body: { status }, ...options });
  }

  deleteToken(endpointId, id, options) {
    return this.#send('DELETE', `/endpoints/${path(endpointId)}/tokens/${id}`, options);
  }

  deleteTokens(endpointId, options) {
    return this.#send('DELETE', `/endpoints/${path(endpointId)}/tokens`, options);
  }

  history(endpointId, id, options) {
    return this.#send('GET', `/endpoints/${path(endpointId)}/tokens/${id}/history`, options);
  }

  /** `lines` are objects; the result has the response lines in `lines`. */
  async importTokens(lines, { headers = {}, ...options } = {}) {
    const answer = await this.#send('POST', '/endpoint-tokens/import', {
      body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      headers: { 'Content-Type': 'application/x-ndjson', ...headers },
      ...options,
    });
    if (answer.status === 200) answer.lines = answer.text.trimEnd().split('\n').map((line) => JSON.parse(line));
    return answer;
  }

  createUser(username, { password, clientId, ...options } = {}) {
    return this.#send('POST', '/clients/credentials', { body: { username, password, clientId }, ...options });
  }

  /** `certificate` is {issuer, serialNumber, clientId?}. */
  createCertificate(certificate, options) {
    return this.#send('POST', '/clients/certificates', { body: certificate, ...options });
  }

  /** `kind` is "credentials" or "certificates", here and below. */
  getClient(kind, id, options) {
    return this.#send('GET', `/clients/${kind}/${id}`, options);
  }

  listClients(kind, query = '', options) {
    return this.#send('GET', `/clients/${kind}${query}`, options);
  }

  setClientStatus(kind, id, status, options) {
    return this.#send('PUT', `/clients/${kind}/${id}/status`, { body: { status }, ...options });
  }

  setPassword(id, password, options) {
    return this.#send('PUT', `/clients/credentials/${id}/password`, { body: { password }, ...options });
  }

  deleteClient(kind, id, options) {
    return this.#send('DELETE', `/clients/${kind}/${id}`, options);
  }

  revocations(after, limit = 1000) {
    const query = new URLSearchParams({ limit, ...(after === undefined ? {} : { after }) });
    return get(`${this.cm.api}/revocations?${query}`);
  }

  async info() {
    return (await get(`${this.cm.management}/info`)).json;
  }
}
