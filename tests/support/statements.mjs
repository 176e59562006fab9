// Classifies the statements of CM by their text. Must be updated when CM's SQL changes.
import { carriedOut } from './mariadb-protocol.mjs';

/** The first matching pattern determines the purpose; unmatched statements belong to a change. */
const purposes = [
  ['probe', /^SELECT @@global\.\w*read_only/],
  ['session', /^(SET\b|SELECT @@|SELECT (GET_LOCK|RELEASE_LOCK|CONNECTION_ID|VERSION|DATABASE)\b|DO\b|SHOW\b|USE\b)/],
  ['schema', /^CREATE\b|^(SELECT|INSERT)\b[^;]*\b(cm_schema_history|information_schema)\b|^SELECT\b[^;]*\btoken_hash_key\b|^INSERT IGNORE INTO token_hash_key\b|^UPDATE token_hash_key\b/],
  ['prune', /^SELECT (COALESCE\(MIN\(IF\(at >=|COUNT\(\*\), COALESCE\(MAX\(seq\))|^DELETE FROM (credential_audit|revocation)\b|^SELECT seq FROM revocation FORCE INDEX \(operation\)/],
  ['confirmation', /^DELETE FROM event_outbox\b/],
  ['claim', /^SELECT seq FROM event_outbox\b[^;]*FOR UPDATE|^UPDATE event_outbox\b|^SELECT [^;]* FROM revocation WHERE seq IN/],
  ['sweep', /^SELECT [^;]*\bevent_outbox\b|^SELECT [^;]* FROM revocation( FORCE INDEX \(PRIMARY\))? (WHERE seq|ORDER BY seq)/],
  ['look-up', /^SELECT [^;]* WHERE (token_hash|subject_hash|username) (IN|=)/],
  ['transaction', /^(START TRANSACTION|BEGIN|COMMIT|ROLLBACK)\s*$/],
  ['use', /\bfirst_used_at = |\bSET last_used_at = |^SELECT id, status(, last_used_at)? FROM \w+ FORCE INDEX \(PRIMARY\)/],
];

export function purposeOf(sql) {
  return purposes.find(([, pattern]) => pattern.test(sql))?.[0] ?? 'change';
}

/** A predicate on commands of the proxy: statements with one of these purposes that are about to be executed. */
export const statementsFor =
  (...wanted) =>
  ({ phase, sql }) =>
    carriedOut.has(phase) && wanted.includes(purposeOf(sql));

/** The statements of a requested change, provided that there are no other requests. */
export const ofChange = statementsFor('change', 'transaction', 'look-up', 'use');

/** Whether the statement commits: a COMMIT, or a block that contains one. */
export const commits = (sql) => /\bCOMMIT\b/.test(sql);

/** The tables in which a statement locks rows. */
export function lockedTablesOf(sql) {
  const written = [...sql.matchAll(/\b(?:INSERT INTO|UPDATE|DELETE FROM|FROM(?= revocation_gate\b))\s+(\w+)/g)];
  const read = /\bFOR UPDATE\b/.test(sql) ? [...sql.matchAll(/\bFROM\s+(\w+)/g)] : [];
  return new Set([...written, ...read].map(([, table]) => table));
}

const beginsInsertion = /^START TRANSACTION\s*$|^BEGIN NOT ATOMIC [^;]*;[^]*\bSTART TRANSACTION; IF NOT EXISTS \(SELECT id FROM token_hash_key\b/;

/** Whether two statements have the same purpose: only the first of several insertions checks the hash key. */
export const alike = (sql, other) => sql === other || (beginsInsertion.test(sql) && beginsInsertion.test(other));
