// Requests that are almost as large as the NATS server's max_payload (contract section 4.1).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { EcapClient } from '../../support/ecap.mjs';
import { Stack } from '../../support/stack.mjs';

const kept = 255; // bytes of a correlation ID in a response that cannot have all

let stack;
let ecap;
let maxPayload;
before(async () => {
  stack = await Stack.start();
  ecap = stack.ecap;
  maxPayload = ecap.connection.info.max_payload;
});
after(() => stack?.remove());

/** A request of exactly `size` bytes, {bytes, correlationId}: the correlation ID fills it. */
function requestOf(kind, size, fields, character = 'x') {
  const width = Buffer.byteLength(character);
  const length = (count) => EcapClient.encode(kind, { ...fields, correlationId: character.repeat(count) }).length;
  const some = 100_000;
  const count = Math.floor((size - length(some)) / width) + some;
  const correlationId = character.repeat(count) + 'y'.repeat(size - length(count));
  const bytes = EcapClient.encode(kind, { ...fields, correlationId });
  assert.equal(bytes.length, size);
  return { bytes, correlationId };
}

function checkCut(answer, correlationId, what) {
  assert.equal(answer.statusCode, 400, what);
  assert.ok(answer.correlationId.length > 0 && Buffer.byteLength(answer.correlationId) <= kept, what);
  assert.ok(correlationId.startsWith(answer.correlationId), what);
  for (const id of ['tokenId', 'endpointId', 'credentialId', 'clientId']) assert.equal(answer[id] ?? null, null, what);
}

/** Of each kind a request whose refusal is larger than the request: the status, and the fields after the common ones. */
const refusals = {
  token: [404, { appName: 'a', token: 't' }],
  transition: [404, { appName: 'a', token: 't', targetStatus: 'Active' }],
  password: [401, { username: 'u', password: 'p' }],
  certificate: [401, { issuer: 'CN=a', serialNumber: '1' }],
};

for (const [kind, [status, fields]] of Object.entries(refusals)) {
  test(`${kind}: 400 with a cut correlation ID if the response would exceed max_payload, else the whole one`, async () => {
    for (const size of [maxPayload, maxPayload - 1]) {
      for (const character of ['x', 'ж']) {
        const { bytes, correlationId } = requestOf(kind, size, fields, character);
        checkCut(await ecap.raw(bytes, { kind }), correlationId, `${size} bytes of ${character}`);
      }
    }
    const { bytes, correlationId } = requestOf(kind, maxPayload - 100, fields);
    const whole = await ecap.raw(bytes, { kind });
    assert.equal(whole.statusCode, status);
    assert.equal(whole.correlationId, correlationId);
  });

  test(`${kind}: a message that cannot be decoded is 400, however long its correlation ID is`, async () => {
    const { bytes, correlationId } = requestOf(kind, maxPayload, fields);
    for (const cut of [1, 3]) checkCut(await ecap.raw(bytes.subarray(0, maxPayload - cut), { kind }), correlationId, `${cut} less`);
  });
}

test('1,048,566 bytes, which had no answer', async () => {
  const { bytes, correlationId } = requestOf('token', 1_048_566, { appName: 'a', token: 't' });
  checkCut(await ecap.raw(bytes), correlationId);
});

test('a valid token is 400 without IDs if they do not fit, and is not told to be valid', async () => {
  const { token, endpointTokenId } = (await stack.cm.provision('kettle')).json;
  const fields = { appName: 'smart_kettle', token };
  for (let round = 0; round < 2; round += 1) {
    const { bytes, correlationId } = requestOf('token', maxPayload, fields);
    checkCut(await ecap.raw(bytes), correlationId);
    const fits = requestOf('token', maxPayload - 100, fields);
    const answer = await ecap.raw(fits.bytes);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.tokenId, endpointTokenId);
    assert.equal(answer.correlationId, fits.correlationId);
  }
});
