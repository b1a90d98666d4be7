import type { StatementKeyEnd } from '../../contract/statement.ts';
import { toInstant } from '../../core/instant.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from './chain.ts';
import { type SealParts, sealAtOnce, sealDigest } from './seal-trail.ts';
import { isKey } from './statement-keys.ts';
import { STEPS } from './steps.ts';

export interface EndParts extends Omit<SealParts, 'writer' | 'transact' | 'stores'> {
  readonly stores: Needs<'audit' | 'leases' | 'statements'>;
  readonly transact: Transact<'statements' | 'audit'>;
}

export type EndResult =
  | { readonly ok: true; readonly seal: number; readonly successor: string }
  | { readonly ok: false; readonly why: 'not_found' | 'ended' };

/**
 * Ends a statement key. The newest one gets a successor first, which it vouches for itself. Then the trail is sealed by the
 * newest key, and that key signs the end, naming this seal: what the ended one signed counts up to there and no further.
 * Run again after a crash, it goes on.
 */
export async function endStatementKey(
  kid: string,
  word: { readonly by: string; readonly because: string },
  parts: EndParts,
): Promise<EndResult> {
  const { stores, transact, statementKeys, clock, crypto, aud } = parts;
  const keys = (await stores.statements.keys()).filter(isKey);
  if (!keys.some((key) => key.kid === kid)) return { ok: false, why: 'not_found' };
  if ((await stores.statements.ends()).some((end) => end.kid === kid)) return { ok: false, why: 'ended' };
  if (keys.at(-1)?.kid === kid) await statementKeys.rotate();
  const entry = { step: STEPS.admin, actor: word.by, org: null, subject: kid } as const;
  const detail = `because: ${word.because}`;
  // An entry that is not sealed yet, so that there is something for the newest key to seal.
  await transact((tx) =>
    audit(tx.audit, { ...entry, at: toInstant(clock.now()), event: 'statement key is to end', detail }),
  );
  const last = await sealAtOnce(parts);
  if (last === undefined) throw new Error('the trail has an entry and no seal');
  const signer = await statementKeys.active();
  const at = toInstant(clock.now());
  const seal = { n: last.n, digest: await sealDigest(last, crypto) };
  const statement: StatementKeyEnd = { aud, kid, end: at, seal };
  const { jws, digest } = await signer.sign('statement-key-end+jws', statement);
  return transact(async (tx) => {
    if (!(await tx.statements.saveEnd({ kid, jws, at }))) return { ok: false, why: 'ended' };
    await tx.statements.log(digest, 'statement-key-end+jws', at);
    await audit(tx.audit, {
      ...entry,
      at,
      event: 'statement key ended',
      detail: `${detail}, at seal ${seal.n}, signed by ${signer.kid}`,
    });
    return { ok: true, seal: seal.n, successor: signer.kid };
  });
}
