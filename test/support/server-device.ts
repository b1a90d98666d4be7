import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { ListRow } from '../../contract/list-row.ts';
import type { Registration } from '../../contract/registration.ts';
import { type Bytes, toBase64Url } from '../../core/bytes.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';

x509.cryptoProvider.set(webcrypto as Crypto);

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export type KeyAlgorithm = 'P-256' | 'P-384' | 'Ed25519' | 'RSA-2048' | 'RSA-1024';

/** A device of a test: its key pair, and the request its firmware would give. */
export interface TestDevice {
  readonly maker: string;
  readonly udid: string;
  readonly spki: Bytes;
  readonly csr: Bytes;
  readonly keys: CryptoKeyPair;
}

let count = 0;

export interface WantedDevice {
  readonly maker?: string;
  readonly udid?: string;
  readonly commonName?: string;
  /** Organisational unit of the request's subject. */
  readonly unit?: string;
  readonly algorithm?: KeyAlgorithm;
  readonly keys?: CryptoKeyPair;
}

/** A new device with a key of its own. The CSR's subject is the UDID unless `commonName` says otherwise. */
export async function makeDevice(wanted: WantedDevice = {}): Promise<TestDevice> {
  const maker = wanted.maker ?? 'acme';
  const udid = wanted.udid ?? `${maker}-${process.pid}-${++count}`;
  const keys = wanted.keys ?? (await makeKeys(wanted.algorithm ?? 'P-256'));
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${wanted.commonName ?? udid}${wanted.unit === undefined ? '' : `,OU=${wanted.unit}`}`,
    keys,
    signingAlgorithm: signing(wanted.algorithm ?? 'P-256'),
  });
  const spki = new Uint8Array(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  return { maker, udid, spki, csr: new Uint8Array(request.rawData), keys };
}

async function makeKeys(algorithm: KeyAlgorithm): Promise<CryptoKeyPair> {
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: Uint8Array.of(1, 0, 1) };
  const parameters = {
    'P-256': P256,
    'P-384': { name: 'ECDSA', namedCurve: 'P-384' },
    Ed25519: { name: 'Ed25519' },
    'RSA-2048': { ...rsa, modulusLength: 2048 },
    'RSA-1024': { ...rsa, modulusLength: 1024 },
  }[algorithm];
  return (await webcrypto.subtle.generateKey(parameters, true, ['sign', 'verify'])) as CryptoKeyPair;
}

function signing(algorithm: KeyAlgorithm) {
  switch (algorithm) {
    case 'P-256':
      return P256;
    case 'P-384':
      return { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
    case 'Ed25519':
      return { name: 'Ed25519' };
    case 'RSA-2048':
    case 'RSA-1024':
      return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  }
}

/** The device's private key, PEM (PKCS#8): what a test's TLS client uses in the device's place. */
export async function privateKeyPem(device: TestDevice): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', device.keys.privateKey));
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN PRIVATE KEY-----\n${lines}-----END PRIVATE KEY-----\n`;
}

/** Its row on a maker's list, anchored by key unless told otherwise. */
export function rowOf(device: TestDevice, changes: Partial<ListRow> = {}): ListRow {
  const { maker, udid } = device;
  const anchor = changes.anchor ?? 'key';
  return {
    maker,
    udid,
    aliases: [],
    anchor,
    ...(anchor === 'key' ? { publicKey: toBase64Url(device.spki) } : {}),
    ...changes,
  };
}

export const A_DIGEST = 'A'.repeat(43);

/** What a phone would record of this device: every check passed, link serial. */
export function registrationOf(
  device: TestDevice,
  domain: string,
  changes: Omit<Partial<Registration>, 'device'> & { device?: Partial<Registration['device']> } = {},
): Registration {
  const { device: deviceChanges, ...rest } = changes;
  return {
    id: uuid7(Date.now(), nodeCrypto),
    app: '0.1.0',
    capturedAt: new Date().toISOString(),
    maker: device.maker,
    udid: device.udid,
    domain,
    place: { photos: [] },
    label: { how: 'typed', kind: 'text', text: device.udid, aliases: [] },
    checks: [],
    pack: A_DIGEST,
    asFound: false,
    ...rest,
    device: {
      link: 'serial',
      driver: 'zephyr-cred',
      aliases: [],
      publicKey: toBase64Url(device.spki),
      csr: toBase64Url(device.csr),
      subjectSaysNothing: false,
      possession: 'static',
      ...deviceChanges,
    },
  };
}
