// Credentials of every kind in every status, and checks that every CM on their database answers consistently.
import assert from 'node:assert/strict';

import { isError, states } from './rest.mjs';
import { slowness } from './places.mjs';
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
    get: (operator, one) => operator.getToken(one.endpointId, one.id),
    set: (operator, one, status) => operator.setTokenStatus(one.endpointId, one.id, status),
    remove: (operator, one) => operator.deleteToken(one.endpointId, one.id),
    ask: (ecap, one) => ecap.validate(application, one.token),
    owner: (one, answer) => answer.tokenId === one.id && answer.endpointId === one.endpointId,
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
    ask: (ecap, one) => ecap.password(one.username, one.password, { wait: 20_000 }),
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
    ask: (ecap, one) => ecap.certificate(issuer, one.serialNumber),
    ...clients('certificates'),
  },
};

function clients(kind) {
  return {
    get: (operator, one) => operator.getClient(kind, one.id),
    set: (operator, one, status) => operator.setClientStatus(kind, one.id, status),
    remove: (operator, one) => operator.deleteClient(kind, one.id),
    owner: (one, answer) => answer.credentialId === one.id && answer.clientId === one.id,
    named: (event) => [event.credentialId],
  };
}

export class Census {
  /**
   * Credentials are validated over `ecap`, by whichever replica NATS chooses; `events` (of events.mjs) receives the
   * events. Without `sameTokenTags`, the tags of token lists may differ between replicas: 0.1.0 derives them from a
   * page, later releases from all tokens of the endpoint.
   */
  constructor({ ecap, events }, { sameTokenTags = true } = {}) {
    this.ecap = ecap;
    this.sameTokenTags = sameTokenTags;
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
        const one = await kinds[kind].make(operator, `${name}-${String(status).toLowerCase()}`);
        Object.assign(one, { kind, status: 'Inactive' });
        this.all.push(one);
        if (status !== 'Inactive') await this.change(operator, one, status);
      }
    }
  }

  /** Changes the status of one credential over REST; undefined deletes it. */
  async change(operator, one, status) {
    const kind = kinds[one.kind];
    const answer = await (status === undefined ? kind.remove(operator, one) : kind.set(operator, one, status));
    assert.equal(answer.status, status === undefined ? 204 : 200, answer.text);
    if (isRevocation(one.status, status)) this.told.push({ correlationId: answer.correlationId, kind: one.kind, id: one.id });
    one.status = status;
  }

  /** Changes each credential to another allowed status, and checks that Revoked ones cannot change. */
  async changeAll(operator) {
    for (const one of this.all) {
      if (one.status === 'Inactive') await this.change(operator, one, 'Revoked');
      else if (one.status === 'Active') await this.change(operator, one, 'Suspended');
      else if (one.status === 'Suspended') await this.change(operator, one, 'Active');
      else isError(await kinds[one.kind].set(operator, one, 'Active'), one.status === undefined ? 404 : 409);
    }
  }

  /** Uses the unused credentials and checks that every operator sees it. */
  async use(operators) {
    for (const one of this.all.filter(({ status }) => status === 'Inactive')) {
      assert.equal((await kinds[one.kind].ask(this.ecap, one)).statusCode, 200);
      one.status = 'Active';
      for (const operator of operators) {
        await until(async () => (await kinds[one.kind].get(operator, one)).json.status === 'Active', {
          timeout: 10_000 * slowness,
          what: `the first use of ${one.kind} ${one.id}`,
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
    for (const one of this.all) {
      const kind = kinds[one.kind];
      for (const operator of operators) {
        const shown = await kind.get(operator, one);
        if (one.status === undefined) isError(shown, 404);
        else assert.equal(shown.json.status, one.status, `${one.kind} ${one.id}: ${shown.text}`);
      }
      if (one.status === 'Inactive') continue;
      const code = one.status === undefined ? kind.unknown : one.status === 'Active' ? 200 : 403;
      // A username with ten failures within a minute is throttled.
      const times = one.status === undefined && one.kind === 'credentials' ? 1 : kind.times;
      for (let i = 0; i < times; i += 1) await this.#ask(one, code);
    }
    // The time of a use is written with a delay.
    await until(() => this.#sameLists(operators), { timeout: 10_000 * slowness, interval: 200, what: 'the same lists' });
  }

  async #ask(one, code) {
    const answer = await kinds[one.kind].ask(this.ecap, one);
    assert.equal(answer.statusCode, code, `${one.kind} ${one.id}, ${one.status}`);
    if (code === 200) assert.ok(kinds[one.kind].owner(one, answer), JSON.stringify(answer));
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
        const own = answers.length;
        for (const endpointId of endpoints) answers.push(await operator.listTokens(endpointId, '?limit=1000'));
        return answers.map(({ status, text, headers }, i) => ({
          status,
          etag: i < own || this.sameTokenTags ? headers.etag : undefined,
          body: JSON.parse(text),
        }));
      }),
    );
    for (const list of lists) {
      assert.ok(list.every(({ status }) => status === 200));
      assert.deepEqual(list, lists[0]);
    }
    for (const [i, kind] of ['credentials', 'certificates'].entries()) {
      const there = this.all.filter((one) => one.kind === kind && one.status !== undefined);
      assert.equal(lists[0][i].body.totalElements, there.length);
    }
    return true;
  }

  /** Checks that every revocation had exactly one event. */
  async checkEvents(rows) {
    await until(async () => (await rows.pending()) === 0, { timeout: 10_000 * slowness, what: 'an empty outbox' });
    for (const { correlationId, kind, id } of this.told) {
      await this.events.one(correlationId, 10_000 * slowness);
      const events = this.events.of(correlationId);
      assert.equal(events.length, 1, JSON.stringify(events));
      assert.deepEqual(kinds[kind].named(events[0]), [id]);
    }
    assert.equal(this.events.all.length, this.told.length);
  }
}
