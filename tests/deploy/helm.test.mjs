// The chart, rendered by helm: its manifests are valid for the Kubernetes API and equivalent to the kustomization.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { documents, load, version } from './support/files.mjs';
import { problems } from './support/schema.mjs';
import { kustomize, noTools, run, template } from './support/tools.mjs';
import { everything } from './support/workloads.mjs';

const skip = noTools;
const chart = new URL('../../deploy/helm/cm', import.meta.url).pathname;

/** The manifests that helm renders with these values. */
function rendered(values, ...options) {
  const { status, output, errors } = template(values, ...options);
  assert.equal(status, 0, errors);
  return documents(output);
}
const find = (manifests, kind) => manifests.find((item) => item.kind === kind);

test('helm finds nothing wrong with the chart', { skip }, () => {
  const { status, output, errors } = run('helm', 'lint', '--strict', chart);
  assert.equal(status, 0, output + errors);
});

test('chart and CM have the same version', () => {
  const { version: own, appVersion } = load('deploy', 'helm', 'cm', 'Chart.yaml');
  assert.deepEqual([own, appVersion], [version, version]);
});

for (const [what, values, ...options] of [
  ['with the values as they stand', {}],
  ['with everything switched on, at an upgrade', everything, '--is-upgrade'],
  [
    'with as little as possible',
    {
      replicaCount: 1,
      'nats.existingSecret': '',
      'tokenHashKey.existingSecret': '',
      existingConfigMap: 'mine',
      'serviceAccount.create': false,
      preStopPauseSeconds: 0,
      unprivilegedPorts: false,
    },
  ],
]) {
  test(`the Kubernetes API accepts every manifest of the chart ${what}`, { skip }, () => {
    const manifests = rendered(values, ...options);
    assert.ok(manifests.length > 1);
    for (const manifest of manifests) {
      assert.deepEqual(problems(manifest), [], `${manifest.kind} ${manifest.metadata.name}`);
    }
  });
}

test('the pods of chart and kustomization are equal', { skip }, () => {
  const pod = (manifests) => {
    const { spec } = structuredClone(find(manifests, 'Deployment').spec.template);
    delete spec.volumes.find(({ name }) => name === 'cm-conf-volume').configMap.name; // one of them ends with a hash
    return spec;
  };
  assert.deepEqual(pod(rendered({})), pod(documents(kustomize('overlays/production'))));
});

test('each enabled value adds exactly its manifest', { skip }, () => {
  const plain = ['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'Service', 'Service', 'ServiceAccount'];
  const kinds = (values) =>
    rendered(values, '--is-upgrade')
      .map(({ kind }) => kind)
      .sort();
  assert.deepEqual(kinds({}), plain);
  for (const [value, added] of Object.entries({
    'autoscaling.enabled': ['HorizontalPodAutoscaler'],
    'networkPolicy.enabled': ['NetworkPolicy'],
    'serviceMonitor.enabled': ['ServiceMonitor'],
    'migration.enabled': ['ConfigMap', 'Job'],
  })) {
    assert.deepEqual(kinds({ [value]: true }), [...plain, ...added].sort(), value);
  }
  for (const values of [{ replicaCount: 1 }, { 'autoscaling.enabled': true, 'autoscaling.minReplicas': 1 }])
    assert.equal(find(rendered(values), 'PodDisruptionBudget').spec.maxUnavailable, 1, 'the only replica may go too');
  assert.ok(!kinds({ 'podDisruptionBudget.enabled': false }).includes('PodDisruptionBudget'));
});

test('values appear in the right fields', { skip }, () => {
  const manifests = rendered({
    instanceName: 'cm-2',
    'image.repository': 'registry.example/cm',
    'image.tag': '9.9.9',
    'service.type': 'LoadBalancer',
    'service.nodePort': 30730,
    shutdownTimeoutSeconds: 60,
    config: { 'kaa.cm': { 'ep-token.length': 12 } },
    'jmx.enabled': true,
  });
  const pod = find(manifests, 'Deployment').spec.template.spec;
  const environment = Object.fromEntries(pod.containers[0].env.map(({ name, value }) => [name, value]));
  assert.equal(pod.containers[0].image, 'registry.example/cm:9.9.9');
  assert.equal(environment.INSTANCE_NAME, 'cm-2');
  assert.equal(environment.SHUTDOWN_TIMEOUT, '60s');
  assert.equal(pod.terminationGracePeriodSeconds, 75);
  assert.equal(environment.JMX_ENABLE, 'true');
  assert.equal(find(manifests, 'Service').spec.ports[0].nodePort, 30730);
  assert.match(find(manifests, 'ConfigMap').data['service-config.yml'], /ep-token\.length: 12/);
});

test('netBindCapability gives the service one capability, instead of the sysctl and for the service only', { skip }, () => {
  const manifests = rendered({ netBindCapability: true, 'migration.enabled': true }, '--is-upgrade');
  const pod = find(manifests, 'Deployment').spec.template.spec;
  assert.equal(pod.securityContext.sysctls, undefined);
  assert.equal(pod.containers[0].securityContext.allowPrivilegeEscalation, true);
  assert.deepEqual(pod.containers[0].securityContext.capabilities, { drop: ['ALL'], add: ['NET_BIND_SERVICE'] });
  const [job] = find(manifests, 'Job').spec.template.spec.containers;
  assert.equal(job.securityContext.allowPrivilegeEscalation, false);
  assert.deepEqual(job.securityContext.capabilities, { drop: ['ALL'] });
});

test('a changed configuration changes the pod', { skip }, () => {
  const sum = (values) => find(rendered(values), 'Deployment').spec.template.metadata.annotations['checksum/config'];
  assert.notEqual(sum({}), sum({ config: { 'kaa.cm.trustful': true } }));
});

for (const [what, values, complaint] of [
  ['an unknown value', { replicas: 3 }, /replicas/],
  ['an unknown value further down', { 'image.name': 'x' }, /name/],
  ['a number of replicas that is none', { replicaCount: 'three' }, /replicaCount/],
  ['options without -Xmx', { javaOptions: '-server' }, /javaOptions/],
  ['an instance name with a dot', { instanceName: 'cm.1' }, /instanceName/],
  ['a license without a secret', { 'license.existingSecret': '' }, /existingSecret/],
  ['an unknown type of service', { 'service.type': 'External' }, /type/],
  [
    'fewer replicas at most than at least',
    { 'autoscaling.enabled': true, 'autoscaling.minReplicas': 5, 'autoscaling.maxReplicas': 2 },
    /minReplicas/,
  ],
]) {
  test(`helm refuses ${what}`, { skip }, () => {
    const { status, errors } = template(values);
    assert.notEqual(status, 0);
    assert.match(errors, complaint);
  });
}

test('the schema has exactly the existing values', () => {
  const values = load('deploy', 'helm', 'cm', 'values.yaml');
  const { properties } = load('deploy', 'helm', 'cm', 'values.schema.json');
  assert.deepEqual(
    Object.keys(values).sort(),
    Object.keys(properties)
      .filter((name) => name !== 'global')
      .sort(),
  );
});
