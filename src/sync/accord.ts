import { type ChainsAnswer, Era } from '../../contract/era.ts';
import { parse } from '../../contract/parse.ts';
import { fromInstant } from '../../core/instant.ts';
import { isUnsent } from '../../core/record-state.ts';
import { verifyStatement } from '../../core/statement.ts';
import { type Accord, isWithin } from '../ports/again.ts';
import type { BackendFailure, BackendResult } from '../ports/backend.ts';
import type { QueuedRecord, SentAgain } from '../ports/outbox.ts';
import type { Enrolment } from '../ports/work.ts';
import { AgainQueue } from './again-queue.ts';
import type { DrainPorts } from './drain-ports.ts';
import { HandingBack, isFault, standsInTheWay } from './hand-back.ts';
import { type KnownKeys, withNewKeys } from './known-keys.ts';
import { send } from './send.ts';

const DAY = 24 * 3600_000;
/** After an answer that made no sense, and while the operator key stays unknown. */
const LATER = 3600_000;
const SOON = 5 * 60_000;
const MOST_CHAINS = 64;

/** Rejected records of which the backend never kept a byte: their numbers are gaps that a `skip` explains. */
const NEVER_KEPT: readonly QueuedRecord['code'][] = [
  'envelope_malformed',
  'version_unknown',
  'bad_signature',
  'wrong_audience',
];

interface Comparing {
  readonly ports: DrainPorts;
  readonly enrolment: Enrolment;
  readonly known: KnownKeys;
  readonly signal: AbortSignal;
}

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

