import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fromPem } from '../../../core/pem.ts';
import { type Config, ConfigError } from '../../config/config.ts';
import { pemOf } from '../../x509/pem-of.ts';
import type { EstAccess } from './est-client.ts';

/** A third party's CA as its files describe it. */
export interface EstCaFiles {
  /** EST address; `{org}` and `{domain}` stand for the device's organisation and domain. */
  readonly url: string;
  readonly access: EstAccess;
  /** The CA that signs devices first, each certificate signed by the next, the last by itself. DER. */
  readonly chain: readonly Uint8Array[];
  /** All but the last: the certificates that go into a device behind its leaf. */
  readonly chainPem: string;
  readonly anchorPem: string;
}

/** Reads and checks the files once, at start. Throws ConfigError with a sentence that names the variable. */
export function readEstCaFiles(config: NonNullable<Config['estCa']>): EstCaFiles {
  const cert = readText('FIELDBIND_EST_CA_CERT', config.certificateFile);
  const key = readText('FIELDBIND_EST_CA_KEY', config.keyFile);
  const chain = readChain(readText('FIELDBIND_EST_CA_CHAIN', config.chainFile));
  const ca =
    config.trustFile === undefined
      ? pemOf(chain.slice(-1))
      : readText('FIELDBIND_EST_CA_TRUST', config.trustFile);
  if (fromPem('CERTIFICATE', ca).length === 0)
    throw new ConfigError('FIELDBIND_EST_CA_TRUST holds no certificate');
  if (!isPair(cert, key))
    throw new ConfigError('FIELDBIND_EST_CA_CERT and FIELDBIND_EST_CA_KEY are no certificate and its key');
  return {
    url: config.url,
    access: { ca, cert, key },
    chain,
    chainPem: pemOf(chain.slice(0, -1)),
    anchorPem: pemOf(chain.slice(-1)),
  };
}

/**
 * Both names are safe in an address, since they were parsed before they were stored: letters, digits, hyphens, and
 * dots between labels.
 */
export function baseFor({ url }: EstCaFiles, { org, domain }: { org: string; domain: string }): string {
  return url.replaceAll('{org}', org).replaceAll('{domain}', domain);
}

function readChain(text: string): Uint8Array[] {
  const ders = fromPem('CERTIFICATE', text);
  const wrong = new ConfigError(
    'FIELDBIND_EST_CA_CHAIN is not one to four CA certificates, each signed by the next and the last by itself',
  );
  if (ders.length === 0 || ders.length > 4) throw wrong;
  try {
    const all = ders.map((der) => new X509Certificate(der));
    for (const [n, one] of all.entries()) {
      const above = all[n + 1] ?? one;
      if (!one.ca || !one.checkIssued(above) || !one.verify(above.publicKey)) throw wrong;
    }
  } catch {
    throw wrong;
  }
  return ders;
}

function isPair(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function readText(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(`${name} is not a file that can be read: ${file}`);
  }
}
