// Credentials of every kind in every status, and checks that every CM on their database answers consistently.
import assert from 'node:assert/strict';

import { isError, states } from './rest.mjs';
import { slowness } from './paths.mjs';
import { isRevocation } from './state-table.mjs';
import { until } from './wait.mjs';

const application = 'smart_kettle';
const issuer = 'CN=Devices CA,O=Example,C=DE';

let serial = 1_000;

/** The differences between the kinds; `operator` is one of operator.mjs, `ecap` a client of ecap.mjs. */
const kinds = {
  token: {
    unknown: 404,
    times: 24,
    async make(operator, name) {
      const answer = await operator.createToken(name, application);
      assert.equal(answer.status, 201, answer.text);
      return { id: answer.json.endpointTokenId, endpointId: name, token: answer.json.token };
    },
    get: (operator, item) => operator.getToken(item.endpointId, item.id),
    set: (operator, item, status) => operator.setTokenStatus(item.endpointId, item.id, status),
    remove: (operator, item) => operator.deleteToken(item.endpointId, item.id),
    ask: (ecap, item) => ecap.validate(application, item.token),
    owner: (item, answer) => answer.tokenId === item.id && answer.endpointId === item.endpointId,
    named: (event) => event.tokenIds,
  },
  credentials: {
    unknown: 401,
    times: 6, // each costs tens of milliseconds of a core
    async make(operator, name) {
      const answer = await operator.createUser(name);
      assert.equal(answer.status, 201, answer.text);
      return { id: answer.json.credentialId, username: name, password: answer.json.password };
    },
    ask: (ecap, item) => ecap.password(item.username, item.password, { wait: 20_000 }),
    ...clients('credentials'),
  },
  certificates: {
    unknown: 401,
    times: 24,
    async make(operator) {
      serial += 1;
      const answer = await operator.createCertificate({ issuer, serialNumber: String(serial) });
      assert.equal(answer.status, 201, answer.text);
      return { id: answer.json.credentialId, serialNumber: String(serial) };
    },
    ask: (ecap, item) => ecap.certificate(issuer, item.serialNumber),
    ...clients('certificates'),
  },
};

function clients(kind) {
  return {
    get: (operator, item) => operator.getClient(kind, item.id),
    set: (operator, item, status) => operator.setClientStatus(kind, item.id, status),
    remove: (operator, item) => operator.deleteClient(kind, item.id),
    owner: (item, answer) => answer.credentialId === item.id && answer.clientId === item.id,
    named: (event) => [event.credentialId],
  };
}

export class Census {
  /**
   * Credentials are validated over `ecap`, by whichever replica NATS chooses; `events` (of events.mjs) receives the
   * events. Without `sameTags`, the tags of lists may differ between replicas: 0.1.0 derives that of a token list from a
   * page, later releases from all tokens of the endpoint; 0.1.0 includes last uses in that of a list of clients.
   */
  constructor({ ecap, events }, { sameTags = true } = {}) {
    this.ecap = ecap;
    this.sameTags = sameTags;
    this.events = events;
    /** {kind, id, status, …what a validation needs}; a status of undefined: deleted. */
    this.all = [];
    /** [{correlationId, kind, id}]: each must have had an event. */
    this.told = [];
  }

  /** Has `operator` create one credential of every kind for every status, including a deleted one. */
  async make(operator, name) {
    for (const kind of Object.keys(kinds)) {
      for (const status of [...states, undefined]) {
        const item = await kinds[kind].make(operator, `${name}-${String(status).toLowerCase()}`);
        Object.assign(item, { kind, status: 'Inactive' });
        this.all.push(item);
        if (status !== 'Inactive') await this.change(operator, item, status);
      }
    }
  }

  /** Changes the status of one credential over REST; undefined deletes it. */
  async change(operator, item, status) {
    const kind = kinds[item.kind];
    const answer = await (status === undefined ? kind.remove(operator, item) : kind.set(operator, item, status));
    assert.equal(answer.status, status === undefined ? 204 : 200, answer.text);
    if (isRevocation(item.status, status)) this.told.push({ correlationId: answer.correlationId, kind: item.kind, id: item.id });
    item.status = status;
  }

