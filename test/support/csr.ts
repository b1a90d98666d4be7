import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';

/** Keys and requests by OpenSSL: nothing of ours has a hand in what our readers are tested on. */
export interface OpensslDevice {
  readonly csr: Bytes;
  readonly spki: Bytes;
}

const KEYS = {
  'P-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  'RSA-2048': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'RSA-1024': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  'RSA-e3': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-pkeyopt', 'rsa_keygen_pubexp:3'],
  Ed25519: ['-algorithm', 'ED25519'],
} as const;
export type OpensslKey = keyof typeof KEYS;

/** Runs `work` in a folder of its own, gone afterwards. */
export function inFolder<T>(work: (at: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-'));
  try {
    return work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

export function readBytes(path: string): Bytes {
  return new Uint8Array(readFileSync(path));
}

export function opensslDevice(key: OpensslKey, subject = '/CN=acme-1', digest = '-sha256'): OpensslDevice {
  return inFolder((at) => {
    openssl('genpkey', ...KEYS[key], '-out', at('key.pem'));
    openssl('pkey', '-in', at('key.pem'), '-pubout', '-outform', 'DER', '-out', at('spki.der'));
    const out = ['-outform', 'DER', '-out', at('csr.der')];
    openssl('req', '-new', '-utf8', digest, '-key', at('key.pem'), '-subj', subject, ...out);
    return { csr: readBytes(at('csr.der')), spki: readBytes(at('spki.der')) };
  });
}
