// Extracts the settings of CM's container from manifests of all kinds, in a uniform form: environment, mounted files
// and configuration file.

import { documents, load, text } from './files.mjs';
import { kustomize, template } from './tools.mjs';

const pods = (manifests) => manifests.filter(({ kind }) => ['Deployment', 'Job'].includes(kind));

/** Every pod of Kubernetes manifests (YAML): {environment, file, configuration}. */
export function ofKubernetes(name, content) {
  const manifests = documents(content);
  return pods(manifests).map((manifest) => {
    const pod = manifest.spec.template.spec;
    const [container] = pod.containers;
    const environment = {};
    for (const { name: variable, value, valueFrom } of container.env ?? []) {
      environment[variable] = value ?? `from secret ${valueFrom.secretKeyRef.name}`;
    }
    const mount = container.volumeMounts.find(({ mountPath }) => mountPath === '/srv/cm');
    const { configMap } = pod.volumes.find((volume) => volume.name === mount.name);
    const map = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap?.name);
    if (configMap && !map) throw new Error(`${name}: no ConfigMap ${configMap.name}`);
    return {
      name: `${name}: ${manifest.kind} ${manifest.metadata.name}`,
      environment,
      configuration: map?.data['service-config.yml'] ?? '',
    };
  });
}

function ofCompose(name, ...path) {
  const { services } = load(...path, name);
  const configuration = text(...path, path.at(-1) === 'compose' ? 'config' : '.', 'service-config.yml');
  return [{ name, environment: services.cm.environment, configuration }];
}

/** Values of the chart that enable everything. */
export const everything = {
  'autoscaling.enabled': true,
  'networkPolicy.enabled': true,
  'serviceMonitor.enabled': true,
  'migration.enabled': true,
  'jmx.enabled': true,
  'service.type': 'LoadBalancer',
  'service.nodePort': 30730,
  imagePullSecrets: [{ name: 'kaaid' }],
  extraEnv: [{ name: 'LOGGING_LEVEL_ROOT', value: 'DEBUG' }],
  podAnnotations: { note: 'x' },
  podLabels: { team: 'x' },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'x', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
};

/** All workloads, as functions, because some need programs that may be missing. */
export const workloads = {
  'drop-in.yaml': () => ofKubernetes('drop-in.yaml', text('deploy', 'kubernetes', 'drop-in.yaml')),
  'overlays/minimal': () => ofKubernetes('overlays/minimal', kustomize('overlays/minimal')),
  'overlays/production': () => ofKubernetes('overlays/production', kustomize('overlays/production')),
  'overlays/from-drop-in': () => ofKubernetes('overlays/from-drop-in', kustomize('overlays/from-drop-in')),
  migration: () => ofKubernetes('migration', kustomize('migration')),
  chart: () => ofKubernetes('chart', template().output),
  'chart with everything': () => ofKubernetes('chart with everything', template(everything, '--is-upgrade').output),
  'compose.yaml': () => ofCompose('compose.yaml', 'deploy', 'compose'),
  'stack.yml': () => ofCompose('stack.yml', 'deploy', 'swarm'),
};
