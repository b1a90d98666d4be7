import type { Era } from '../../contract/era.ts';
import { toBase64Url } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { LIST_LIFE } from '../ports/list-feed.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from './chain.ts';
import type { StatementKeys } from './statement-keys.ts';
import { STEPS } from './steps.ts';

/**
 * Setting of a database that is a copy put back, until its era has begun: the newest instant that the copy knew. The copy's
 * own transaction writes it, so whoever opens the database next begins the era, whatever was killed in between.
 */
export const PUT_BACK = 'put-back';

export interface EraParts {
  readonly stores: Needs<'settings' | 'eras'>;
  readonly transact: Transact<
    'settings' | 'eras' | 'statements' | 'certificateStates' | 'authorities' | 'audit'
  >;
  readonly statementKeys: StatementKeys;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly aud: string;
}

/**
 * Begins a new era if the database was put back to a copy, before anything else is done with it. It revives nobody: sessions
 * and one-time things end, people and machine clients wait for somebody who confirms them, and every CRL is signed anew.
 */
export async function beginEraIfPutBack(parts: EraParts): Promise<void> {
  const { stores, transact, statementKeys, clock, crypto, aud } = parts;
  const copyAt = await stores.settings.setting(PUT_BACK);
  if (copyAt === undefined) return;
  // A statement key made after the copy still lies in the vault, and phones may know it already.
  await statementKeys.catchUp();
  const signer = await statementKeys.active();
  await transact(async (tx) => {
    if ((await tx.settings.setting(PUT_BACK)) === undefined) return; // another process has begun it
    const at = toInstant(clock.now());
    const era = toBase64Url(crypto.random(16));
    const before = (await tx.eras.current())?.era ?? null;
    const payload: Era = { aud, era, before, copyAt, at };
    const { jws, digest } = await signer.sign('era+jws', payload);
    await tx.eras.begin({ era, copyAt, at, jws });
    await tx.eras.endOneTimeThings();
    await tx.statements.log(digest, 'era+jws', at);
    for (const { name, root } of await tx.authorities.authorities())
      if (root !== null) await tx.certificateStates.outdate(name);
    await tx.settings.remove(PUT_BACK);
    // The list's numbers are of another life as well.
    await tx.settings.remove(LIST_LIFE);
    await audit(tx.audit, {
      at,
      step: STEPS.admin,
      event: 'put back to a copy',
      actor: 'server',
      org: null,
      subject: era,
      detail: `the copy knows nothing after ${copyAt}`,
    });
  });
}
