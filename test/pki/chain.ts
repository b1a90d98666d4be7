import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IssuedCertificate } from '../../contract/change.ts';
import { type Bytes, toHex } from '../../core/bytes.ts';
import { fromPem } from '../../core/pem.ts';
import { inFolder, openssl, readBytes } from '../support/csr.ts';
import { certificate } from '../support/records.ts';

/** Certificates and lists by OpenSSL, in the form our own authority gives them. */

export const UDID = 'acme-1';
export const DOMAIN = 'site-12.example.org';
export const SAN = `URI:spiffe://${DOMAIN}/device/${UDID},DNS:${UDID}.d.${DOMAIN}`;

export interface Authority {
  readonly name: string;
  readonly keyPem: string;
  /** Self-signed: what the organisation's bundle holds. */
  readonly anchorPem: string;
}

const EC_KEY = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export function makeAuthority(name = 'Acme issuing', days = 3650): Authority {
  return inFolder((at) => {
    openssl('genpkey', ...EC_KEY, '-out', at('key'));
    const usage = [
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
    ];
    const out = ['-out', at('cert'), '-days', String(days)];
    openssl('req', '-x509', '-new', '-key', at('key'), '-subj', `/CN=${name}`, ...usage, ...out);
    return { name, keyPem: readFileSync(at('key'), 'utf8'), anchorPem: readFileSync(at('cert'), 'utf8') };
  });
}

/** The authority's certificate once more, signed by `root`: what stands in a leaf's chain. */
export function crossSigned(authority: Authority, root: Authority, constraints = 'CA:TRUE'): string {
  return inFolder((at) => {
    writeFileSync(at('key'), authority.keyPem);
    openssl('req', '-new', '-key', at('key'), '-subj', `/CN=${authority.name}`, '-out', at('csr'));
    return signWith(root, at, `basicConstraints=critical,${constraints}\n`, '77', 365);
  });
}

interface Leaf {
  readonly issued: IssuedCertificate;
  readonly deviceKey: Bytes;
}

export function makeLeaf(
  authority: Authority,
  over: { readonly san?: string; readonly serial?: string; readonly days?: number } = {},
): Leaf {
  const { san = SAN, serial = '0x0123456789abcdef', days = 365 } = over;
  return inFolder((at) => {
    openssl('genpkey', ...EC_KEY, '-out', at('key'));
    openssl('pkey', '-in', at('key'), '-pubout', '-outform', 'DER', '-out', at('spki'));
    openssl('req', '-new', '-key', at('key'), '-subj', `/CN=${UDID}/O=${DOMAIN}`, '-out', at('csr'));
    const names = san === '' ? '' : `subjectAltName=${san}\n`;
    const leafPem = signWith(authority, at, `basicConstraints=critical,CA:FALSE\n${names}`, serial, days);
    return { issued: issuedOf(leafPem), deviceKey: readBytes(at('spki')) };
  });
}

export function issuedOf(leafPem: string, over: Partial<IssuedCertificate> = {}): IssuedCertificate {
  const [der = new Uint8Array(0)] = fromPem('CERTIFICATE', leafPem);
  const fingerprint = toHex(createHash('sha256').update(der).digest());
  return certificate({ leafPem, fingerprint, ...over });
}

function signWith(
  authority: Authority,
  at: (name: string) => string,
  extensions: string,
  serial: string,
  days: number,
): string {
  writeFileSync(at('ca.key'), authority.keyPem);
  writeFileSync(at('ca.cert'), authority.anchorPem);
  writeFileSync(at('extensions'), extensions);
  const ca = ['-CA', at('ca.cert'), '-CAkey', at('ca.key'), '-set_serial', serial, '-days', String(days)];
  openssl('x509', '-req', '-in', at('csr'), ...ca, '-extfile', at('extensions'), '-out', at('leaf'));
  return readFileSync(at('leaf'), 'utf8');
}

/** A revocation list of these serial numbers (hexadecimal). */
export function makeCrl(
  authority: Authority,
  serials: readonly string[] = [],
  /** Whether it names the key that signed it. */
  namesKey = false,
): Bytes {
  return inFolder((at) => {
    writeFileSync(at('ca.key'), authority.keyPem);
    writeFileSync(at('ca.cert'), authority.anchorPem);
    const rows = serials.map((serial) => `R\t360101000000Z\t260101000000Z\t${serial}\tunknown\t/CN=x\n`);
    writeFileSync(at('index'), rows.join(''));
    const names = namesKey ? 'crl_extensions=ext\n[ext]\nauthorityKeyIdentifier=keyid:always\n' : '';
    const config = `[ca]\ndefault_ca=it\n[it]\ndatabase=${at('index')}\ndefault_md=sha256\n${names}`;
    writeFileSync(at('config'), config);
    const ca = ['-config', at('config'), '-cert', at('ca.cert'), '-keyfile', at('ca.key')];
    openssl('ca', '-gencrl', ...ca, '-crldays', '30', '-out', at('crl.pem'));
    openssl('crl', '-in', at('crl.pem'), '-outform', 'DER', '-out', at('crl'));
    return readBytes(at('crl'));
  });
}
