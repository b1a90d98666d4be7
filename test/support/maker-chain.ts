import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { toBase64Url } from '../../core/bytes.ts';
import { sha256Hex } from '../../server/x509/node-crypto.ts';
import type { TestDevice } from './server-device.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DATES = { notBefore: new Date('2020-01-01'), notAfter: new Date('2050-01-01') };

/** A maker's root, the CA below it, and what that signs, by a foreign library. */
export interface MakerCa {
  readonly root: x509.X509Certificate;
  readonly below: x509.X509Certificate;
  issue(device: Pick<TestDevice, 'keys'>, subject: string | x509.JsonName): Promise<x509.X509Certificate>;
}

export async function makerCa(wanted: { readonly belowIsCa?: boolean } = {}): Promise<MakerCa> {
  const keys = () => webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
  const [rootKeys, belowKeys] = [await keys(), await keys()];
  const common = { ...DATES, signingAlgorithm: P256 };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    name: 'CN=Acme Root',
    keys: rootKeys,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const below = await x509.X509CertificateGenerator.create({
    ...common,
    subject: 'CN=Acme Devices',
    issuer: root.subject,
    publicKey: belowKeys.publicKey,
    signingKey: rootKeys.privateKey,
    extensions: [new x509.BasicConstraintsExtension(wanted.belowIsCa ?? true, undefined, true)],
  });
  return {
    root,
    below,
    issue: ({ keys: { publicKey } }, subject) =>
      x509.X509CertificateGenerator.create({
        ...common,
        subject,
        issuer: below.subject,
        publicKey,
        signingKey: belowKeys.privateKey,
      }),
  };
}

const der = ({ rawData }: x509.X509Certificate) => new Uint8Array(rawData);

/** As a phone writes a chain into a record. */
export function chainText(...chain: readonly x509.X509Certificate[]): string {
  return chain.map((one) => toBase64Url(der(one))).join('.');
}

/** As a row of the maker's list names a certificate. */
export function thumbprintOf(certificate: x509.X509Certificate): string {
  return Buffer.from(sha256Hex(der(certificate)), 'hex').toString('base64url');
}

/** A certificate for this device's key, DER: one that a reader takes, by a CA that nobody trusts. */
export async function leafOf(device: Pick<TestDevice, 'keys'>): Promise<Uint8Array> {
  return der(await (await makerCa()).issue(device, 'CN=leaf'));
}
