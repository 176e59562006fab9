// Receives the events that CM broadcasts, as a permanent subscriber, and publishes the broadcasts that CM follows.
import { randomUUID } from 'node:crypto';

import { connect } from 'nats';

import { natsOptions } from './ecap.mjs';
import { slowness } from './paths.mjs';
import { record } from './records.mjs';
import { until } from './wait.mjs';

const eventTypes = {
  'endpoint.token.revoked': record('ecap.EndpointTokenRevokedEvent'),
  'client.credential.revoked': record('ecap.ClientCredentialRevokedEvent'),
};

export class Events {
  /** Subscribes to the broadcasts of `instance`; reconnects automatically to `server` (a Nats). */
  static async listen(server, { instance = 'cm' } = {}) {
    const events = new Events();
    /** {kind, at (performance.now()), …fields of the record}, in the order of arrival. */
    events.all = [];
    events.undecodable = [];
    events.connection = await connect(natsOptions(server));
    for (const [kind, type] of Object.entries(eventTypes)) {
      events.connection.subscribe(`kaa.v1.events.${instance}.${kind}`, {
        callback: (_, message) => events.#take(kind, type, message),
      });
    }
    await events.connection.flush();
    return events;
  }

  #take(kind, type, message) {
    const at = performance.now();
    try {
      this.all.push({ kind, at, ...type.fromBuffer(Buffer.from(message.data)) });
    } catch (error) {
      this.undecodable.push({ kind, error, bytes: Buffer.from(message.data) });
    }
  }

  /** The events that a request with this correlation ID caused. */
  of(correlationId) {
    return this.all.filter((event) => event.correlationId === correlationId);
  }

  /** The first event of this correlation ID, awaited. */
  async first(correlationId, timeout = 10_000) {
    await until(() => this.of(correlationId).length > 0, { timeout, interval: 2, what: `an event of ${correlationId}` });
    return this.of(correlationId)[0];
  }

  /**
   * Starts `server` (a Nats) and accepts connections through `proxy` only after this listener has reconnected, so that
   * it misses no event.
   */
  async reconnectsFirst(server, proxy) {
    proxy.refuse();
    await server.start();
    await until(() => this.connection.flush().then(() => true), { timeout: 10_000 * slowness, what: 'the listener back' });
    proxy.heal();
  }

  async close() {
    await this.connection.close();
  }
}

const Unregistered = record('elce.UnregisteredEvent');
const Broadcast = record('scmp.BroadcastConfigurationUpdateEvent');
const Specific = record('scmp.ServiceSpecificConfigurationUpdateEvent');

const common = () => ({ correlationId: randomUUID(), timestamp: Date.now() });

/** Publishes the broadcast of another replica that has revoked tokens. */
export function publishRevoked(connection, endpointId, tokenIds, { instance = 'cm', ...fields } = {}) {
  const event = { ...common(), timeout: 0, appName: 'smart_kettle', endpointId, tokenIds, originatorReplicaId: 'another', ...fields };
  connection.publish(
    `kaa.v1.events.${instance}.endpoint.token.revoked`,
    eventTypes['endpoint.token.revoked'].toBuffer(event),
  );
}

/** 9/ELCE: an endpoint was unregistered. Returns the correlation ID. */
export function publishUnregistered(connection, endpointId, { register = 'epr', ...fields } = {}) {
  const event = {
    ...common(),
    timeout: 0,
    appVersionName: 'smart_kettle_v1',
    endpointId,
    originatorReplicaId: 'replica-of-the-tests',
    ...fields,
  };
  connection.publish(subjectOfUnregistered(register), Unregistered.toBuffer(event));
  return event.correlationId;
}

export const subjectOfUnregistered = (register = 'epr') => `kaa.v1.events.${register}.endpoint.lifecycle.unregistered`;

/** A 17/SCMP broadcast to all instances: `what` is "upsert" or "delete". */
export function broadcastConfiguration(connection, what, { tekton = 'tekton', ...fields } = {}) {
  const event = {
    ...common(),
    originatorReplicaId: 'replica-of-the-tests',
    tenantID: null,
    appName: null,
    appVerName: null,
    ...fields,
  };
  connection.publish(`kaa.v1.events.${tekton}.service.configuration.${what}`, Broadcast.toBuffer(event));
}

/** A 17/SCMP message to one service instance. */
export function sendConfiguration(connection, what, { instance = 'cm', ...fields } = {}) {
  const event = { ...common(), tenantID: 'tenant', appName: null, appVerName: null, ...fields };
  connection.publish(`kaa.v1.service.${instance}.scmp.configuration.${what}`, Specific.toBuffer(event));
}
