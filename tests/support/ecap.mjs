// 16/ECAP as a consumer of CM speaks it, with clients that are not ours: nats and avsc.
import { randomUUID } from 'node:crypto';

import avsc from 'avsc';
import { connect } from 'nats';

import {
  tokenValidationRequest,
  tokenValidationResponse,
  tokenValidationSubject,
} from '../../deploy/local/ecap-records.mjs';

export const TokenValidationRequest = avsc.Type.forSchema(tokenValidationRequest);
export const TokenValidationResponse = avsc.Type.forSchema(tokenValidationResponse);

export class EcapClient {
  /** A connection to `server` (a Nats of servers.mjs) that comes back by itself. */
  static async connect(server, { instance = 'cm' } = {}) {
    const client = new EcapClient();
    client.subject = tokenValidationSubject(instance);
    client.connection = await connect({
      servers: server.url,
      user: server.username,
      pass: server.password,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      reconnectJitter: 10,
      pingInterval: 2_000,
    });
    return client;
  }

  /** Sends bytes as they are; resolves to the decoded answer, rejects when none comes. */
  async raw(bytes, { timeout = 5_000 } = {}) {
    const reply = await this.connection.request(this.subject, bytes, { timeout });
    return decodeTokenValidation(reply.data);
  }

  /** Validates a token; every field of the request may be given instead. */
  async validate(appName, token, { wait = 5_000, ...fields } = {}) {
    const message = { correlationId: randomUUID(), timestamp: Date.now(), timeout: 0, appName, token, ...fields };
    const bytes = TokenValidationRequest.toBuffer(message);
    const reply = await this.connection.request(this.subject, bytes, { timeout: wait });
    return { ...decodeTokenValidation(reply.data), asked: message };
  }

  async close() {
    await this.connection.close();
  }
}

/** The one record that the bytes must be, to the last byte. */
export function decodeTokenValidation(bytes) {
  return { ...TokenValidationResponse.fromBuffer(Buffer.from(bytes)) };
}
