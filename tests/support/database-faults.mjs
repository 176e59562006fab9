// Faults of a single statement, injected by mariadb-proxy.mjs.
import { commits } from './statements.mjs';
import { sleep } from './wait.mjs';

/** CM answers a request within this time, in milliseconds. */
export const deadline = 5_000;

const texts = {
  1020: ['HY000', "Record has changed since last read in table 'endpoint_token'"],
  1021: ['HY000', "Disk full (/tmp); waiting for someone to free some space... (errno: 28 \"No space left on device\")"],
  1047: ['08S01', 'WSREP has not yet prepared node for application use'],
  1114: ['HY000', "The table 'credential_audit' is full"],
  1180: ['HY000', 'Got error 28 "No space left on device" during COMMIT'],
  1205: ['HY000', 'Lock wait timeout exceeded; try restarting transaction'],
  1213: ['40001', 'Deadlock found when trying to get lock; try restarting transaction'],
  1290: ['HY000', 'The MariaDB server is running with the --read-only option so it cannot execute this statement'],
  1317: ['70100', 'Query execution was interrupted'],
  1467: ['HY000', 'Failed to read auto-increment value from storage engine'],
  1969: ['70100', 'Query execution was interrupted (max_statement_time exceeded)'],
};

/**
 * A simulated error of the server; the statement does not reach it. `rollsBack`: errors with which the server ends the
 * transaction, so that the proxy ends it too.
 */
const answered = (number, { rollsBack = false, ...rest } = {}) => ({
  name: `error ${number}`,
  ...rest,
  act: async (link, command) => {
    await link.idle();
    if (rollsBack) await link.run('ROLLBACK');
    await link.refuse(command, number, ...texts[number]);
  },
});

/** Each {name, act(link, command), applies?(sql), endsConnection?}. */
export const quickFaults = [
  answered(1205),
  answered(1213, { rollsBack: true }),
  answered(1317),
  answered(1969),
  {
    name: 'error 1317, for the ROLLBACK behind it too',
    act: async (link, command) => {
      link.failRollback(1317, ...texts[1317]);
      await link.refuse(command, 1317, ...texts[1317]);
    },
  },
  answered(1020),
  answered(1021),
  answered(1114),
  answered(1290),
  answered(1047),
  // The lock wait timeout for a table's auto-increment lock, while another session holds it and waits.
  answered(1467, { applies: (sql) => /\bINSERT INTO (credential_audit|revocation)\b/.test(sql) }),
  answered(1180, { rollsBack: true, applies: commits }),
  {
    name: 'connection cut before the statement',
    endsConnection: true,
    act: async (link) => link.cut(),
  },
  {
    name: 'connection cut behind the statement',
    endsConnection: true,
    act: async (link, command) => {
      link.forward(command, { swallow: true });
      link.cut();
    },
  },
  {
    name: 'answer lost with the connection',
    endsConnection: true,
    act: async (link, command) => {
      await link.forward(command, { swallow: true });
      link.cut();
    },
  },
];

/**
 * Real errors of the server, for a change that waits for a lock of another session: each {name, number, settings,
 * afterwards, kill, crosswise}. The session's `settings` are made before the change's first statement and undone by
 * `afterwards`; with `kill` the statement is killed while it waits.
 */
export const lockFaults = [
  {
    name: 'lock wait timeout',
    number: 1205,
    settings: 'SET SESSION innodb_lock_wait_timeout = 0',
    afterwards: 'SET SESSION innodb_lock_wait_timeout = 5',
  },
  {
    name: 'statement timeout',
    number: 1969,
    settings: 'SET SESSION max_statement_time = 0.05',
    afterwards: 'SET SESSION max_statement_time = 10',
  },
  { name: 'KILL QUERY', number: 1317, kill: true },
  { name: 'deadlock', number: 1213, crosswise: true },
];

/** How another session locks what a change has to write, by table. */
export const locks = {
  endpoint_token: 'SELECT id FROM endpoint_token FOR UPDATE',
  basic_credential: 'SELECT id FROM basic_credential FOR UPDATE',
  x509_credential: 'SELECT id FROM x509_credential FOR UPDATE',
  credential_audit: 'SELECT seq FROM credential_audit WHERE seq > 0 FOR UPDATE',
  revocation: 'SELECT seq FROM revocation FOR UPDATE',
  revocation_gate: 'SELECT id FROM revocation_gate FOR UPDATE',
  event_outbox: 'SELECT seq FROM event_outbox FOR UPDATE',
};

/** Holds the server's answer back until the request's deadline has passed, and then delivers it. */
export async function holdAnswer(link, command) {
  command.holdAnswer = sleep(deadline + 500);
  await link.forward(command);
  await command.holdAnswer;
}
