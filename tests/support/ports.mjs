// Loopback ports for servers that a test starts: nobody else takes one between its choice and its use, or while its server
// is away for a moment.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * [first, end) of the ports to choose from. Below those that the kernel gives to clients, of which any connection could take
 * one for itself; a client that asks for a port of theirs where nobody listens may even be connected with itself.
 */
function range() {
  const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  return first > 15_000 ? [10_000, first] : [10_000, 32_768];
}

/**
 * Takes the port for this process, as long as it lives: the UDP port of the same number is bound, which nobody else here
 * uses, so the kernel keeps the book.
 */
async function reserve(port) {
  const mark = createSocket('udp4');
  mark.unref();
  try {
    await once(mark.bind({ port, address: '127.0.0.1', exclusive: true }), 'listening');
    return true;
  } catch (error) {
    if (!['EADDRINUSE', 'EACCES'].includes(error.code)) throw error;
    mark.close();
    return false;
  }
}

/** Whether a server can listen there: others than our tests may have a server too. */
async function unused(port) {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    if (!['EADDRINUSE', 'EACCES'].includes(error.code)) throw error;
    return false;
  }
  await once(server.close(), 'close');
  return true;
}

/** `count` loopback ports on which nobody listens, all different, this process's as long as it lives. */
export async function freePorts(count) {
  const [first, end] = range();
  const ports = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries === 1_000) throw new Error(`no ${count} free ports from ${first} to ${end - 1}`);
    const port = first + Math.floor(Math.random() * (end - first));
    if ((await reserve(port)) && (await unused(port))) ports.push(port);
  }
  return ports;
}
