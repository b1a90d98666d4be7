import type { Clock } from '../../../core/clock.ts';
import { toInstant } from '../../../core/instant.ts';
import type { EstCaConfig } from '../../config/config.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';

/** Setting with the CA's address; empty if there is none. */
const SETTING = 'est_ca';

/** Runs at a server's start: puts on the trail which CA signs devices from now on, and stores it for commands. */
export async function settleEstCa(
  config: EstCaConfig | undefined,
  { transact, clock }: { readonly transact: Transact<'settings' | 'audit'>; readonly clock: Clock },
): Promise<boolean> {
  const url = config?.url ?? '';
  await transact(async (tx) => {
    const before = await tx.settings.settle(SETTING, '');
    if (before === url) return;
    await tx.settings.change(SETTING, url);
    await audit(tx.audit, {
      at: toInstant(clock.now()),
      step: STEPS.admin,
      event: url === '' ? 'own CA signs devices' : 'third-party CA signs devices',
      actor: 'configuration',
      org: null,
      subject: url === '' ? before : url,
      detail: before === '' ? '' : `before: ${before}`,
    });
  });
  return url !== '';
}

/** Whether the last server that started uses a third party's CA. */
export async function isEstCaInUse({ settings }: Needs<'settings'>): Promise<boolean> {
  return ((await settings.setting(SETTING)) ?? '') !== '';
}