type Chains = ReadonlyMap<string, ChainsAnswer['chains'][number]>;
interface Asked {
  readonly chains: Chains;
  readonly era: string | undefined;
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
  const { outbox } = ports;
  const now = ports.clock.now();
  const accord = await outbox.accord();
  if (!isDue(accord, occasion, enrolment.signer.kid, now)) return {};
  const answer = await ask(comparing);
  if (!answer.ok && standsInTheWay(answer.failure)) return { failure: answer.failure };
  const era = answer.ok ? await eraOf(answer.value.era, comparing) : 'invalid';
  if (!answer.ok || era === 'invalid') {
    // Not ours, or older than this question: it moves nothing, and is not asked at every turn.
    await outbox.noteAccord({ signedIn: false, notBefore: now + LATER, ...hintOf(occasion) });
    return {};
  }
  const name = era?.era ?? null;
  const isNew = name !== (accord.era === undefined ? null : accord.era);
  const isRound = isNew || isADayOld(accord, now);
  const round = new Round(comparing, answer.value.chains, isNew ? (era ?? null) : undefined, accord);
  const failure = await round.go(isRound);
  if (failure !== undefined) {
    if (isFault(failure)) await outbox.noteAccord({ refusedAt: now });
    return { failure };
  }
  const isUnknown = round.chains.get(enrolment.signer.kid)?.known === false;
  await outbox.noteAccord(
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

function hintOf({ hint }: Occasion): Pick<Accord, 'hint'> {
  return hint === undefined ? {} : { hint };
}

function isADayOld({ at }: Accord, now: number): boolean {
  return now - at >= DAY || now < at;
}

function isDue(accord: Accord, { hint, isKeyUnknown = false }: Occasion, kid: string, now: number): boolean {
  const { notBefore } = accord;
  if (accord.signedIn) return true;
  if (now < notBefore && notBefore - now <= LATER) return false;
  const isOtherEra = hint !== undefined && hint !== accord.hint && accord.era !== undefined;
  return accord.era === undefined || isOtherEra || isKeyUnknown || accord.unknownKid === kid || isADayOld(accord, now);
}

/** Asks for every chain on this phone, and for this key's even before its first record. */
async function ask({ ports, enrolment, signal }: Comparing): Promise<BackendResult<Asked>> {
  const own = enrolment.signer.kid;
  const found = await ports.outbox.chains();
  const all = found.some(({ kid }) => kid === own) ? found : [...found, { kid: own, seq: 0 }];
  const chains = new Map<string, ChainsAnswer['chains'][number]>();
  let era: string | undefined;
  for (let at = 0; at < all.length; at += MOST_CHAINS) {
    const part = all.slice(at, at + MOST_CHAINS);
    const answer = await ports.backend.chains(part, signal);
    if (!answer.ok) return answer;
    const asked = new Set(part.map(({ kid }) => kid));
    for (const chain of answer.value.chains) if (asked.has(chain.kid)) chains.set(chain.kid, chain);
    era = answer.value.era;
  }
  return { ok: true, value: { chains, era } };
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

/** One pass over what the backend lacks. */
class Round {
  readonly #comparing: Comparing;
  readonly #isNew: boolean;
  /** What the copy cannot know was signed after this, in milliseconds since 1970; some of what came before is handed back too. */
  readonly #copyAt: number;
  readonly #accord: Accord;
  readonly #back: HandingBack;
  readonly #tried = new Set<string>();
  #again: SentAgain | undefined;
  chains: Chains;
  sent = 0;

  /** `era`: the one that begins; undefined where none does. */
  constructor(comparing: Comparing, chains: Chains, era: Era | null | undefined, accord: Accord) {
    const { ports, enrolment, signal } = comparing;
    this.#comparing = comparing;
    this.#isNew = era !== undefined;
    this.#copyAt = era == null ? -Infinity : fromInstant(era.copyAt) - DAY;
    this.#accord = accord;
    this.#back = new HandingBack(ports, enrolment.credential.aud, accord.refusedAt !== null, signal);
    this.chains = chains;
  }

  async go(isRound: boolean): Promise<BackendFailure | undefined> {
    const { ports, enrolment } = this.#comparing;
    const wasUnknown = this.#unknown().length > 0;
    if (this.#isNew || wasUnknown) {
      const failure = (await this.#handBackFirst()) ?? (await this.#askAnew());
      if (failure !== undefined) return failure;
    }
    if (isRound) {
      const failure = await this.#sendAll();
      if (failure !== undefined) return failure;
      if (this.#isNew || this.sent > 0) await (await ports.photos?.())?.askAgain();
    }
    const isKnown = this.chains.get(enrolment.signer.kid)?.known !== false;
    if (isKnown && wasUnknown) await this.#reviveWaiting();
    return undefined;
  }

  /** What is to be said when it is over. */
  async over(): Promise<SentAgain | undefined> {
    const { again } = await this.#comparing.ports.outbox.summary();
    return again === undefined || again.isOver ? undefined : { ...again, isOver: true };
  }

  #unknown(): string[] {
    return [...this.chains.values()].filter(({ known }) => !known).map(({ kid }) => kid);
  }

  /** Rights that were taken away, keys, certificates, and the anchors of what is still to be sent for the first time. */
  async #handBackFirst(): Promise<BackendFailure | undefined> {
    const { ports } = this.#comparing;
    const unknown = new Set(this.#unknown());
    const isNew = this.#isNew;
    const failure =
      (isNew ? await this.#back.packs() : undefined) ??
      (await this.#back.keys((kid) => isNew || unknown.has(kid)));
    if (failure !== undefined || !isNew) return failure;
    const rows = await ports.outbox.rowsWhere(
      ({ state, certificate, decidedAt }) =>
        isUnsent(state) ||
        (certificate !== null && decidedAt !== null && fromInstant(decidedAt) >= this.#copyAt),
    );
    return (await this.#back.records(rows)).failure;
  }

  async #askAnew(): Promise<BackendFailure | undefined> {
    const answer = await ask(this.#comparing);
    if (answer.ok) this.chains = answer.value.chains;
    return answer.ok || !standsInTheWay(answer.failure) ? undefined : answer.failure;
  }

  async #sendAll(): Promise<BackendFailure | undefined> {
    const { ports } = this.#comparing;
    for (;;) {
      const lacks = (row: QueuedRecord) => {
        const chain = this.chains.get(row.kid);
        return chain?.known === true && isWithin(chain.missing, row.seq) && !this.#tried.has(row.id);
      };
      const rows = await ports.outbox.rowsWhere((row) => lacks(row) && !isUnsent(row.state));
      if (rows.length === 0) return undefined;
      for (const { id } of rows) this.#tried.add(id);
      const rejected = rows.filter(({ state, code }) => state === 'rejected' && !NEVER_KEPT.includes(code));
      // They are among what is to be sent, and go after this.
      await ports.outbox.revive(rejected.map(({ id }) => id));
      const had = rows.filter(({ state }) => state !== 'rejected');
      const { ours, failure } = await this.#back.records(had);
      const missed = failure ?? (await this.#send(ours));
      if (missed !== undefined) return missed;
      const isMore = [...this.chains.values()].some(({ more }) => more);
      const later = isMore ? await this.#askAnew() : undefined;
      if (!isMore || later !== undefined) return later;
    }
  }

  async #send(rows: readonly QueuedRecord[]): Promise<BackendFailure | undefined> {
    if (rows.length === 0) return undefined;
    const { ports, enrolment, known, signal } = this.#comparing;
    const before = this.#again ?? (await ports.outbox.summary()).again;
    const goesOn = before !== undefined && (this.#again !== undefined || !before.isOver);
    // A round that was cut short goes on counting: the backend names only what it still lacks.
    const done = goesOn ? ((await ports.outbox.summary()).again?.done ?? 0) : 0;
    // The second round of an era, once its key was enrolled again, has the same reason.
    const putBack = this.#isNew || (this.#accord.at === 0 && typeof this.#accord.era === 'string');
    this.#again = { of: done + rows.length, done, putBack, isOver: false };
    await ports.outbox.noteAccord({}, this.#again);
    const queue = new AgainQueue(ports.outbox, rows, this.#accord.refusedAt);
    const { sent, failure } = await send(ports, queue, enrolment, known, signal);
    this.sent += sent;
    if (failure === undefined || failure.passing) return undefined;
    if (failure.why.kind === 'refused') await ports.outbox.noteAccord({ refusedAt: ports.clock.now() });
    return failure.why;
  }

  /** They were not taken only because nobody knew the key. */
  async #reviveWaiting(): Promise<void> {
    const { outbox } = this.#comparing.ports;
    const rows = await outbox.rowsWhere(
      ({ state, fault }) => state === 'saved' && fault?.code === 'operator_key_unknown',
    );
    if (rows.length > 0) await outbox.revive(rows.map(({ id }) => id));
  }
}
