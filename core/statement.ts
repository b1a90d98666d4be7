import { Anchor } from '../contract/era.ts';
import { parse } from '../contract/parse.ts';
import { StatementHeader, StatementKey, StatementKeyEnd, type StatementType } from '../contract/statement.ts';
import type { CryptoPort } from './crypto.ts';
import { jwkThumbprint, jwkToSpki } from './jwk.ts';
import { headerOf, jwsDigest, parseJws, verifyJws } from './jws.ts';

/**
 * Statement keys this phone trusts: kid → SubjectPublicKeyInfo, in the order in which each vouched for the next. An ended key
 * keeps its place with no bytes, so that nothing verifies by it and nobody can bring it back.
 */
export type StatementKeys = ReadonlyMap<string, Uint8Array>;

export type StatementResult =
  | { readonly ok: true; readonly payload: unknown; readonly digest: string }
  /** `unknown_key`: not verified yet; fetch the chain of keys and keep everything. `invalid`: nothing of ours, or by a key that has ended. */
  | { readonly ok: false; readonly reason: 'unknown_key' | 'invalid' };

const INVALID = { ok: false, reason: 'invalid' } as const;
const ENDED = new Uint8Array(0);

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
  if (spki.length === 0 || !(await verifyJws(jws, spki, crypto))) return INVALID;
  return { ok: true, payload: jws.payload, digest: await jwsDigest(jws.signed, crypto) };
}

/** Whether the key that is said to have signed this has ended. */
export function isByEndedKey(text: string, keys: StatementKeys): boolean {
  return keys.get(signerOf(text) ?? '')?.length === 0;
}

function signerOf(text: string): string | undefined {
  return parse(StatementHeader, headerOf(text))?.kid;
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
 * Adds the keys that the newest known one vouches for, in any order given, then ends those that a later one ended. The first
 * one of an empty set is taken if it signs itself: that is the pin, made over TLS at enrolment. A key vouches for one successor,
 * the first that is seen: who steals an older one cannot bring in another. Keys nobody known vouches for are left out.
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
  // Older signers first: what a key said before it ended itself is not lost by the order in which ends come.
  const order = [...keys.keys()];
  const bySigner = chain.map((text) => ({ text, place: order.indexOf(signerOf(text) ?? '') }));
  for (const { text } of bySigner.sort((one, other) => one.place - other.place)) {
    const ended = await keyEnd(text, keys, aud, crypto);
    if (ended !== undefined) keys.set(ended.kid, ENDED);
  }
  return keys;
}

/** The end of a known key, if one that came after it and has not ended signed this. */
export async function keyEnd(
  text: string,
  keys: StatementKeys,
  aud: string,
  crypto: CryptoPort,
): Promise<StatementKeyEnd | undefined> {
  const verified = await verifyStatement(text, 'statement-key-end+jws', keys, crypto);
  const ended = verified.ok ? parse(StatementKeyEnd, verified.payload) : undefined;
  const signer = signerOf(text);
  if (ended?.aud !== aud || signer === undefined) return undefined;
  const order = [...keys.keys()];
  const place = order.indexOf(ended.kid);
  return place >= 0 && place < order.indexOf(signer) ? ended : undefined;
}

async function vouchedKey(text: string, keys: StatementKeys, aud: string, crypto: CryptoPort) {
  const jws = parseJws(text);
  const header = jws && parse(StatementHeader, jws.header);
  const payload = jws && parse(StatementKey, jws.payload);
  if (jws === undefined || header?.typ !== 'statement-key+jws' || payload?.aud !== aud) return undefined;
  const spki = jwkToSpki(payload.jwk);
  if (spki === undefined || (await jwkThumbprint(payload.jwk, crypto)) !== payload.kid) return undefined;
  const newest = [...keys].at(-1);
  const signer =
    newest === undefined
      ? header.kid === payload.kid
        ? spki
        : undefined
      : newest[0] === header.kid
        ? newest[1]
        : undefined;
  return signer !== undefined && signer.length > 0 && (await verifyJws(jws, signer, crypto))
    ? { kid: payload.kid, spki }
    : undefined;
}
