// The files under deploy/ that the tests look at.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import yaml from 'js-yaml';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const deploy = join(root, 'deploy');

export const text = (...path) => readFileSync(join(root, ...path), 'utf8');

/** Every document of a YAML text that is not empty. */
export const documents = (content) => yaml.loadAll(content).filter(Boolean);

/** The one document of a YAML file. */
export const load = (...path) => yaml.load(text(...path));

/** The version that CMakeLists.txt has. */
export const version = /^project\(cm VERSION (\S+)/m.exec(text('CMakeLists.txt'))[1];
