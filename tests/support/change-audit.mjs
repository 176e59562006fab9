// Checks the invariants that must hold after changes, regardless of faults: rows, audit trail, revocations, events, and
// CM's answers to validations. Everything is read once.
import { slowness } from './paths.mjs';
import { states } from './rest.mjs';
import { until } from './wait.mjs';

const kinds = { endpoint_token: 'token', basic_credential: 'credentials', x509_credential: 'certificates' };
const dashed = (hex) => hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const stateOf = (text) => (text === 'NULL' ? undefined : states[Number(text)]);
const valid = (status) => status === 'Inactive' || status === 'Active';

/** Whether this change revokes the credential. */
const revokes = ({ from, to }) => to === undefined || (valid(from) && !valid(to));

/** The contents of the tables: {rows, trails, revocations}. */
async function stored(bench) {
  const rows = new Map();
  for (const [table, kind] of Object.entries(kinds)) {
    const name = { token: 'endpoint_id', credentials: 'username', certificates: 'serial' }[kind];
    for (const [id, status, owner] of await bench.read(`SELECT HEX(id), status, ${name} FROM ${table}`)) {
      rows.set(dashed(id), { kind, status: stateOf(status), owner });
    }
  }
  const trails = new Map();
  const audit = 'SELECT HEX(credential_id), at, from_status, to_status, correlation_id FROM credential_audit ORDER BY seq';
  for (const [hex, at, from, to, correlationId] of await bench.read(audit)) {
    const id = dashed(hex);
    if (!trails.has(id)) trails.set(id, []);
    trails.get(id).push({ id, at, from: stateOf(from), to: stateOf(to), deleted: to === 'NULL', correlationId });
  }
  const revocations = [];
  for (const [seq, ids, at, to, correlationId] of await bench.read(
    'SELECT seq, HEX(ids), at, to_status, correlation_id FROM revocation ORDER BY seq',
  )) {
    revocations.push({ seq, ids: ids.match(/.{32}/g).map(dashed), at, to: stateOf(to), correlationId });
  }
  return { rows, trails, revocations };
}

/** Finds the case that a credential belongs to. */
function owners(bench, { rows }) {
  const byId = new Map();
  const byOwner = new Map();
  for (const testCase of bench.cases) {
    const { fixture } = testCase;
    for (const id of [fixture.id, ...(fixture.ids ?? [])]) if (id) byId.set(id, testCase);
    for (const [kind, owner] of [['token', fixture.endpointId], ['credentials', fixture.username], ['certificates', fixture.serialNumber]]) {
      if (owner) byOwner.set(`${kind} ${owner}`, testCase);
    }
  }
  const others = { name: 'changes that only followed', violations: [] };
  return {
    others,
    of: (id) => {
      const row = rows.get(id);
      return byId.get(id) ?? (row && byOwner.get(`${row.kind} ${row.owner}`)) ?? others;
    },
  };
}

/** Checks that the audit trail is a chain from the creation to the status of the row. */
function checkTrail(trail, row, found) {
  let status;
  for (const { from, to } of trail) {
    if (from !== status) found(`the trail goes from ${status} to one that begins with ${from}`);
    status = to;
  }
  if (row?.status !== status) found(`the row is ${row?.status ?? 'not there'}, the trail ends with ${status ?? 'its end'}`);
}

function checkRevocations({ trails, revocations }, cases) {
  const byId = new Map();
  for (const revocation of revocations) {
    for (const id of revocation.ids) byId.set(id, [...(byId.get(id) ?? []), revocation]);
  }
  const same = (revocation, change) => revocation.at === change.at && revocation.correlationId === change.correlationId;
  for (const [id, trail] of trails) {
    const found = (what) => cases.of(id).violations.push(what);
    const mine = byId.get(id) ?? [];
    for (const change of trail) {
      const count = mine.filter((revocation) => same(revocation, change) && (!revokes(change) || revocation.to === change.to)).length;
      // A change of something other than the status may or may not revoke the credential.
      const right = revokes(change) ? count === 1 : count === 0 || (count === 1 && change.from === change.to);
      if (!right) found(`${count} revocations for one change from ${change.from} to ${change.to ?? 'its end'}`);
    }
    if (mine.some((revocation) => !trail.some((change) => same(revocation, change)))) found('a revocation without its change');
  }
  for (const id of byId.keys()) {
    if (!trails.has(id)) cases.of(id).violations.push('a revocation without a trail');
  }
}

