// Sends the same kind of POST without a pause, from a thread of its own, so that the times that a test measures meanwhile
// are not those of its own event loop.
import { once } from 'node:events';
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { http } from './http.mjs';

export class Flood {
  /**
   * Starts `parallel` clients that POST certificates to `api`, each the next one when it has its answer; `from` is the
   * serial number of the first. Resolves when the first answers have come.
   */
  static async start(api, { parallel, from }) {
    const flood = new Flood();
    flood.worker = new Worker(fileURLToPath(import.meta.url), { workerData: { api, parallel, from } });
    await once(flood.worker, 'message');
    return flood;
  }

  /** Ends it; resolves to the number of answers by status. */
  async stop() {
    this.worker.postMessage('stop');
    const [answers] = await once(this.worker, 'message');
    await this.worker.terminate();
    return answers;
  }
}

async function run({ api, parallel, from }) {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const answers = {};
  let serial = from;
  let running = true;
  let told = false;
  parentPort.once('message', () => {
    running = false;
  });
  const client = async () => {
    while (running) {
      const body = { issuer: 'CN=Flood', serialNumber: String(serial++) };
      const { status } = await http('POST', `${api}/clients/certificates`, { body, agent, timeout: 60_000 });
      answers[status] = (answers[status] ?? 0) + 1;
      if (!told && answers[status] >= 20) {
        told = true;
        parentPort.postMessage('running');
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, client));
  agent.destroy();
  parentPort.postMessage(answers);
}

if (!isMainThread && workerData?.api) await run(workerData);
