import { readFileSync } from 'node:fs';
import { parseCsr } from '../../core/csr.ts';
import { rekeyDevice } from '../../server/authority/ra/contact/rekey-device.ts';
import { openInstallation } from '../../server/installation.ts';
import type { CertificateAuthority, Issuer } from '../../server/ports/certificate-authority.ts';

/**
 * A process that begins a re-key and kills itself, as a power cut would, once it was intended or once it was signed.
 * Arguments: data folder, binding, file with the request in base64, step.
 */
const [data = '', id = '', file = '', step = ''] = process.argv.slice(2);
const installation = await openInstallation({
  data,
  databaseUrl: process.env.FIELDBIND_DATABASE_URL || undefined,
  publicUrl: 'http://localhost',
  suffix: 'fieldbind.internal',
});
const mortal = (issuer: Issuer | undefined): Issuer | undefined =>
  issuer && {
    ...issuer,
    async sign(intent) {
      if (step === 'signed') await issuer.sign(intent);
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    },
  };
const ca: CertificateAuthority = {
  ...installation.ca,
  issuer: async (org) => mortal(await installation.ca.issuer(org)),
  issuerNamed: async (name) => mortal(await installation.ca.issuerNamed(name)),
};
const der = new Uint8Array(Buffer.from(readFileSync(file, 'utf8'), 'base64'));
const current = await installation.stores.certificates.newest(id);
if (current === undefined) throw new Error('no certificate');
await rekeyDevice({ id }, current, { request: parseCsr(der), der }, { ...installation, ca });
