// As much of a Kubernetes API server as `kubectl apply` and helm's `lookup` need: discovery, objects, and patches, which
// kubectl itself applies. It knows no custom resources, as a cluster without the Prometheus operator.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run, runAgainst } from './tools.mjs';

const groups = {
  v1: { Service: 'services', ServiceAccount: 'serviceaccounts', ConfigMap: 'configmaps', Secret: 'secrets' },
  'apps/v1': { Deployment: 'deployments' },
  'policy/v1': { PodDisruptionBudget: 'poddisruptionbudgets' },
  'autoscaling/v2': { HorizontalPodAutoscaler: 'horizontalpodautoscalers' },
  'networking.k8s.io/v1': { NetworkPolicy: 'networkpolicies' },
};
const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update'];

/** What the API server answers for the paths that describe the API; undefined for others. */
function discovery(path) {
  if (path === '/version') return { major: '1', minor: '31', gitVersion: 'v1.31.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') {
    const names = Object.keys(groups).filter((name) => name.includes('/'));
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: names.map((groupVersion) => {
        const [name, version] = groupVersion.split('/');
        return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
      }),
    };
  }
  const groupVersion = path.replace(/^\/apis?\//, '');
  if (!groups[groupVersion]) return undefined;
  const resources = Object.entries(groups[groupVersion]).map(([kind, name]) => ({
    name,
    kind,
    singularName: kind.toLowerCase(),
    namespaced: true,
    verbs,
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** The default that the API server sets where a Deployment says no number. */
function withDefaults(object) {
  if (object.kind === 'Deployment') object.spec.replicas ??= 1;
  return object;
}

async function textOf(request) {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

export class Cluster {
  static async start() {
    const cluster = new Cluster();
    cluster.home = mkdtempSync(join(tmpdir(), 'cm-cluster-'));
    cluster.objects = new Map(); // by path
    cluster.service = createServer((request, response) => {
      cluster.answer(request).then(
        ([status, body]) => {
          response.writeHead(status, { 'Content-Type': 'application/json' });
          response.end(JSON.stringify(body));
        },
        (error) => response.writeHead(500).end(String(error)),
      );
    });
    await new Promise((done) => cluster.service.listen(0, '127.0.0.1', done));
    cluster.server = `http://127.0.0.1:${cluster.service.address().port}`;
    return cluster;
  }

  async stop() {
    this.service.closeAllConnections();
    await new Promise((done) => this.service.close(done));
    rmSync(this.home, { recursive: true, force: true });
  }

  async answer(request) {
    const { pathname: path } = new URL(request.url, this.server);
    const known = discovery(path);
    if (known) return [200, known];
    if (request.method === 'POST') {
      const object = withDefaults(JSON.parse(await textOf(request)));
      Object.assign(object.metadata, { namespace: 'default', resourceVersion: '1' });
      this.objects.set(`${path}/${object.metadata.name}`, object);
      return [201, object];
    }
    const object = this.objects.get(path);
    if (!object) return [404, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }];
    if (request.method === 'PATCH') this.patch(path, object, request.headers['content-type'], await textOf(request));
    return [200, this.objects.get(path)];
  }

  patch(path, object, type, patch) {
    const file = join(this.home, 'object.json');
    writeFileSync(file, JSON.stringify(object));
    const kind = /^application\/(strategic-merge|merge|json)-patch\+json$/.exec(type)[1].replace(/-.*/, '');
    const { status, output, errors } = run('kubectl', 'patch', '--local', '-f', file, '--type', kind, '-p', patch, '-o', 'json');
    if (status !== 0) throw new Error(errors);
    this.objects.set(path, withDefaults(JSON.parse(output)));
  }

  /** Runs kubectl or helm with this cluster. */
  run(name, args, input) {
    return runAgainst({ server: this.server, home: this.home, input }, name, ...args);
  }

  /** Runs kubectl, which must succeed. Without validation, for which this has no schemas. */
  async kubectl(args, input) {
    const { status, output, errors } = await this.run('kubectl', args, input);
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${errors}`);
    return output;
  }

  get deployment() {
    return this.objects.get('/apis/apps/v1/namespaces/default/deployments/cm');
  }

  get restService() {
    return this.objects.get('/api/v1/namespaces/default/services/cm');
  }
}
