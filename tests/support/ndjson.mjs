// Streams newline-delimited JSON as a client: an import that writes and reads concurrently, an export that may be slow.
import { once } from 'node:events';
import { Agent, request } from 'node:http';

import { slowness } from './paths.mjs';
import { within } from './wait.mjs';

const type = { 'Content-Type': 'application/x-ndjson' };

/** Calls `onLine(text)` for each line of a stream and awaits its result; a last line without a line feed counts. */
async function eachLine(stream, onLine) {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const piece of stream) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const pending = onLine(line);
      if (pending) await pending;
    }
  }
  if (rest !== '') await onLine(rest);
}

/** Turns an iterable of objects (as JSON) or texts (unchanged) into lines, in pieces of about `size` bytes. */
function* pieces(lines, size = 32 << 10) {
  let piece = '';
  for (const line of lines) {
    piece += `${typeof line === 'string' ? line : JSON.stringify(line)}\n`;
    if (piece.length >= size) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

/**
 * Streams `lines` into an import, chunked and with backpressure, and concurrently reads the results: calls
 * `onResult(result)` for each (and awaits its promise before it reads the next), or collects them.
 * Resolves to {status, headers, results, count}.
 */
export async function importLines(api, lines, { onResult, headers = {}, timeout = 120_000 * slowness } = {}) {
  const call = request(`${api}/endpoint-tokens/import`, {
    method: 'POST',
    headers: { ...type, ...headers },
    agent: new Agent({ keepAlive: false }),
  });
  const failed = new Promise((_, reject) => call.once('error', reject));
  failed.catch(() => {});
  const writing = (async () => {
    for (const piece of pieces(lines)) {
      if (!call.write(piece)) await Promise.race([once(call, 'drain'), failed]);
    }
    call.end();
  })();
  const reading = (async () => {
    const [response] = await once(call, 'response');
    const results = [];
    let count = 0;
    const take = onResult ?? ((result) => void results.push(result));
    await eachLine(response, (line) => {
      count += 1;
      return take(JSON.parse(line));
    });
    if (!response.complete) throw new Error('the answer was cut short');
    return { status: response.statusCode, headers: response.headers, results, count };
  })();
  const [answer] = await within(timeout, Promise.all([Promise.race([reading, failed]), writing]), 'the end of an import');
  return answer;
}

/**
 * Reads an export: calls `onLine(object)` for each line (and awaits its promise before it reads more), or collects the
 * lines. Resolves to {status, headers, lines, count, bytes, complete}.
 */
export async function exportLines(api, { query = '', onLine, headers = {}, timeout = 120_000 * slowness } = {}) {
  const call = request(`${api}/endpoint-tokens/export${query}`, { headers, agent: new Agent({ keepAlive: false }) }).end();
  const lines = [];
  let count = 0;
  let bytes = 0;
  const take = onLine ?? ((line) => void lines.push(line));
  const reading = (async () => {
    const [response] = await once(call, 'response');
    await eachLine(response, (line) => {
      count += 1;
      bytes += line.length + 1;
      return take(JSON.parse(line));
    });
    return { status: response.statusCode, headers: response.headers, lines, count, bytes, complete: response.complete };
  })();
  return within(timeout, reading, 'the end of an export');
}
