import type { LossReport } from '../../contract/phone.ts';
import type { Clock } from '../ports/clock.ts';
import type { Journal, Keeping, MarkerStore } from '../ports/keeping.ts';
import type { Capture } from '../ports/outbox.ts';
import type { RescueBackend } from '../ports/rescue.ts';
import type { WorkStore } from '../ports/work.ts';
import type { JournalCheck } from './check-journal.ts';
import { findLoss, noteMarker } from './watch-storage.ts';

export interface SafetyPorts {
  readonly marker: MarkerStore;
  readonly outbox: Keeping & Pick<Capture, 'head'>;
  readonly work: Pick<WorkStore, 'enrolment'>;
  readonly journal: () => Promise<Journal | undefined>;
  readonly backend: Pick<RescueBackend, 'reportLoss'>;
  readonly clock: Clock;
  /** The epoch that is stored, if any. */
  readonly epoch: () => Promise<string | undefined>;
  readonly fillReserve: () => Promise<boolean>;
}

/** Notices what was lost, says so to the person and to support, and keeps what can be kept twice. */
export class Safety {
  readonly #ports: SafetyPorts;
  #noting = false;
  #again = false;

  constructor(ports: SafetyPorts) {
    this.#ports = ports;
  }

  /** First thing at a start: whether the storage was cleared since the last one. */
  async findLoss(): Promise<LossReport | undefined> {
    const { marker, clock, epoch } = this.#ports;
    return findLoss(marker, await epoch(), clock.now());
  }

  /** Tells the backend; until it knows, every start tells the person. */
  async tellLoss(): Promise<void> {
    const loss = this.#ports.marker.loss();
    if (loss === undefined) return;
    const answer = await this.#ports.backend.reportLoss(loss);
    // Somebody else's key: this person cannot say it, and the phone cannot either any more.
    const done = answer.ok || (answer.failure.kind === 'refused' && answer.failure.code === 'not_found');
    if (done) this.#ports.marker.keepLoss(undefined);
  }

  /** After every change of the outbox; many at once are noted once. */
  async note(): Promise<void> {
    this.#again = true;
    if (this.#noting) return;
    this.#noting = true;
    try {
      while (this.#again) {
        this.#again = false;
        const enrolment = await this.#ports.work.enrolment();
        if (enrolment !== undefined)
          await noteMarker(this.#ports.marker, enrolment, this.#ports.outbox, this.#ports.clock);
      }
    } catch {
      // The outbox says so itself, louder.
    } finally {
      this.#noting = false;
    }
  }

  /** Whether the reserve is there, made anew if there is room for it again. */
  refill(): Promise<boolean> {
    return this.#ports.fillReserve().catch(() => false);
  }

  /** Checks counts against rows, compares both copies, and sees to the reserve. */
  async check(): Promise<JournalCheck> {
    const journal = await this.#ports.journal();
    await this.refill();
    await this.#ports.outbox.recount();
    if (journal !== undefined) {
      // Not needed for the first screen.
      const { checkJournal } = await import('./check-journal.ts');
      return checkJournal(this.#ports.outbox, journal);
    }
    const { torn } = await this.#ports.outbox.unsentIds();
    return { restored: 0, torn: torn.size };
  }
}