async function checkEvents(bench, { revocations }, cases) {
  const missing = () => {
    const received = new Set();
    for (const event of bench.events.all) {
      for (const id of event.tokenIds ?? [event.credentialId]) received.add(`${event.correlationId} ${id}`);
    }
    return revocations.flatMap(({ ids, correlationId }) => ids.filter((id) => !received.has(`${correlationId} ${id}`)));
  };
  await until(() => missing().length === 0, { timeout: 2_000 * slowness, what: 'all events' }).catch(() => {});
  for (const id of missing()) cases.of(id).violations.push('no event for a revocation');
}

/** Checks that a case has the expected rows. */
function checkEnd(testCase, { rows }, byOwner) {
  for (const item of testCase.change.expect(testCase.fixture)) {
    const { kind, id, endpointId, username, serialNumber, status, count } = item;
    if (id !== undefined) {
      const is = rows.get(id)?.status;
      if (is !== status) testCase.violations.push(`the ${kind} is ${is ?? 'not there'}, not ${status ?? 'deleted'}`);
      continue;
    }
    const mine = byOwner.get(`${kind} ${endpointId ?? username ?? serialNumber}`) ?? [];
    if (!count.includes(mine.length)) testCase.violations.push(`${mine.length} rows, not ${count.join(' or ')}`);
    for (const row of mine) if (row.status !== status) testCase.violations.push(`a row is ${row.status}, not ${status}`);
  }
}

/** Checks CM's answers to validations of the credential. */
async function checkUse(bench, testCase) {
  for (const { token, applicationName, status, password: right, username } of testCase.change.expect(testCase.fixture)) {
    if (token !== undefined) {
      const { statusCode } = await bench.ecap.validate(applicationName, token, { wait: 10_000 * slowness });
      const wanted = valid(status) ? 200 : status === undefined ? 404 : 403;
      if (statusCode !== wanted) testCase.violations.push(`the token is answered ${statusCode}, not ${wanted}`);
    }
    if (right !== undefined) {
      const { statusCode } = await bench.ecap.password(username, right, { wait: 10_000 * slowness });
      if (statusCode !== 200) testCase.violations.push(`the password is answered ${statusCode}`);
    }
  }
}

/** Checks all cases of a bench (change-bench.mjs) and adds violations to their cases. */
export async function judge(bench) {
  let left = '';
  try {
    const count = async () => (await bench.read('SELECT COUNT(*) FROM event_outbox'))[0][0];
    await until(async () => (await count()) === '0', { timeout: 20_000 * slowness, interval: 50, what: 'an empty outbox' });
  } catch (error) {
    left = error.message;
  }
  const data = await stored(bench);
  const cases = owners(bench, data);
  if (left) cases.others.violations.push(left);
  const byOwner = new Map();
  for (const [id, row] of data.rows) {
    const owner = `${row.kind} ${row.owner}`;
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), row]);
    if (!data.trails.has(id)) cases.of(id).violations.push('a row without a trail');
  }
  for (const [id, trail] of data.trails) checkTrail(trail, data.rows.get(id), (what) => cases.of(id).violations.push(what));
  checkRevocations(data, cases);
  await checkEvents(bench, data, cases);
  for (const testCase of bench.cases) {
    if (!testCase.fixture) continue;
    checkEnd(testCase, data, byOwner);
    await checkUse(bench, testCase);
  }
  for (const error of bench.proxy.errors) cases.others.violations.push(`the proxy: ${error.stack}`);
  if (bench.events.undecodable.length > 0) cases.others.violations.push('events that cannot be decoded');
  if (cases.others.violations.length > 0) bench.cases.push(cases.others);
}
