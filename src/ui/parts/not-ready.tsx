import type { AppModel } from '../model.ts';
import { TroubleCard } from './trouble.tsx';

/** Warns before the work begins of what would have the record held, or lost. */
export function NotReady({ model }: { readonly model: AppModel }) {
  const { operator, pack, clock } = model.readiness.value;
  // First: by a wrong clock the others may only seem to have expired.
  if (clock !== 'ready') return <TroubleCard code={`clock_${clock}`} waits />;
  if (operator === 'expired') return <TroubleCard code="credential_old" waits />;
  if (operator === 'session_only') return <TroubleCard code="session_only" waits />;
  if (pack === 'expired') return <TroubleCard code="pack_expired" waits />;
  return null;
}
