import type { Session } from '../../contract/operator.ts';
import type { Timer } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import type { NewPlace } from '../effects/amend-place.ts';
import type { DeviceWork } from '../effects/device-work.ts';
import type { PrepareResult } from '../effects/prepare.ts';
import type { KnownSite } from '../effects/sites.ts';
import type { EntryTools, OwnAccountBackend, PeopleBackend } from '../ports/account.ts';
import type { SendAgain } from '../ports/again.ts';
import type { SyncBackend } from '../ports/backend.ts';
import type { CheckCertificate } from '../ports/certificate-check.ts';
import type { DevicePort } from '../ports/device.ts';
import type { DeviceAtPlace, DevicesView } from '../ports/devices.ts';
import type { Drafts } from '../ports/drafts.ts';
import type { SafetyNet } from '../ports/keeping.ts';
import type { LabelReader } from '../ports/label-reader.ts';
import type { NoticesBackend, PushPort } from '../ports/notices.ts';
import type { Capture, OutboxView, QueuedRecord, Retry } from '../ports/outbox.ts';
import type { PhotoTools, PhotoUpload } from '../ports/photos.ts';
import type { PracticeDevices } from '../ports/practice.ts';
import type { AccountBackend, DeskBackend, SessionsBackend } from '../ports/preparation.ts';
import type { RescueTools } from '../ports/rescue.ts';
import type { Shell } from '../ports/shell.ts';
import type { Whereabouts } from '../ports/whereabouts.ts';
import type { WorkStore } from '../ports/work.ts';
import type { DrainOutcome } from '../sync/drain.ts';

/** Everything the screens may use, wired in main. */
export interface AppPorts {
  readonly account: AccountBackend;
  readonly sessions: () => Promise<SessionsBackend>;
  readonly desk: () => Promise<DeskBackend>;
  readonly entry: () => Promise<EntryTools>;
  readonly ownAccount: () => Promise<OwnAccountBackend>;
  readonly notices: () => Promise<{ readonly backend: NoticesBackend; readonly push: PushPort }>;
  readonly people: () => Promise<PeopleBackend>;
  readonly backend: SyncBackend;
  /** What the backend's newest answer since the last call said of the time; undefined if there was none. */
  readonly takeAnswerTime: () => number | undefined;
  readonly outbox: OutboxView & Retry;
  readonly again: () => Promise<Pick<SendAgain, 'accord' | 'noteAccord'>>;
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
  readonly devices: DevicesView;
  /** Lists are by person: whose they are from now on. Resolves once nobody else's row is left. */
  readonly keepDevices: (operator: string, orgs: readonly string[]) => Promise<void>;
  /** Acts by signed records, offline too. */
  readonly amendPlace: (device: DeviceAtPlace, place: NewPlace, because?: string) => Promise<void>;
  readonly undoDevice: (device: DeviceAtPlace, because?: string) => Promise<void>;
  readonly makeSite: (org: string, domain: string, title: string) => Promise<KnownSite>;
  readonly renameSite: (org: string, domain: string, site: KnownSite, title: string) => Promise<void>;
  /** Of pack and phone, in natural order. */
  readonly sitesOf: (org: string, domain: string) => Promise<readonly KnownSite[]>;
  readonly whereabouts: Whereabouts;
  readonly safety: SafetyNet;
  readonly rescue: () => Promise<RescueTools>;
  readonly photos: () => Promise<PhotoTools>;
  readonly photoUpload: PhotoUpload;
  readonly shell: Shell;
  /** `isKeyUnknown`: the backend does not know this phone's key, so the same one is enrolled again. */
  readonly prepare: (session: Session, isKeyUnknown?: boolean) => Promise<PrepareResult>;
  /** Forgets operator key, statement keys and packs; never a record. */
  readonly forgetInstallation: () => Promise<void>;
  /** What a drain leaves to be signed; true if that is to be sent at once. */
  readonly afterDrain: () => Promise<boolean>;
  /** Takes a registration back by a signed record. */
  readonly undo: (record: QueuedRecord) => Promise<void>;
  readonly drain: (force: boolean) => Promise<DrainOutcome | 'busy'>;
  readonly app: string;
}
