import { useEffect, useState } from 'preact/hooks';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { AppModel } from './model.ts';
import { useModel } from './model-context.ts';

/** `undo` takes a registration back, as long as that is offered. `refused`: why it was not taken back, by its code. */
interface Undo {
  readonly undo?: () => Promise<void>;
  readonly isAsked: boolean;
  readonly refused?: string;
}

/**
 * Offered for as long as nothing was written into the device by what this phone knows. What the backend knows beyond that, it
 * says: then the void is refused as `undo_too_late`, and the registration stands.
 */
export function useUndo(record: QueuedRecord | null | undefined): Undo {
  const model = useModel();
  const [, setLooks] = useState(0);
  const again = () => setLooks((looks) => looks + 1);
  const voided = useVoid(record);
  if (record === undefined || record === null) return { isAsked: false };
  if (voided?.state === 'refused' || voided?.state === 'rejected')
    return { isAsked: false, ...(voided.code === null ? {} : { refused: voided.code }) };
  // Said only once it is in the outbox: whoever leaves at the words has asked.
  const isAsked = record.state !== 'refused' && voided !== undefined;
  if (isAsked || model.undone.has(record.id) || !canUndo(record)) return { isAsked };
  return {
    isAsked,
    undo: async () => {
      const done = model.undo(record);
      again();
      await done;
      // Offered again where it failed.
      again();
    },
  };
}

/** The record that takes this one back, as the outbox has it now: it is there over a reload as well. */
function useVoid(record: QueuedRecord | null | undefined): QueuedRecord | undefined {
  const { ports, outboxVersion }: AppModel = useModel();
  const [voided, setVoided] = useState<QueuedRecord | undefined>();
  const version = outboxVersion.value;
  useEffect(() => {
    if (record === undefined || record === null) return;
    let stale = false;
    void ports.outbox.ofDevice(record.udid).then((rows) => {
      if (!stale) setVoided(rows.find(({ typ, about }) => typ === 'void+jws' && about === record.id));
    });
    return () => {
      stale = true;
    };
  }, [record?.id, version]);
  return voided;
}

export function canUndo({ typ, state, code }: Pick<QueuedRecord, 'typ' | 'state' | 'code'>): boolean {
  // A renewal and a further visit bind nothing that could be taken back: the device goes on with what it has.
  if (typ !== 'registration+jws' || code === 'renewed' || code === 'same_install') return false;
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
