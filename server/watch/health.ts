import { statfs } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { liveOnes } from '../ports/authorities.ts';
import type { ServerClock } from '../ports/server-clock.ts';
import type { Needs } from '../ports/stores.ts';
import { type Outage, Unavailable } from '../ports/unavailable.ts';

/** Why a server is not well. */
export const HEALTH_CAUSES = [
  'database_away',
  'database_read_only',
  'database_busy',
  'outcome_unknown',
  'disk_full',
  'disk_failing',
  'database_damaged',
  'disk_low',
  'clock_not_believed',
  'crl_due',
] as const satisfies readonly (Outage | string)[];
export type HealthCause = (typeof HEALTH_CAUSES)[number];

export interface Health {
  /** Empty if the server can do its work. */
  readonly causes: readonly HealthCause[];
  /** Bytes that the data folder's disk has left; undefined if that cannot be known. */
  readonly freeBytes: number | undefined;
  /** Seconds that the CRL which ends first is good for; undefined if there is none. */
  readonly crlLeft: number | undefined;
}

export interface HealthParts {
  readonly stores: Needs<'crls' | 'authorities'>;
  readonly tryWrite: () => Promise<void>;
  /** The outage under way, of which requests have told. */
  readonly outage: () => Unavailable | undefined;
  readonly clock: ServerClock;
  /** The data folder, if the database is in it. */
  readonly folder: string | undefined;
  /** How long the database is waited for, milliseconds; for tests. */
  readonly patience?: number;
}

/** How long a good answer is given again, milliseconds. */
const AGAIN = 2_000;
/** Longest wait for the database: who asks must hear something. */
const PATIENCE = 2_000;
/** Bytes without which a batch of records with its indexes and the log beside it may not fit. */
const LEAST_FREE = 8 * 1024 * 1024;
/** A CRL is signed anew daily and lives seven days, so less than this means that three days of that failed. Milliseconds. */
const LEAST_LEFT = 3 * 24 * 3_600_000;

/**
 * Whether this server can do its work, found out by doing some of it: a small write, as any other write would be. Asked often it
 * gives the same answer for a moment, and however slow the database is, it answers.
 */
export function healthCheck(parts: HealthParts): () => Promise<Health> {
  const { stores, tryWrite, outage, clock, folder, patience = PATIENCE } = parts;
  let asking: Promise<Health> | undefined;
  let last: { readonly health: Health; readonly at: number } | undefined;
  let writing: Promise<HealthCause | undefined> | undefined;
  let reading: Promise<number | undefined> | undefined;

  /** One write at a time: one that hangs is waited for again, and not doubled. */
  function write(): Promise<HealthCause | undefined> {
    writing ??= tryWrite()
      .then(
        () => undefined,
        (error: unknown) => (error instanceof Unavailable ? error.outage : 'database_away'),
      )
      .finally(() => {
        writing = undefined;
      });
    return writing;
  }

  function read(): Promise<number | undefined> {
    reading ??= crlLeft()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  async function crlLeft(): Promise<number | undefined> {
    if (clock.doubt() !== undefined) return undefined;
    const now = clock.now();
    const live = liveOnes(await stores.authorities.authorities(), now).map(({ name }) => name);
    const ends = (await stores.crls.ends()).filter(({ issuer }) => live.includes(issuer));
    return ends.length === 0
      ? undefined
      : Math.min(...ends.map(({ nextUpdate }) => Date.parse(nextUpdate) - now));
  }

  async function look(): Promise<Health> {
    const late = setTimeout(patience, 'late' as const, { ref: false });
    const [wrote, left, freeBytes] = await Promise.all([
      Promise.race([write(), late]),
      Promise.race([read(), late]),
      folder === undefined ? undefined : free(folder),
    ]);
    const crl = left === 'late' ? undefined : left;
    const causes = new Set<HealthCause>();
    if (wrote !== undefined) causes.add(wrote === 'late' ? 'database_busy' : wrote);
    // Damage is seen only by who comes upon it, and stays.
    const told = outage()?.outage;
    if (told === 'database_damaged' || told === 'disk_full') causes.add(told);
    if (freeBytes !== undefined && freeBytes < LEAST_FREE) causes.add('disk_low');
    if (clock.doubt() !== undefined) causes.add('clock_not_believed');
    if (crl !== undefined && crl < LEAST_LEFT) causes.add('crl_due');
    return {
      causes: HEALTH_CAUSES.filter((cause) => causes.has(cause)),
      freeBytes,
      crlLeft: crl === undefined ? undefined : Math.round(crl / 1000),
    };
  }

  return () => {
    if (asking !== undefined) return asking;
    if (
      last !== undefined &&
      outage() === undefined &&
      clock.doubt() === undefined &&
      performance.now() - last.at < AGAIN
    )
      return Promise.resolve(last.health);
    asking = look()
      .then((health) => {
        last = health.causes.length === 0 ? { health, at: performance.now() } : undefined;
        return health;
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
}

async function free(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
