// Reads the table rows of one credential, and sets values that no API allows.
import { binary, channels, states } from './rest.mjs';

const tables = { token: 'endpoint_token', credentials: 'basic_credential', certificates: 'x509_credential' };

const statusName = (text) => (text === 'NULL' ? null : states[Number(text)]);

export class Rows {
  constructor(mariadb) {
    this.mariadb = mariadb;
  }

  /** The status of a credential ("token", "credentials" or "certificates"); undefined if there is no row. */
  async status(kind, id) {
    const text = await this.mariadb.sql(`SELECT status FROM ${tables[kind]} WHERE id = ${binary(id)}`);
    return text === '' ? undefined : statusName(text.trim());
  }

  /** The status of every token: a Map by ID. */
  async tokenStatuses() {
    const lines = (await this.mariadb.sql('SELECT LOWER(HEX(id)), status FROM endpoint_token')).trim().split('\n');
    const dashed = (hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return new Map(lines.map((line) => line.split('\t')).map(([hex, status]) => [dashed(hex), statusName(status)]));
  }

  /** Changes a status directly in the database, without CM. */
  async setStatus(kind, id, status) {
    await this.mariadb.sql(`UPDATE ${tables[kind]} SET status = ${states.indexOf(status)} WHERE id = ${binary(id)}`);
  }

  /** The audit trail of a credential, oldest first: [{from, to, channel, correlationId}]. */
  async trail(id) {
    const text = await this.mariadb.sql(
      `SELECT from_status, to_status, channel, correlation_id FROM credential_audit WHERE credential_id = ${binary(id)} ORDER BY seq`,
    );
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'))
      .map(([from, to, channel, correlationId]) => ({
        from: statusName(from),
        to: statusName(to),
        channel: channels[Number(channel)],
        correlationId,
      }));
  }

  async count(table, where = '1') {
    return Number(await this.mariadb.sql(`SELECT COUNT(*) FROM ${table} WHERE ${where}`));
  }

  /** Events that are not confirmed yet. */
  pending() {
    return this.count('event_outbox');
  }
}
