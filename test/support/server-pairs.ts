import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openssl } from './openssl.ts';

/** Certificates for servers under a root of a test's own. */
export interface ServerPairs {
  /** PEM. */
  readonly root: string;
  /** Files with a new certificate for this name, and its key. */
  make(
    file: string,
    host: string,
    options?: { readonly days?: number; readonly rsa?: boolean },
  ): Promise<{ readonly certificateFile: string; readonly keyFile: string }>;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export async function serverPairs(folder: string): Promise<ServerPairs> {
  const at = (name: string) => join(folder, name);
  const ca = ['-keyout', at('pairs-root.key'), '-out', at('pairs-root.pem')];
  await done('req', '-x509', ...EC, '-nodes', '-days', '9', '-subj', '/CN=root of a test', ...ca);
  return {
    root: at('pairs-root.pem'),
    async make(file, host, { days = 5, rsa = false } = {}) {
      const [certificateFile, keyFile] = [at(`${file}.pem`), at(`${file}.key`)];
      const kind = rsa ? ['-newkey', 'rsa:2048'] : EC;
      await done('req', '-new', ...kind, '-nodes', '-subj', '/', '-keyout', keyFile, '-out', at('pairs.csr'));
      writeFileSync(at('pairs.ext'), `subjectAltName=DNS:${host}\nbasicConstraints=critical,CA:FALSE\n`);
      const by = ['-CA', at('pairs-root.pem'), '-CAkey', at('pairs-root.key'), '-CAcreateserial'];
      const as = ['-days', String(days), '-extfile', at('pairs.ext'), '-out', certificateFile];
      await done('x509', '-req', '-in', at('pairs.csr'), ...by, ...as);
      return { certificateFile, keyFile };
    },
  };
}

async function done(...words: string[]): Promise<void> {
  const { code, out } = await openssl(...words);
  if (code !== 0) throw new Error(out);
}
