import type { LossReport } from '../../../contract/phone.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Journal, MarkerStore, OutboxUpkeep, SafetyNet, Wipe } from '../../ports/keeping.ts';
import type { Capture, OutboxView } from '../../ports/outbox.ts';
import type { RescueBackend } from '../../ports/rescue.ts';
import type { WorkStore } from '../../ports/work.ts';
import type { JournalCheck } from './check-journal.ts';
import { noteMarker } from './watch-storage.ts';

export interface SafetyPorts {
  readonly marker: MarkerStore;
  readonly outbox: OutboxUpkeep & Pick<Capture, 'head'> & Pick<OutboxView, 'page'>;
  readonly work: Pick<WorkStore, 'enrolment'>;
  readonly journal: () => Promise<Journal | undefined>;
  readonly backend: Pick<RescueBackend, 'reportLoss'>;
  readonly clock: Clock;
  /** The epoch that is stored, if any. */
  readonly epoch: () => Promise<string | undefined>;
  readonly fillReserve: () => Promise<boolean>;
}

/** Notices what was lost, says so to the person and to support, and keeps what can be kept twice. */
export class Safety implements SafetyNet {
  readonly #ports: SafetyPorts;
  #noting = false;
  #again = false;

  constructor(ports: SafetyPorts) {
    this.#ports = ports;
  }

  /** First thing at a start: whether the storage was cleared since the last one. */
  async findLosses(): Promise<readonly LossReport[]> {
    const { marker, clock } = this.#ports;
    const epoch = await this.#ports.epoch();
    if ((marker.read()?.epoch ?? epoch) === epoch && marker.losses().length === 0) return [];
    // Hardly ever needed, so not with the first screen; the same below.
    const { findLosses } = await import('./find-losses.ts');
    return findLosses(marker, epoch, clock.now());
  }

  /** What of them is lost as the outbox stands; to be asked once both copies were compared. */
  async weigh(losses: readonly LossReport[]): Promise<readonly Wipe[]> {
    const { weighLosses } = await import('./weigh-losses.ts');
    return weighLosses(losses, this.#ports.outbox);
  }

  /** Tells the backend; until it knows, every start tells the person. */
  async tellLosses(): Promise<void> {
    const { marker, backend } = this.#ports;
    if (marker.losses().length === 0) return;
    const { tellLosses } = await import('./find-losses.ts');
    await tellLosses(marker, backend);
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

  /** Checks counts against rows, compares both copies, and sees to the reserve and to the marker. */
  async check(): Promise<JournalCheck> {
    const found = await this.#compare();
    // An app that was closed right after a save may not have got to it.
    await this.note();
    return found;
  }

  async #compare(): Promise<JournalCheck> {
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
