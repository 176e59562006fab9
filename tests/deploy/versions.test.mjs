// The versions of Kubernetes that the manifests need, by the fields that they have.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { documents, load, text } from './support/files.mjs';
import { kustomizeOf, noTools, template } from './support/tools.mjs';

const skip = noTools;

/** The minor version from which on a server has an API version, or accepts a field without a feature gate. */
const since = [
  ['apps/v1', 9],
  ['networking.k8s.io/v1', 7],
  ['batch/v1', 2],
  ['policy/v1', 21],
  ['autoscaling/v2', 23],
  ['enableServiceLinks', 13],
  ['startupProbe', 18],
  ['topologySpreadConstraints', 18],
  ['seccompProfile', 19],
  ['ttlSecondsAfterFinished', 21],
  ['net.ipv4.ip_unprivileged_port_start', 22],
  ['podFailurePolicy', 26],
];

/** All keys and the texts in values of a manifest. */
function words(value) {
  if (Array.isArray(value)) return value.flatMap(words);
  if (value && typeof value === 'object') return Object.entries(value).flatMap(([key, item]) => [key, ...words(item)]);
  return [value];
}

function needed(manifests) {
  const all = new Set(manifests.flatMap(words));
  return Math.max(...since.filter(([what]) => all.has(what)).map(([, version]) => version));
}

const base = { resources: ['base'] };
for (const [what, kustomization, version] of [
  ['base', base, 22],
  ['overlays/minimal', { resources: ['overlays/minimal'] }, 22],
  ['overlays/from-drop-in', { resources: ['overlays/from-drop-in'] }, 22],
  ['base with net-bind-capability', { ...base, components: ['components/net-bind-capability'] }, 21],
  ['base with network-policy', { ...base, components: ['components/network-policy'] }, 22],
  ['overlays/production', { resources: ['overlays/production'] }, 23],
  ['migration', { resources: ['migration'] }, 21],
  ['migration with migration-no-retry', { resources: ['migration'], components: ['components/migration-no-retry'] }, 26],
]) {
  test(`${what} needs Kubernetes 1.${version}`, { skip }, () => {
    assert.equal(needed(documents(kustomizeOf(kustomization))), version);
  });
}

test('only the component of the ServiceMonitor has a kind that Kubernetes itself does not know', { skip }, () => {
  const foreign = (kustomization) =>
    documents(kustomizeOf(kustomization))
      .filter(({ apiVersion }) => apiVersion.includes('/') && !since.some(([name]) => name === apiVersion))
      .map(({ kind }) => kind);
  for (const name of ['base', 'overlays/minimal', 'overlays/from-drop-in', 'overlays/production', 'migration'])
    assert.deepEqual(foreign({ resources: [name] }), [], name);
  assert.deepEqual(foreign({ ...base, components: ['components/monitoring'] }), ['ServiceMonitor']);
});

test('the chart needs 1.22 as it stands, and 1.21 at least', { skip }, () => {
  assert.equal(load('deploy', 'helm', 'cm', 'Chart.yaml').kubeVersion, '>=1.21.0-0');
  assert.equal(needed(documents(template().output)), 22);
  const oldest = { netBindCapability: true, 'migration.enabled': true, 'networkPolicy.enabled': true };
  const manifests = documents(template(oldest, '--is-upgrade', '--kube-version', '1.21.14').output);
  assert.ok(manifests.length > 6);
  assert.equal(needed(manifests), 21);
});

for (const [what, values, version, complaint] of [
  ['an older cluster', { netBindCapability: true }, '1.20.15', /incompatible with Kubernetes v1\.20\.15/],
  ['unprivilegedPorts before 1.22', {}, '1.21.14', /unprivilegedPorts needs Kubernetes 1\.22/],
  ['autoscaling before 1.23', { 'autoscaling.enabled': true }, '1.22.17', /autoscaling\.enabled needs Kubernetes 1\.23/],
]) {
  test(`helm refuses ${what} with a reason`, { skip }, () => {
    const { status, errors } = template(values, '--kube-version', version);
    assert.notEqual(status, 0);
    assert.match(errors, complaint);
  });
}

test('the versions of vendors are accepted, which have suffixes', { skip }, () => {
  for (const version of ['v1.23.17-gke.100', 'v1.27.3+k3s1', 'v1.30.0-rc.1']) {
    const { status, errors } = template({ 'autoscaling.enabled': true }, '--kube-version', version);
    assert.equal(status, 0, `${version}: ${errors}`);
  }
});

test('the page lists what needs which version', () => {
  const page = text('docs', 'deployment.md');
  for (const [what, version] of since.filter(([, minor]) => minor >= 18))
    assert.match(page, new RegExp(`^\\| 1\\.${version} \\|.*${what.replaceAll('.', '\\.')}`, 'm'), what);
});
