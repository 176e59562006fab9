// Every change operation of CM, for tests that inject faults at single statements. Built on operations.mjs.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { publishRevoked, publishUnregistered } from './events.mjs';
import { issuer, password } from './operations.mjs';
import { binary, states } from './rest.mjs';
import { ofChange, purposeOf, statementsFor } from './statements.mjs';

/**
 * A hash of "password" with less memory than CM uses, from the reference implementation: rehashed at the next login.
 */
const weakHash = '$argon2id$v=19$m=256,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$5CZ0y4EFo8aGNnTOqyj0Zv3Ly//FEsr0bPZ6BGnEO9U';

const ofUse = statementsFor('change', 'transaction', 'use');
const patience = 20_000;

/**
 * All changes, each {name, right, again, make(), ask(fixture), expect(fixture), counts(command), settled?(fixture)}.
 * `expect` returns the final state: [{kind, id?, endpointId?, username?, serialNumber?, status, count?, token?,
 * password?}] with `status` undefined for deleted credentials, `count` the allowed numbers of rows, and the secret that
 * is then valid. `counts` tells whether a statement belongs to the change. A change with `settled` is carried out after
 * the answer, or without one: `settled` tells whether it is done.
 * @param operations an Operations whose context also has `read(sql)`, which resolves to rows
 */
