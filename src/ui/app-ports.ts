import type { ReadonlySignal } from '@preact/signals';
import type { Session } from '../../contract/operator.ts';
import type { LossReport } from '../../contract/phone.ts';
import type { Timer } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import type { DeviceWork } from '../effects/device-work.ts';
import type { PrepareResult } from '../effects/prepare.ts';
import type { ImportOutcome } from '../effects/rescue.ts';
import type { ArchivedPhoto } from '../effects/show-photos.ts';
import type { Taken } from '../effects/take-record.ts';
import type { BackendResult, SyncBackend } from '../ports/backend.ts';
import type { CheckCertificate } from '../ports/certificate-check.ts';
import type { DevicePort } from '../ports/device.ts';
import type { Wipe } from '../ports/keeping.ts';
import type { Capture, OutboxView, QueuedRecord, Retry } from '../ports/outbox.ts';
import type { PhotoStore } from '../ports/photos.ts';
import type { AccountBackend, DeskBackend } from '../ports/preparation.ts';
import type { RescueBackend } from '../ports/rescue.ts';
import type { WorkStore } from '../ports/work.ts';
import type { DrainOutcome } from '../sync/drain.ts';
import type { LabelReader } from './label-reader.ts';
import type { PracticeDevices } from './practice.ts';

/** Everything the screens may use, wired in main. */
export interface AppPorts {
  readonly account: AccountBackend;
  readonly desk: DeskBackend;
  readonly backend: SyncBackend;
  readonly outbox: OutboxView & Retry;
  readonly capture: Capture;
  readonly work: WorkStore;
  readonly clock: Timer;
  readonly crypto: CryptoPort;
  readonly device: DeviceWork;
  readonly links: Pick<DevicePort, 'availableLinks'>;
  readonly labels: () => Promise<LabelReader>;
  readonly practice: () => Promise<PracticeDevices>;
  readonly certificates: () => Promise<CheckCertificate>;
  readonly drafts: Drafts;
  readonly safety: SafetyNet;
  readonly rescue: () => Promise<RescueTools>;
  readonly photos: () => Promise<PhotoTools>;
  readonly photoLane: PhotoLane;
  readonly shell: Shell;
  readonly prepare: (session: Session) => Promise<PrepareResult>;
  /** Forgets operator key, statement keys and packs; never a record. */
  readonly forgetInstallation: () => Promise<void>;
  /** What a drain leaves to be signed; true if that is to be sent at once. */
  readonly afterDrain: () => Promise<boolean>;
  /** Takes a registration back by a signed record. */
  readonly undo: (record: QueuedRecord) => Promise<void>;
  readonly drain: (force: boolean) => Promise<DrainOutcome | 'busy'>;
  readonly app: string;
}

/** Under which name the half-done registration is kept. */
export const INSTALL_DRAFT = 'install';

/** Notices what was lost and keeps what can be kept twice. */
export interface SafetyNet {
  findLosses(): Promise<readonly LossReport[]>;
  weigh(losses: readonly LossReport[]): Promise<readonly Wipe[]>;
  tellLosses(): Promise<void>;
  note(): Promise<void>;
  check(): Promise<{ readonly restored: number; readonly torn: number }>;
  refill(): Promise<boolean>;
}

/** Photos as evidence; fetched when wanted. */
export interface PhotoTools {
  readonly store: Pick<PhotoStore, 'loose' | 'data' | 'rows' | 'drop' | 'waiting'>;
  take(file: Blob, udid: string): Promise<unknown>;
  ofRecord(org: string, record: string): Promise<BackendResult<readonly ArchivedPhoto[]>>;
}

/** Photos go when no record does. Neither rejects. */
export interface PhotoLane {
  hold(): void;
  go(force: boolean): Promise<void>;
}

/** Files of records by hand, and support's look at the phones; fetched when wanted. */
export interface RescueTools {
  exportUnsent(): Promise<{ readonly text: string; readonly count: number } | undefined>;
  importFile(text: string, onProgress: (done: number, of: number) => void): Promise<ImportOutcome>;
  /** The record at this place among the unsent, the oldest first; its code is absent where no single one holds it. */
  recordCode(
    at: number,
  ): Promise<{ readonly of: number; readonly udid: string; readonly code: string | undefined } | undefined>;
  takeRecord(text: string): Promise<Taken>;
  prepare(): Promise<void>;
  readonly phones: RescueBackend['phones'];
}

/** Half-done work that survives a restart. */
export interface Drafts {
  load(id: string): Promise<unknown>;
  save(id: string, content: unknown): Promise<void>;
  drop(id: string): Promise<void>;
}

/** The installed shell: whether it works offline, whether a newer one waits, whether it can be installed. */
export interface Shell {
  readonly offlineReady: ReadonlySignal<boolean>;
  readonly updateWaiting: ReadonlySignal<boolean>;
  readonly installable: ReadonlySignal<boolean>;
  readonly persisted: ReadonlySignal<boolean>;
  readonly backgroundSync: ReadonlySignal<boolean>;
  update(): void;
  install(): Promise<void>;
  askPersistence(): Promise<void>;
  requestBackgroundSync(): Promise<void>;
}
