// CM's metrics on the management port (contract sections 7.2 and 7.3).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Cm } from '../../support/cm.mjs';
import { parseExposition, valueOf } from '../../support/exposition.mjs';
import { get, http } from '../../support/http.mjs';
import { root } from '../../support/paths.mjs';
import { Stack } from '../../support/stack.mjs';
import { until } from '../../support/wait.mjs';

let stack;
before(async () => {
  stack = await Stack.start();
});
after(() => stack?.remove());

async function scrape(cm = stack.cm) {
  const answer = await get(`${cm.management}/prometheus`);
  assert.equal(answer.status, 200);
  return parseExposition(answer.text);
}

const count = (families, protocol, status) =>
  valueOf(families, 'cm_requests_total', { protocol, status: String(status) });

test('requests and their durations are counted by protocol and status', async () => {
  const token = (await stack.cm.provision('kettle')).json.token;
  const before = await scrape();
  for (let i = 0; i < 5; i += 1) assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 200);
  for (let i = 0; i < 3; i += 1) assert.equal((await stack.ecap.validate('smart_kettle', 'unknown-one')).statusCode, 404);
  assert.equal((await get(`${stack.cm.api}/endpoints/kettle/tokens`)).status, 200);
  assert.equal((await get(`${stack.cm.api}/nothing`)).status, 404);
  const now = await scrape();
  assert.equal(count(now, 'ep-token', 200) - count(before, 'ep-token', 200), 5);
  assert.equal(count(now, 'ep-token', 404) - count(before, 'ep-token', 404), 3);
  assert.equal(count(now, 'rest', 200) - count(before, 'rest', 200), 1);
  assert.equal(count(now, 'rest', 404) - count(before, 'rest', 404), 1);
  for (const [protocol, status] of [['ep-token', '200'], ['ep-token', '404'], ['rest', '200']]) {
    const labels = { protocol, status };
    assert.equal(valueOf(now, 'cm_request_duration_seconds_count', labels), count(now, protocol, status));
    const sum = valueOf(now, 'cm_request_duration_seconds_sum', labels);
    assert.ok(sum > 0 && sum < 10, `${protocol} ${status} took ${sum} s in all`);
    assert.equal(valueOf(now, 'cm_request_duration_seconds_bucket', { ...labels, le: '+Inf' }), count(now, protocol, status));
  }
});

test('requests that cannot be decoded are counted as 400, those without a reply subject as dropped', async () => {
  const before = await scrape();
  const subject = 'kaa.v1.service.cm.ecap.ep-token-request';
  const { connection } = stack.ecap;
  await connection.request(subject, new Uint8Array([255, 255, 255]), { timeout: 5_000 });
  for (let i = 0; i < 4; i += 1) connection.publish(subject, new Uint8Array([1]));
  await connection.flush();
  const dropped = (families) => valueOf(families, 'cm_requests_without_reply_total', { protocol: 'ep-token' });
  const now = await until(
    async () => {
      const families = await scrape();
      return dropped(families) - dropped(before) === 4 && families;
    },
    { what: 'four dropped requests' },
  );
  assert.equal(count(now, 'ep-token', 400) - count(before, 'ep-token', 400), 1);
});

test('hits and misses of the cache, its entries and its bytes', async () => {
  const token = (await stack.cm.provision('toaster')).json.token;
  const hits = (families) => valueOf(families, 'cm_token_cache_lookups_total', { result: 'hit' });
  const before = await scrape();
  await until(
    async () => {
      assert.equal((await stack.ecap.validate('smart_kettle', token)).statusCode, 200);
      return hits(await scrape()) > hits(before);
    },
    { what: 'an answer from memory' },
  );
  const now = await until(
    async () => {
      const families = await scrape();
      return valueOf(families, 'cm_token_cache_entries') >= 1 && families;
    },
    { what: 'an entry, which is counted once a second' },
  );
  assert.ok(valueOf(now, 'cm_token_cache_size_bytes') > 100);
});

test('metrics of pool, license, actors, NATS and process have the right values', async () => {
  const now = await until(
    async () => {
      const families = await scrape();
      return valueOf(families, 'cm_database_pool_connections') === 8 && families;
    },
    { what: 'eight connections' },
  );
  assert.equal(valueOf(now, 'cm_database_pool_connections_max'), 8);
  assert.ok(valueOf(now, 'cm_license_remaining_seconds') > 0);
  assert.equal(valueOf(now, 'cm_actor_restarts_total'), 0);
  for (const { labels, value } of now.get('cm_actor_up').samples) assert.equal(value, 1, labels.actor);
  assert.ok(now.get('cm_actor_up').samples.some(({ labels }) => labels.actor === 'database-worker-7'));
  assert.equal(valueOf(now, 'cm_nats_reconnects_total'), 0);
  assert.equal(valueOf(now, 'cm_nats_refused_subscriptions'), 0);
  assert.equal(valueOf(now, 'cm_nats_dropped_messages_total', { subscription: 'nats-ep-token' }), 0);
  assert.equal(valueOf(now, 'cm_ready'), 1);
  assert.equal(valueOf(now, 'cm_outbox_events'), 0);
  assert.equal(valueOf(now, 'cm_outbox_oldest_age_seconds'), 0);
  const status = readFileSync(`/proc/${stack.cm.pid}/status`, 'utf8');
  const resident = 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]);
  assert.ok(Math.abs(valueOf(now, 'process_resident_memory_bytes') - resident) < 0.3 * resident);
  assert.equal(valueOf(now, 'process_threads'), Number(/^Threads:\s+(\d+)/m.exec(status)[1]));
  assert.ok(Math.abs(valueOf(now, 'process_start_time_seconds') - Date.now() / 1000) < 600);
  assert.ok(valueOf(now, 'process_cpu_seconds_total') > 0);
  assert.ok(valueOf(now, 'process_open_fds') > 10);
  assert.ok(valueOf(now, 'process_max_fds') >= valueOf(now, 'process_open_fds'));
  assert.ok(valueOf(now, 'process_virtual_memory_bytes') > resident);
});

