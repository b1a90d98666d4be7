import type { OutcomeCode } from '../../../../contract/codes.ts';
import type { DeviceEvent } from '../../../ports/events.ts';
import type { GroupStores } from '../../../ports/group-stores.ts';
import type { Outcome, StoredRecord } from '../../../ports/records.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import type { DeviceMention } from './ruling.ts';

interface DecidedOutcome {
  readonly outcome: Outcome;
  readonly code?: OutcomeCode | undefined;
  readonly detail?: string | undefined;
  readonly about: DeviceMention;
  readonly at: string;
  readonly binding?: string | null;
  readonly unproven?: boolean;
  readonly fingerprint?: string;
  /** Who decided: the rules, or a person. */
  readonly by?: string;
  /** What receivers are told in place of the outcome, where the device stays bound. */
  readonly told?: DeviceEvent;
  /** That person's reason, for the trail. */
  readonly because?: string;
}

/** The stores that an outcome is written to, alike in a transaction of its own and in a group. */
export interface SettleStores {
  readonly records: Pick<GroupStores['records'], 'settle'>;
  readonly changes: GroupStores['changes'];
  readonly audit: GroupStores['audit'];
}

/** Writes an outcome to every place that shows it: the record, its organisation's stream of changes, the audit trail. */
export async function settle(
  record: StoredRecord,
  decided: DecidedOutcome,
  { records, changes, audit: trail }: SettleStores,
): Promise<void> {
  const { outcome, at, about } = decided;
  const code = decided.code ?? null;
  const binding = decided.binding === undefined ? record.binding : decided.binding;
  await records.settle(record.id, { outcome, code, decidedAt: at, binding });
  const change = {
    record: record.id,
    outcome,
    code,
    detail: decided.detail ?? null,
    at,
    by: decided.by ?? null,
    maker: about.maker ?? null,
    udid: about.udid ?? null,
    domain: about.domain ?? null,
    unproven: decided.unproven ?? null,
    fingerprint: decided.fingerprint ?? null,
  };
  await changes.append(record.header.org, change, record.outcome === 'bound', decided.told);
  await audit(trail, {
    at,
    step: STEPS.decide,
    event: code === null ? outcome : `${outcome}: ${code}`,
    actor: decided.by ?? 'rules',
    org: record.header.org,
    subject: record.id,
    detail: [
      about.maker,
      about.udid,
      about.domain,
      decided.because === undefined ? undefined : `because: ${decided.because}`,
    ]
      .filter((part) => part !== undefined)
      .join(' '),
  });
}
