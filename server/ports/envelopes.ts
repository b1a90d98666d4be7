import type { RejectionCode } from '../../contract/codes.ts';

/** An envelope whose signature verified, byte for byte. Rejected ones are stored as well. */
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
   * Prefetch: reads in one go what will be asked about these envelopes; changes no answer. Nobody else adds to their
   * chains until the transaction ends.
   */
  prefetch(
    envelopes: readonly (Pick<Envelope, 'digest' | 'kid' | 'seq'> & { readonly id?: string | undefined })[],
  ): Promise<void>;
  byDigest(digest: string): Promise<Envelope | undefined>;
  /** The envelope that holds this place in the chain. */
  inChain(kid: string, seq: number): Promise<Pick<Envelope, 'digest' | 'prev'> | undefined>;
  /** Digest of the received envelope with this record id. */
  receivedId(id: string): Promise<string | undefined>;
  keep(envelope: Envelope): Promise<void>;
  /** Replaces the answer to an envelope that is stored. */
  answerAnew(digest: string, answer: Pick<Envelope, 'code' | 'receipt'>): Promise<void>;
}
