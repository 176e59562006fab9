// Watches /health from a thread of its own, so that the test's own work does not spoil the times.
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { quantile, sleep, until } from './wait.mjs';

if (!isMainThread && workerData?.healthUrl) {
  const { Agent } = await import('node:http');
  const { get } = await import('./http.mjs');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let running = true;
  parentPort.once('message', () => {
    running = false;
  });
  while (running) {
    const at = Date.now();
    try {
      const { status, json, ms } = await get(workerData.healthUrl, { timeout: 2_000, agent });
      parentPort.postMessage({ at, ms, status, body: json });
    } catch (error) {
      parentPort.postMessage({ at, error: error.message });
    }
    await sleep(20);
  }
  agent.destroy();
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
    return sampler;
  }

  /**
   * Milliseconds from `since` (Date.now()) to the first sample taken after it that `condition(body, status)` holds for.
   */
  async latency(since, condition, what, timeout = 30_000) {
    const holds = (s) => s.at >= since && !s.error && condition(s.body, s.status);
    await until(() => this.samples.some(holds), { timeout, what });
    return this.samples.find(holds).at - since;
  }

  /** Ends the watching; {count, p50, p99, worst, errors}, times in milliseconds. */
  async stop() {
    this.worker.postMessage('stop');
    await new Promise((resolve) => this.worker.once('exit', resolve));
    const times = this.samples.filter((s) => !s.error).map((s) => s.ms);
    return {
      count: times.length,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      worst: Math.max(...times),
      errors: this.samples.filter((s) => s.error).map((s) => s.error),
    };
  }
}
