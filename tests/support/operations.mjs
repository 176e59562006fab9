// Every operation of CM that uses the database, in a uniform form: its fixture, its request, the right answer, and the
// checks of its result. For tests that inject database faults.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { binary } from './rest.mjs';

export const password = 'the right password';
export const issuer = 'CN=Devices CA,O=Example';

/** The answers that contract sections 3.3 and 4.1 allow during a database fault: the right one, or "try again". */
export const unavailable = 503;

export class Operations {
  /** @param context {operator, ecap, rows, events} of the CM under test */
  constructor(context) {
    Object.assign(this, context);
    this.number = 0;
  }

  next() {
    this.number += 1;
    return this.number;
  }

  /** Creates an unused token; `endpointId` may be that of another token. */
  async newToken({ endpointId = `endpoint-${this.next()}`, applicationName = 'smart_kettle' } = {}) {
    const { status, json, text } = await this.operator.createToken(endpointId, applicationName);
    assert.equal(status, 201, text);
    return { endpointId, applicationName, id: json.endpointTokenId, token: json.token, table: 'endpoint_token' };
  }

  async newUser() {
    const username = `user-${this.next()}`;
    const { status, json, text } = await this.operator.createUser(username, { password });
    assert.equal(status, 201, text);
    return { username, id: json.credentialId, table: 'basic_credential' };
  }

  async newCertificate() {
    const serialNumber = String(this.next());
    const { status, json, text } = await this.operator.createCertificate({ issuer, serialNumber });
    assert.equal(status, 201, text);
    return { serialNumber, id: json.credentialId, table: 'x509_credential' };
  }

