import type { LossReport, PhoneState, Stretches } from '../../contract/phone.ts';
import type { Clock } from '../../core/clock.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import type { KnownPhone } from '../ports/phones.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

/** A phone sends all it has in minutes once it has signal; what is missing longer is missing. */
const GRACE_MS = 15 * 60_000;
const AT_MOST = 1000;
const PAGE = 5000;
/** What an answer names; more than these is the same alarm. */
const MOST_STRETCHES = 200;

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
  // What the phone says still waits on it is not missing yet; what waits for ever is.
  const waits = phone.unsent > 0 && loss === undefined;
  // What was put back from a copy, or carried here by a colleague, came after all.
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

/** Numbers up to the reported head that are neither here nor explained. Counting first: a whole chain needs no walk. */
async function missingOf(kid: string, head: number, { phones }: Needs<'phones'>): Promise<Stretches> {
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

/** The numbers that are in both. */
function common(some: Stretches, others: Stretches): { from: number; to: number }[] {
  const both = some.flatMap((one) =>
    others
      .map(({ from, to }) => ({ from: Math.max(from, one.from), to: Math.min(to, one.to) }))
      .filter(({ from, to }) => from <= to),
  );
  return both.slice(0, MOST_STRETCHES);
}

/**
 * Keeps a phone's word that it lost its storage, if the lost key was this person's or a colleague's: whoever signs in first
 * on a cleared phone may be another one. The first word counts, except that the key's own operator's takes the place of a
 * colleague's. False if the key was neither's.
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

/** Whether both are one person or share an organisation. Practice is everybody's and says nothing. */
async function areColleagues(one: string, other: string, { people }: Needs<'people'>): Promise<boolean> {
  if (one === other) return true;
  const orgsOf = async (operator: string) =>
    (await people.memberships(operator)).filter(({ training }) => !training).map(({ org }) => org);
  const orgs = new Set(await orgsOf(one));
  return (await orgsOf(other)).some((org) => orgs.has(org));
}
