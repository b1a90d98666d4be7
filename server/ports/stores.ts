import type {
  AdministratorTimes,
  Ceremonies,
  InstallationAdministrators,
  Invitations,
  Passkeys,
  UserHandles,
} from './accounts.ts';
import type { AuditLog } from './audit-log.ts';
import type { Authorities } from './authorities.ts';
import type { BindingHistory, Bindings, LiveBindings, Quotas } from './bindings.ts';
import type { CertificateStates, Certificates, Intents, Revocations } from './certificates.ts';
import type { ChangeStream } from './changes.ts';
import type { Clients } from './clients.ts';
import type { Crls } from './crls.ts';
import type { DeviceFeed } from './device-feed.ts';
import type { DeviceLife } from './device-life.ts';
import type { Domains } from './domains.ts';
import type { Envelopes } from './envelopes.ts';
import type { Eras } from './eras.ts';
import type { DueNotices, Events } from './events.ts';
import type { FoundCertificates } from './found-certificates.ts';
import type { InGroup } from './group-stores.ts';
import type { KeyLineages } from './key-lineage.ts';
import type { Leases } from './leases.ts';
import type { ListBulk } from './list-bulk.ts';
import type { ListFeed } from './list-feed.ts';
import type { ListJobs } from './list-jobs.ts';
import type { MakerKeys } from './maker-keys.ts';
import type { MakerList } from './maker-list.ts';
import type { NotNow } from './not-now.ts';
import type { NoticeOutbox, NoticeWishes, PushedBrowsers } from './notices.ts';
import type { Heads, OperatorKeys } from './operator-keys.ts';
import type { Orgs } from './orgs.ts';
import type { People } from './people.ts';
import type { Phones } from './phones.ts';
import type { Photos } from './photos.ts';
import type { HandedCertificates, Places } from './places.ts';
import type { Policies } from './policies.ts';
import type { Receivers } from './receivers.ts';
import type { DecisionQueue, Records } from './records.ts';
import type { Responders } from './responders.ts';
import type { RowClaims } from './row-claims.ts';
import type { AcmeChallenges, ServerCertificates } from './server-certificates.ts';
import type { Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';
import type { StatementLog } from './statement-log.ts';
import type { Tombstones } from './tombstones.ts';
import type { Tpms } from './tpms.ts';
import type { Offers, TransferCases } from './transfer-cases.ts';
import type { Versions } from './versions.ts';

/** Every store by name. A consumer takes the few it needs: `Needs<'records' | 'changes'>`. */
export interface Stores {
  readonly orgs: Orgs;
  readonly people: People;
  readonly sessions: Sessions;
  readonly passkeys: Passkeys;
  readonly userHandles: UserHandles;
  readonly invitations: Invitations;
  readonly ceremonies: Ceremonies;
  readonly installationAdministrators: InstallationAdministrators;
  readonly administratorTimes: AdministratorTimes;
  readonly notices: NoticeOutbox;
  readonly noticeWishes: NoticeWishes;
  readonly pushedBrowsers: PushedBrowsers;
  readonly operatorKeys: OperatorKeys;
  readonly heads: Heads;
  readonly statements: StatementLog;
  readonly domains: Domains;
  readonly list: MakerList;
  readonly listBulk: ListBulk;
  readonly listFeed: ListFeed;
  readonly listJobs: ListJobs;
  readonly makerKeys: MakerKeys;
  readonly tpms: Tpms;
  readonly tombstones: Tombstones;
  readonly envelopes: Envelopes;
  readonly records: Records;
  readonly queue: DecisionQueue;
  readonly changes: ChangeStream;
  readonly bindings: Bindings;
  readonly liveBindings: LiveBindings;
  readonly bindingHistory: BindingHistory;
  readonly quotas: Quotas;
  readonly intents: Intents;
  readonly certificates: Certificates;
  readonly revocations: Revocations;
  readonly certificateStates: CertificateStates;
  readonly lineage: KeyLineages;
  readonly crls: Crls;
  readonly responders: Responders;
  readonly authorities: Authorities;
  readonly audit: AuditLog;
  readonly leases: Leases;
  readonly eras: Eras;
  readonly found: FoundCertificates;
  readonly events: Events;
  readonly receivers: Receivers;
  readonly dueNotices: DueNotices;
  readonly settings: Settings;
  readonly transfers: TransferCases;
  readonly offers: Offers;
  readonly rowClaims: RowClaims;
  readonly life: DeviceLife;
  readonly clients: Clients;
  readonly policies: Policies;
  readonly versions: Versions;
  readonly phones: Phones;
  readonly photos: Photos;
  readonly places: Places;
  readonly handed: HandedCertificates;
  readonly deviceFeed: DeviceFeed;
  readonly serverCertificates: ServerCertificates;
  readonly acmeChallenges: AcmeChallenges;
}

export type Needs<K extends keyof Stores> = Pick<Stores, K>;

/**
 * All or nothing, durable when the promise resolves, and nobody else writes meanwhile, over all processes. Inside `work`
 * only the stores it is given may be used: all other access waits for this transaction and would wait for ever.
 */
export type Transact<K extends keyof Stores> = <T>(work: (stores: Needs<K>) => Promise<T>) => Promise<T>;

export interface Database {
  readonly stores: Stores;
  readonly transact: Transact<keyof Stores>;
  /** As `transact`, for what may not wait until a full disk has room again: revocations, and what verifiers are told of them. */
  readonly urgent: Transact<keyof Stores>;
  /** Keeps room on the disk for `urgent` from here on; what may wait has to, once that is used up. */
  guardRoom(): void;
  readonly inGroup: InGroup;
  /** Name of this process: the writer of its chain of the audit trail. */
  readonly writer: string;
  /** Writes something small that nobody reads, and fails as every other write would. */
  tryWrite(): Promise<void>;
  /** Resolves when it is noticed that the database was removed or replaced under this process; nothing is written then. */
  readonly gone: Promise<void>;
  /** Throws NotNow if the database is no longer where it was opened. Every transaction asks by itself. */
  needInPlace(): void;
  /** Says that it is another database now, for whoever notices by what stands in it. */
  takenAway(): NotNow;
  close(): Promise<void>;
}
