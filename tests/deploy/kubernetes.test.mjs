// The manifests for Kubernetes: validity for the API, and required properties.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { documents, text, version } from './support/files.mjs';
import { problems } from './support/schema.mjs';
import { kustomize, kustomizeOf, noTools } from './support/tools.mjs';

const seconds = (value) => Number(/^(\d+)s$/.exec(value)[1]);
const kinds = (manifests) => manifests.map(({ kind }) => kind).sort();
const find = (manifests, kind, name = 'cm') => manifests.find((item) => item.kind === kind && item.metadata.name === name);

const sources = {
  'secrets.yaml': () => text('deploy', 'kubernetes', 'secrets.yaml'),
  'drop-in.yaml': () => text('deploy', 'kubernetes', 'drop-in.yaml'),
  'overlays/minimal': () => kustomize('overlays/minimal'),
  'overlays/production': () => kustomize('overlays/production'),
  'overlays/from-drop-in': () => kustomize('overlays/from-drop-in'),
  'overlays/production with monitoring': () => monitored(),
  'base with net-bind-capability': () => kustomizeOf({ resources: ['base'], components: ['components/net-bind-capability'] }),
  migration: () => kustomize('migration'),
  'migration with migration-no-retry': () =>
    kustomizeOf({ resources: ['migration'], components: ['components/migration-no-retry'] }),
};

/** The kustomization of the page for clusters with the Prometheus operator. */
function monitored() {
  return kustomizeOf({ resources: ['overlays/production'], components: ['components/monitoring'] });
}

for (const [name, read] of Object.entries(sources)) {
  test(`the Kubernetes API accepts every manifest of ${name}`, { skip: name.endsWith('.yaml') ? undefined : noTools }, () => {
    const manifests = documents(read());
    assert.ok(manifests.length > 0);
    for (const manifest of manifests) {
      assert.deepEqual(problems(manifest), [], `${manifest.kind} ${manifest.metadata.name}`);
    }
  });
}

test('an unknown field, a wrong type and a missing field are detected', () => {
  const [deployment] = documents(sources['drop-in.yaml']());
  const broken = (change) => {
    const copy = structuredClone(deployment);
    change(copy.spec);
    return problems(copy);
  };
  assert.notDeepEqual(
    broken((spec) => (spec.template.spec.containers[0].livenesProbe = {})),
    [],
  );
  assert.notDeepEqual(
    broken((spec) => (spec.replicas = '1')),
    [],
  );
  assert.notDeepEqual(
    broken((spec) => delete spec.selector),
    [],
  );
  assert.notDeepEqual(
    problems({ apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor', metadata: { name: 'x' }, spec: {} }),
    [],
  );
});

test('the base has probes, stop delay, update strategy and topology spread', { skip: noTools }, () => {
  const manifests = documents(kustomize('overlays/production'));
  const { spec } = find(manifests, 'Deployment');
  const pod = spec.template.spec;
  const [container] = pod.containers;
  const environment = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

  assert.equal(container.startupProbe.httpGet.path, '/health/liveness');
  assert.equal(container.livenessProbe.httpGet.path, '/health/liveness');
  assert.equal(container.readinessProbe.httpGet.path, '/health/readiness');
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    assert.equal(probe.httpGet.port, 'management');
    assert.equal(probe.initialDelaySeconds, undefined, 'it is there within a second');
    assert.ok(probe.periodSeconds <= 5 && probe.timeoutSeconds >= 1);
  }

  const [program, pause] = container.lifecycle.preStop.exec.command;
  assert.equal(program, '/usr/bin/sleep');
  assert.ok(Number(pause) >= 2);
  assert.ok(pod.terminationGracePeriodSeconds > Number(pause) + seconds(environment.SHUTDOWN_TIMEOUT));

  assert.deepEqual(spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
  assert.equal(pod.topologySpreadConstraints.length, 2);
  for (const { labelSelector } of pod.topologySpreadConstraints) {
    assert.deepEqual(labelSelector.matchLabels, spec.selector.matchLabels);
  }
  assert.equal(pod.automountServiceAccountToken, false);
  assert.deepEqual(
    container.ports.map(({ name, containerPort }) => [name, containerPort]),
    [
      ['rest-api', 80],
      ['management', 8080],
      ['jmx', 10500],
    ],
  );
});

test('every pod has restricted privileges and may open port 80', { skip: noTools }, () => {
  for (const folder of ['overlays/minimal', 'overlays/production', 'migration']) {
    for (const { kind, spec } of documents(kustomize(folder))) {
      if (kind !== 'Deployment' && kind !== 'Job') continue;
      const pod = spec.template.spec;
      const [container] = pod.containers;
      assert.equal(pod.securityContext.runAsNonRoot, true);
      assert.equal(pod.securityContext.runAsUser, 10001);
      assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        privileged: false,
        capabilities: { drop: ['ALL'] },
      });
      if (kind === 'Deployment') {
        assert.deepEqual(pod.securityContext.sysctls, [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }]);
      }
    }
  }
});

test('without the sysctl, a pod may have the one capability for port 80 instead', { skip: noTools }, () => {
  const manifests = documents(sources['base with net-bind-capability']());
  const pod = find(manifests, 'Deployment').spec.template.spec;
  assert.equal(pod.securityContext.sysctls, undefined);
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.deepEqual(pod.containers[0].securityContext, {
    allowPrivilegeEscalation: true,
    readOnlyRootFilesystem: true,
    privileged: false,
    capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
  });
});

