// Waits for conditions with a deadline, instead of sleeping for a fixed time.
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/**
 * Calls `condition` until it returns a truthy value, and returns that. An exception of the condition counts as "not
 * yet". Rejects after `timeout` milliseconds with `what` and the last exception.
 */
export async function until(condition, { timeout = 10_000, interval = 20, what = 'a condition' } = {}) {
  const began = performance.now();
  let last;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() - began >= timeout) {
      throw new Error(`${what} did not come true within ${timeout} ms${last ? `: ${last.message}` : ''}`);
    }
    await sleep(interval);
  }
}

/** Rejects when `promise` takes longer than `timeout` milliseconds. */
export async function within(timeout, promise, what = 'an answer') {
  const abort = new AbortController();
  const late = sleep(timeout, undefined, { signal: abort.signal }).then(() => {
    throw new Error(`${what} did not come within ${timeout} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    abort.abort();
  }
}

/** Milliseconds that `action` takes. */
export async function timed(action) {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

/** The `fraction` quantile of numbers (nearest rank). */
export function quantile(numbers, fraction) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(fraction * sorted.length) - 1)];
}
