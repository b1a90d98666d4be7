import { extendStatementKeys, type StatementKeys, type StatementResult } from '../../core/statement.ts';
import type { DrainPorts } from './drain-ports.ts';

/** The statement keys this phone knows, read once a drain: a hundred batches would else ask the database for the same. */
export interface KnownKeys {
  keys: StatementKeys;
}

type KeyPorts = Pick<DrainPorts, 'backend' | 'work' | 'crypto'>;

/** Asks for the chain of keys, and follows it from those that are known. */
export async function learnKeys(
  ports: KeyPorts,
  aud: string,
  known: KnownKeys,
  signal: AbortSignal,
): Promise<void> {
  // Without a pin there is nothing to extend from: a first key is only ever taken at enrolment.
  if (known.keys.size === 0) return;
  const chain = await ports.backend.statementKeys(signal);
  if (!chain.ok) return;
  known.keys = await extendStatementKeys(known.keys, chain.value, aud, ports.crypto);
  await ports.work.saveStatementKeys(known.keys, chain.value);
}

/** Asks for new keys where none that is known signed it. */
export async function withNewKeys(
  verify: (keys: StatementKeys) => Promise<StatementResult>,
  ports: KeyPorts,
  aud: string,
  known: KnownKeys,
  signal: AbortSignal,
): Promise<StatementResult> {
  const first = await verify(known.keys);
  if (first.ok || first.reason === 'invalid') return first;
  await learnKeys(ports, aud, known, signal);
  return verify(known.keys);
}
