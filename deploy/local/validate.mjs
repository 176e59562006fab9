// One endpoint token validation over NATS; prints the decoded response. Called by deploy/local/validate.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import avsc from 'avsc';
import { connect } from 'nats';

import { tokenValidationRequest, tokenValidationResponse, tokenValidationSubject } from './ecap-records.mjs';

const { values: options } = parseArgs({
  options: {
    application: { type: 'string' },
    token: { type: 'string' },
    'expect-status': { type: 'string' },
    'expect-endpoint': { type: 'string' },
  },
});
if (!options.application || !options.token) {
  console.error('validate: --application and --token are needed');
  process.exit(64);
}

const request = avsc.Type.forSchema(tokenValidationRequest);
const response = avsc.Type.forSchema(tokenValidationResponse);
const connection = await connect({
  servers: process.env.NATS_URL,
  user: process.env.NATS_USERNAME,
  pass: readFileSync(process.env.NATS_PASSWORD_FILE, 'utf8').trim(),
});
try {
  const subject = tokenValidationSubject(process.env.INSTANCE_NAME);
  const message = {
    correlationId: randomUUID(),
    timestamp: Date.now(),
    timeout: 5000,
    appName: options.application,
    token: options.token,
  };
  const reply = await connection.request(subject, request.toBuffer(message), { timeout: 5000 });
  const answer = { ...response.fromBuffer(Buffer.from(reply.data)) };
  console.log(`${subject}: appName ${options.application}, token ${options.token}`);
  console.log(`status code ${answer.statusCode}, token ID ${answer.tokenId}, endpoint ID ${answer.endpointId}`);
  console.log(JSON.stringify(answer));
  if (answer.correlationId !== message.correlationId) {
    console.error(`validate: expected correlation ID ${message.correlationId}, got ${answer.correlationId}`);
    process.exitCode = 1;
  }
  for (const [option, found] of [['expect-status', String(answer.statusCode)], ['expect-endpoint', answer.endpointId]]) {
    if (options[option] !== undefined && options[option] !== found) {
      console.error(`validate: expected ${option.slice(7)} ${options[option]}, got ${found}`);
      process.exitCode = 1;
    }
  }
} catch (error) {
  console.error(`validate: no answer: ${error.message}`);
  process.exitCode = 1;
} finally {
  await connection.close();
}
