import type { Change, IssuedCertificate } from '../../contract/change.ts';
import type { Confirmation } from '../../contract/confirmation.ts';
import type { ListRow } from '../../contract/list-row.ts';
import type { Credential, Session } from '../../contract/operator.ts';
import type { Registration } from '../../contract/registration.ts';
import type { WorkPack } from '../../contract/work-pack.ts';
import { concat, toBase64Url } from '../../core/bytes.ts';
import type { CryptoPort, Signer } from '../../core/crypto.ts';
import { jwkThumbprint, jwkToSpki } from '../../core/jwk.ts';
import { toPem } from '../../core/pem.ts';
import { cryptoPort } from '../../core/webcrypto.ts';
import type { Capture, NewRecord, QueuedRecord } from '../../src/ports/outbox.ts';

/** Builders with defaults, for Node and browser alike. */

export const crypto: CryptoPort = cryptoPort(globalThis.crypto);
export const AUD = 'fieldbind.example';
export const ORG = 'acme-installers';
export const EPOCH = '11111111-1111-4111-8111-111111111111';
export const DOMAIN = 'site-12.example.org';
/** 2026-01-01, where the fake clock starts too. */
export const START = Date.UTC(2026, 0, 1);

/** 43 characters that stand for a digest, a different one for each number. */
export function digest(n: number): string {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, n);
  return toBase64Url(bytes);
}

