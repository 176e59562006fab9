// Samples /health in a separate thread, so that the test's own work does not distort the times, and for comparison a
// minimal HTTP server that answers immediately: its delays are measurement noise.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { quantile, sleep, until } from './wait.mjs';

const bareServer = `
  const server = require("node:http").createServer((request, response) => response.end('{"status":"UP"}'));
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  process.stdin.on("end", () => process.exit()).resume();
`;

if (!isMainThread && workerData?.healthUrl) {
  const { Agent } = await import('node:http');
  const { get } = await import('./http.mjs');
  const bare = spawn(process.execPath, ['-e', bareServer], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(bare.stdout.setEncoding('utf8'), 'data');
  const bareUrl = `http://127.0.0.1:${Number(port)}/`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 5; i += 1) await get(bareUrl, { agent });
  let running = true;
  parentPort.once('message', () => {
    running = false;
  });
  while (running) {
    const at = Date.now();
    try {
      const { status, json, ms } = await get(workerData.healthUrl, { timeout: 2_000, agent });
      const baseline = await get(bareUrl, { timeout: 2_000, agent });
      parentPort.postMessage({ at, ms, bare: baseline.ms, status, body: json });
    } catch (error) {
      parentPort.postMessage({ at, error: error.message });
    }
    await sleep(20);
  }
  agent.destroy();
  bare.stdin.end();
}

export class HealthSampler {
  static async start(cm) {
    const sampler = new HealthSampler();
    sampler.samples = [];
    sampler.worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: { healthUrl: `${cm.management}/health` },
    });
    sampler.worker.on('message', (sample) => sampler.samples.push(sample));
    await until(() => sampler.samples.length > 0, { what: 'a first health sample' });
    // The first request includes the connect.
    sampler.samples.length = 0;
    return sampler;
  }

  /**
   * Milliseconds from `since` (Date.now()) to the first later sample for which `condition(body, status)` is true.
   */
  async latency(since, condition, what, timeout = 30_000) {
    const holds = (s) => s.at >= since && !s.error && condition(s.body, s.status);
    await until(() => this.samples.some(holds), { timeout, what });
    return this.samples.find(holds).at - since;
  }

  /**
   * Ends the sampling. Times in milliseconds: {count, p50, p99, worst} of /health, {p50, p99, worst} of the minimal
   * server in `bare`; `slow` and `bare.slow` are the numbers of samples that took `limit` or longer.
   */
  async stop(limit) {
    this.worker.postMessage('stop');
    await new Promise((resolve) => this.worker.once('exit', resolve));
    const answered = this.samples.filter((s) => !s.error);
    const summary = (times) => ({
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      worst: Math.max(...times),
      slow: times.filter((ms) => ms >= limit).length,
    });
    return {
      count: answered.length,
      ...summary(answered.map(({ ms }) => ms)),
      bare: summary(answered.map(({ bare }) => bare)),
      errors: this.samples.filter((s) => s.error).map((s) => s.error),
    };
  }
}
