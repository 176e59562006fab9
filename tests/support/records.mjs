// The Avro records of docs/avro as avsc types with unwrapped unions.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import avsc from 'avsc';

import { root } from './paths.mjs';

/** `name` as in docs/avro, without .avsc: "ecap.EndpointTokenRevokedEvent". */
export function record(name) {
  return avsc.Type.forSchema(JSON.parse(readFileSync(join(root, 'docs', 'avro', `${name}.avsc`), 'utf8')));
}
