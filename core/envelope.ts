import type { RejectionCode } from '../contract/codes.ts';
import { MAX_RECORD_LENGTH, RecordHeader, type RecordType } from '../contract/envelope.ts';
import { parse } from '../contract/parse.ts';
import type { CryptoPort, Signer } from './crypto.ts';
import { type Jws, jwsDigest, parseJws, sealJws } from './jws.ts';

/** Where the chain of one operator key stands: the newest record's number and digest. */
export interface ChainHead {
  readonly seq: number;
  readonly digest: string | null;
}

/** Before the first record of a key. */
export const CHAIN_START: ChainHead = { seq: 0, digest: null };

/** What a record says of its surroundings, the same for every record of one phone and organisation. */
export interface EnvelopeContext {
  readonly aud: string;
  readonly org: string;
  readonly epoch: string;
  /** Digest of the newest server-signed statement this phone holds. */
  readonly anchor: string;
}

export interface SealedRecord {
  readonly jws: string;
  readonly digest: string;
  readonly head: ChainHead;
}

/** Signs one record as the next of the chain. The operator's signature says: captured by this key, unaltered, in order. */
export async function sealRecord(
  typ: RecordType,
  payload: object,
  context: EnvelopeContext,
  head: ChainHead,
  signer: Signer,
  crypto: CryptoPort,
): Promise<SealedRecord> {
  const seq = head.seq + 1;
  const { aud, org, epoch, anchor } = context;
  const header: RecordHeader = {
    alg: 'ES256',
    typ,
    v: 1,
    kid: signer.kid,
    aud,
    org,
    seq,
    prev: head.digest,
    epoch,
    anchor,
  };
  const { jws, digest } = await sealJws(header, payload, signer, crypto);
  return { jws, digest, head: { seq, digest } };
}

/** A record's envelope, read but its signature not yet checked. */
export type OpenedRecord =
  | { readonly ok: true; readonly header: RecordHeader; readonly jws: Jws; readonly digest: string }
  | { readonly ok: false; readonly code: RejectionCode; readonly digest: string | null };

/** Reads an envelope of any version ever published (so far: 1). The payload stays unparsed until the signature holds. */
export async function openRecord(text: string, crypto: CryptoPort): Promise<OpenedRecord> {
  const jws = text.length <= MAX_RECORD_LENGTH ? parseJws(text) : undefined;
  if (jws === undefined) return { ok: false, code: 'envelope_malformed', digest: null };
  const digest = await jwsDigest(jws.signed, crypto);
  const header = parse(RecordHeader, jws.header);
  if (header !== undefined) return { ok: true, header, jws, digest };
  const { v } = jws.header as { v?: unknown };
  return {
    ok: false,
    code: typeof v === 'number' && v !== 1 ? 'version_unknown' : 'envelope_malformed',
    digest,
  };
}
