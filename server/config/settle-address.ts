import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import { ConfigError } from './config.ts';

/** The names from which certificates and domains are made. The command line must use the same ones as the server. */
export interface Address {
  readonly publicUrl: string;
  readonly suffix: string;
}

interface Parts {
  readonly stores: Needs<'settings'>;
  readonly transact: Transact<'settings' | 'audit'>;
  readonly clock: Clock;
}

/** The address with which the server last started; `asked` if no server ever started. */
export async function settledAddress(asked: Address, { stores }: Pick<Parts, 'stores'>): Promise<Address> {
  return {
    publicUrl: (await stores.settings.setting('public_url')) ?? asked.publicUrl,
    suffix: (await stores.settings.setting('suffix')) ?? asked.suffix,
  };
}

/**
 * Runs at a server's start. The suffix never changes, since every domain and certificate below it would be lost. The
 * address may change; `note` says what follows from that. Throws ConfigError.
 */
export async function settleAddress(
  { publicUrl, suffix: wanted }: Address,
  { transact, clock }: Pick<Parts, 'transact' | 'clock'>,
): Promise<{ readonly address: Address; readonly note: string | undefined }> {
  return transact(async (tx) => {
    const suffix = await tx.settings.settle('suffix', wanted);
    if (suffix !== wanted)
      throw new ConfigError(
        `this data folder was made for the suffix ${suffix}, not ${wanted}: start with FIELDBIND_SUFFIX=${suffix}, or with another FIELDBIND_DATA`,
      );
    const address = { publicUrl, suffix };
    const before = await tx.settings.settle('public_url', publicUrl);
    if (before === publicUrl) return { address, note: undefined };
    await tx.settings.change('public_url', publicUrl);
    await audit(tx.audit, {
      at: toInstant(clock.now()),
      step: STEPS.admin,
      event: 'address changed',
      actor: 'configuration',
      org: null,
      subject: publicUrl,
      detail: `before: ${before}`,
    });
    const note = `The address was ${before} and is ${publicUrl} now. Certificates issued so far name the old one for their CRL and issuer: keep it answering until they are replaced.`;
    return { address, note };
  });
}
