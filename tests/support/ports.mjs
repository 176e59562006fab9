// Loopback ports for servers that tests start. A port is reserved, so that no other test takes it before its server
// starts or while it restarts.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * The range [first, end) of ports to choose from. Below the kernel's ephemeral ports, any of which an outgoing
 * connection could occupy; a client that connects to an unused ephemeral port may even be connected to itself.
 */
function range() {
  const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  return first > 15_000 ? [10_000, first] : [10_000, 32_768];
}

/**
 * Reserves the port for the lifetime of this process, by binding the UDP port of the same number, which has no other
 * use here.
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

/** Whether a server can listen on the port: programs other than our tests may use it. */
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

/** Returns `count` different, unused loopback ports, reserved for the lifetime of this process. */
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
