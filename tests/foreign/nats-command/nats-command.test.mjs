// The command line of NATS as a client of CM, as an operator uses it: requests, events, and what the server knows of CM.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

import { EcapClient, TokenValidationResponse } from '../../support/ecap.mjs';
import { Operator } from '../../support/operator.mjs';
import { temporaryDirectory } from '../../support/paths.mjs';
import { record } from '../../support/records.mjs';
import { Stack } from '../../support/stack.mjs';
import { until, within } from '../../support/wait.mjs';
import { installed } from '../support/peer.mjs';

let command;
let directory;
let stack;
let operator;
before(async () => {
  command = join(installed('nats-command'), 'nats');
  directory = temporaryDirectory('nats-command');
  stack = await Stack.start();
  operator = new Operator(stack.cm);
});
after(async () => {
  await stack?.remove();
  if (directory) rmSync(directory, { recursive: true, force: true });
});

/** Starts the command; it reads and writes its own configuration below `directory`. */
function start(...args) {
  const { url, username, password } = stack.nats;
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, HOME: directory, NATS_URL: url, NATS_USER: username, NATS_PASSWORD: password },
  });
  child.closed = new Promise((resolve) => child.once('close', resolve));
  return child;
}

/** Runs the command with this standard input; resolves to its output as bytes. Fails if its exit status is not 0. */
async function run(args, input = '') {
  const child = start(...args);
  const errors = text(child.stderr);
  const output = buffer(child.stdout);
  child.stdin.end(input);
  assert.equal(await within(20_000, child.closed, `nats ${args[0]}`), 0, await errors);
  return output;
}

test('nats request: a validation request from standard input is answered, with and without NATS headers', async (t) => {
  t.diagnostic(`nats ${(await run(['--version'])).toString().trim()}`);
  const { token, endpointTokenId } = (await operator.createToken('kettle')).json;
  for (const headers of [[], ['--header', 'traceparent:00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01']]) {
    const request = EcapClient.encode('token', { appName: 'smart_kettle', token });
    const args = ['request', ...headers, '--raw', '--force-stdin', '--no-templates', 'kaa.v1.service.cm.ecap.ep-token-request'];
    const output = await run(args, request);
    const { value: answer, offset } = TokenValidationResponse.decode(output, 0);
    assert.match(output.subarray(offset).toString(), /^\n*$/, 'nothing but line ends of the command after the record');
    assert.deepEqual([answer.statusCode, answer.tokenId, answer.endpointId], [200, endpointTokenId, 'kettle']);
  }
});

test('nats subscribe: the events of CM are shown with their exact bytes', async (t) => {
  const dump = join(directory, 'events');
  const child = start('subscribe', 'kaa.v1.events.cm.>', '--dump', dump);
  t.after(() => child.kill());
  const messages = () => readdirSync(dump).map((file) => JSON.parse(readFileSync(join(dump, file), 'utf8')));
  const received = (subject) => messages().find(({ Subject }) => Subject === subject);
  // It does not say when it has subscribed.
  await until(
    () => {
      stack.ecap.connection.publish('kaa.v1.events.cm.test');
      return received('kaa.v1.events.cm.test');
    },
    { what: 'a subscription' },
  );
  const { endpointTokenId } = (await operator.createToken('revoked')).json;
  const { correlationId } = await operator.deleteToken('revoked', endpointTokenId);
  const { Data } = await until(() => received('kaa.v1.events.cm.endpoint.token.revoked'), { what: 'the event' });
  const event = record('ecap.EndpointTokenRevokedEvent').fromBuffer(Buffer.from(Data, 'base64'));
  assert.deepEqual([event.correlationId, event.tokenIds], [correlationId, [endpointTokenId]]);
});

test('nats publish: an unregistered endpoint loses its tokens', async () => {
  await operator.createToken('unregistered');
  const message = record('elce.UnregisteredEvent').toBuffer({
    correlationId: 'from-the-command-line',
    timestamp: Date.now(),
    timeout: 0,
    appVersionName: 'smart_kettle_v1',
    endpointId: 'unregistered',
    originatorReplicaId: 'command-line',
  });
  await run(['publish', '--force-stdin', '--no-templates', 'kaa.v1.events.epr.endpoint.lifecycle.unregistered'], message);
  await until(async () => (await operator.listTokens('unregistered')).json.totalElements === 0, { what: 'no tokens' });
});
