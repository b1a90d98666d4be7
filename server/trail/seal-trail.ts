import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { jwsDigest } from '../../core/jws.ts';
import type { AuditSeal } from '../ports/audit-log.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { MOST_HEADS, type SealStatement } from './lines.ts';
import { rootOf } from './merkle.ts';
import type { StatementKeys } from './statement-keys.ts';

export interface SealParts {
  readonly stores: Needs<'audit' | 'leases'>;
  readonly transact: Transact<'audit'>;
  readonly statementKeys: StatementKeys;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly aud: string;
  /** This process. */
  readonly writer: string;
}

const LEASE = 'seal';
/** Longer than the time between two rounds, so that one process goes on sealing. Milliseconds. */
const HELD = 90_000;

/**
 * Seals how far every chain has come, if this process holds the lease: a Merkle root over the heads that grew, signed
 * by the statement key, chained to the seal before. Two that seal at once meet over the seal's number, and one of them
 * stands. Gives how many seals were made.
 */
export async function sealTrail(parts: SealParts): Promise<number> {
  const { stores, transact, clock, writer } = parts;
  const now = clock.now();
  const lease = { name: LEASE, owner: writer, now: toInstant(now), until: toInstant(now + HELD) };
  if (!(await stores.leases.take(lease))) return 0;
  for (let made = 0; ; made++) {
    const at = toInstant(clock.now());
    const seal = await nextSeal(at, parts);
    if (seal === undefined) return made;
    if (!(await transact(({ audit }) => audit.keepSeal(seal, at)))) return made;
  }
}

/** At a process's end: its last entries are sealed, and another one may go on at once. */
export async function sealAndLeave(parts: SealParts): Promise<void> {
  await sealTrail(parts);
  await parts.stores.leases.leave(LEASE, parts.writer);
}

async function nextSeal(at: string, parts: SealParts): Promise<AuditSeal | undefined> {
  const { stores, statementKeys, crypto, aud } = parts;
  // The last seal first: heads read after it go at least as far as those it covers.
  const last = await stores.audit.lastSeal();
  const heads = await stores.audit.unsealed(MOST_HEADS);
  if (heads.length === 0) return undefined;
  const n = (last?.n ?? 0) + 1;
  const prev =
    last === undefined ? null : await jwsDigest(last.jws.slice(0, last.jws.lastIndexOf('.')), crypto);
  const said: SealStatement = { aud, n, prev, root: rootOf(heads), heads: heads.length, at };
  const signer = await statementKeys.active();
  return { n, heads, jws: (await signer.sign('audit-seal+jws', said)).jws };
}
