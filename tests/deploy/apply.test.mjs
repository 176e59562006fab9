// What `kubectl apply` and `helm upgrade` do to a release that is there already: with the real programs, and an API
// server of these tests.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { documents, root, text } from './support/files.mjs';
import { Cluster } from './support/cluster.mjs';
import { kustomizeOf, noTools, template } from './support/tools.mjs';

const skip = noTools;
const folder = (name) => join(root, 'deploy', 'kubernetes', name);
const page = text('docs', 'deployment.md');
const variables = ({ spec }) => spec.template.spec.containers[0].env.map(({ name }) => name);

/** A cluster in which these files or folders were applied; `t` ends it. */
async function cluster(t, ...applied) {
  const made = await Cluster.start();
  t.after(() => made.stop());
  for (const name of applied) await apply(made, name);
  return made;
}

const apply = (to, name) => to.kubectl(['apply', '--validate=false', name.endsWith('.yaml') ? '-f' : '-k', folder(name)]);
const create = (to, name) => to.kubectl(['create', '--validate=false', '-f', folder(name)]);

for (const [before, after] of [
  ['base', 'overlays/production'],
  ['overlays/minimal', 'overlays/production'],
  ['overlays/production', 'overlays/production'],
  ['overlays/production', 'overlays/minimal'],
  ['base', 'base'],
]) {
  test(`to apply ${after} over ${before} leaves the number of replicas as it is`, { skip }, async (t) => {
    const to = await cluster(t, before);
    assert.equal(to.deployment.spec.replicas, 1, "Kubernetes' default");
    to.deployment.spec.replicas = 5;
    await apply(to, after);
    assert.equal(to.deployment.spec.replicas, 5);
  });
}

test(
  'production can be applied where the Prometheus operator is not installed; with the component it cannot',
  { skip },
  async (t) => {
    const to = await cluster(t, 'overlays/production');
    assert.ok(to.deployment);
    const monitored = kustomizeOf({ resources: ['overlays/production'], components: ['components/monitoring'] });
    const { status, errors } = await to.run('kubectl', ['apply', '--validate=false', '-f', '-'], monitored);
    assert.notEqual(status, 0);
    assert.match(errors, /no matches for kind "ServiceMonitor"/);
  },
);

test('an overlay that is applied over the drop-in as it is would give it the license password twice', { skip }, async (t) => {
  const to = await cluster(t);
  await create(to, 'drop-in.yaml');
  await apply(to, 'overlays/minimal');
  // CM exits with 78 then, so the page says not to do it.
  assert.ok(
    ['KAA_LICENSE_CERT_PASSWORD', 'KAA_LICENSE_CERT_PASSWORD_FILE'].every((name) => variables(to.deployment).includes(name)),
  );
});

/** The command of the page that begins like this, with its continuation lines. */
const command = (beginning) => {
  const lines = page.split('\n');
  const first = lines.findIndex((line) => line.startsWith('    ') && line.trimStart().startsWith(beginning));
  assert.ok(first >= 0, `the page has no ${beginning}`);
  let last = first;
  while (lines[last].endsWith('\\')) last += 1;
  return lines
    .slice(first, last + 1)
    .map((line) => line.trim().replace(/\\$/, ''))
    .join('');
};

// The descriptor, and one with logins in the environment as the page has them.
const dropIn = text('deploy', 'kubernetes', 'drop-in.yaml');
const logins = ['MARIADB_USERNAME', 'MARIADB_PASSWORD', 'NATS_USERNAME', 'NATS_PASSWORD', 'LOGGING_LEVEL_ROOT'];
const withLogins = dropIn.replace(
  /^ {8}env:\n/m,
  (found) => found + logins.map((name) => `        - name: ${name}\n          value: x\n`).join(''),
);

