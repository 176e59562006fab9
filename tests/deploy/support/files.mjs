// The files under deploy/ that the tests check.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import yaml from 'js-yaml';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const deploy = join(root, 'deploy');

export const text = (...path) => readFileSync(join(root, ...path), 'utf8');

/** All non-empty documents of a YAML text. */
export const documents = (content) => yaml.loadAll(content).filter(Boolean);

/** The only document of a YAML file. */
export const load = (...path) => yaml.load(text(...path));

/** The version in CMakeLists.txt. */
export const version = /^project\(cm VERSION (\S+)/m.exec(text('CMakeLists.txt'))[1];
