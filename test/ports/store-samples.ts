import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import type { Binding } from '../../server/ports/bindings.ts';
import type { Intent } from '../../server/ports/certificate-authority.ts';
import type { Envelope } from '../../server/ports/envelopes.ts';
import type { IssuerName } from '../../server/ports/issuer-name.ts';
import type { StoredRow } from '../../server/ports/maker-list.ts';
import type { StoredRecord } from '../../server/ports/records.ts';

// What the suites of the store put into it.
export const AT = '2026-01-01T00:00:00.000Z';
export const LATER = '2026-01-02T00:00:00.000Z';

/** Names in samples are plain words: what the stores do does not depend on their spelling. */
type Plain = Partial<Omit<Binding, 'udid'> & { readonly udid: string }>;

/** The issuing CA of the samples. */
export const NORTHFIELD = 'northfield' as IssuerName;

export const binding = ({ udid = 'acme-1', ...changes }: Plain = {}): Binding => ({
  id: 'b1',
  scope: 'real',
  org: 'northfield',
  domain: 'a.example' as DomainName,
  site: null,
  maker: 'acme',
  udid: udid as Udid,
  keyDigest: 'key-1',
  registration: 'r1',
  state: 'issuing',
  unproven: true,
  firstUse: false,
  boundAt: AT,
  endedAt: null,
  ...changes,
});

export const envelope = (changes: Partial<Envelope> = {}): Envelope => ({
  digest: 'd1',
  kid: 'k',
  seq: 1,
  prev: null,
  inChain: true,
  id: 'r1',
  jws: 'a.b.c',
  uploader: 'ines',
  receivedAt: AT,
  code: null,
  receipt: 'x.y.z',
  ...changes,
});

export const record = (id: string, seq: number, changes: Partial<StoredRecord> = {}): StoredRecord => ({
  id,
  digest: `digest of ${id}`,
  header: {
    alg: 'ES256',
    typ: 'registration+jws',
    v: 1,
    kid: 'k',
    aud: 'fieldbind:1',
    org: 'northfield',
    seq,
    prev: null,
    epoch: 'e',
    anchor: 'a',
  },
  author: 'ines',
  payload: { id },
  udid: 'acme-1',
  capturedAt: AT,
  receivedAt: AT,
  outcome: null,
  code: null,
  decidedAt: null,
  binding: null,
  approvedBy: null,
  ...changes,
});

export const intent: Intent = {
  serial: '40',
  issuer: NORTHFIELD,
  kind: 'tbs',
  toBeSigned: Uint8Array.of(1, 2),
  digest: 'ff',
  notBefore: AT,
  notAfter: LATER,
};

export const row = (org: string, udid: string, importedAt = AT): StoredRow => ({
  scope: 'real',
  org,
  row: { maker: 'acme', udid, aliases: [], anchor: 'key', publicKey: `key of ${udid}` },
  importedBy: 'test',
  importedAt,
  signedBy: null,
  handedTo: null,
});
