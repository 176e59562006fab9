// A separate process that revokes tokens over REST at a steady rate, and validates each repeatedly to measure how long
// it is still accepted after the acknowledgement. Receives one message with the job, sends one with the measurements.
import { Agent } from 'node:http';

import { EcapClient } from '../support/ecap.mjs';
import { http } from '../support/http.mjs';
import { sleep } from '../support/wait.mjs';

/** Requests per millisecond: the probability that none of them reaches the slower one of two replicas is 2^-8. */
const requestsPerRound = 8;
const probed = 20; // ms without a 200 after which a token counts as refused
const patience = 1000; // ms

/** Milliseconds from now to the sending of the last request that was answered with 200; 0 if there is none. */
async function acceptedFor(ecap, token) {
  const began = performance.now();
  let last = 0;
  const answers = [];
  for (let now = 0; now < last + probed && now < patience; now = performance.now() - began) {
    for (let i = 0; i < requestsPerRound; i += 1) {
      const sent = performance.now() - began;
      answers.push(
        ecap.validate('smart_kettle', token).then(({ statusCode }) => {
          if (statusCode === 200) last = Math.max(last, sent);
          else if (statusCode !== 403) throw new Error(`a revoked token got ${statusCode}`);
        }),
      );
    }
    await sleep(1);
  }
  await Promise.all(answers);
  return last;
}

async function run({ apis, nats, tokens, rate }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const ecap = await EcapClient.connect(nats);
  const refused = [];
  const before = process.cpuUsage();
  const began = performance.now();
  const item = async ({ id, endpointId, token }, i) => {
    const url = `${apis[i % apis.length]}/endpoints/${endpointId}/tokens/${id}/status`;
    const { status, text } = await http('PUT', url, { body: { status: 'Revoked' }, agent });
    if (status !== 200) throw new Error(`revoking got ${status}: ${text}`);
    refused.push(await acceptedFor(ecap, token));
  };
  const all = [];
  for (const [i, token] of tokens.entries()) {
    const early = began + (i * 1000) / rate - performance.now();
    if (early > 0) await sleep(early);
    all.push(item(token, i));
  }
  await Promise.all(all);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  await ecap.close();
  agent.destroy();
  return { refused, rate: tokens.length / seconds, cores: (user + system) / 1e6 / seconds };
}

process.once('message', (job) => {
  run(job).then(
    (result) => process.send(result, () => process.disconnect()),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
