// A 16/ECAP client with third-party libraries: nats and avsc.
import { randomUUID } from 'node:crypto';

import { connect } from 'nats';

import { record } from './records.mjs';

/** The four requests: last part of the subject, request record, response record. */
const kinds = {
  token: {
    subject: 'ep-token-request',
    request: record('ecap.EndpointTokenValidationRequest'),
    response: record('ecap.EndpointTokenValidationResponse'),
  },
  transition: {
    subject: 'ep-token-status-transition-request',
    request: record('ecap.EndpointTokenStatusTransitionRequest'),
    response: record('ecap.EndpointTokenStatusTransitionResponse'),
  },
  password: {
    subject: 'client-username-password-request',
    request: record('ecap.ClientUsernamePasswordValidationRequest'),
    response: record('ecap.ClientUsernamePasswordValidationResponse'),
  },
  certificate: {
    subject: 'client-certificate-request',
    request: record('ecap.ClientCertificateValidationRequest'),
    response: record('ecap.ClientCertificateValidationResponse'),
  },
};

export const TokenValidationRequest = kinds.token.request;
export const TokenValidationResponse = kinds.token.response;

/** Options of a test's connection to `server` (a Nats of servers.mjs), with automatic reconnects. */
export const natsOptions = (server) => ({
  servers: server.url,
  user: server.username,
  pass: server.password,
  ...(server.clientTls ? { tls: server.clientTls } : {}),
  maxReconnectAttempts: -1,
  reconnectTimeWait: 50,
  reconnectJitter: 10,
  pingInterval: 2_000,
});

export class EcapClient {
  /** Connects to `server` (a Nats of servers.mjs), with automatic reconnects. */
  static async connect(server, { instance = 'cm' } = {}) {
    const client = new EcapClient();
    client.instance = instance;
    client.subject = client.subjectOf('token');
    client.connection = await connect(natsOptions(server));
    return client;
  }

  /** The subject of requests of this kind. */
  subjectOf(kind) {
    return `kaa.v1.service.${this.instance}.ecap.${kinds[kind].subject}`;
  }

  /** The bytes of a request; fields that are not given get defaults. */
  static encode(kind, fields) {
    return kinds[kind].request.toBuffer({ correlationId: randomUUID(), timestamp: Date.now(), timeout: 0, ...fields });
  }

  /** Sends raw bytes; resolves to the decoded answer, rejects if there is none. */
  async raw(bytes, { timeout = 5_000, kind = 'token' } = {}) {
    const reply = await this.connection.request(this.subjectOf(kind), bytes, { timeout });
    return decode(kind, reply.data);
  }

  /** Sends a request; resolves to the decoded answer, with its bytes in `bytes` and the request in `asked`. */
  async ask(kind, fields, wait = 5_000) {
    const asked = { correlationId: randomUUID(), timestamp: Date.now(), timeout: 0, ...fields };
    const bytes = kinds[kind].request.toBuffer(asked);
    const reply = await this.connection.request(this.subjectOf(kind), bytes, { timeout: wait });
    return { ...decode(kind, reply.data), asked, bytes: Buffer.from(reply.data) };
  }

  /** Validates a token; every field of the request can be overridden. */
  validate(appName, token, { wait, ...fields } = {}) {
    return this.ask('token', { appName, token, ...fields }, wait);
  }

  /** Requests a status transition of a token. */
  transition(appName, token, targetStatus, { wait, ...fields } = {}) {
    return this.ask('transition', { appName, token, targetStatus, ...fields }, wait);
  }

  /** Validates a username with its password; null: missing. */
  password(username, password, { wait, ...fields } = {}) {
    return this.ask('password', { username, password, ...fields }, wait);
  }

  /** Validates a certificate by its issuer and its serial number. */
  certificate(issuer, serialNumber, { wait, ...fields } = {}) {
    return this.ask('certificate', { issuer, serialNumber, ...fields }, wait);
  }

  async close() {
    await this.connection.close();
  }
}

/** Decodes exactly one record, without trailing bytes. */
function decode(kind, bytes) {
  return { ...kinds[kind].response.fromBuffer(Buffer.from(bytes)) };
}

/** An answer without the two fields that always differ, to check that answers are indistinguishable. */
export function anonymous(kind, answer) {
  const { correlationId, timestamp, ...rest } = kinds[kind].response.fromBuffer(answer.bytes);
  return kinds[kind].response.toBuffer({ ...rest, correlationId: '', timestamp: 0 }).toString('hex');
}
