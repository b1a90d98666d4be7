import { Era } from '../../contract/era.ts';
import { parse } from '../../contract/parse.ts';
import { verifyStatement } from '../../core/statement.ts';
import type { Accord } from '../ports/again.ts';
import type { BackendFailure } from '../ports/backend.ts';
import { askChains, type Comparing } from './ask-chains.ts';
import type { DrainPorts } from './drain-ports.ts';
import { isFault, standsInTheWay } from './hand-back.ts';
import { withNewKeys } from './known-keys.ts';
import { Round } from './lost-records.ts';

const DAY = 24 * 3600_000;
/** After an answer that made no sense, and while the operator key stays unknown. */
const LATER = 3600_000;
const SOON = 5 * 60_000;

/** Why to compare now, besides time and sign-in. `hint`: what `changes` calls the era. */
interface Occasion {
  readonly hint?: string | null;
  readonly isKeyUnknown?: boolean;
}

interface Compared {
  /** Nothing is to be sent before this has passed. */
  readonly failure?: BackendFailure;
  /** Something was sent again or handed back: outcomes may have come of it. */
  readonly isNews?: boolean;
}

/**
 * Brings phone and backend to an accord on what there is. A backend that was put back to an older copy, or that a failover cut
 * short, has lost what it signed for, and this phone, which deletes nothing, still has it. First it hands back what the
 * backend signed, then it sends the records again, byte for byte and in order. The accord is noted when all is done: whatever
 * ends it before, the next drain begins anew, and the backend names what it still lacks. It costs a round in each era, and
 * at most one a day besides, whatever the backend claims to have lost.
 */
export async function findAccord(comparing: Comparing, occasion: Occasion): Promise<Compared> {
  const { ports, enrolment } = comparing;
  const { again } = ports;
  const now = ports.clock.now();
  const accord = await again.accord();
  if (!isDue(accord, occasion, enrolment.signer.kid, now)) return {};
  await reviveUnknownKeys(ports);
  const answer = await askChains(comparing);
  if (!answer.ok && standsInTheWay(answer.failure)) return { failure: answer.failure };
  const era = answer.ok ? await eraOf(answer.value.era, comparing) : 'invalid';
  if (!answer.ok || era === 'invalid') {
    // It moves nothing, and is not asked at every turn. After a sign-in it is, until an answer says what the packs here are worth.
    const signedIn = accord.signedIn && !answer.ok && !isOlder(answer.failure);
    await again.noteAccord({ signedIn, notBefore: now + LATER, ...hintOf(occasion) });
    return {};
  }
  const name = era?.era ?? null;
  const isNew = name !== (accord.era === undefined ? null : accord.era);
  const isRound = isNew || isADayOld(accord, now);
  const round = new Round(comparing, answer.value.chains, isNew ? (era ?? null) : undefined, accord);
  const failure = await round.go(isRound);
  if (failure !== undefined) {
    if (isFault(failure)) await again.noteAccord({ refusedAt: now });
    return { failure };
  }
  const isUnknown = round.chains.get(enrolment.signer.kid)?.known === false;
  await again.noteAccord(
    {
      era: name,
      hint: name,
      ...hintOf(occasion),
      ...(isRound ? { at: now } : {}),
      signedIn: false,
      notBefore: isUnknown ? now + SOON : 0,
      unknownKid: isUnknown ? enrolment.signer.kid : null,
      ...(isUnknown ? { enrolAgain: enrolment.signer.kid } : {}),
      refusedAt: null,
    },
    await round.over(),
  );
  return { isNews: isRound && (isNew || round.sent > 0) };
}

/** A backend that does not know the question has never begun an era. */
function isOlder(failure: BackendFailure): boolean {
  return failure.kind === 'refused' && ['not_found', 'method_not_allowed'].includes(failure.code);
}

function hintOf({ hint }: Occasion): Pick<Accord, 'hint'> {
  return hint === undefined ? {} : { hint };
}

/** An earlier version of this app took it for final that the backend did not know a key. */
async function reviveUnknownKeys({ outbox, again }: DrainPorts): Promise<void> {
  if (((await outbox.summary()).counts.rejected ?? 0) === 0) return;
  const rows = await again.rowsWhere(
    ({ state, code }) => state === 'rejected' && code === 'operator_key_unknown',
  );
  if (rows.length > 0) await again.revive(rows.map(({ id }) => id));
}

function isADayOld({ at }: Accord, now: number): boolean {
  return now - at >= DAY || now < at;
}

function isDue(accord: Accord, { hint, isKeyUnknown = false }: Occasion, kid: string, now: number): boolean {
  const { notBefore } = accord;
  if (accord.signedIn) return true;
  if (now < notBefore && notBefore - now <= LATER) return false;
  const isOtherEra = hint !== undefined && hint !== accord.hint && accord.era !== undefined;
  return (
    accord.era === undefined ||
    isOtherEra ||
    isKeyUnknown ||
    accord.unknownKid === kid ||
    isADayOld(accord, now)
  );
}

/** Undefined: it was never put back to a copy. */
async function eraOf(
  text: string | undefined,
  { ports, enrolment, known, signal }: Comparing,
): Promise<Era | undefined | 'invalid'> {
  if (text === undefined) return undefined;
  const { aud } = enrolment.credential;
  const statement = await withNewKeys(
    (keys) => verifyStatement(text, 'era+jws', keys, ports.crypto),
    ports,
    aud,
    known,
    signal,
  );
  const era = statement.ok ? parse(Era, statement.payload) : undefined;
  return era?.aud === aud ? era : 'invalid';
}
