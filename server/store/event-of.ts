import type { OutcomeCode } from '../../contract/codes.ts';
import type { StoredChange } from '../ports/changes.ts';
import type { DeviceEvent, EventKind } from '../ports/events.ts';

/** How a binding ended, by what its registration is answered from then on. Whatever else: it is bound no more. */
const ENDED: Partial<Record<OutcomeCode, EventKind>> = {
  retired: 'retired',
  replaced: 'replaced',
  given_up: 'transferred',
};

/** What others are told of a change. `wasBound`: until now its registration was answered with a binding. */
export function eventOf(change: StoredChange, wasBound: boolean): DeviceEvent[] {
  const { outcome, code, at, record, maker, udid, domain, unproven, fingerprint } = change;
  if (outcome === 'noted') return [];
  const ended = outcome === 'refused' && wasBound;
  const kind = ended ? ((code && ENDED[code]) ?? 'revoked') : code === 'renewed' ? 'renewed' : outcome;
  return [{ kind, at, record, code, maker, udid, domain, unproven, fingerprint }];
}