for (const [what, descriptor] of [
  ['the drop-in', dropIn],
  ['a drop-in with logins in its environment', withLogins],
]) {
  test(
    `the documented way from ${what} to kustomize leaves nothing of it, and keeps replicas and Service`,
    { skip },
    async (t) => {
      const to = await cluster(t);
      await to.kubectl(['create', '--validate=false', '-f', '-'], descriptor);
      assert.ok(variables(to.deployment).includes('KAA_LICENSE_CERT_PASSWORD'));
      to.deployment.spec.replicas = 3;
      const { spec: service } = structuredClone(to.restService);
      assert.match(
        command('sed '),
        /^sed '\/\^  replicas:\/d' deploy\/kubernetes\/drop-in\.yaml \| kubectl apply set-last-applied --create-annotation -f -$/,
      );
      const withoutReplicas = descriptor
        .split('\n')
        .filter((line) => !/^ {2}replicas:/.test(line))
        .join('\n');
      await to.kubectl(['apply', 'set-last-applied', '--create-annotation', '-f', '-'], withoutReplicas);
      assert.equal(
        command('kubectl apply -k deploy/kubernetes/overlays/from'),
        'kubectl apply -k deploy/kubernetes/overlays/from-drop-in',
      );
      await apply(to, 'overlays/from-drop-in');

      const wanted = documents(kustomizeOf({ resources: ['overlays/from-drop-in'] })).find(({ kind }) => kind === 'Deployment');
      assert.deepEqual(to.deployment.spec.template, wanted.spec.template);
      assert.deepEqual(to.deployment.spec.selector, wanted.spec.selector, 'it cannot be changed');
      assert.deepEqual(to.deployment.spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
      assert.equal(to.deployment.spec.replicas, 3);
      assert.ok(!variables(to.deployment).includes('KAA_LICENSE_CERT_PASSWORD'));
      assert.deepEqual(to.restService.spec, service);
    },
  );
}

test('the kustomization of the page replaces image and configuration', { skip }, () => {
  const [, sample] = /^((?: {7}\w+: \[.*\n)+)/m.exec(page);
  const [{ resources, ...rest }] = documents(sample);
  assert.deepEqual(resources, ['deploy/kubernetes/overlays/from-drop-in']);
  const manifests = documents(
    kustomizeOf({ resources: ['overlays/from-drop-in'], config: { 'service-config.yml': 'server.port: 80\n' }, ...rest }),
  );
  const [map, ...others] = manifests.filter(({ kind }) => kind === 'ConfigMap');
  assert.deepEqual(others, []);
  assert.deepEqual(map.data, { 'service-config.yml': 'server.port: 80\n' });
  const { spec } = manifests.find(({ kind }) => kind === 'Deployment').spec.template;
  assert.equal(spec.volumes[0].configMap.name, map.metadata.name);
  assert.match(spec.containers[0].image, /^REGISTRY\/cm:/);
});

test('tokens of the drop-in have no hash key, and its successor sets none, unless a component is removed', { skip }, () => {
  const [dropIn] = documents(text('deploy', 'kubernetes', 'drop-in.yaml'));
  assert.ok(!variables(dropIn).some((name) => name.includes('HASH_KEY')));
  const keys = (manifests) => {
    const { spec } = manifests.find(({ kind }) => kind === 'Deployment').spec.template;
    const secrets = spec.volumes.flatMap(({ projected }) => projected?.sources ?? []).map(({ secret }) => secret.name);
    return [
      variables({ spec: { template: { spec } } }).filter((name) => name.includes('HASH_KEY')),
      secrets.filter((name) => name.includes('hash-key')),
    ];
  };
  assert.deepEqual(keys(documents(kustomizeOf({ resources: ['overlays/from-drop-in'] }))), [[], []]);
  assert.deepEqual(keys(documents(kustomizeOf({ resources: ['overlays/minimal'] }))), [
    ['KAA_CM_TOKEN_HASH_KEY_FILE'],
    ['cm-token-hash-key'],
  ]);
  assert.deepEqual(keys(documents(template({ 'tokenHashKey.existingSecret': '' }).output)), [[], []]);
});

test(
  'helm with the documented values takes over what the drop-in has become: same selectors, Service and settings',
  { skip },
  () => {
    const options = command('helm install cm deploy/helm/cm --take-ownership');
    const values = Object.fromEntries(
      [...options.replaceAll("'", '').matchAll(/--set (\S+?)=(\S*)/g)].map(([, key, value]) => [
        key,
        /^\d+$/.test(value) ? Number(value) : value,
      ]),
    );
    delete values['imagePullSecrets[0].name'];
    values.imagePullSecrets = [{ name: 'kaaid' }];
    const { status, output, errors } = template(values);
    assert.equal(status, 0, errors);
    const [chart, kustomization] = [documents(output), documents(kustomizeOf({ resources: ['overlays/from-drop-in'] }))];
    const of = (manifests, kind, name = 'cm') => manifests.find((one) => one.kind === kind && one.metadata.name === name);
    assert.deepEqual(of(chart, 'Deployment').spec.selector, of(kustomization, 'Deployment').spec.selector);
    const pod = (manifests) => {
      const { spec } = structuredClone(of(manifests, 'Deployment').spec.template);
      delete spec.volumes.find(({ name }) => name === 'cm-conf-volume').configMap.name; // one of them ends with a hash
      return spec;
    };
    assert.deepEqual(pod(chart), pod(kustomization));
    for (const name of ['cm', 'cm-management'])
      assert.deepEqual(of(chart, 'Service', name).spec, of(kustomization, 'Service', name).spec);
  },
);

/** The number of replicas that `helm upgrade` would send. */
async function rendered(to, values) {
  const set = Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
  const chart = join(root, 'deploy', 'helm', 'cm');
  const { status, output, errors } = await to.run('helm', ['template', 'cm', chart, '--dry-run=server', '--is-upgrade', ...set]);
  assert.equal(status, 0, errors);
  return documents(output).find(({ kind }) => kind === 'Deployment').spec.replicas;
}

test(
  'helm leaves the number of replicas as it is when autoscaling is switched on, and with every later upgrade',
  { skip },
  async (t) => {
    const to = await cluster(t, 'overlays/minimal');
    for (const replicas of [1, 3, 7, 0]) {
      to.deployment.spec.replicas = replicas;
      assert.equal(await rendered(to, { 'autoscaling.enabled': true }), replicas);
      assert.equal(await rendered(to, { replicaCount: 2 }), 2, 'without the autoscaler it is the value');
    }
  },
);

test('helm sets no number at an installation with autoscaling, or without a cluster', { skip }, async (t) => {
  assert.equal(await rendered(await cluster(t), { 'autoscaling.enabled': true }), undefined);
  const [deployment] = documents(template({ 'autoscaling.enabled': true }, '--show-only', 'templates/deployment.yaml').output);
  assert.equal(deployment.spec.replicas, undefined);
});
