import { useEffect, useState } from 'preact/hooks';
import { UNDO_MS } from '../effects/undo-time.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import { useModel } from './model-context.ts';

/** Takes a registration back, for as long as that is offered; undefined otherwise. */
export function useUndo(record: QueuedRecord | null | undefined): (() => Promise<void>) | undefined {
  const model = useModel();
  const [, setLooks] = useState(0);
  const again = () => setLooks((looks) => looks + 1);
  const savedAt = record?.createdAt;
  const rest = savedAt === undefined ? 0 : savedAt + UNDO_MS - model.ports.clock.now();
  // Saved in the future, by a clock that was ahead then: long ago for all one knows.
  const left = rest > UNDO_MS ? 0 : rest;
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(again, left);
    return () => clearTimeout(timer);
  }, [savedAt]);
  if (record === undefined || record === null || record.typ !== 'registration+jws') return undefined;
  if (left <= 0 || model.undone.has(record.id)) return undefined;
  return async () => {
    const done = model.undo(record);
    again();
    await done;
    // Offered again where it failed.
    again();
  };
}
