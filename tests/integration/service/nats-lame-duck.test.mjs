// A server of a NATS cluster in lame duck mode, as operators end one for maintenance: it closes the connections of its
// clients one by one, and then ends.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { EcapClient } from '../../support/ecap.mjs';
import { Events } from '../../support/events.mjs';
import { Operator } from '../../support/operator.mjs';
import { slowness } from '../../support/paths.mjs';
import { freePorts } from '../../support/ports.mjs';
import { Mariadb, Nats } from '../../support/servers.mjs';
import { sleep, until } from '../../support/wait.mjs';

let servers;
let mariadb;
let cm;
before(async () => {
  mariadb = await Mariadb.start();
  const routes = await freePorts(2);
  servers = await Promise.all(routes.map(() => Nats.create()));
  for (const [i, server] of servers.entries()) {
    server.cluster = { port: routes[i], routes: routes.filter((port) => port !== routes[i]) };
    server.lameDuckGrace = 1;
    await server.start();
  }
  const configuration = { 'nats.urls': servers.map(({ url }) => url).join(',') };
  cm = await Cm.start({ nats: servers[0], mariadb, configuration });
});
after(async () => {
  await cm?.remove();
  await Promise.all([...(servers ?? []), mariadb].map((server) => server?.remove()));
});

/** The server that CM is connected to; undefined if there is none. */
const connected = async () => {
  const { nats } = (await cm.health()).body;
  return servers.find(({ port }) => nats.status === 'UP' && nats.server.endsWith(`:${port}`));
};

test('CM moves to another server of the cluster: no valid token is refused, and no event is lost', async (t) => {
  const leaving = await until(connected, { what: 'a connection' });
  const staying = servers.find((server) => server !== leaving);
  const client = await EcapClient.connect(staying);
  t.after(() => client.close());
  const events = await Events.listen(staying);
  t.after(() => events.close());
  const operator = new Operator(cm);
  const { token } = (await operator.createToken('kettle')).json;
  const validate = () => client.validate('smart_kettle', token, { wait: 1_000 }).then(({ statusCode }) => statusCode);
  await until(async () => (await validate()) === 200, { what: 'a response through the route' });

  const codes = [];
  const correlationIds = [];
  let working = true;
  const work = (async () => {
    for (let i = 0; working; i += 1) {
      codes.push(await validate().catch(({ message }) => message));
      if (i % 20 === 0) {
        const { endpointTokenId } = (await operator.createToken(`leaving-${i}`)).json;
        correlationIds.push((await operator.deleteToken(`leaving-${i}`, endpointTokenId)).correlationId);
      }
      await sleep(5);
    }
  })();
  const began = performance.now();
  leaving.process.signal('SIGUSR2');
  await until(async () => (await connected()) === staying, { timeout: 20_000 * slowness, what: 'CM on the other server' });
  const moved = performance.now() - began;
  const before = codes.length;
  await until(() => codes.slice(before).filter((code) => code === 200).length > 50, { timeout: 20_000 * slowness, what: 'responses after' });
  working = false;
  await work;

  const unanswered = codes.filter((code) => code !== 200);
  t.diagnostic(`moved after ${Math.round(moved)} ms; of ${codes.length} requests ${unanswered.length} had another result than 200: ${[...new Set(unanswered)]}`);
  for (const code of unanswered) assert.ok(typeof code === 'string' || code === 503, `${code}`);
  for (const id of correlationIds) await events.first(id, 10_000 * slowness);
  assert.deepEqual(await leaving.process.exit(40_000), { code: 0, signal: null }, 'the server has ended itself');
  await cm.up();
});
