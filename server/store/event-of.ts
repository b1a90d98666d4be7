import type { OutcomeCode } from '../../contract/codes.ts';
import type { StoredChange } from '../ports/changes.ts';
import type { DeviceEvent, EventKind } from '../ports/events.ts';

/**
 * The kind of event with which a binding ends, by the code that its registration gets. Any other code means that it
 * was revoked.
 */
const ENDED: Partial<Record<OutcomeCode, EventKind>> = {
  retired: 'retired',
  replaced: 'replaced',
  given_up: 'transferred',
};

/** The events that receivers get for a change. `wasBound`: its registration was answered with a binding until now. */
export function eventOf(change: StoredChange, wasBound: boolean): DeviceEvent[] {
  const { outcome, code, at, record, maker, udid, domain, unproven, fingerprint } = change;
  if (outcome === 'noted') return [];
  const ended = outcome === 'refused' && wasBound;
  const kind = ended
    ? ((code && ENDED[code]) ?? 'revoked')
    : code === 'renewed' || code === 'moved'
      ? code
      : outcome;
  return [{ kind, at, record, code, maker, udid, domain, unproven, fingerprint }];
}