test('no label contains an endpoint, a token or a username', async () => {
  const { text } = await get(`${stack.cm.management}/prometheus`);
  assert.doesNotMatch(text, /kettle|toaster|unknown-one/);
  const names = new Set([...parseExposition(text).values()].flatMap(({ samples }) => samples.flatMap(({ labels }) => Object.keys(labels))));
  const known = ['actor', 'class', 'commit', 'component', 'kind', 'le', 'port', 'protocol', 'queue', 'reason', 'result', 'state', 'status', 'subscription', 'version'];
  assert.deepEqual([...names].sort(), known);
});

test("/actuator/prometheus is the same page, with Prometheus' content type", async () => {
  const answer = await get(`${stack.cm.management}/actuator/prometheus`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.deepEqual([...parseExposition(answer.text).keys()], [...(await scrape()).keys()]);
});

test('docs/metrics.md lists exactly these metrics with their descriptions', async () => {
  const page = readFileSync(join(root, 'docs', 'metrics.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `((?:cm|process)_\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm)];
  const listed = rows.map(([, name, type, labels, help]) => ({ name, type, labels, help }));
  const running = [...(await scrape()).values()].map(({ name, type, help, samples }) => {
    const labels = [...new Set(samples.flatMap((one) => Object.keys(one.labels)))].filter((one) => one !== 'le');
    return { name, type, labels: labels.map((one) => `\`${one}\``).join(', '), help };
  });
  assert.deepEqual(listed, running);
});

test('/metrics is one flat object of numbers with the names of Spring Boot 1.5', async () => {
  await get(`${stack.cm.api}/endpoints/kettle/tokens`);
  const { status, json } = await get(`${stack.cm.management}/metrics`);
  assert.equal(status, 200);
  for (const [name, value] of Object.entries(json)) assert.equal(typeof value, 'number', name);
  for (const name of ['mem', 'mem.free', 'processors', 'instance.uptime', 'uptime', 'systemload.average', 'heap', 'threads'])
    assert.ok(name in json, name);
  assert.ok(json['counter.status.200.api.v1.endpoints.endpointId.tokens'] >= 1);
  assert.ok(json['gauge.response.api.v1.endpoints.endpointId.tokens'] > 0);
  assert.ok(json['counter.status.404.unmapped'] >= 1);
  assert.ok(json['cm.requests.total.ep-token.200'] >= 5);
  assert.equal(json['cm.ready'], 1);
});

test('each page can be disabled', async () => {
  const without = await Cm.start({
    nats: stack.nats,
    mariadb: stack.mariadb,
    instance: 'cm-without',
    configuration: { 'endpoints.metrics.enabled': false, 'endpoints.prometheus.enabled': false },
  });
  try {
    for (const path of ['metrics', 'prometheus', 'actuator/prometheus'])
      assert.equal((await get(`${without.management}/${path}`)).status, 404, path);
  } finally {
    await without.remove();
  }
});

test('the pages work before MariaDB and NATS are available, and show that they are not', async () => {
  const cm = await Cm.create();
  cm.launch();
  try {
    const families = await until(() => scrape(cm).catch(() => false), { what: 'a first page' });
    assert.equal(valueOf(families, 'cm_ready'), 0);
    assert.equal(valueOf(families, 'cm_health_up', { component: 'db' }), 0);
    assert.equal((await http('HEAD', `${cm.management}/metrics`)).status, 200);
    assert.equal((await http('POST', `${cm.management}/metrics`, { body: {} })).status, 405);
  } finally {
    await cm.remove();
  }
});

test('metrics show unpublished events with their age, and the return of NATS as a reconnect', async () => {
  const { endpointTokenId, id } = (await stack.cm.provision('samovar')).json;
  await stack.nats.kill();
  await until(async () => valueOf(await scrape(), 'cm_health_up', { component: 'nats' }) === 0, { what: 'NATS missing' });
  const deletion = await http('DELETE', `${stack.cm.api}/endpoints/samovar/tokens/${endpointTokenId ?? id}`);
  assert.equal(deletion.status, 204);
  const away = await until(
    async () => {
      const families = await scrape();
      return valueOf(families, 'cm_outbox_oldest_age_seconds') > 1 && families;
    },
    { what: 'an event older than a second' },
  );
  assert.equal(valueOf(away, 'cm_outbox_events'), 1);
  const confirmed = valueOf(away, 'cm_outbox_confirmed_total');
  await stack.nats.start();
  const back = await until(
    async () => {
      const families = await scrape();
      return valueOf(families, 'cm_outbox_events') === 0 && families;
    },
    { timeout: 20_000, what: 'an empty outbox' },
  );
  assert.equal(valueOf(back, 'cm_outbox_oldest_age_seconds'), 0);
  assert.equal(valueOf(back, 'cm_outbox_confirmed_total'), confirmed + 1);
  assert.equal(valueOf(back, 'cm_nats_reconnects_total'), 1);
});
