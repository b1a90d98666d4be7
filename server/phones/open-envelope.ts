import type { RejectionCode } from '../../contract/codes.ts';
import type { RecordHeader } from '../../contract/envelope.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { openRecord } from '../../core/envelope.ts';
import { jwkToSpki } from '../../core/jwk.ts';
import { verifyJws } from '../../core/jws.ts';
import type { OperatorKey } from '../ports/operator-keys.ts';

/** An envelope whose signature verified. */
export interface VerifiedEnvelope {
  readonly ok: true;
  readonly jws: string;
  readonly header: RecordHeader;
  readonly payload: unknown;
  readonly digest: string;
  /** The operator whose key signed it. */
  readonly author: string;
}

export type OpenedEnvelope =
  | VerifiedEnvelope
  | { readonly ok: false; readonly code: RejectionCode; readonly digest: string | null };

/**
 * Reads one envelope and checks its signature. The signature proves that the operator key `kid`, enrolled by `author`,
 * signed exactly these bytes in this place of its chain; it proves neither when nor who held the phone.
 */
export async function openEnvelope(
  text: string,
  keyOf: (kid: string) => Promise<OperatorKey | undefined>,
  crypto: CryptoPort,
): Promise<OpenedEnvelope> {
  const opened = await openRecord(text, crypto);
  if (!opened.ok) return opened;
  const { header, jws, digest } = opened;
  const key = await keyOf(header.kid);
  const spki = key && jwkToSpki(key.jwk);
  if (key === undefined || spki === undefined) return { ok: false, code: 'operator_key_unknown', digest };
  if (!(await verifyJws(jws, spki, crypto))) return { ok: false, code: 'bad_signature', digest };
  return { ok: true, jws: text, header, payload: jws.payload, digest, author: key.operator };
}
