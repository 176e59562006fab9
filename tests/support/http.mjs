// An HTTP client: complete requests with a deadline, and raw bytes for requests that a library would not send.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';

import { within } from './wait.mjs';

const shared = new Agent({ keepAlive: true, maxSockets: 64 });

/**
 * Sends one request; resolves to {status, headers, text, json, ms}. `body` may be a string or a Buffer; anything else
 * is sent as JSON. Rejects if the response is not complete within `timeout` milliseconds.
 */
export function http(method, url, { body, headers = {}, timeout = 10_000, agent = shared } = {}) {
  const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  const payload = raw ? body : JSON.stringify(body);
  const sent = { ...(raw ? {} : { 'Content-Type': 'application/json' }), ...headers };
  if (payload !== undefined && !('Transfer-Encoding' in sent)) sent['Content-Length'] = Buffer.byteLength(payload);
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const call = request(url, { method, headers: sent, agent }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.once('error', reject);
      response.once('end', () => {
        clearTimeout(deadline);
        const text = Buffer.concat(pieces).toString('utf8');
        resolve({
          status: response.statusCode,
          headers: response.headers,
          text,
          ms: performance.now() - began,
          get json() {
            return JSON.parse(text);
          },
        });
      });
    });
    const deadline = setTimeout(() => {
      call.destroy(new Error(`${method} ${url}: no complete answer within ${timeout} ms`));
    }, timeout);
    call.once('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    call.end(payload);
  });
}

export const get = (url, options) => http('GET', url, options);
export const post = (url, body, options) => http('POST', url, { body, ...options });

/** Sends bytes on a new connection and returns what is received until `done(text)` is true or the peer closes. */
export function raw(port, bytes, { timeout = 10_000, done = () => false } = {}) {
  const answer = new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    const finish = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setEncoding('latin1');
    socket.on('data', (piece) => {
      text += piece;
      if (done(text)) finish();
    });
    socket.once('end', finish);
    socket.once('error', (error) => (text ? finish() : reject(error)));
  });
  return within(timeout, answer, `an answer on port ${port}`);
}

/** Status codes of the responses in a raw text, in order. */
export function statuses(text) {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}
