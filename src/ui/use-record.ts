import { useEffect, useState } from 'preact/hooks';
import type { QueuedRecord } from '../ports/outbox.ts';
import { useModel } from './model-context.ts';

/** The record as the outbox has it now; read again whenever the outbox changes. `null`: not on this phone. */
export function useRecord(id: string): QueuedRecord | null | undefined {
  const model = useModel();
  const [record, setRecord] = useState<QueuedRecord | null | undefined>();
  const version = model.outboxVersion.value;
  // the version says when the outbox changed
  useEffect(() => {
    let stale = false;
    void model.ports.outbox.record(id).then((found) => {
      if (!stale) setRecord(found ?? null);
    });
    return () => {
      stale = true;
    };
  }, [model, id, version]);
  return record;
}
