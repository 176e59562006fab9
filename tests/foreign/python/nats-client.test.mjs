// nats-py and fastavro as a client of CM.
import { join } from 'node:path';

import { root } from '../../support/paths.mjs';
import { testClient } from '../support/client-tests.mjs';
import { installed } from '../support/peer.mjs';

testClient('nats-py and fastavro', () => ({
  command: join(installed('python'), 'bin', 'python'),
  args: [join(root, 'tests', 'foreign', 'python', 'peer.py')],
}));