  /** Checks that the audit trail has exactly one row for the requested change. */
  async #audited(fixture, count = 1) {
    const where = `correlation_id = '${fixture.correlationId}'`;
    assert.equal(await this.rows.count('credential_audit', where), count, `audit rows of ${fixture.correlationId}`);
  }

  /** Checks that there is one revocation in the database, and that its event was received. */
  async #hasEvent(fixture, ids) {
    const where = `correlation_id = '${fixture.correlationId}'`;
    assert.equal(await this.rows.count('revocation', where), 1, `revocations of ${fixture.correlationId}`);
    const event = await this.events.first(fixture.correlationId, 20_000);
    assert.deepEqual([...(event.tokenIds ?? [event.credentialId])].sort(), [...ids].sort());
  }

  async #statusIs(kind, fixture, status) {
    assert.equal(await this.rows.status(kind, fixture.id), status);
  }

  /**
   * All operations, each {name, writes, right, again, make(), ask(fixture), done(fixture), lock(fixture)}: `ask`
   * resolves to the status code; `right` is the code for success, and `again` (an array) are those for a repetition
   * after an answer that left the outcome open; `done` checks the database and the events; `lock` is an SQL statement
   * that locks the same rows as the operation.
   */
  all() {
    const { operator, ecap, rows } = this;
    const row = ({ table, id }) => `SELECT id FROM ${table} WHERE id = ${binary(id)} FOR UPDATE`;
    const patient = (correlationId) => ({ correlationId, timeout: 20_000 });
    const code = async (promise) => {
      const answer = await promise;
      return answer.status ?? answer.statusCode;
    };
    const define = (name, { make, writes = true, lock = row, again = [], ...rest }) => ({
      name,
      writes,
      lock,
      again,
      ...rest,
      make: async () => ({ ...(await make()), correlationId: randomUUID() }),
    });
    const endpoint = async () => ({ endpointId: `endpoint-${this.next()}` });
    const rowsOfEndpoint = ({ endpointId }) => `SELECT id FROM endpoint_token WHERE endpoint_id = '${endpointId}' FOR UPDATE`;

    return [
      define('create a token', {
        make: async () => ({ ...(await endpoint()), value: randomUUID() }),
        ask: (f) => code(operator.createToken(f.endpointId, 'smart_kettle', { token: f.value, ...patient(f.correlationId) })),
        right: 201,
        again: [409],
        lock: rowsOfEndpoint,
        done: async (f) => {
          assert.equal(await rows.count('endpoint_token', `endpoint_id = '${f.endpointId}'`), 1);
          await this.#audited(f);
        },
      }),
      define('change the status of a token', {
        make: () => this.newToken(),
        ask: (f) => code(operator.setTokenStatus(f.endpointId, f.id, 'Revoked', patient(f.correlationId))),
        right: 200,
        done: async (f) => {
          await this.#statusIs('token', f, 'Revoked');
          await this.#audited(f);
          await this.#hasEvent(f, [f.id]);
        },
      }),
      define('delete a token', {
        make: () => this.newToken(),
        ask: (f) => code(operator.deleteToken(f.endpointId, f.id, patient(f.correlationId))),
        right: 204,
        again: [404],
        done: async (f) => {
          await this.#statusIs('token', f, undefined);
          await this.#audited(f);
          await this.#hasEvent(f, [f.id]);
        },
      }),
      define('delete all tokens of an endpoint', {
        make: async () => {
          const first = await this.newToken();
          const second = await this.newToken({ endpointId: first.endpointId });
          return { ...first, ids: [first.id, second.id] };
        },
        ask: (f) => code(operator.deleteTokens(f.endpointId, patient(f.correlationId))),
        right: 204,
        done: async (f) => {
          assert.equal(await rows.count('endpoint_token', `endpoint_id = '${f.endpointId}'`), 0);
          await this.#audited(f, 2);
          await this.#hasEvent(f, f.ids);
        },
      }),
      define('import a token', {
        make: async () => ({ ...(await endpoint()), value: randomUUID() }),
        ask: async (f) => {
          const line = { endpointId: f.endpointId, applicationName: 'smart_kettle', token: f.value };
          const answer = await operator.importTokens([line], patient(f.correlationId));
          if (answer.status !== 200) return answer.status;
          const [{ result, code: failed }] = answer.lines;
          return { created: 201, unchanged: 200 }[result] ?? failed;
        },
        right: 201,
        again: [200],
        lock: rowsOfEndpoint,
        done: async (f) => {
          assert.equal(await rows.count('endpoint_token', `endpoint_id = '${f.endpointId}'`), 1);
          await this.#audited(f);
        },
      }),
      define('ask for another status over ECAP', {
        make: () => this.newToken(),
        ask: (f) =>
          code(ecap.transition('smart_kettle', f.token, 'Suspended', { correlationId: f.correlationId, wait: 20_000 })),
        right: 200,
        done: async (f) => {
          await this.#statusIs('token', f, 'Suspended');
          await this.#audited(f);
          await this.#hasEvent(f, [f.id]);
        },
      }),
      define('create a username', {
        make: async () => ({ username: `user-${this.next()}` }),
        ask: (f) => code(operator.createUser(f.username, { password, ...patient(f.correlationId) })),
        right: 201,
        again: [409],
        lock: (f) => `SELECT id FROM basic_credential WHERE username = '${f.username}' FOR UPDATE`,
        done: async (f) => {
          assert.equal(await rows.count('basic_credential', `username = '${f.username}'`), 1);
          await this.#audited(f);
        },
      }),
      define('change a password', {
        make: () => this.newUser(),
        ask: (f) => code(operator.setPassword(f.id, 'the next password', patient(f.correlationId))),
        right: 200,
        done: async (f) => {
          const answer = await ecap.password(f.username, 'the next password', { wait: 20_000 });
          assert.equal(answer.statusCode, 200);
        },
      }),
      define('change the status of a username', {
        make: () => this.newUser(),
        ask: (f) => code(operator.setClientStatus('credentials', f.id, 'Suspended', patient(f.correlationId))),
        right: 200,
        done: async (f) => {
          await this.#statusIs('credentials', f, 'Suspended');
          await this.#audited(f);
          await this.#hasEvent(f, [f.id]);
        },
      }),
      define('delete a certificate', {
        make: () => this.newCertificate(),
        ask: (f) => code(operator.deleteClient('certificates', f.id, patient(f.correlationId))),
        right: 204,
        again: [404],
        done: async (f) => {
          await this.#statusIs('certificates', f, undefined);
          await this.#audited(f);
          await this.#hasEvent(f, [f.id]);
        },
      }),
      define('check a token', {
        make: () => this.newToken(),
        ask: (f) => code(ecap.validate('smart_kettle', f.token, { correlationId: f.correlationId, wait: 20_000 })),
        writes: false,
        right: 200,
        uses: 'token',
        done: () => {},
      }),
      define('check a password', {
        make: () => this.newUser(),
        ask: (f) => code(ecap.password(f.username, password, { correlationId: f.correlationId, wait: 20_000 })),
        writes: false,
        right: 200,
        uses: 'credentials',
        done: () => {},
      }),
      define('check a certificate', {
        make: () => this.newCertificate(),
        ask: (f) => code(ecap.certificate(issuer, f.serialNumber, { correlationId: f.correlationId, wait: 20_000 })),
        writes: false,
        right: 200,
        uses: 'certificates',
        done: () => {},
      }),
      define('list tokens', {
        make: () => this.newToken(),
        ask: async (f) => {
          const answer = await operator.listTokens(f.endpointId, '', patient(f.correlationId));
          if (answer.status === 200) assert.equal(answer.json.totalElements, 1);
          return answer.status;
        },
        writes: false,
        right: 200,
        done: () => {},
      }),
      define('list usernames', {
        make: () => this.newUser(),
        ask: async (f) => {
          const answer = await operator.listClients('credentials', `?username=${f.username}`, patient(f.correlationId));
          if (answer.status === 200) assert.equal(answer.json.totalElements, 1);
          return answer.status;
        },
        writes: false,
        right: 200,
        done: () => {},
      }),
    ];
  }
}
