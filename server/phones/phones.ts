import { type LossReport, MOST_STRETCHES, type PhoneState, type Stretches } from '../../contract/phone.ts';
import type { Clock } from '../../core/clock.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import type { KnownPhone } from '../ports/phones.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

/** With a signal, a phone sends everything it has within minutes; a number that is missing longer is lost. */
const GRACE_MS = 15 * 60_000;
const AT_MOST = 1000;
const PAGE = 5000;

/** Every phone of an organisation, with the numbers of its chain that never came. */
export async function phoneStates(org: string, stores: Needs<'phones'>, now: number): Promise<PhoneState[]> {
  const states: PhoneState[] = [];
  for (const phone of await stores.phones.ofOrg(org, AT_MOST)) states.push(await stateOf(phone, stores, now));
  return states;
}

async function stateOf(phone: KnownPhone, { phones }: Needs<'phones'>, now: number): Promise<PhoneState> {
  const { kid, seq, persisted, oldestUnsentAt } = phone;
  const loss = (await phones.lossOf(kid))?.report;
  const missing = await missingOf(kid, Math.max(seq, loss?.head ?? 0), { phones });
  // Records that the phone reports as unsent are not missing yet. After a reported loss they are, since they will never come.
  const waits = phone.unsent > 0 && loss === undefined;
  // Records restored from a copy, or brought here by a colleague, did arrive, so they are not lost.
  const lost = loss === undefined ? [] : common(loss.unsent, missing);
  const since = fromInstant(waits && oldestUnsentAt !== null ? oldestUnsentAt : phone.reportedAt);
  return {
    kid,
    operatorName: phone.operatorName,
    head: seq,
    reportedAt: phone.reportedAt,
    unsent: phone.unsent,
    ...(oldestUnsentAt === null ? {} : { oldestUnsentAt }),
    ...(persisted === null ? {} : { persisted }),
    missing,
    alarm: lost.length > 0 || (missing.length > 0 && now - since > GRACE_MS),
    lost: loss === undefined ? null : { unsent: lost, lastSeenAt: loss.lastSeenAt, foundAt: loss.foundAt },
  };
}

/**
 * Numbers up to the reported head that neither arrived nor were explained by a skip. Counting comes first: a chain
 * without gaps need not be read.
 */
export async function missingOf(kid: string, head: number, { phones }: Needs<'phones'>): Promise<Stretches> {
  if (head === 0 || (await phones.placesTaken(kid, head)) >= head) return [];
  const explained = await phones.skipped(kid);
  const stretches: { from: number; to: number }[] = [];
  let next = 1;
  for (let more = true; more && stretches.length < MOST_STRETCHES; ) {
    const taken = await phones.numbersTaken(kid, next - 1, head, PAGE);
    more = taken.length === PAGE;
    const end = more ? (taken.at(-1) ?? head) : head;
    const known = [...taken, ...explained.filter((seq) => seq >= next && seq <= end), end + 1];
    for (const seq of known.sort((one, other) => one - other)) {
      if (seq > next) stretches.push({ from: next, to: seq - 1 });
      next = Math.max(next, seq + 1);
    }
    next = end + 1;
  }
  return stretches.slice(0, MOST_STRETCHES);
}

/** The numbers that are in both lists. */
function common(some: Stretches, others: Stretches): { from: number; to: number }[] {
  const both = some.flatMap((one) =>
    others
      .map(({ from, to }) => ({ from: Math.max(from, one.from), to: Math.min(to, one.to) }))
      .filter(({ from, to }) => from <= to),
  );
  return both.slice(0, MOST_STRETCHES);
}

/**
 * Stores a phone's report that it lost its storage, if the lost key belongs to this person or a colleague: whoever
 * signs in first on a cleared phone may be another person. The first report counts, except that the key's own
 * operator replaces a colleague's. False if the key belongs to neither.
 */
export async function keepLoss(
  report: LossReport,
  operator: string,
  { transact, clock }: { transact: Transact<'phones' | 'operatorKeys' | 'people' | 'audit'>; clock: Clock },
): Promise<boolean> {
  return transact(async ({ phones, operatorKeys, people, audit: log }) => {
    const key = await operatorKeys.key(report.kid);
    if (key === undefined || !(await areColleagues(key.operator, operator, { people }))) return false;
    const before = await phones.lossOf(report.kid);
    const isOwn = operator === key.operator;
    if (before !== undefined && (!isOwn || before.reporter === operator)) return true;
    const at = toInstant(clock.now());
    await phones.keepLoss({ report, reporter: operator, at });
    await audit(log, {
      at,
      step: STEPS.sync,
      event: 'storage lost',
      actor: operator,
      org: null,
      subject: report.kid,
      detail: `phone of ${key.operator}, last seen ${report.lastSeenAt}, not sent: ${report.unsent.map(({ from, to }) => `${from}-${to}`).join(' ') || 'none'}`,
    });
    return true;
  });
}

/** Whether both are the same person or share an organisation. Training organisations do not count, since everybody is in them. */
async function areColleagues(one: string, other: string, { people }: Needs<'people'>): Promise<boolean> {
  if (one === other) return true;
  const orgsOf = async (operator: string) =>
    (await people.memberships(operator)).filter(({ training }) => !training).map(({ org }) => org);
  const orgs = new Set(await orgsOf(one));
  return (await orgsOf(other)).some((org) => orgs.has(org));
}
