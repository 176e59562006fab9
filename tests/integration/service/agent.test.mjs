// The monitoring agent (contract section 7.4): beans over the Jolokia protocol, with Jolokia's own client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import Jolokia from 'jolokia.js';

import { Cm } from '../../support/cm.mjs';
import { get, http } from '../../support/http.mjs';
import { preset } from '../../support/paths.mjs';
import { Stack } from '../../support/stack.mjs';
import { until } from '../../support/wait.mjs';

const password = 'monitors-password';
const login = (user, secret) => ({ Authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` });
const monitor = login('monitor', password);

let stack;
let jolokia;
before(async () => {
  stack = await Stack.start({ agent: password });
  // The client's own authentication works only in browsers.
  jolokia = new Jolokia({ url: stack.cm.agent, headers: monitor });
});
after(() => stack?.remove());

/** Sends one request with the client; resolves to the whole response. */
const ask = (request, options = {}) => jolokia.request(request, { method: 'post', ...options });

/** The same without the client. */
async function post(body, headers = monitor) {
  const answer = await http('POST', stack.cm.agent, { body, headers });
  assert.equal(answer.status, 200);
  return answer.json;
}

test("Jolokia's client reads the version, and lists and searches beans", async () => {
  const version = await ask({ type: 'version' });
  assert.equal(version.status, 200);
  assert.match(version.value.protocol, /^\d+\.\d+$/);
  assert.equal(version.value.info.product, 'CM');
  const list = await ask({ type: 'list' });
  assert.equal(list.value['java.lang']['type=Memory'].attr.HeapMemoryUsage.rw, false);
  assert.ok(list.value['org.springframework.boot']['name=metricsEndpoint,type=Endpoint']);
  assert.ok(list.value.cm['type=TokenCache']);
  const found = await ask({ type: 'search', mbean: 'java.lang:type=*' });
  assert.deepEqual(found.value.sort(), ['Memory', 'OperatingSystem', 'Runtime', 'Threading'].map((type) => `java.lang:type=${type}`));
  assert.deepEqual((await ask({ type: 'search', mbean: '*:type=Pool*,*' })).value, ['com.zaxxer.hikari:type=Pool (HikariPool-1)']);
});

test('beans can be read like those of a JVM', async () => {
  const heap = (await ask({ type: 'read', mbean: 'java.lang:type=Memory', attribute: 'HeapMemoryUsage' })).value;
  // The C library's heap, which a sanitizer's allocator does not use.
  assert.ok(heap.used > 0 || preset === 'asan', JSON.stringify(heap));
  assert.ok(heap.used <= heap.committed && heap.committed < heap.max, JSON.stringify(heap));
  assert.equal(heap.max, 700 * 1024 * 1024);
  const used = await ask({ type: 'read', mbean: 'java.lang:type=Memory', attribute: 'HeapMemoryUsage', path: 'max' });
  assert.equal(used.value, heap.max);
  assert.ok((await ask({ type: 'read', mbean: 'java.lang:type=Threading', attribute: 'ThreadCount' })).value > 10);
  const runtime = (await ask({ type: 'read', mbean: 'java.lang:type=Runtime' })).value;
  assert.ok(Math.abs(runtime.StartTime + runtime.Uptime - Date.now()) < 5_000);
  assert.ok(runtime.Name.startsWith(`${stack.cm.pid}@`));
  const two = await ask({ type: 'read', mbean: 'java.lang:type=OperatingSystem', attribute: ['AvailableProcessors', 'ProcessCpuTime'] });
  assert.deepEqual(Object.keys(two.value).sort(), ['AvailableProcessors', 'ProcessCpuTime']);
  const pool = await until(
    async () => {
      const { value } = await ask({ type: 'read', mbean: 'com.zaxxer.hikari:type=Pool (HikariPool-1)' });
      return value.TotalConnections === 8 && value;
    },
    { what: 'eight connections' },
  );
  assert.equal(pool.ActiveConnections + pool.IdleConnections, 8);
  const health = await ask({ type: 'read', mbean: 'org.springframework.boot:type=Endpoint,name=healthEndpoint', attribute: 'Data' });
  assert.equal(health.value.status, 'UP');
  const metrics = await ask({ type: 'read', mbean: 'org.springframework.boot:name=metricsEndpoint,type=Endpoint', attribute: 'Data' });
  assert.equal(metrics.value['cm.ready'], 1);
  const all = (await ask({ type: 'read', mbean: 'java.lang:*', attribute: 'ThreadCount' })).value;
  assert.deepEqual(Object.keys(all), ['java.lang:type=Threading']);
});

test('several attributes, ignoreErrors, patterns and paths, as with the real agent', async () => {
  const read = async (path) => (await get(`${stack.cm.agent}read/${path}`, { headers: monitor })).json;
  const both = await read('java.lang:type=Memory/HeapMemoryUsage,NonHeapMemoryUsage');
  assert.equal(both.status, 200, JSON.stringify(both));
  assert.deepEqual(Object.keys(both.value).sort(), ['HeapMemoryUsage', 'NonHeapMemoryUsage']);
  assert.deepEqual(both.request.attribute, ['HeapMemoryUsage', 'NonHeapMemoryUsage']);
  assert.equal(both.value.HeapMemoryUsage.max, 700 * 1024 * 1024);
  const max = await read('java.lang:type=Memory/HeapMemoryUsage,NonHeapMemoryUsage/*/max');
  assert.deepEqual(max.value, { HeapMemoryUsage: 700 * 1024 * 1024, NonHeapMemoryUsage: -1 });
  assert.deepEqual((await read('java.lang:type=Memory/*/*/max')).value, max.value);
  assert.equal((await read('java.lang:type=Memory/HeapMemoryUsage,Verbose')).status, 404);
  const lenient = await read('java.lang:type=Memory/HeapMemoryUsage,Verbose?ignoreErrors=true');
  assert.equal(lenient.status, 200);
  assert.equal(lenient.value.HeapMemoryUsage.max, 700 * 1024 * 1024);
  assert.equal(lenient.value.Verbose, 'ERROR: No such attribute: Verbose (class javax.management.AttributeNotFoundException)');
  const mbean = 'java.lang:type=Memory';
  const configured = await post({ type: 'read', mbean, attribute: ['Verbose', 'HeapMemoryUsage'], config: { ignoreErrors: true } });
  assert.deepEqual(Object.keys(configured.value).sort(), ['HeapMemoryUsage', 'Verbose']);
  const pattern = await read('java.lang:*/ThreadCount,AvailableProcessors,Nothing');
  assert.deepEqual(Object.keys(pattern.value).sort(), ['java.lang:type=OperatingSystem', 'java.lang:type=Threading']);
  assert.equal((await read('java.lang:*/Nothing')).status, 400);
});

test('bulk requests are answered in order, each with its own result', async () => {
  const requests = [
    { type: 'read', mbean: 'java.lang:type=Threading', attribute: 'ThreadCount' },
    { type: 'read', mbean: 'java.lang:type=Nothing' },
    { type: 'exec', mbean: 'java.lang:type=Memory', operation: 'gc' },
  ];
  const answers = await ask(requests);
  assert.deepEqual(answers.map(({ status }) => status), [200, 404, 403]);
  assert.equal(answers[1].error_type, 'javax.management.InstanceNotFoundException');
  assert.deepEqual(await post([]), []);
  assert.equal((await post(Array(101).fill({ type: 'version' }))).status, 400);
});

test('write and exec are refused in all forms', async () => {
  const mbean = 'java.lang:type=Memory';
  for (const request of [
    { type: 'exec', mbean, operation: 'gc' },
    { type: 'write', mbean, attribute: 'Verbose', value: true },
  ]) {
    const answer = await post(request);
    assert.equal(answer.status, 403);
    assert.equal(answer.error_type, 'java.lang.SecurityException');
    assert.match(answer.error, /Command type (exec|write) not allowed/);
  }
  for (const path of [`exec/${mbean}/gc`, `write/${mbean}/Verbose/true`])
    assert.equal((await get(`${stack.cm.agent}${path}`, { headers: monitor })).json.status, 403);
});

test('requests in the path: read, search, list, version, with escaped slashes', async () => {
  const read = async (path) => (await get(`${stack.cm.agent}${path}`, { headers: monitor })).json;
  assert.equal((await read('')).value.info.product, 'CM');
  assert.equal((await read('version')).request.type, 'version');
  assert.equal((await read('read/java.lang:type=Memory/HeapMemoryUsage/max')).value, 700 * 1024 * 1024);
  assert.ok((await read('list/java.lang/type=Threading')).value.attr.ThreadCount);
  assert.deepEqual((await read('search/cm:type=Outbox')).value, ['cm:type=Outbox']);
  assert.equal((await read('read/com.zaxxer.hikari:type=Pool%20(HikariPool-1)/TotalConnections')).status, 200);
  assert.equal((await read('read/java.lang:type=Mem!/ory')).status, 404);
});

test('invalid requests get the same errors as from Jolokia', async () => {
  const cases = [
    [{ type: 'read', mbean: 'java.lang:type=Memory', attribute: 'Nothing' }, 404, 'javax.management.AttributeNotFoundException'],
    [{ type: 'read', mbean: 'no name' }, 400, 'javax.management.MalformedObjectNameException'],
    [{ type: 'read' }, 400, 'java.lang.IllegalArgumentException'],
    [{ type: 'dance' }, 400, 'java.lang.IllegalArgumentException'],
    [{}, 400, 'java.lang.IllegalArgumentException'],
    [7, 400, 'java.lang.IllegalArgumentException'],
    ['{"type":', 400, 'java.lang.IllegalArgumentException'],
    ['['.repeat(5_000), 400, 'java.lang.IllegalArgumentException'],
    [{ type: 'read', mbean: 'java.lang:type=Memory', attribute: 'HeapMemoryUsage', path: 'max/1' }, 404, 'java.lang.IllegalArgumentException'],
  ];
  for (const [request, status, type] of cases) {
    const answer = await post(request);
    assert.equal(answer.status, status, JSON.stringify(request).slice(0, 80));
    assert.equal(answer.error_type, type);
    assert.ok(answer.error.startsWith(`${type} : `));
    assert.equal(answer.value, undefined);
  }
});

test('access requires the right user and password, which never appear in log or responses', async () => {
  for (const headers of [
    {},
    login('monitor', 'wrong'),
    login('monitor', `${password}x`),
    login('monitor', ''),
    login('admin', password),
    { Authorization: 'Basic !!!!' },
    { Authorization: 'Bearer abc' },
    { Authorization: `Basic ${'A'.repeat(8_000)}` },
  ]) {
    const answer = await get(`${stack.cm.agent}version`, { headers });
    assert.equal(answer.status, 401, JSON.stringify(headers).slice(0, 60));
    assert.equal(answer.headers['www-authenticate'], 'Basic realm="jolokia"');
  }
  assert.equal((await get(`${stack.cm.agent}version`, { headers: monitor })).status, 200);
  assert.ok(!stack.cm.log.includes(password));
});

test('other paths are 404, other methods 405, a long body 413', async () => {
  const at = (path) => stack.cm.agent.replace('/jolokia/', path);
  assert.equal((await get(at('/health'), { headers: monitor })).status, 404);
  assert.equal((await http('DELETE', stack.cm.agent, { headers: monitor })).status, 405);
  assert.equal((await http('POST', stack.cm.agent, { body: ' '.repeat(70_000), headers: monitor })).status, 413);
  assert.equal((await get(`${stack.cm.management}/jolokia/version`)).status, 404);
});

test('without JMX_ENABLE the agent does not listen; a used port ends the start with 78', async () => {
  const without = await Cm.start({ nats: stack.nats, mariadb: stack.mariadb, instance: 'cm-without' });
  try {
    await assert.rejects(get(`${without.agent}version`), { code: 'ECONNREFUSED' });
  } finally {
    await without.remove();
  }
  const taken = await Cm.create({ agent: password, environment: { JMX_PORT: String(stack.cm.agentPort) } });
  taken.launch();
  try {
    const { code } = await taken.process.exit(10_000);
    assert.equal(code, 78);
    assert.match(taken.log, /JMX_PORT: /);
  } finally {
    await taken.remove();
  }
});
