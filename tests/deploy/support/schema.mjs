// Whether the Kubernetes API would accept an object: one package's schemas check required fields and values, the
// other's models detect unknown fields. Neither of them does both.
import { createRequire } from 'node:module';

import * as client from '@kubernetes/client-node';

const require = createRequire(import.meta.url);

/** The errors of a manifest as texts; empty if there are none. */
export function problems(manifest) {
  if (manifest.kind === 'ServiceMonitor') return byCustomSchema(manifest);
  return [...bySchema(manifest, 'kubernetes-models'), ...unknownFields(manifest)];
}

/** The class of a kind in `models`, by group and version of the API version. */
function byPackage(manifest, models) {
  const { apiVersion, kind } = manifest;
  return require(`${models}/${apiVersion}/${kind}`)[kind];
}

function bySchema(manifest, models) {
  try {
    new (byPackage(manifest, models))(manifest).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

// A kind of the Prometheus operator, which neither package knows.
const byCustomSchema = (manifest) => bySchema(manifest, '@kubernetes-models/prometheus-operator');

function unknownFields(manifest) {
  const [group, version] = manifest.apiVersion.includes('/') ? manifest.apiVersion.split('/') : ['', manifest.apiVersion];
  const name = `${version[0].toUpperCase()}${version.slice(1)}${manifest.kind}`;
  const found = [];
  const walk = (path, type, value) => {
    if (value === undefined || value === null) return;
    const list = /^(?:Array|Set)<(.*)>$/.exec(type);
    const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
    const wrong = (what) => found.push(`${path}: ${what}, is ${JSON.stringify(value)}`);
    if (list) {
      if (!Array.isArray(value)) return wrong('must be a list');
      return value.forEach((item, index) => walk(`${path}[${index}]`, list[1], item));
    }
    if (map) {
      if (typeof value !== 'object' || Array.isArray(value)) return wrong('must be a map');
      return Object.entries(value).forEach(([key, item]) => walk(`${path}.${key}`, map[1], item));
    }
    if (type === 'IntOrString') return Number.isInteger(value) || typeof value === 'string' || wrong('must be integer or text');
    if (['string', 'number', 'boolean'].includes(type)) return typeof value === type || wrong(`must be ${type}`);
    const model = client[type];
    if (!model?.getAttributeTypeMap) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return wrong(`must be ${type}`);
    const fields = new Map(model.getAttributeTypeMap().map(({ baseName, type: of }) => [baseName, of]));
    return Object.entries(value).forEach(([key, item]) => {
      if (fields.has(key)) walk(`${path}.${key}`, fields.get(key), item);
      else found.push(`${path}.${key}: no field of ${type}`);
    });
  };
  if (!client[name]) return [`${group}/${version} ${manifest.kind}: no such kind`];
  walk(manifest.kind, name, manifest);
  return found;
}
