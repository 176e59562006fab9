// CM's metrics and alerts, checked by promtool and Prometheus.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { get } from '../support/http.mjs';
import { root, temporaryDirectory } from '../support/paths.mjs';
import { freePorts } from '../support/ports.mjs';
import { Process } from '../support/process.mjs';
import { Stack } from '../support/stack.mjs';
import { until } from '../support/wait.mjs';

const absent = spawnSync('promtool', ['--version']).error;
const skip = absent ? 'there is no promtool here: deploy/packages install metrics' : false;

let stack;
before(async () => {
  if (!absent) stack = await Stack.start();
});
after(() => stack?.remove());

function promtool(args, input) {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8', cwd: root });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

test('promtool accepts the metrics', { skip }, async () => {
  await stack.ecap.validate('smart_kettle', 'unknown-one');
  const { text } = await get(`${stack.cm.management}/prometheus`);
  assert.equal(promtool(['check', 'metrics'], text), '');
});

test('the alerts are valid, do not fire for a healthy CM and fire for a faulty one', { skip }, () => {
  promtool(['check', 'rules', 'deploy/prometheus/alerts.yml']);
  promtool(['test', 'rules', 'tests/interop/alerts.yml']);
});

test('every metric in an alert is a metric of CM', { skip }, async () => {
  const { text } = await get(`${stack.cm.management}/prometheus`);
  const rules = [...readFileSync(join(root, 'deploy', 'prometheus', 'alerts.yml'), 'utf8').matchAll(/expr: (.*)/g)];
  const names = new Set(rules.flatMap(([, rule]) => rule.match(/\b(?:cm|process)_\w+/g) ?? []));
  assert.ok(names.size > 8);
  for (const name of names) assert.match(text, new RegExp(`^${name}(?:\\{| )`, 'm'));
});

test('Prometheus scrapes CM', { skip }, async (t) => {
  const [port] = await freePorts(1);
  const directory = temporaryDirectory('prometheus');
  const file = join(directory, 'prometheus.yml');
  const target = `127.0.0.1:${stack.cm.managementPort}`;
  writeFileSync(file, JSON.stringify({
    global: { scrape_interval: '200ms', scrape_timeout: '200ms' },
    rule_files: [join(root, 'deploy', 'prometheus', 'alerts.yml')],
    scrape_configs: [{ job_name: 'cm', metrics_path: '/prometheus', static_configs: [{ targets: [target] }] }],
  }));
  const prometheus = new Process('prometheus', [
    `--config.file=${file}`, `--storage.tsdb.path=${join(directory, 'data')}`, `--web.listen-address=127.0.0.1:${port}`,
  ]);
  t.after(async () => {
    await prometheus.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const query = async (text) => (await get(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`)).json;
  const found = await until(
    async () => {
      if (!prometheus.running) throw new Error(prometheus.tail());
      const answer = await query('cm_requests_total{protocol="ep-token",status="404"}').catch(() => undefined);
      return answer?.data?.result?.length === 1 && answer.data.result[0];
    },
    { timeout: 20_000, what: 'a sample in Prometheus' },
  );
  assert.ok(Number(found.value[1]) >= 1);
  assert.equal((await query('up{job="cm"}')).data.result[0].value[1], '1');
});
