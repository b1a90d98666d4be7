import type { Clock } from '../../../../core/clock.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import type { RowClaim } from '../../../ports/row-claims.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { settle } from '../binding/settle.ts';
import type { Decider } from '../records/decider.ts';
import type { Word } from './device-life.ts';

type RowName = Pick<RowClaim, 'scope' | 'maker' | 'udid'>;

/**
 * Releases a list row to another organisation: the row is that one's from here on, and whoever else claims it asks that
 * one. Returns the claims of the new owner, which are undecided again. The one way by which a row changes hands: a
 * transfer that was decided, or a claim that the row's people accepted.
 */
export async function releaseRow(
  row: RowName,
  { from, to }: { readonly from: OrgName; readonly to: OrgName },
  word: Word & { readonly at: string },
  tx: Needs<'list' | 'rowClaims' | 'records' | 'audit'>,
): Promise<readonly string[]> {
  const isTheirs = (await tx.list.ofUdid(row.scope, row.udid)).some(
    (one) => one.org === from && one.row.maker === row.maker,
  );
  if (!isTheirs) return [];
  await tx.list.move(row.scope, row, from, to);
  const reopened: string[] = [];
  for (const claim of await tx.rowClaims.on(row)) {
    if (claim.owner !== from) continue;
    if (claim.claimant === to) {
      await tx.records.reopen(claim.record);
      reopened.push(claim.record);
    } else await tx.rowClaims.open({ ...claim, owner: to });
  }
  const { maker, udid } = row;
  const entry = { at: word.at, step: STEPS.live, event: 'list row released', actor: word.by, org: from };
  await audit(tx.audit, {
    ...entry,
    subject: `${maker} ${udid}`,
    detail: `to ${to}, because: ${word.because}`,
  });
  return reopened;
}

export interface RowClaimParts {
  readonly transact: Transact<'list' | 'rowClaims' | 'records' | 'changes' | 'audit'>;
  readonly decider: Pick<Decider, 'take'>;
  readonly clock: Clock;
}

export type RowClaimResult = 'done' | 'not_found' | 'own_record';

/**
 * A person of the row's organisation decides a claim on it. Four eyes: whoever captured a record of the claim cannot
 * decide it. Releasing moves the row, and the claim is judged as if the row had been the claimant's from the start. If
 * it is refused, the claimant learns that and nothing else.
 */
export async function decideRowClaim(
  request: Word & { readonly record: string; readonly org: OrgName; readonly decision: 'approve' | 'refuse' },
  { transact, decider, clock }: RowClaimParts,
): Promise<RowClaimResult> {
  const { record, org, decision, ...word } = request;
  const { result, reopened = [] } = await transact<{ result: RowClaimResult; reopened?: readonly string[] }>(
    async (tx) => {
      const at = toInstant(clock.now());
      const claim = await tx.rowClaims.ofRecord(record);
      if (claim?.owner !== org) return { result: 'not_found' };
      const theirs = (await tx.rowClaims.on(claim)).filter(
        (one) => one.owner === org && one.claimant === claim.claimant,
      );
      const records = await Promise.all(theirs.map((one) => tx.records.record(one.record)));
      if (records.some((one) => one?.author === word.by)) return { result: 'own_record' };
      if (decision === 'approve') {
        const hands = { from: org, to: claim.claimant };
        return { result: 'done', reopened: await releaseRow(claim, hands, { ...word, at }, tx) };
      }
      for (const one of records) {
        if (one === undefined) continue;
        const about = { udid: claim.udid };
        // The name of the person who decided stays on the trail of the row's organisation only.
        await settle(one, { outcome: 'refused', code: 'transfer_refused', about, at }, tx);
      }
      const entry = { at, step: STEPS.live, event: 'claim on a list row refused', actor: word.by, org };
      const subject = `${claim.maker} ${claim.udid}`;
      await audit(tx.audit, { ...entry, subject, detail: `of ${claim.claimant}, because: ${word.because}` });
      return { result: 'done' };
    },
  );
  if (reopened.length > 0) await decider.take(reopened);
  return result;
}
