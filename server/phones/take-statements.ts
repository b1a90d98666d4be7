import { Anchor } from '../../contract/era.ts';
import { Credential } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { Receipt, StatementHeader, type StatementType } from '../../contract/statement.ts';
import { WorkPack } from '../../contract/work-pack.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { headerOf, parseJws } from '../../core/jws.ts';
import { extendStatementKeys, keyEnd, type StatementKeys, verifyStatement } from '../../core/statement.ts';
import type { StoredEra } from '../ports/eras.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { statementChain } from '../trail/statement-keys.ts';
import { STEPS } from '../trail/steps.ts';

export interface StatementParts {
  readonly stores: Needs<'statements' | 'eras'>;
  readonly transact: Transact<'statements' | 'operatorKeys' | 'people' | 'eras' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly aud: string;
  /** Ends a statement key anew, in this era and its trail. Does nothing where it has ended. */
  endKey(kid: string, by: string): Promise<void>;
}

/** What one of our statement keys signed, and when it says so. */
interface OwnStatement {
  readonly typ: StatementType;
  readonly digest: string;
  readonly at: string;
  readonly credential: Credential | undefined;
}

/** Kinds of statement that a phone holds and a record may name as its anchor, each with the instant that it speaks of. */
const KINDS: Partial<Record<StatementType, (payload: unknown) => { aud: string; at: string } | undefined>> = {
  'anchor+jws': (payload) => parse(Anchor, payload),
  'credential+jws': (payload) => parse(Credential, payload),
  'receipt+jws': (payload) => parse(Receipt, payload),
  'pack+jws': (payload) => {
    const pack = parse(WorkPack, payload);
    return pack && { aud: pack.aud, at: pack.issuedAt };
  },
};

/** The statement keys of this installation that the database knows. */
async function knownKeys(
  stores: Needs<'statements'>,
  aud: string,
  crypto: CryptoPort,
): Promise<StatementKeys> {
  return extendStatementKeys(new Map(), await statementChain(stores), aud, crypto);
}

/**
 * Takes statements of ours that an older copy of the database does not know, so that the records that name them as their
 * anchors are judged as before. A capture credential brings its operator key back as well: its records can then be verified
 * and kept, and wait until somebody has confirmed the person (ra/records/judge.ts). Returns how many are ours.
 */
export async function takeStatements(
  texts: readonly string[],
  by: string,
  parts: StatementParts,
): Promise<number> {
  const { stores, transact, clock, crypto, aud } = parts;
  const era = await stores.eras.current();
  const ends = await takeEnds(texts, era, by, parts);
  const keys = await knownKeys(stores, aud, crypto);
  const own: OwnStatement[] = [];
  for (const text of texts) {
    const statement = await readStatement(text, keys, aud, crypto);
    if (statement !== undefined) own.push(statement);
  }
  if (era === undefined) return own.length + ends;
  const unknown: OwnStatement[] = [];
  for (const one of own) {
    // Whatever else is unknown here is no work of a time that was lost.
    if ((await stores.eras.lostBy(one.at)) === undefined) continue;
    if ((await stores.statements.issuedAt(one.digest)) === undefined) unknown.push(one);
  }
  if (unknown.length === 0) return own.length + ends;
  await transact(async (tx) => {
    for (const { digest, typ, at, credential } of unknown) {
      await tx.statements.log(digest, typ, at);
      if (credential !== undefined) await takeCredential(credential, digest, by, toInstant(clock.now()), tx);
    }
  });
  return own.length + ends;
}

/**
 * Ends of statement keys that a copy does not know count again before anything else is believed: what a thief signs in between
 * would bring in operator keys. The seal that such an end names was lost with the trail, so the key is ended anew. Returns how
 * many of them are ours.
 */
async function takeEnds(
  texts: readonly string[],
  era: StoredEra | undefined,
  by: string,
  { stores, crypto, aud, endKey }: StatementParts,
): Promise<number> {
  const said = texts.filter(
    (text) => parse(StatementHeader, headerOf(text))?.typ === 'statement-key-end+jws',
  );
  if (said.length === 0) return 0;
  const keys = await knownKeys(stores, aud, crypto);
  let own = 0;
  for (const text of said) {
    const ended = await keyEnd(text, keys, aud, crypto);
    if (ended === undefined) continue;
    own++;
    if (era !== undefined && keys.get(ended.kid)?.length !== 0) await endKey(ended.kid, by);
  }
  return own;
}

async function readStatement(
  text: string,
  keys: StatementKeys,
  aud: string,
  crypto: CryptoPort,
): Promise<OwnStatement | undefined> {
  const header = parse(StatementHeader, parseJws(text)?.header);
  const read = header && KINDS[header.typ];
  if (header === undefined || read === undefined) return undefined;
  const verified = await verifyStatement(text, header.typ, keys, crypto);
  const facts = verified.ok ? read(verified.payload) : undefined;
  if (!verified.ok || facts?.aud !== aud) return undefined;
  const credential = header.typ === 'credential+jws' ? parse(Credential, verified.payload) : undefined;
  return { typ: header.typ, digest: verified.digest, at: facts.at, credential };
}

/** A key that is known stays as it is, revoked or not. */
async function takeCredential(
  { kid, jwk, operator, notBefore, notAfter, maxOfflineSeconds }: Credential,
  digest: string,
  by: string,
  at: string,
  tx: Needs<'operatorKeys' | 'people' | 'audit'>,
): Promise<void> {
  const person = await tx.people.person(operator);
  if (person === undefined || person.revokedAt !== null) return;
  const known = await tx.operatorKeys.key(kid);
  if (known !== undefined && known.operator !== operator) return;
  if (known === undefined) {
    await tx.operatorKeys.saveKey({ kid, operator, jwk, enrolledAt: notBefore });
    await audit(tx.audit, {
      at,
      step: STEPS.admin,
      event: 'operator key found again',
      actor: by,
      org: null,
      subject: kid,
      detail: `of ${operator}, by its capture credential of ${notBefore}`,
    });
  }
  await tx.operatorKeys.saveCredential(digest, { kid, notBefore, notAfter, maxOfflineSeconds });
}

/** The contents of a work pack that one of our statement keys signed. */
export async function ownPack(
  text: string,
  { stores, crypto, aud }: Pick<StatementParts, 'stores' | 'crypto' | 'aud'>,
): Promise<WorkPack | undefined> {
  const verified = await verifyStatement(text, 'pack+jws', await knownKeys(stores, aud, crypto), crypto);
  const pack = verified.ok ? parse(WorkPack, verified.payload) : undefined;
  return pack?.aud === aud ? pack : undefined;
}
