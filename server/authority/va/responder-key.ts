import type { Clock } from '../../../core/clock.ts';
import { fromInstant, toInstant } from '../../../core/instant.ts';
import type { IssuerIdentity, StatusSigner } from '../../ports/certificate-authority.ts';
import { PROCESS_SKEW } from '../../ports/server-clock.ts';
import type { KeySigner, KeyVault } from '../../ports/signer.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';

const DAY = 24 * 3_600_000;
const LIFE = 30 * DAY;
/** A responder is certified anew this long before its certificate ends, so that no answer outlives its signer. */
const MARGIN = 10 * DAY;

export interface ResponderParts {
  readonly vault: KeyVault;
  readonly stores: Needs<'responders'>;
  readonly transact: Transact<'responders' | 'audit'>;
  readonly clock: Clock;
}

export interface ResponderKey {
  readonly key: KeySigner;
  readonly certificate: Uint8Array;
}

/** The key that answers OCSP for an issuing CA; created and certified if needed. No CA can have its name. */
export async function responderKey(
  issuer: IssuerIdentity & StatusSigner,
  parts: ResponderParts,
): Promise<ResponderKey> {
  const { vault, stores, transact, clock } = parts;
  const key = await vault.ensure(`ocsp_${issuer.name}`, 'P-256');
  const fresh = (notAfter: string) => {
    const left = fromInstant(notAfter) - clock.now();
    // One that lives longer than any does was certified by a clock that was ahead, and begins in the future.
    return left > MARGIN && left <= LIFE + PROCESS_SKEW;
  };
  const stored = await stores.responders.responder(issuer.name);
  if (stored !== undefined && fresh(stored.notAfter)) return { key, certificate: stored.certificate };
  return transact(async (tx) => {
    const renewed = await tx.responders.responder(issuer.name);
    if (renewed !== undefined && fresh(renewed.notAfter)) return { key, certificate: renewed.certificate };
    const until = clock.now() + LIFE;
    const { der, serial } = await issuer.certifyResponder(key.spki, until);
    const notAfter = toInstant(until);
    await tx.responders.saveResponder({ issuer: issuer.name, certificate: der, notAfter });
    await audit(tx.audit, {
      at: toInstant(clock.now()),
      step: STEPS.admin,
      event: 'OCSP signer certified',
      actor: issuer.name,
      org: issuer.org,
      subject: `ocsp_${issuer.name}`,
      detail: `serial ${serial}, until ${notAfter}`,
    });
    return { key, certificate: der };
  });
}
