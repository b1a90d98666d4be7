import { toInstant } from '../../../../core/instant.ts';
import type { Intent, Issuer } from '../../../ports/certificate-authority.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import type { Effect, Ruling } from '../binding/ruling.ts';
import { type ApplyStores, applyRuling } from './apply-ruling.ts';
import { complete, readBegun } from './complete.ts';
import type { DecideParts } from './decide.ts';
import { type JudgeStores, judge } from './judge.ts';

export interface GroupParts extends DecideParts {
  readonly transactGroup: Transact<keyof (JudgeStores & ApplyStores)>;
  readonly onFault: (error: unknown) => void;
}

interface Intended {
  readonly record: StoredRecord;
  readonly intent: Intent;
  readonly issuer: Issuer;
}

interface Begun {
  readonly intended: readonly Intended[];
  /** Records whose ruling touches what others may be at work on. */
  readonly alone: readonly string[];
}

/**
 * Steps 8 and 9 for records of different devices side by side: the same two durable steps as for one (decide.ts), each
 * made once for all. A record whose judgement fails stays undecided. Gives those that must be decided with nobody beside
 * them. Throws if a step came to nothing for all of them; then each is decided by itself.
 */
export async function decideGroup(
  records: readonly StoredRecord[],
  parts: GroupParts,
): Promise<readonly string[]> {
  const issuers = await openIssuers(records, parts);
  const { intended, alone } = await parts.transactGroup<Begun>(async (stores) => {
    // What another process is at, has begun or decided meanwhile is left to it.
    const claimed = new Set(await stores.records.claim(records.map(({ id }) => id)));
    const open = records.filter(({ id }) => claimed.has(id));
    const judged = await Promise.allSettled(open.map((record) => judgeBeside(record, stores, parts)));
    const out: Intended[] = [];
    const apart: string[] = [];
    for (const one of judged) {
      if (one.status === 'rejected') {
        parts.onFault(one.reason);
        continue;
      }
      const { record, ruling } = one.value;
      if (ruling === undefined) {
        apart.push(record.id);
        continue;
      }
      const issuer = issuers.get(record.header.org);
      if (issuer === undefined) throw new Error('an organisation has no issuing CA');
      const context = { stores, issuer, crypto: parts.crypto, now: parts.clock.now(), by: undefined };
      const intent = await applyRuling(record, ruling, context);
      if (intent !== undefined) out.push({ record, intent, issuer });
    }
    return { intended: out, alone: apart };
  });
  if (intended.length === 0) return alone;
  parts.onStep('intended');
  const signed = await Promise.all(intended.map(({ issuer, intent }) => issuer.sign(intent)));
  parts.onStep('signed');
  await parts.transactGroup(async (stores) => {
    const at = toInstant(parts.clock.now());
    // Read side by side, written one after another: each entry of the trail follows the one before.
    const locked = await stores.records.lock(intended.map(({ record }) => record.id));
    const progress = new Map(locked.map((one) => [one.id, one]));
    const begun = await Promise.all(
      intended.map(({ record }) => readBegun({ ...record, ...progress.get(record.id) }, stores)),
    );
    for (const [index, { intent }] of intended.entries()) {
      const [one, certificate] = [begun[index], signed[index]];
      if (one !== undefined && certificate !== undefined)
        await complete(one, intent, certificate, at, stores);
    }
  });
  parts.onStep('issued');
  return alone;
}

/**
 * A record's ruling, or none if it must not be made beside others: where it hangs on a chain that somebody may just be
 * closing, or changes more than the record's own rows and what it makes anew.
 */
async function judgeBeside(
  record: StoredRecord,
  stores: Needs<keyof JudgeStores>,
  { crypto }: GroupParts,
): Promise<{ readonly record: StoredRecord; readonly ruling: Ruling | undefined }> {
  const key = await stores.operatorKeys.key(record.header.kid);
  if (key?.revokedAt != null) return { record, ruling: undefined };
  const ruling = await judge(record, false, stores, crypto);
  return { record, ruling: isOwn(ruling) ? ruling : undefined };
}

function isOwn(ruling: Ruling): boolean {
  switch (ruling.outcome) {
    case 'same':
      return true;
    // The device itself may be renewing over EST.
    case 'renew':
      return false;
    case 'bind':
      return ruling.displaces.length === 0 && ruling.drops === undefined && !ruling.renamed;
    case 'held':
    case 'refused':
    case 'noted':
      return ruling.effect === undefined || OWN_EFFECTS.has(ruling.effect.kind);
  }
}

/** A binding that was installed again is installed; a case is a row of its own. */
const OWN_EFFECTS: ReadonlySet<Effect['kind']> = new Set(['installed', 'transfer_case']);

async function openIssuers(
  records: readonly StoredRecord[],
  { ca }: DecideParts,
): Promise<Map<string, Issuer>> {
  const issuers = new Map<string, Issuer>();
  for (const org of new Set(records.map(({ header }) => header.org))) {
    const issuer = await ca.issuer(org);
    if (issuer !== undefined) issuers.set(org, issuer);
  }
  return issuers;
}
