// The platform's own stack as a client of CM: jnats, and the classes that Avro's compiler makes from docs/avro.
import { testClient } from '../support/client-tests.mjs';
import { javaProgram } from './program.mjs';

testClient('jnats and Avro', () => javaProgram('cm.foreign.Peer'));
