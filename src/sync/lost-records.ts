import type { Era } from '../../contract/era.ts';
import { fromInstant } from '../../core/instant.ts';
import { isUnsent } from '../../core/record-state.ts';
import { type Accord, isWithin } from '../ports/again.ts';
import type { BackendFailure } from '../ports/backend.ts';
import type { QueuedRecord, SentAgain } from '../ports/outbox.ts';
import { AgainQueue } from './again-queue.ts';
import { askChains, type Chains, type Comparing } from './ask-chains.ts';
import { HandingBack, standsInTheWay } from './hand-back.ts';
import { send } from './send.ts';

const DAY = 24 * 3600_000;

/** Rejected records of which the backend never kept a byte: their numbers are gaps that a `skip` explains. */
const NEVER_KEPT: readonly QueuedRecord['code'][] = [
  'envelope_malformed',
  'version_unknown',
  'bad_signature',
  'wrong_audience',
];

/** One pass over what the backend lacks. */
export class Round {
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
    const rows = await ports.again.rowsWhere(
      ({ state, certificate, decidedAt }) =>
        isUnsent(state) ||
        (certificate !== null && decidedAt !== null && fromInstant(decidedAt) >= this.#copyAt),
    );
    return (await this.#back.records(rows)).failure;
  }

  async #askAnew(): Promise<BackendFailure | undefined> {
    const answer = await askChains(this.#comparing);
    if (answer.ok) this.chains = answer.value.chains;
    return answer.ok || !standsInTheWay(answer.failure) ? undefined : answer.failure;
  }

  async #sendAll(): Promise<BackendFailure | undefined> {
    const { ports } = this.#comparing;
    // Nearly always nothing is missing, and then nothing has to be read.
    while ([...this.chains.values()].some(({ missing }) => missing.length > 0)) {
      const lacks = (row: QueuedRecord) => {
        const chain = this.chains.get(row.kid);
        return chain?.known === true && isWithin(chain.missing, row.seq) && !this.#tried.has(row.id);
      };
      const rows = await ports.again.rowsWhere((row) => lacks(row) && !isUnsent(row.state));
      if (rows.length === 0) return undefined;
      for (const { id } of rows) this.#tried.add(id);
      const rejected = rows.filter(({ state, code }) => state === 'rejected' && !NEVER_KEPT.includes(code));
      // They are among what is to be sent, and go after this.
      await ports.again.revive(rejected.map(({ id }) => id));
      const had = rows.filter(({ state }) => state !== 'rejected');
      const { ours, failure } = await this.#back.records(had);
      const missed = failure ?? (await this.#send(ours));
      if (missed !== undefined) return missed;
      const isMore = [...this.chains.values()].some(({ more }) => more);
      const later = isMore ? await this.#askAnew() : undefined;
      if (!isMore || later !== undefined) return later;
    }
    return undefined;
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
    await ports.again.noteAccord({}, this.#again);
    const queue = new AgainQueue(ports, rows, this.#accord.refusedAt);
    const { sent, failure } = await send(ports, queue, enrolment, known, signal);
    this.sent += sent;
    if (failure === undefined || failure.passing) return undefined;
    if (failure.why.kind === 'refused') await ports.again.noteAccord({ refusedAt: ports.clock.now() });
    return failure.why;
  }

  /** They were not taken only because nobody knew the key. */
  async #reviveWaiting(): Promise<void> {
    const { again } = this.#comparing.ports;
    const rows = await again.rowsWhere(
      ({ state, fault }) => state === 'saved' && fault?.code === 'operator_key_unknown',
    );
    if (rows.length > 0) await again.revive(rows.map(({ id }) => id));
  }
}
