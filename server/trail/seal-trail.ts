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
  /** Name of this process, as owner of its lease. */
  readonly writer: string;
}

const LEASE = 'seal';
/** Duration of the lease: longer than the time between two rounds, so that the same process keeps sealing. Milliseconds. */
const LEASE_LIFE = 90_000;

/**
 * Seals the heads of every chain that grew, if this process has the lease: a Merkle root over these heads, signed by
 * the statement key and chained to the seal before. If two processes seal at once they use the same number, and one
 * of the seals is dropped. Returns how many seals were made.
 */
export async function sealTrail(parts: SealParts): Promise<number> {
  const { stores, transact, clock, writer } = parts;
  const now = clock.now();
  const lease = { name: LEASE, owner: writer, now: toInstant(now), until: toInstant(now + LEASE_LIFE) };
  if (!(await stores.leases.take(lease))) return 0;
  for (let sealed = 0; ; sealed++) {
    const at = toInstant(clock.now());
    const seal = await nextSeal(at, parts);
    if (seal === undefined) return sealed;
    if (!(await transact(({ audit }) => audit.keepSeal(seal, at)))) return sealed;
  }
}

export function sealDigest({ jws }: AuditSeal, crypto: CryptoPort): Promise<string> {
  return jwsDigest(jws.slice(0, jws.lastIndexOf('.')), crypto);
}

/** Seals this process's last entries when it ends, and gives the lease back, so that another process may go on at once. */
export async function sealAndLeave(parts: SealParts): Promise<void> {
  await sealTrail(parts);
  await parts.stores.leases.leave(LEASE, parts.writer);
}

/**
 * Seals whatever is not sealed yet, whoever holds the lease, and returns the newest seal. If another process seals at the same
 * time, its seal stands and the rest follows it.
 */
export async function sealAtOnce(parts: Omit<SealParts, 'writer'>): Promise<AuditSeal | undefined> {
  for (;;) {
    const at = toInstant(parts.clock.now());
    const seal = await nextSeal(at, parts);
    if (seal === undefined) return parts.stores.audit.lastSeal();
    await parts.transact(({ audit }) => audit.keepSeal(seal, at));
  }
}

async function nextSeal(at: string, parts: Omit<SealParts, 'writer'>): Promise<AuditSeal | undefined> {
  const { stores, statementKeys, crypto, aud } = parts;
  // The last seal is read first: heads read after it are at least as new as those it covers.
  const last = await stores.audit.lastSeal();
  const heads = await stores.audit.unsealed(MOST_HEADS);
  if (heads.length === 0) return undefined;
  const n = (last?.n ?? 0) + 1;
  const prev = last === undefined ? null : await sealDigest(last, crypto);
  const statement: SealStatement = { aud, n, prev, root: rootOf(heads), heads: heads.length, at };
  const signer = await statementKeys.active();
  return { n, heads, jws: (await signer.sign('audit-seal+jws', statement)).jws };
}
