import type { OutcomeCode } from '../../../../contract/codes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { JudgeReads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { held, mentionOf, type Ruling, refused } from '../binding/ruling.ts';
import { cameAfterRevocation } from './after-revocation.ts';
import { judgeAmendment } from './judge-amendment.ts';
import { judgeConfirmation } from './judge-confirmation.ts';
import { judgeRegistration } from './judge-registration.ts';
import { judgeSite } from './judge-site.ts';
import { judgeVoid } from './judge-void.ts';
import { judgeTime } from './time-rules.ts';

/** Step 8 for any record. It only reads; the caller applies the ruling. */
export async function judge(
  record: StoredRecord,
  approved: boolean,
  stores: JudgeReads,
  crypto: CryptoPort,
): Promise<Ruling> {
  const { kid, anchor } = record.header;
  const about = mentionOf(record);
  const key = await stores.operatorKeys.key(kid);
  if (key === undefined) throw new Error('a kept record is by a key that is not there');
  if (!approved && (await cameAfterRevocation(record, key, stores))) return held('operator_revoked', about);
  const ruling = await spareWhatCopyLost(await judgeKind(record, approved, stores, crypto), record, stores);
  const bindsNothing = ruling.outcome === 'refused' || ruling.outcome === 'held';
  if (approved || (bindsNothing && ruling.effect === undefined)) return ruling;
  // Our CA signed it before the database was put back: it was decided then, and the paper is proof of it.
  if (ruling.outcome === 'bind' && ruling.adopts !== undefined) return ruling;
  // Before a claim is opened too: it would stand on another organisation's desk.
  if (await stores.eras.unconfirmed(record.author)) return held('operator_unconfirmed', ruling.about);
  if (bindsNothing) return ruling;
  const anchorAt = await stores.statements.issuedAt(anchor);
  const time = judgeTime({
    capturedAt: record.capturedAt,
    receivedAt: record.receivedAt,
    anchorAt,
    credentials: await stores.operatorKeys.credentials(kid),
  });
  if (time === undefined) return ruling;
  // The lost part of the database may have had it, so the phone is not to blame.
  const isLost =
    time === 'clock_skew' && anchorAt === undefined && (await stores.eras.current()) !== undefined;
  return held(isLost ? 'anchor_unknown' : time, ruling.about);
}

/** What a refusal of these says is that the database does not know something; after a copy was put back it may have known it. */
const UNKNOWN: ReadonlySet<OutcomeCode> = new Set<OutcomeCode>([
  'unknown_device',
  'domain_unknown',
  'domain_not_entitled',
  'registration_unknown',
  'certificate_unknown',
  // The own row that vouches for the key, where another organisation's names another one.
  'key_mismatch',
]);

/**
 * A record from before the copy was put back is not refused for what the copy does not know: it is held, until a person has
 * brought that back and has it judged again.
 */
async function spareWhatCopyLost(
  ruling: Ruling,
  { capturedAt, receivedAt }: StoredRecord,
  { eras }: JudgeReads,
): Promise<Ruling> {
  if (ruling.outcome !== 'refused' || ruling.code === undefined || !UNKNOWN.has(ruling.code)) return ruling;
  const era = await eras.lostBy(capturedAt);
  return era !== undefined && receivedAt > era.at
    ? held('unknown_since_copy', ruling.about, ruling.code)
    : ruling;
}

function judgeKind(
  record: StoredRecord,
  approved: boolean,
  stores: JudgeReads,
  crypto: CryptoPort,
): Promise<Ruling> {
  switch (record.header.typ) {
    case 'registration+jws':
      return judgeRegistration(record, approved, stores, crypto);
    case 'confirmation+jws':
      return judgeConfirmation(record, stores);
    case 'void+jws':
      return judgeVoid(record, stores);
    case 'skip+jws':
      // A skip explains a gap in the chain's numbers (phones/phones.ts) and asks for nothing.
      return Promise.resolve({ outcome: 'noted', about: {} });
    case 'amendment+jws':
      return judgeAmendment(record, stores, crypto);
    case 'site+jws':
      return judgeSite(record, stores);
    case 'release+jws':
    case 'transfer+jws':
      return Promise.resolve(refused('kind_not_supported', mentionOf(record)));
  }
}
