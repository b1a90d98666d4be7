import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import { ConfigError } from './config.ts';

/** The names from which certificates and domains are made. The command line must use the same ones as the server. */
export interface Address {
  readonly publicUrl: string;
  /** Where verifiers fetch what certificates name. */
  readonly verifierUrl: string;
  readonly suffix: string;
}

interface Parts {
  readonly stores: Needs<'settings'>;
  readonly transact: Transact<'settings' | 'audit'>;
  readonly clock: Clock;
}

/** The address with which the server last started; `asked` if no server ever started. */
export async function settledAddress(asked: Address, { stores }: Pick<Parts, 'stores'>): Promise<Address> {
  const publicUrl = await stores.settings.setting('public_url');
  return {
    publicUrl: publicUrl ?? asked.publicUrl,
    // An older version had one address for both.
    verifierUrl: (await stores.settings.setting('verifier_url')) ?? publicUrl ?? asked.verifierUrl,
    suffix: (await stores.settings.setting('suffix')) ?? asked.suffix,
  };
}

/**
 * Runs at a server's start. The suffix never changes, since every domain and certificate below it would be lost. The
 * address may change; `note` says what follows from that. Throws ConfigError.
 */
export async function settleAddress(
  { publicUrl, verifierUrl, suffix: wanted }: Address,
  { transact, clock }: Pick<Parts, 'transact' | 'clock'>,
): Promise<{ readonly address: Address; readonly note: string | undefined }> {
  return transact(async (tx) => {
    const suffix = await tx.settings.settle('suffix', wanted);
    if (suffix !== wanted)
      throw new ConfigError(
        `this data folder was made for the suffix ${suffix}, not ${wanted}: start with FIELDBIND_SUFFIX=${suffix}, or with another FIELDBIND_DATA`,
      );
    const address = { publicUrl, verifierUrl, suffix };
    const before = await tx.settings.settle('public_url', publicUrl);
    const fetchedAt = await tx.settings.settle('verifier_url', before);
    const change = async (name: string, event: string, from: string, to: string): Promise<void> => {
      if (from === to) return;
      await tx.settings.change(name, to);
      const entry = {
        at: toInstant(clock.now()),
        step: STEPS.admin,
        event,
        actor: 'configuration',
        org: null,
      };
      await audit(tx.audit, { ...entry, subject: to, detail: `before: ${from}` });
    };
    await change('public_url', 'address changed', before, publicUrl);
    await change('verifier_url', 'address for verifiers changed', fetchedAt, verifierUrl);
    if (fetchedAt === verifierUrl) return { address, note: undefined };
    const note = `The address was ${fetchedAt} and is ${verifierUrl} now. Certificates issued so far name the old one for their CRL and issuer: keep it answering until they are replaced.`;
    return { address, note };
  });
}
