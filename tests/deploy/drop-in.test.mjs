// deploy/kubernetes/drop-in.yaml is the descriptor of the platform's documentation for CM 1.0.0: CM supports what
// operators use there. Repeated here to prevent accidental changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { documents, text, version } from './support/files.mjs';
import { kustomizeOf, noTools } from './support/tools.mjs';

const [deployment, service] = documents(text('deploy', 'kubernetes', 'drop-in.yaml'));
const pod = deployment.spec.template.spec;

test("the Deployment is the platform's, except for API version, selector, image and syntax of hostPath", () => {
  assert.deepEqual(deployment, {
    apiVersion: 'apps/v1', // there: extensions/v1beta1
    kind: 'Deployment',
    metadata: { name: 'cm' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'cm', tier: 'backend' } }, // required by apps/v1
      template: {
        metadata: { labels: { app: 'cm', tier: 'backend' } },
        spec: {
          containers: [
            {
              name: 'cm',
              image: `cm:${version}`,
              terminationMessagePolicy: 'FallbackToLogsOnError',
              imagePullPolicy: 'Always',
              livenessProbe: { httpGet: { path: '/health', port: 'management' }, initialDelaySeconds: 150, periodSeconds: 5 },
              readinessProbe: { httpGet: { path: '/health', port: 'management' }, initialDelaySeconds: 1, periodSeconds: 1 },
              resources: { requests: { memory: '350Mi' }, limits: { memory: '1Gi' } },
              env: [
                {
                  name: 'KAA_LICENSE_CERT_PASSWORD',
                  valueFrom: { secretKeyRef: { name: 'license.cert.pass', key: 'password' } },
                },
              ],
              ports: [
                { name: 'rest-api', containerPort: 80 },
                { name: 'management', containerPort: 8080 },
                { name: 'jmx', containerPort: 10500 },
              ],
              volumeMounts: [
                { name: 'license-volume', mountPath: '/run/license' },
                { name: 'cm-conf-volume', mountPath: '/srv/cm' },
              ],
            },
          ],
          imagePullSecrets: [{ name: 'kaaid' }],
          volumes: [
            { name: 'cm-conf-volume', hostPath: { path: '/root/cm-config' } }, // there: ~/cm-config
            { name: 'license-volume', secret: { secretName: 'license.cert' } },
          ],
        },
      },
    },
  });
});

test('the documented patch changes what liveness queries, and nothing else', { skip: noTools }, () => {
  const page = text('docs', 'deployment.md');
  const descriptor = text('deploy', 'kubernetes', 'drop-in.yaml').replace(/^# ?/gm, '');
  const [patch, ofPage] = [descriptor, page].map((place) => /kubectl patch deployment cm -p \\\n\s*'(.*)'$/m.exec(place)[1]);
  assert.equal(ofPage, patch, 'the page and the descriptor have the same');
  // First thing in its section of the page.
  const section = page.split(/^## /m).find((part) => part.startsWith("Kubernetes: the platform's own descriptor"));
  assert.match(section.split('\n').slice(1, 5).join('\n'), /liveness/i);
  assert.ok(section.indexOf('kubectl patch') < section.indexOf('Consequences'));

  const patched = documents(
    kustomizeOf({
      files: { 'drop-in.yaml': text('deploy', 'kubernetes', 'drop-in.yaml') },
      patches: [
        { patch: JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cm' }, ...JSON.parse(patch) }) },
      ],
    }),
  );
  const expected = structuredClone(deployment);
  expected.spec.template.spec.containers[0].livenessProbe.httpGet.path = '/health/liveness';
  assert.deepEqual(
    patched.find(({ kind }) => kind === 'Deployment'),
    expected,
  );
});

test("the Service is the platform's", () => {
  assert.deepEqual(service, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cm', labels: { app: 'cm', tier: 'backend' } },
    spec: {
      type: 'LoadBalancer',
      ports: [{ name: 'rest-api', port: 80, targetPort: 'rest-api', nodePort: 30730 }],
      selector: { app: 'cm', tier: 'backend' },
    },
  });
});

test('the image has the paths, ports and numeric user that the descriptor requires', () => {
  const dockerfile = text('deploy', 'docker', 'Dockerfile');
  const exposed = /^EXPOSE (.*)$/m.exec(dockerfile)[1].split(' ').map(Number);
  assert.deepEqual(
    exposed,
    pod.containers[0].ports.map(({ containerPort }) => containerPort),
  );
  assert.match(dockerfile, /^USER 10001:10001$/m);
  for (const { mountPath } of pod.containers[0].volumeMounts) {
    assert.match(text('deploy', 'docker', 'install'), new RegExp(`^install -d .*${mountPath}\\b`, 'm'));
  }
});