test('no kustomization says a number of replicas, which kubectl scale or the autoscaler sets', { skip: noTools }, () => {
  for (const folder of ['base', 'overlays/minimal', 'overlays/from-drop-in', 'overlays/production']) {
    const manifests = documents(kustomize(folder));
    assert.equal(find(manifests, 'Deployment').spec.replicas, undefined, folder);
    // With any number of replicas, one of them may go: also the only one.
    assert.deepEqual(find(manifests, 'PodDisruptionBudget').spec.maxUnavailable, 1, folder);
    assert.equal(find(manifests, 'PodDisruptionBudget').spec.minAvailable, undefined, folder);
  }
});

test('services, disruption budget, network policy and autoscaler select the right pods', { skip: noTools }, () => {
  const manifests = documents(monitored());
  const deployment = find(manifests, 'Deployment');
  const { labels } = deployment.spec.template.metadata;
  const ports = deployment.spec.template.spec.containers[0].ports.map(({ name }) => name);
  const matches = (selector) => Object.entries(selector).every(([key, value]) => labels[key] === value);

  for (const service of manifests.filter(({ kind }) => kind === 'Service')) {
    assert.ok(matches(service.spec.selector), service.metadata.name);
    for (const { targetPort } of service.spec.ports) assert.ok(ports.includes(targetPort), targetPort);
  }
  assert.ok(matches(find(manifests, 'PodDisruptionBudget').spec.selector.matchLabels));
  const policy = find(manifests, 'NetworkPolicy').spec;
  assert.ok(matches(policy.podSelector.matchLabels));
  for (const { port } of policy.ingress.flatMap((rule) => rule.ports)) assert.ok(ports.includes(port), port);
  const scaler = find(manifests, 'HorizontalPodAutoscaler').spec;
  assert.equal(scaler.scaleTargetRef.name, deployment.metadata.name);
  assert.ok(deployment.spec.template.spec.containers[0].resources.requests.cpu, 'what 70 % are of');

  const monitor = find(manifests, 'ServiceMonitor').spec;
  const watched = manifests.filter(
    ({ kind, metadata }) =>
      kind === 'Service' && Object.entries(monitor.selector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
  );
  assert.deepEqual(
    watched.map(({ metadata }) => metadata.name),
    ['cm-management'],
  );
  assert.equal(watched[0].metadata.labels[monitor.jobLabel], 'cm', 'the job that alerts ask for');
  assert.equal(monitor.endpoints[0].path, '/prometheus');
  assert.ok(watched[0].spec.ports.some(({ name }) => name === monitor.endpoints[0].port));
});

test('every mounted secret is in the template of the secrets, with its keys', { skip: noTools }, () => {
  const secrets = documents(sources['secrets.yaml']());
  const keysOf = (name) => {
    const secret = secrets.find(({ metadata }) => metadata.name === name);
    assert.ok(secret, `no secret ${name}`);
    return Object.keys({ ...secret.data, ...secret.stringData });
  };
  for (const folder of ['overlays/production', 'migration']) {
    const manifests = documents(kustomize(folder));
    const { volumes } = manifests.find(({ kind }) => kind === 'Deployment' || kind === 'Job').spec.template.spec;
    for (const { secret, projected } of volumes) {
      if (secret) assert.ok(keysOf(secret.secretName).length > 0);
      for (const { secret: source } of projected?.sources ?? []) {
        for (const { key } of source.items) assert.ok(keysOf(source.name).includes(key), `${source.name} ${key}`);
      }
    }
  }
});

test('the overlays make the documented changes', { skip: noTools }, () => {
  assert.deepEqual(kinds(documents(kustomize('overlays/minimal'))), [
    'ConfigMap',
    'Deployment',
    'PodDisruptionBudget',
    'Service',
    'Service',
    'ServiceAccount',
  ]);
  assert.deepEqual(kinds(documents(kustomize('overlays/production'))), [
    'ConfigMap',
    'Deployment',
    'HorizontalPodAutoscaler',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
    'Service',
    'ServiceAccount',
  ]);
  const [map, job] = documents(kustomize('migration'));
  assert.deepEqual(job.spec.template.spec.containers[0].args, ['migrate']);
  assert.equal(job.spec.template.spec.volumes[0].configMap.name, map.metadata.name);
  const fromBase = documents(kustomize('overlays/production')).find(({ kind }) => kind === 'ConfigMap');
  assert.equal(fromBase.metadata.name, map.metadata.name, 'the same file, the same ConfigMap');
});

test('a Job that an operator has to look at is not tried again with the component', { skip: noTools }, () => {
  const [, job] = documents(sources['migration with migration-no-retry']());
  const [{ action, onExitCodes }] = job.spec.podFailurePolicy.rules;
  assert.deepEqual([action, onExitCodes.containerName], ['FailJob', job.spec.template.spec.containers[0].name]);
  assert.deepEqual(onExitCodes.values, [64, 77, 78]);
});

test("all manifests use the image of this release, and the Job's name has its version", { skip: noTools }, () => {
  for (const folder of ['overlays/minimal', 'overlays/production', 'migration']) {
    for (const { kind, spec, metadata } of documents(kustomize(folder))) {
      if (!spec?.template) continue;
      assert.equal(spec.template.spec.containers[0].image, `cm:${version}`, folder);
      if (kind === 'Job') assert.equal(metadata.name, `cm-migrate-${version}`);
    }
  }
});
