import { toInstant } from '../../core/instant.ts';
import type { Intent, Issuer } from '../ports/certificate-authority.ts';
import type { StoredRecord } from '../ports/records.ts';
import type { Transact } from '../ports/stores.ts';
import { type ApplyStores, applyRuling } from './apply-ruling.ts';
import { complete, readBegun } from './complete.ts';
import type { DecideParts } from './decide.ts';
import { type JudgeStores, judge } from './judge.ts';

export interface GroupParts extends DecideParts {
  readonly transactGroup: Transact<keyof (JudgeStores & ApplyStores)>;
  readonly onFault: (error: unknown) => void;
}

interface Intended {
  readonly id: string;
  readonly intent: Intent;
  readonly issuer: Issuer;
}

/**
 * Steps 8 and 9 for records of different devices side by side: the same two durable steps as for one (decide.ts), each
 * made once for all. A record whose judgement fails stays undecided. Throws if a step came to nothing for all of them, as
 * where another process bound one of the devices in between; then each is decided by itself.
 */
export async function decideGroup(records: readonly StoredRecord[], parts: GroupParts): Promise<void> {
  const issuers = await openIssuers(records, parts);
  const intended = await parts.transactGroup(async (stores) => {
    const found = await Promise.all(records.map(({ id }) => stores.records.record(id)));
    // What another process has begun or decided meanwhile is left to it.
    const open = found.filter((record) => record?.outcome === null && record.binding === null);
    const judged = await Promise.allSettled(
      open.flatMap((record) =>
        record === undefined
          ? []
          : [judge(record, false, stores, parts.crypto).then((ruling) => ({ record, ruling }))],
      ),
    );
    const out: Intended[] = [];
    for (const one of judged) {
      if (one.status === 'rejected') {
        parts.onFault(one.reason);
        continue;
      }
      const { record, ruling } = one.value;
      const issuer = issuers.get(record.header.org);
      if (issuer === undefined) throw new Error('an organisation has no issuing CA');
      const context = { stores, issuer, crypto: parts.crypto, now: parts.clock.now(), by: undefined };
      const intent = await applyRuling(record, ruling, context);
      if (intent !== undefined) out.push({ id: record.id, intent, issuer });
    }
    return out;
  });
  if (intended.length === 0) return;
  parts.onStep('intended');
  const signed = await Promise.all(intended.map(({ issuer, intent }) => issuer.sign(intent)));
  parts.onStep('signed');
  await parts.transactGroup(async (stores) => {
    const at = toInstant(parts.clock.now());
    // Read side by side, written one after another: each entry of the trail follows the one before.
    const begun = await Promise.all(intended.map(({ id }) => readBegun(id, stores)));
    for (const [index, { intent }] of intended.entries()) {
      const [one, certificate] = [begun[index], signed[index]];
      if (one !== undefined && certificate !== undefined)
        await complete(one, intent, certificate, at, stores);
    }
  });
  parts.onStep('issued');
}

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
