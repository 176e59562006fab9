// How a Java program of this folder is started.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { installed } from '../support/peer.mjs';

/** {command, args} of a class that tests/foreign/install has compiled. */
export function javaProgram(name) {
  const folder = installed('java');
  return { command: 'java', args: ['-cp', `${join(folder, 'classes')}:${readFileSync(join(folder, 'class-path'), 'utf8')}`, name] };
}
