// The part of the MariaDB client/server protocol that is needed to recognize commands and the ends of their responses.

const clientMysql = 1; // without it, the client has MariaDB's extended capabilities
const clientSsl = 1 << 11;
const deprecateEof = 1 << 24;
const cacheMetadata = 1 << 4; // of the extended capabilities

const moreResultsExist = 0x0008;
const cursorExists = 0x0040;
const inTransaction = 0x0001;

const maxPayload = 0xffffff;

/** The commands with special handling; all others are answered by one packet. */
const phases = {
  0x01: 'quit',
  0x03: 'query',
  0x0e: 'ping',
  0x16: 'prepare',
  0x17: 'execute',
  0x18: 'long data',
  0x19: 'close',
  0x1a: 'reset statement',
  0x1c: 'fetch',
  0xfa: 'bulk',
};

/** Commands that the server does not answer. */
export const unanswered = new Set(['quit', 'close', 'long data']);

/** Commands that execute an SQL statement. */
export const carriedOut = new Set(['query', 'execute', 'bulk']);

export const phaseOf = (payload) => phases[payload[0]] ?? 'other';

/**
 * Splits a stream of bytes into packets: {sequence, payload, bytes, continued}; `continued`: the next packet continues
 * it.
 */
export class Packets {
  #rest = Buffer.alloc(0);

  *take(data) {
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    while (this.#rest.length >= 4) {
      const length = this.#rest.readUIntLE(0, 3);
      if (this.#rest.length < 4 + length) return;
      const bytes = this.#rest.subarray(0, 4 + length);
      this.#rest = this.#rest.subarray(4 + length);
      yield { sequence: bytes[3], payload: bytes.subarray(4), bytes, continued: length === maxPayload };
    }
  }
}

export function packet(payload, sequence = 0) {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, payload]);
}

/** COM_QUERY. */
export const queryPacket = (sql) => packet(Buffer.concat([Buffer.from([0x03]), Buffer.from(sql)]));

/** An ERR packet as the response to a command; it has no status flags. */
export function errorPacket(number, sqlstate, message) {
  const payload = Buffer.alloc(9);
  payload[0] = 0xff;
  payload.writeUInt16LE(number, 1);
  payload.write(`#${sqlstate}`, 3, 'latin1');
  return packet(Buffer.concat([payload, Buffer.from(message)]), 1);
}

/** The server's connection ID from its greeting; undefined if the greeting is an error. */
export function threadOf(greeting) {
  if (greeting[0] !== 10) return undefined;
  return greeting.readUInt32LE(greeting.indexOf(0, 1) + 1);
}

/** The capabilities that the client has chosen in its response to the greeting: {eof, cachesMetadata}. */
export function capabilitiesOf(login) {
  const low = login.readUInt32LE(0);
  if (low & clientSsl) throw new Error('the proxy cannot look into TLS');
  const extended = low & clientMysql || login.length < 32 ? 0 : login.readUInt32LE(28);
  return { eof: (low & deprecateEof) === 0, cachesMetadata: (extended & cacheMetadata) !== 0 };
}

/** A length-encoded integer: [value, length in bytes]. */
function integer(payload, offset) {
  const first = payload[offset];
  if (first < 0xfb) return [first, 1];
  if (first === 0xfc) return [payload.readUInt16LE(offset + 1), 3];
  if (first === 0xfd) return [payload.readUIntLE(offset + 1, 3), 4];
  return [Number(payload.readBigUInt64LE(offset + 1)), 9];
}

function statusOfOk(payload) {
  let offset = 1;
  offset += integer(payload, offset)[1];
  offset += integer(payload, offset)[1];
  return payload.readUInt16LE(offset);
}

/** Parses the response to one command, packet by packet. */
export class Response {
  #state = 'first';
  #left = 0;
  #after = [];

  constructor(phase, capabilities) {
    this.phase = phase;
    this.capabilities = capabilities;
    if (phase === 'fetch') this.#state = 'rows';
    /** {error, message} or {rows, status}; `transaction`: whether the server reports an open transaction. */
    this.outcome = { rows: 0 };
  }

  /** Processes the next packet; returns true if it was the last. */
  take(payload) {
    if (payload[0] === 0xff && (this.#state === 'first' || this.#state === 'rows')) {
      const message = payload.subarray(9).toString();
      this.outcome = { error: payload.readUInt16LE(1), message };
      return true;
    }
    switch (this.#state) {
      case 'first':
        return this.#first(payload);
      case 'definitions':
        return this.#definition();
      case 'end of definitions':
        return this.#endOfDefinitions(this.#statusOfEof(payload));
      default:
        return this.#row(payload);
    }
  }

  #first(payload) {
    if (this.phase === 'prepare') {
      this.statementId = payload.readUInt32LE(1);
      this.#after = [payload.readUInt16LE(7), payload.readUInt16LE(5)].filter((count) => count > 0);
      return this.#definitions();
    }
    if (!carriedOut.has(this.phase)) return true;
    if (payload[0] === 0x00) return this.#end(statusOfOk(payload));
    if (payload[0] === 0xfb) throw new Error('the proxy does not know LOAD DATA LOCAL');
    const [columns, length] = integer(payload, 0);
    const followed = !this.capabilities.cachesMetadata || payload[length] !== 0;
    this.#after = [];
    if (followed) {
      this.#left = columns;
      this.#state = 'definitions';
    } else {
      this.#state = this.capabilities.eof ? 'end of definitions' : 'rows';
    }
    return false;
  }

  /** Starts the next list of definitions after the response to a PREPARE; returns true if there is none. */
  #definitions() {
    this.#left = this.#after.shift() ?? 0;
    this.#state = 'definitions';
    return this.#left === 0;
  }

  #definition() {
    this.#left -= 1;
    if (this.#left > 0) return false;
    if (this.capabilities.eof) {
      this.#state = 'end of definitions';
      return false;
    }
    return this.#endOfDefinitions(0);
  }

  #endOfDefinitions(status) {
    if (this.phase === 'prepare') return this.#definitions();
    if (status & cursorExists) return this.#end(status);
    this.#state = 'rows';
    return false;
  }

  #row(payload) {
    if (payload[0] !== 0xfe || payload.length >= (this.capabilities.eof ? 9 : maxPayload)) {
      this.outcome.rows += 1;
      return false;
    }
    return this.#end(this.#statusOfEof(payload));
  }

  #statusOfEof(payload) {
    return this.capabilities.eof ? payload.readUInt16LE(3) : statusOfOk(payload);
  }

  #end(status) {
    this.outcome.status = status;
    this.outcome.transaction = (status & inTransaction) !== 0;
    this.#state = 'first';
    return (status & moreResultsExist) === 0;
  }
}
