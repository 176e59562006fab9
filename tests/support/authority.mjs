// TLS certificates for the tests, created with openssl: a CA and the certificates that it issues for 127.0.0.1 and
// clients.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class Authority {
  /** Creates a CA in `directory`, an existing directory that may be shared. */
  static make(directory, name) {
    const authority = new Authority();
    authority.directory = directory;
    authority.name = name;
    authority.#openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
    authority.#openssl('req', '-x509', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-days', '30', '-out', `${name}.pem`);
    authority.certificate = join(directory, `${name}.pem`);
    return authority;
  }

  /** {certificate, key} of a new certificate for 127.0.0.1 and localhost. */
  issue(name) {
    const [key, request, certificate, extension] = ['key', 'csr', 'pem', 'ext'].map((end) => `${name}.${end}`);
    writeFileSync(join(this.directory, extension), 'subjectAltName = IP:127.0.0.1, DNS:localhost\n');
    this.#openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key);
    this.#openssl('req', '-new', '-key', key, '-subj', `/CN=${name}`, '-out', request);
    this.#openssl(
      ...['x509', '-req', '-in', request, '-CA', `${this.name}.pem`, '-CAkey', `${this.name}.key`, '-CAcreateserial'],
      ...['-days', '30', '-extfile', extension, '-out', certificate],
    );
    return { certificate: join(this.directory, certificate), key: join(this.directory, key) };
  }

  #openssl(...args) {
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe' });
  }
}
