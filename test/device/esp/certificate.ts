import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CredentialBundle } from '../../../src/ports/device.ts';
import { pemOf } from '../../support/device-bundle.ts';

/** A certificate for this key, made by OpenSSL, under a root of the moment; the chain is one more certificate. */
export function bundleFor(spki: Uint8Array, options: { readonly chain?: number } = {}): CredentialBundle {
  const directory = mkdtempSync(join(tmpdir(), 'fieldbind-esp-'));
  try {
    const file = (name: string) => join(directory, name);
    const openssl = (...args: string[]) => {
      const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8', cwd: directory });
      if (status !== 0) throw new Error(stderr);
    };
    writeFileSync(file('key.der'), spki);
    openssl('pkey', '-pubin', '-inform', 'DER', '-in', 'key.der', '-out', 'key.pem');
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=test root',
      '-days',
      '30',
    );
    openssl('req', '-new', '-key', 'ca.key', '-subj', '/CN=device', '-out', 'any.csr');
    openssl(
      'x509',
      '-req',
      '-in',
      'any.csr',
      '-force_pubkey',
      'key.pem',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '30',
      '-out',
      'leaf.pem',
    );
    const pem = (name: string) => readFileSync(file(name), 'utf8');
    const chainPem = options.chain === 0 ? '' : pemOf(options.chain ?? 560);
    return { leafPem: pem('leaf.pem'), chainPem, anchorPem: pem('ca.pem') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