export function changesOf(operations) {
  const { operator, ecap, events, read } = operations;
  const known = Object.fromEntries(operations.all().map((operation) => [operation.name, operation]));
  const patient = (f) => ({ correlationId: f.correlationId, timeout: patience });
  const code = async (promise) => {
    const answer = await promise;
    return answer.status ?? answer.statusCode;
  };
  const define = (name, { make, ...rest }) => ({
    name,
    again: [],
    counts: ofChange,
    ...rest,
    make: async () => ({ ...(await make()), correlationId: randomUUID() }),
  });
  const extend = (name, rest) => {
    assert.ok(known[name], name);
    return { counts: ofChange, ...known[name], ...rest };
  };

  const setStatus = (f, status, options) =>
    f.endpointId === undefined
      ? operator.setClientStatus(f.username === undefined ? 'certificates' : 'credentials', f.id, status, options)
      : operator.setTokenStatus(f.endpointId, f.id, status, options);
  const bring = async (f, ...way) => {
    for (const status of way) {
      const { status: answer, text } = await setStatus(f, status);
      assert.equal(answer, 200, text);
    }
    return f;
  };
  const kindOf = (f) => (f.endpointId !== undefined ? 'token' : f.username !== undefined ? 'credentials' : 'certificates');
  const item = (f, status) => [{ kind: kindOf(f), id: f.id, status, token: f.token, applicationName: f.applicationName }];

  /** The shortest sequence of statuses from Inactive. */
  const ways = { Inactive: [], Active: ['Active'], Suspended: ['Suspended'], Revoked: ['Revoked'] };
  const transition = (name, make, from, to) =>
    define(`${name}: ${from} to ${to}`, {
      make: async () => bring(await make(), ...ways[from]),
      ask: (f) => code(setStatus(f, to, patient(f))),
      right: 200,
      expect: (f) => item(f, to),
    });
  const removal = (name, make, from) =>
    define(`${name}: ${from} to deleted`, {
      make: async () => bring(await make(), ...ways[from]),
      ask: (f) =>
        code(
          f.endpointId === undefined
            ? operator.deleteClient(kindOf(f), f.id, patient(f))
            : operator.deleteToken(f.endpointId, f.id, patient(f)),
        ),
      right: 204,
      again: [404],
      expect: (f) => item(f, undefined),
    });

  const token = () => operations.newToken();
  const user = () => operations.newUser();
  const certificate = () => operations.newCertificate();
  const endpoint = async () => ({ endpointId: `endpoint-${operations.next()}` });

  const imported = async (f) => {
    const lines = f.lines.map((value) => ({ endpointId: f.endpointId, applicationName: 'smart_kettle', token: value }));
    const answer = await operator.importTokens(lines, patient(f));
    if (answer.status !== 200) return answer.status;
    const failed = answer.lines.find(({ result }) => !['created', 'unchanged'].includes(result));
    return failed === undefined ? 200 : failed.code;
  };
  const importing = (name, make) =>
    define(name, {
      make,
      ask: imported,
      right: 200,
      expect: (f) => [{ kind: 'token', endpointId: f.endpointId, status: 'Inactive', count: [f.lines.length] }],
    });

  const severalTokens = async () => {
    const first = await token();
    const second = await operations.newToken({ endpointId: first.endpointId });
    const third = await operations.newToken({ endpointId: first.endpointId, applicationName: 'toaster' });
    await bring(second, 'Suspended');
    return { ...first, ids: [first.id, second.id, third.id] };
  };
  const deleted = (f) => [
    { kind: 'token', endpointId: f.endpointId, status: undefined, count: [0] },
    ...f.ids.map((id) => ({ kind: 'token', id, status: undefined, token: id === f.id ? f.token : undefined, applicationName: f.applicationName })),
  ];
  const none = async (sql) => (await read(sql))[0][0] === '0';
  const statusIs = async (f, status) => {
    const [row] = await read(`SELECT status FROM ${f.table} WHERE id = ${binary(f.id)}`);
    return row?.[0] === String(states.indexOf(status));
  };

  /** Activates it directly in the database, with its row in the audit trail. */
  const activeSinceLong = async (f) => {
    const at = Date.now() - 86_400_000; // recent enough that the audit row is not pruned
    await read(
      `BEGIN; UPDATE ${f.table} SET status = 1, updated_at = ${at} WHERE id = ${binary(f.id)}; ` +
        'INSERT INTO credential_audit (credential_id, at, from_status, to_status, channel, actor, correlation_id) ' +
        `VALUES (${binary(f.id)}, ${at}, 0, 1, 1, '', 'of-the-tests'); COMMIT`,
    );
    return f;
  };
  const use = (name, make, ask) =>
    define(name, {
      make,
      ask: (f) => code(ask(f, { correlationId: f.correlationId, wait: patience })),
      right: 200,
      counts: ofUse,
      settled: (f) => statusIs(f, 'Active'),
      expect: (f) => item(f, 'Active'),
    });
  const checkCertificate = (f, options) => ecap.certificate(issuer, f.serialNumber, options);

  return [
    extend('create a token', {
      expect: (f) => [{ kind: 'token', endpointId: f.endpointId, status: 'Inactive', count: [1], token: f.value, applicationName: 'smart_kettle' }],
    }),
    define('create a token with a generated value', {
      make: endpoint,
      ask: (f) => code(operator.createToken(f.endpointId, 'smart_kettle', patient(f))),
      right: 201,
      // A client that got no answer and repeats the request may have created two.
      expect: (f) => [{ kind: 'token', endpointId: f.endpointId, status: 'Inactive', count: [1, 2] }],
    }),
    importing('import new lines', async () => ({ ...(await endpoint()), lines: [randomUUID(), randomUUID(), randomUUID()] })),
    importing('import lines of which some exist', async () => {
      const first = await token();
      return { endpointId: first.endpointId, lines: [randomUUID(), first.token, randomUUID()] };
    }),
    transition('token', token, 'Inactive', 'Active'),
    transition('token', token, 'Inactive', 'Suspended'),
    transition('token', token, 'Inactive', 'Revoked'),
    transition('token', token, 'Active', 'Suspended'),
    transition('token', token, 'Active', 'Revoked'),
    transition('token', token, 'Suspended', 'Active'),
    transition('token', token, 'Suspended', 'Revoked'),
    removal('token', token, 'Active'),
    removal('token', token, 'Revoked'),
    define('delete all tokens of an endpoint', {
      make: severalTokens,
      ask: (f) => code(operator.deleteTokens(f.endpointId, patient(f))),
      right: 204,
      expect: deleted,
    }),
    extend('ask for another status over ECAP', { expect: (f) => item(f, 'Suspended') }),
    define('an endpoint is unregistered (9/ELCE)', {
      make: severalTokens,
      ask: async (f) => {
        publishUnregistered(ecap.connection, f.endpointId, { correlationId: f.correlationId });
        await ecap.connection.flush();
        return 200;
      },
      right: 200,
      settled: (f) => none(`SELECT COUNT(*) FROM endpoint_token WHERE endpoint_id = '${f.endpointId}'`),
      expect: deleted,
    }),
    extend('create a username', {
      expect: (f) => [{ kind: 'credentials', username: f.username, status: 'Inactive', count: [1] }],
    }),
    define('create a certificate', {
      make: async () => ({ serialNumber: String(operations.next()) }),
      ask: (f) => code(operator.createCertificate({ issuer, serialNumber: f.serialNumber }, patient(f))),
      right: 201,
      again: [409],
      expect: (f) => [{ kind: 'certificates', serialNumber: f.serialNumber, status: 'Inactive', count: [1] }],
    }),
    ...[
      ['username', user],
      ['certificate', certificate],
    ].flatMap(([name, make]) => [
      transition(name, make, 'Inactive', 'Suspended'),
      transition(name, make, 'Suspended', 'Active'),
      transition(name, make, 'Active', 'Revoked'),
      removal(name, make, 'Inactive'),
    ]),
    extend('change a password', {
      expect: (f) => [{ kind: 'credentials', id: f.id, username: f.username, status: 'Inactive', password: 'the next password' }],
    }),
    use('first use of a token', token, (f, options) => ecap.validate('smart_kettle', f.token, options)),
    use('first use of a username', user, (f, options) => ecap.password(f.username, password, options)),
    use('first use of a certificate', certificate, checkCertificate),
    {
      ...use('later use of a certificate', async () => activeSinceLong(await certificate()), checkCertificate),
      settled: (f) => none(`SELECT COUNT(*) FROM x509_credential WHERE id = ${binary(f.id)} AND last_used_at IS NULL`),
    },
    define('a password is rehashed', {
      make: async () => {
        const f = await activeSinceLong(await user());
        await read(`UPDATE basic_credential SET password_phc = '${weakHash}' WHERE id = ${binary(f.id)}`);
        return f;
      },
      ask: (f) => code(ecap.password(f.username, 'password', { correlationId: f.correlationId, wait: patience })),
      right: 200,
      counts: ({ phase, sql }) => phase !== 'prepare' && /^UPDATE basic_credential SET password_phc = \? WHERE id = \? AND /.test(sql),
      // A weak hash may remain until the next login.
      settled: (f) => none(`SELECT COUNT(*) FROM basic_credential WHERE id = ${binary(f.id)} AND password_phc = '${weakHash}'`),
      repeats: true,
      expect: (f) => [{ kind: 'credentials', id: f.id, username: f.username, status: 'Active', password: 'password' }],
    }),
    define('an event leaves the outbox', {
      make: token,
      ask: (f) => code(setStatus(f, 'Revoked', patient(f))),
      right: 200,
      counts: ({ phase, sql }) => phase !== 'prepare' && purposeOf(sql) === 'confirmation',
      settled: () => none('SELECT COUNT(*) FROM event_outbox'),
      expect: (f) => item(f, 'Revoked'),
    }),
    define('an event of a replica that died is published', {
      make: token,
      ask: async (f) => {
        const at = Date.now();
        // Already received once, as from a replica that died before it removed the event from the outbox: so only the
        // replica that claims the event has a reason to publish it.
        publishRevoked(events.connection, f.endpointId, [f.id], { correlationId: f.correlationId, timestamp: at });
        await events.first(f.correlationId);
        await read(
          `BEGIN; UPDATE endpoint_token SET status = 3, updated_at = ${at} WHERE id = ${binary(f.id)}; ` +
            'INSERT INTO credential_audit (credential_id, at, from_status, to_status, channel, actor, correlation_id) ' +
            `VALUES (${binary(f.id)}, ${at}, 0, 3, 0, '', '${f.correlationId}'); ` +
            'INSERT INTO revocation (kind, application, endpoint_id, ids, to_status, correlation_id, at) ' +
            `VALUES (0, 'smart_kettle', '${f.endpointId}', ${binary(f.id)}, 3, '${f.correlationId}', ${at}); ` +
            'INSERT INTO event_outbox (seq, lease_until) VALUES (LAST_INSERT_ID(), 0); COMMIT',
        );
        return 200;
      },
      right: 200,
      once: true,
      counts: ({ phase, sql }) => phase !== 'prepare' && ['claim', 'transaction'].includes(purposeOf(sql)),
      settled: async (f) => events.of(f.correlationId).length > 1 && (await none('SELECT COUNT(*) FROM event_outbox')),
      expect: (f) => item(f, 'Revoked'),
    }),
  ];
}