  /** Changes each credential to another allowed status, and checks that Revoked ones cannot change. */
  async changeAll(operator) {
    for (const item of this.all) {
      if (item.status === 'Inactive') await this.change(operator, item, 'Revoked');
      else if (item.status === 'Active') await this.change(operator, item, 'Suspended');
      else if (item.status === 'Suspended') await this.change(operator, item, 'Active');
      else isError(await kinds[item.kind].set(operator, item, 'Active'), item.status === undefined ? 404 : 409);
    }
  }

  /** Uses the unused credentials and checks that every operator sees it. */
  async use(operators) {
    for (const item of this.all.filter(({ status }) => status === 'Inactive')) {
      assert.equal((await kinds[item.kind].ask(this.ecap, item)).statusCode, 200);
      item.status = 'Active';
      for (const operator of operators) {
        await until(async () => (await kinds[item.kind].get(operator, item)).json.status === 'Active', {
          timeout: 10_000 * slowness,
          what: `the first use of ${item.kind} ${item.id}`,
        });
      }
    }
  }

  /**
   * Checks that every operator shows the right state of every credential and the same lists, and that repeated
   * validations over NATS are answered right. NATS chooses one of two replicas at random: the probability that all
   * requests for a token go to the same one is 1 in 2^23. Inactive credentials are not validated, because that would
   * change them.
   */
  async check(operators) {
    for (const item of this.all) {
      const kind = kinds[item.kind];
      for (const operator of operators) {
        const shown = await kind.get(operator, item);
        if (item.status === undefined) isError(shown, 404);
        else assert.equal(shown.json.status, item.status, `${item.kind} ${item.id}: ${shown.text}`);
      }
      if (item.status === 'Inactive') continue;
      const code = item.status === undefined ? kind.unknown : item.status === 'Active' ? 200 : 403;
      // A username with ten failures within a minute is throttled.
      const times = item.status === undefined && item.kind === 'credentials' ? 1 : kind.times;
      for (let i = 0; i < times; i += 1) await this.#ask(item, code);
    }
    // The time of a use is written with a delay.
    await until(() => this.#sameLists(operators), { timeout: 10_000 * slowness, interval: 200, what: 'the same lists' });
  }

  async #ask(item, code) {
    const answer = await kinds[item.kind].ask(this.ecap, item);
    assert.equal(answer.statusCode, code, `${item.kind} ${item.id}, ${item.status}`);
    if (code === 200) assert.ok(kinds[item.kind].owner(item, answer), JSON.stringify(answer));
  }

  async #sameLists(operators) {
    const endpoints = this.all.filter(({ kind }) => kind === 'token').map(({ endpointId }) => endpointId);
    const lists = await Promise.all(
      operators.map(async (operator) => {
        const answers = [
          await operator.listClients('credentials', '?limit=1000'),
          await operator.listClients('certificates', '?limit=1000'),
          await operator.revocations(),
        ];
        for (const endpointId of endpoints) answers.push(await operator.listTokens(endpointId, '?limit=1000'));
        return answers.map(({ status, text, headers }) => ({
          status,
          etag: this.sameTags ? headers.etag : undefined,
          body: JSON.parse(text),
        }));
      }),
    );
    for (const list of lists) {
      assert.ok(list.every(({ status }) => status === 200));
      assert.deepEqual(list, lists[0]);
    }
    for (const [i, kind] of ['credentials', 'certificates'].entries()) {
      const there = this.all.filter((item) => item.kind === kind && item.status !== undefined);
      assert.equal(lists[0][i].body.totalElements, there.length);
    }
    return true;
  }

  /** Checks that every revocation had exactly one event. */
  async checkEvents(rows) {
    await until(async () => (await rows.pending()) === 0, { timeout: 10_000 * slowness, what: 'an empty outbox' });
    for (const { correlationId, kind, id } of this.told) {
      await this.events.first(correlationId, 10_000 * slowness);
      const events = this.events.of(correlationId);
      assert.equal(events.length, 1, JSON.stringify(events));
      assert.deepEqual(kinds[kind].named(events[0]), [id]);
    }
    assert.equal(this.events.all.length, this.told.length);
  }
}
