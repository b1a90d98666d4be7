import { toInstant } from '../../../../core/instant.ts';
import type { Intent, Issuer } from '../../../ports/certificate-authority.ts';
import type { GroupStores, InGroup } from '../../../ports/group-stores.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { isOwn, type OwnRuling } from '../binding/ruling.ts';
import { applyOwn } from './apply-own.ts';
import { complete, readIssuing } from './complete.ts';
import type { DecideParts } from './decide.ts';
import { judge } from './judge.ts';

export interface GroupParts extends DecideParts {
  readonly inGroup: InGroup;
  readonly onFault: (error: unknown) => void;
}

interface IntendedRecord {
  readonly record: StoredRecord;
  readonly intent: Intent;
  readonly issuer: Issuer;
}

interface GroupIntents {
  readonly intended: readonly IntendedRecord[];
  /** Records whose ruling touches rows that other decisions may be using. */
  readonly alone: readonly string[];
}

/**
 * Steps 8 and 9 for records of different devices together: the same two durable steps as for one record (decide.ts),
 * each done once for the whole group. A record whose judgement fails stays undecided. Returns the records that must
 * be decided alone. Throws if a step failed as a whole; each record is then decided by itself.
 */
export async function decideGroup(
  records: readonly StoredRecord[],
  parts: GroupParts,
): Promise<readonly string[]> {
  const issuers = await openIssuers(records, parts);
  const { intended, alone } = await parts.inGroup<GroupIntents>(async (stores) => {
    // Records that another process is deciding, has begun or has decided meanwhile are left to that process.
    const claimed = new Set(await stores.queue.claim(records.map(({ id }) => id)));
    const open = records.filter(({ id }) => claimed.has(id));
    const judged = await Promise.allSettled(open.map((record) => judgeForGroup(record, stores, parts)));
    const intended: IntendedRecord[] = [];
    const alone: string[] = [];
    for (const result of judged) {
      if (result.status === 'rejected') {
        parts.onFault(result.reason);
        continue;
      }
      const { record, ruling } = result.value;
      if (ruling === undefined) {
        alone.push(record.id);
        continue;
      }
      const issuer = issuers.get(record.header.org);
      if (issuer === undefined) throw new Error('an organisation has no issuing CA');
      const context = { stores, issuer, crypto: parts.crypto, now: parts.clock.now(), by: undefined };
      const intent = await applyOwn(record, ruling, context);
      if (intent !== undefined) intended.push({ record, intent, issuer });
    }
    return { intended, alone };
  });
  if (intended.length === 0) return alone;
  parts.onStep('intended');
  const signed = await Promise.all(intended.map(({ issuer, intent }) => issuer.sign(intent)));
  parts.onStep('signed');
  await parts.inGroup(async (stores) => {
    const at = toInstant(parts.clock.now());
    // Reading is concurrent, writing is sequential: each entry of the trail follows the one before.
    const locked = await stores.queue.lock(intended.map(({ record }) => record.id));
    const progress = new Map(locked.map((record) => [record.id, record]));
    const issuingRecords = await Promise.all(
      intended.map(({ record }) => readIssuing({ ...record, ...progress.get(record.id) }, stores)),
    );
    for (const [index, { intent }] of intended.entries()) {
      const [issuing, certificate] = [issuingRecords[index], signed[index]];
      if (issuing !== undefined && certificate !== undefined)
        await complete(issuing, intent, certificate, at, stores);
    }
  });
  parts.onStep('issued');
  return alone;
}

/**
 * Judges a record for a group. The ruling is undefined where the record must be decided alone: its outcome depends on
 * a chain that another transaction may just be closing, or the ruling changes more than the record's own rows and new
 * rows.
 */
async function judgeForGroup(
  record: StoredRecord,
  stores: GroupStores,
  { crypto }: GroupParts,
): Promise<{ readonly record: StoredRecord; readonly ruling: OwnRuling | undefined }> {
  const key = await stores.operatorKeys.key(record.header.kid);
  if (key?.revokedAt != null) return { record, ruling: undefined };
  // What becomes of a certificate that came back is settled with the record that it was issued for.
  if (await stores.found.anyWaits()) return { record, ruling: undefined };
  const ruling = await judge(record, false, stores, crypto);
  return { record, ruling: isOwn(ruling) ? ruling : undefined };
}

async function openIssuers(
  records: readonly StoredRecord[],
  { ca }: DecideParts,
): Promise<Map<OrgName, Issuer>> {
  const issuers = new Map<OrgName, Issuer>();
  for (const org of new Set(records.map(({ header }) => header.org))) {
    const issuer = await ca.issuer(org);
    if (issuer !== undefined) issuers.set(org, issuer);
  }
  return issuers;
}
