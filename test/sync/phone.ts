import { captureRecord } from '../../src/effects/capture-record.ts';
import type { AccordBackend, SyncBackend } from '../../src/ports/backend.ts';
import type { QueuedRecord } from '../../src/ports/outbox.ts';
import { drain } from '../../src/sync/drain.ts';
import type { DrainPorts } from '../../src/sync/drain-ports.ts';
import { FakeClock } from '../support/device-clock.ts';
import { MemoryOutbox, MemoryStorage } from '../support/memory-outbox.ts';
import { crypto, DOMAIN, makeKey, ORG, recordId, registration, START } from '../support/records.ts';
import { enrolmentOf, MemoryWork, ScriptedBackend } from '../support/records-backend.ts';
import { TestStatements } from '../support/records-statements.ts';

/** A phone that was enrolled when the backend had its first statement key, and that backend. */
export async function enrolledPhone() {
  const statements = await TestStatements.create();
  const backend = new ScriptedBackend(statements);
  const key = await makeKey();
  const storage = new MemoryStorage();
  const work = new MemoryWork(statements.known(), enrolmentOf(key), storage);
  const outbox = new MemoryOutbox(storage);
  const clock = new FakeClock();
  const signal = new AbortController();
  let made = 0;

  const ports = (over: Partial<DrainPorts> = {}): DrainPorts => ({
    outbox,
    again: outbox,
    work,
    kept: work,
    backend,
    clock,
    crypto,
    owner: 'page',
    ...over,
  });

  return {
    statements,
    backend,
    key,
    work,
    storage,
    outbox,
    clock,
    abort: () => signal.abort(),
    ports,
    drain: (over: Partial<DrainPorts> = {}) => drain(ports(over), signal.signal),
    /** Captures one signed registration, as the app does. */
    async capture(over: { readonly udid?: string; readonly pad?: number } = {}): Promise<QueuedRecord> {
      made += 1;
      const id = recordId(0x10_0000 + made);
      const udid = over.udid ?? `acme-${made}`;
      const subject = { id, org: ORG, udid, domain: DOMAIN, title: 'Hall', about: null, simulated: false };
      const text = 'x'.repeat(over.pad ?? 0);
      const label = { ...registration().label, text };
      const payload = registration({ id, udid, label });
      return captureRecord({ capture: outbox, work, clock, crypto }, 'registration+jws', subject, payload);
    },
    state: async (id: string) => (await outbox.record(id))?.state,
    now: () => clock.now() - START,
  };
}

export type Phone = Awaited<ReturnType<typeof enrolledPhone>>;

/** A backend of which some calls are replaced. */
export function withBackend(
  backend: ScriptedBackend,
  over: Partial<SyncBackend>,
): SyncBackend & AccordBackend {
  return {
    postBatch: (request) => backend.postBatch(request),
    changes: (org, after) => backend.changes(org, after),
    statementKeys: () => backend.statementKeys(),
    chains: (chains) => backend.chains(chains),
    handBack: (what) => backend.handBack(what),
    probe: () => backend.probe(),
    ...over,
  };
}
