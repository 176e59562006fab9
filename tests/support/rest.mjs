// Common checks for CM's REST API: formats, errors, and the rows that a change writes to the database.
import assert from 'node:assert/strict';

export const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const etag = /^"[0-9a-f]{40}"$/;
export const otherTag = `"${'0'.repeat(40)}"`;

/** The codes of the enum columns: the index in the array. */
export const states = ['Inactive', 'Active', 'Suspended', 'Revoked'];
export const channels = ['rest', 'ecap', 'elce', 'import'];

/** Checks the common format of errors; `fields` for 400. */
export function isError(answer, status, fields) {
  assert.equal(answer.status, status, `${status} is expected: ${answer.text}`);
  assert.match(answer.headers['content-type'], /^application\/json/);
  const body = answer.json;
  assert.equal(body.status, status);
  assert.ok(body.message.length > 0);
  assert.match(body.path, /^\//);
  assert.ok(body.correlationId.length > 0);
  assert.equal(body.correlationId, answer.headers['correlation-id']);
  if (fields) {
    assert.deepEqual(body.errors.map(({ field }) => field).sort(), [...fields].sort(), answer.text);
    for (const { message } of body.errors) assert.ok(message.length > 0);
  } else if (status !== 400) {
    assert.equal(body.errors, undefined);
  }
}

/** The methods of an Allow header, sorted. */
export const allowed = (answer) => answer.headers.allow.split(',').map((item) => item.trim()).sort();

/** A UUID as a literal of SQL. */
export const binary = (id) => `UNHEX('${id.replaceAll('-', '')}')`;

const dashed = (hex) => hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const orMissing = (text) => (text === '-' ? undefined : text);
const stateOf = (text) => (text === '-' ? undefined : states[Number(text)]);

/**
 * The database state of one credential: {row, audit, revocations}. `row` is undefined if there is none; the audit trail
 * is oldest first; `revocations` are those that contain the credential, each with `pending`: still in the outbox.
 */
export async function stored(mariadb, table, id) {
  const used = table === 'endpoint_token' ? 'first_used_at' : 'last_used_at';
  const text = await mariadb.sql(
    `SELECT 'row', status, created_at, IFNULL(updated_at, '-'), IFNULL(${used}, '-') FROM ${table} WHERE id = ${binary(id)};` +
      "SELECT 'audit', at, IFNULL(from_status, '-'), IFNULL(to_status, '-'), channel, actor, correlation_id " +
      `FROM credential_audit WHERE credential_id = ${binary(id)} ORDER BY seq;` +
      "SELECT 'revocation', r.seq, kind, application, endpoint_id, HEX(ids), IFNULL(to_status, '-'), correlation_id, at, " +
      'o.seq IS NOT NULL FROM revocation r LEFT JOIN event_outbox o ON o.seq = r.seq ' +
      `WHERE INSTR(ids, ${binary(id)}) > 0 ORDER BY r.seq`,
  );
  const found = { row: undefined, audit: [], revocations: [] };
  for (const line of text.split('\n')) {
    const [kind, ...rest] = line.split('\t');
    if (kind === 'row') {
      const [status, createdAt, updatedAt, usedAt] = rest;
      found.row = { status: states[Number(status)], createdAt, updatedAt: orMissing(updatedAt), usedAt: orMissing(usedAt) };
    } else if (kind === 'audit') {
      const [at, from, to, channel, actor, correlationId] = rest;
      found.audit.push({ at, from: stateOf(from), to: stateOf(to), how: channels[Number(channel)], actor, correlationId });
    } else if (kind === 'revocation') {
      const [seq, revoked, application, endpointId, ids, to, correlationId, at, pending] = rest;
      found.revocations.push({
        seq,
        kind: ['endpoint-tokens', 'basic', 'x509'][Number(revoked)],
        application,
        endpointId,
        ids: (ids.match(/.{32}/g) ?? []).map(dashed),
        to: stateOf(to),
        correlationId,
        at,
        pending: pending === '1',
      });
    }
  }
  return found;
}

/** Converts the milliseconds of a column to REST's date format. */
export const shownDate = (milliseconds) => new Date(Number(milliseconds)).toISOString();
