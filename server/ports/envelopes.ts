import type { RejectionCode } from '../../contract/codes.ts';

/** An envelope whose signature verified, as it came. Refused ones are kept as well. */
export interface Envelope {
  readonly digest: string;
  readonly kid: string;
  readonly seq: number;
  readonly prev: string | null;
  /** Whether it holds its place (kid, seq) in the chain; a fork does not. */
  readonly inChain: boolean;
  readonly id: string | null;
  readonly jws: string;
  readonly uploader: string;
  readonly receivedAt: string;
  /** Why it was rejected; null if it was received. */
  readonly code: RejectionCode | null;
  readonly receipt: string | null;
}

export interface Envelopes {
  /**
   * What will be asked about these, so that it can be read at once; changes no answer. Nobody else adds to their chains
   * until the transaction ends.
   */
  prefetch(
    envelopes: readonly (Pick<Envelope, 'digest' | 'kid' | 'seq'> & { readonly id?: string | undefined })[],
  ): Promise<void>;
  byDigest(digest: string): Promise<Envelope | undefined>;
  /** The one that holds this place in the chain. */
  inChain(kid: string, seq: number): Promise<Pick<Envelope, 'digest' | 'prev'> | undefined>;
  /** Digest of the received envelope with this record id. */
  receivedId(id: string): Promise<string | undefined>;
  keep(envelope: Envelope): Promise<void>;
  /** Another answer than before for one that is kept. */
  answerAnew(digest: string, answer: Pick<Envelope, 'code' | 'receipt'>): Promise<void>;
}
