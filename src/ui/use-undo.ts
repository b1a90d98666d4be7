import { useState } from 'preact/hooks';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { AppModel } from './model.ts';
import { useModel } from './model-context.ts';

/**
 * Takes a registration back, for as long as nothing was written into the device by what this phone knows; undefined otherwise.
 * What the backend knows beyond that, it says: then the void is refused as `undo_too_late`.
 */
export function useUndo(record: QueuedRecord | null | undefined): (() => Promise<void>) | undefined {
  const model = useModel();
  const [, setLooks] = useState(0);
  const again = () => setLooks((looks) => looks + 1);
  if (record === undefined || record === null || !canUndo(record) || isUndoing(model, record))
    return undefined;
  return async () => {
    const done = model.undo(record);
    again();
    await done;
    // Offered again where it failed.
    again();
  };
}

/** Asked for, and not decided yet. */
export function isUndoing(
  model: Pick<AppModel, 'undone'>,
  { id, state }: Pick<QueuedRecord, 'id' | 'state'>,
): boolean {
  return model.undone.has(id) && state !== 'refused';
}

export function canUndo({ typ, state, code }: Pick<QueuedRecord, 'typ' | 'state' | 'code'>): boolean {
  // A renewal changes nothing that could be taken back: the device goes on with the certificate that it has.
  if (typ !== 'registration+jws' || code === 'renewed') return false;
  switch (state) {
    case 'saved':
    case 'sending':
    case 'received':
    case 'held':
    case 'bound':
      return true;
    case 'installed':
    case 'refused':
    case 'noted':
    case 'rejected':
      return false;
  }
}