export function recordId(n: number): string {
  return `019b0000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

export interface TestKey {
  readonly signer: Signer;
  readonly jwk: Credential['jwk'];
  readonly spki: Uint8Array;
}

export async function makeKey(): Promise<TestKey> {
  const { subtle } = globalThis.crypto;
  const pair = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const { x = '', y = '' } = await subtle.exportKey('jwk', pair.publicKey);
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  const spki = jwkToSpki(jwk);
  if (spki === undefined) throw new Error('WebCrypto gave a coordinate of another length');
  const use = { name: 'ECDSA', hash: 'SHA-256' };
  const sign: Signer['sign'] = async (data) =>
    new Uint8Array(await subtle.sign(use, pair.privateKey, Uint8Array.from(data)));
  return { jwk, spki, signer: { kid: await jwkThumbprint(jwk, crypto), sign } };
}

export function queuedRecord(over: Partial<QueuedRecord> = {}): QueuedRecord {
  const seq = over.seq ?? 1;
  return {
    id: recordId(seq),
    typ: 'registration+jws',
    state: 'saved',
    org: ORG,
    udid: 'acme-1',
    domain: DOMAIN,
    title: 'Hall 3',
    seq,
    kid: digest(900),
    digest: digest(seq),
    size: 10,
    createdAt: START + seq,
    attempts: 0,
    nextAt: 0,
    leaseOwner: null,
    leaseUntil: 0,
    fault: null,
    about: null,
    simulated: false,
    code: null,
    detail: null,
    decidedAt: null,
    receivedAt: null,
    certificate: null,
    unproven: false,
    ...over,
  };
}

let captured = 0;

/** A record that follows `after`, with an envelope that is only a name: stores must not look into it. */
export function newRecord(after: NewRecord['after'], over: Partial<QueuedRecord> = {}): NewRecord {
  captured += 1;
  const seq = after.seq + 1;
  const row = queuedRecord({
    id: recordId(captured),
    digest: digest(captured),
    createdAt: START + captured,
    ...over,
    seq,
  });
  return { row, jws: `envelope of ${row.digest}`, after, head: { seq, digest: row.digest } };
}

/** Captures the next record of a chain, trying again while others capture too. */
export async function captureNext(
  capture: Capture,
  over: Partial<QueuedRecord> = {},
): Promise<{ readonly row: QueuedRecord; readonly jws: string }> {
  for (;;) {
    const record = newRecord(await capture.head(over.kid ?? digest(900)), over);
    if ((await capture.append(record)) === 'stored') return record;
  }
}

/** The shape of a certificate around a key, and no more: what is read of it here is its key. */
export function leafPemOf(spki: Uint8Array): string {
  const element = (tag: number, ...parts: readonly Uint8Array[]) => {
    const content = concat(...parts);
    return concat(Uint8Array.of(tag, 0x82, content.length >> 8, content.length & 0xff), content);
  };
  // A length in two octets is only DER from 256 on, so each field that has no say is padded.
  const empty = element(0x30, element(0x04, new Uint8Array(300)));
  return toPem(
    'CERTIFICATE',
    element(0x30, element(0x30, Uint8Array.of(2, 1, 1), empty, empty, empty, empty, spki)),
  );
}

/** A key that is a SEQUENCE and nothing more. */
export const LEAF_KEY = Uint8Array.of(0x30, 3, 4, 1, 7);

export function certificate(over: Partial<IssuedCertificate> = {}): IssuedCertificate {
  return {
    fingerprint: 'ab'.repeat(32),
    leafPem: leafPemOf(LEAF_KEY),
    chainPem: '',
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2027-01-01T00:00:00.000Z',
    ...over,
  };
}

export function change(record: string, over: Partial<Change> = {}): Change {
  return { record, outcome: 'bound', at: '2026-01-02T00:00:00.000Z', ...over };
}

export function registration(over: Partial<Registration> = {}): Registration {
  return {
    id: recordId(1),
    app: '1.0.0',
    capturedAt: '2026-01-01T00:00:00.000Z',
    udid: 'acme-1',
    domain: DOMAIN,
    place: { photos: [] },
    label: { how: 'camera', kind: 'udid', text: 'acme-1', aliases: [] },
    device: {
      link: 'serial',
      driver: 'zephyr-cred',
      aliases: [],
      publicKey: 'AAAA',
      csr: 'AAAA',
      subjectSaysNothing: false,
      possession: 'static',
    },
    checks: [{ check: 'csr_signature', result: 'passed' }],
    pack: digest(1),
    asFound: false,
    ...over,
  };
}

export function confirmation(over: Partial<Confirmation> = {}): Confirmation {
  return {
    id: recordId(2),
    app: '1.0.0',
    capturedAt: '2026-01-01T00:00:00.000Z',
    registration: recordId(1),
    udid: 'acme-1',
    domain: DOMAIN,
    certificate: 'ab'.repeat(32),
    link: 'serial',
    written: [{ parts: ['leaf'], digest: 'cd'.repeat(32) }],
    ...over,
  };
}

export function listRow(over: Partial<ListRow> = {}): ListRow {
  return { maker: 'acme', udid: 'acme-1', aliases: [], anchor: 'key', publicKey: 'AAAA', ...over };
}

export function workPack(over: Partial<WorkPack> = {}): WorkPack {
  return {
    aud: AUD,
    org: ORG,
    role: 'installer',
    training: false,
    issuedAt: '2026-01-01T00:00:00.000Z',
    notAfter: '2026-02-01T00:00:00.000Z',
    app: '1.0.0',
    challenge: { value: digest(7), notAfter: '2026-02-01T00:00:00.000Z' },
    domains: [{ name: DOMAIN, title: 'Site 12', sites: [], anchorPem: certificate().leafPem }],
    bundlePem: certificate().leafPem,
    crl: '',
    salt: digest(8),
    rows: [],
    digests: [],
    tombstones: [],
    ...over,
  };
}

export function session(over: Partial<Session> = {}): Session {
  return {
    operator: 'anna',
    name: 'Anna',
    aud: AUD,
    memberships: [{ org: ORG, title: 'Acme', role: 'installer', training: false }],
    expiresAt: '2026-01-01T12:00:00.000Z',
    ...over,
  };
}

export function credential(key: TestKey, over: Partial<Credential> = {}): Credential {
  const { operator, name, memberships } = session();
  return {
    aud: AUD,
    kid: key.signer.kid,
    jwk: key.jwk,
    operator,
    name,
    memberships,
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2026-01-31T00:00:00.000Z',
    maxOfflineSeconds: 14 * 24 * 3600,
    at: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}
