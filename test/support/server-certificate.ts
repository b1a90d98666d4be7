import { join } from 'node:path';
import { openssl } from './openssl.ts';

/**
 * A certificate for `localhost` and 127.0.0.1, unless told otherwise, by a throw-away CA, in a folder: `server-ca.pem`, `server.pem`, `server.key`. A
 * foreign server's own identity.
 */
export async function serverCertificate(folder: string, names = 'DNS:localhost,IP:127.0.0.1'): Promise<void> {
  const at = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const steps = [
    [
      'req',
      '-x509',
      ...key,
      '-keyout',
      at('server-ca.key'),
      '-out',
      at('server-ca.pem'),
      '-subj',
      '/CN=a CA',
    ],
    [
      ...['req', '-x509', ...key, '-CA', at('server-ca.pem'), '-CAkey', at('server-ca.key')],
      ...['-keyout', at('server.key'), '-out', at('server.pem'), '-subj', '/CN=localhost'],
      ...['-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ],
  ];
  for (const step of steps) {
    const { code, out } = await openssl(...step);
    if (code !== 0) throw new Error(`openssl ${step[0]}: ${out}`);
  }
}
