import { Anchor } from '../contract/era.ts';
import { parse } from '../contract/parse.ts';
import { StatementHeader, StatementKey, type StatementType } from '../contract/statement.ts';
import type { CryptoPort } from './crypto.ts';
import { jwkThumbprint, jwkToSpki } from './jwk.ts';
import { jwsDigest, parseJws, verifyJws } from './jws.ts';

/** Statement keys this phone trusts: kid → SubjectPublicKeyInfo. Grows only along signatures of keys already in it. */
export type StatementKeys = ReadonlyMap<string, Uint8Array>;

export type StatementResult =
  | { readonly ok: true; readonly payload: unknown; readonly digest: string }
  /** `unknown_key`: not verified yet; fetch the chain of keys and keep everything. `invalid`: nothing of ours. */
  | { readonly ok: false; readonly reason: 'unknown_key' | 'invalid' };

const INVALID = { ok: false, reason: 'invalid' } as const;

/** Verifies that the backend's statement key signed this, as this type of statement. The payload is still unparsed. */
export async function verifyStatement(
  text: string,
  typ: StatementType,
  keys: StatementKeys,
  crypto: CryptoPort,
): Promise<StatementResult> {
  const jws = parseJws(text);
  const header = jws && parse(StatementHeader, jws.header);
  if (jws === undefined || header === undefined || header.typ !== typ) return INVALID;
  const spki = keys.get(header.kid);
  if (spki === undefined) return { ok: false, reason: 'unknown_key' };
  if (!(await verifyJws(jws, spki, crypto))) return INVALID;
  return { ok: true, payload: jws.payload, digest: await jwsDigest(jws.signed, crypto) };
}

/** A short statement whose digest a record may name, if it is of this installation. */
export async function verifyAnchor(
  text: string,
  aud: string,
  keys: StatementKeys,
  crypto: CryptoPort,
): Promise<StatementResult> {
  const result = await verifyStatement(text, 'anchor+jws', keys, crypto);
  return result.ok && parse(Anchor, result.payload)?.aud !== aud ? INVALID : result;
}

/**
 * Adds the keys that a known key vouches for, in any order given. The first one of an empty set is taken if it signs
 * itself: that is the pin, made over TLS at enrolment. Keys nobody known vouches for are left out.
 */
export async function extendStatementKeys(
  known: StatementKeys,
  chain: readonly string[],
  aud: string,
  crypto: CryptoPort,
): Promise<StatementKeys> {
  const keys = new Map(known);
  for (let grew = true; grew; ) {
    grew = false;
    for (const text of chain) {
      const added = await vouchedKey(text, keys, aud, crypto);
      if (added === undefined || keys.has(added.kid)) continue;
      keys.set(added.kid, added.spki);
      grew = true;
    }
  }
  return keys;
}

async function vouchedKey(text: string, keys: StatementKeys, aud: string, crypto: CryptoPort) {
  const jws = parseJws(text);
  const header = jws && parse(StatementHeader, jws.header);
  const payload = jws && parse(StatementKey, jws.payload);
  if (jws === undefined || header?.typ !== 'statement-key+jws' || payload?.aud !== aud) return undefined;
  const spki = jwkToSpki(payload.jwk);
  if (spki === undefined || (await jwkThumbprint(payload.jwk, crypto)) !== payload.kid) return undefined;
  const signer = keys.get(header.kid) ?? (keys.size === 0 && header.kid === payload.kid ? spki : undefined);
  return signer !== undefined && (await verifyJws(jws, signer, crypto))
    ? { kid: payload.kid, spki }
    : undefined;
}
