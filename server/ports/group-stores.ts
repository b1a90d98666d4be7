import type { AuditLog } from './audit-log.ts';
import type { Bindings, LiveBindings, Quotas } from './bindings.ts';
import type { Certificates, Intents } from './certificates.ts';
import type { ChangeStream } from './changes.ts';
import type { DeviceLife } from './device-life.ts';
import type { Domains } from './domains.ts';
import type { Envelopes } from './envelopes.ts';
import type { Eras } from './eras.ts';
import type { FoundCertificates } from './found-certificates.ts';
import type { KeyLineages } from './key-lineage.ts';
import type { MakerList } from './maker-list.ts';
import type { Heads, OperatorKeys } from './operator-keys.ts';
import type { Orgs } from './orgs.ts';
import type { People } from './people.ts';
import type { HandedCertificates, Places } from './places.ts';
import type { Policies } from './policies.ts';
import type { DecisionQueue, Records } from './records.ts';
import type { RowClaims } from './row-claims.ts';
import type { StatementLog } from './statement-log.ts';
import type { Tombstones } from './tombstones.ts';
import type { Tpms } from './tpms.ts';
import type { TransferCases } from './transfer-cases.ts';

/** What the rules may read to judge a record, alike in a transaction of its own and in a group. */
export interface JudgeReads {
  readonly orgs: Pick<Orgs, 'org'>;
  readonly people: Pick<People, 'memberships'>;
  readonly operatorKeys: Pick<OperatorKeys, 'key' | 'credentials'>;
  readonly domains: Pick<Domains, 'domain' | 'site' | 'countSites'>;
  readonly policies: Pick<Policies, 'ofOrg'>;
  readonly quotas: Quotas;
  readonly statements: Pick<StatementLog, 'issuedAt'>;
  readonly list: Pick<MakerList, 'row' | 'ofUdid' | 'ofKey' | 'byUdid' | 'byKey'>;
  readonly tpms: Pick<Tpms, 'hasKey'>;
  readonly tombstones: Pick<Tombstones, 'anyLive'>;
  readonly envelopes: Pick<Envelopes, 'inChain'>;
  readonly records: Pick<Records, 'record'>;
  readonly bindings: Pick<Bindings, 'binding'>;
  readonly liveBindings: Pick<LiveBindings, 'byKey' | 'byName' | 'named'>;
  readonly certificates: Pick<Certificates, 'ofBinding' | 'byFingerprint'>;
  readonly lineage: Pick<KeyLineages, 'byKey' | 'ofDevice' | 'pendingOf'>;
  readonly intents: Pick<Intents, 'ofBinding'>;
  readonly eras: Pick<Eras, 'current' | 'lostBy' | 'unconfirmed'>;
  readonly found: Pick<FoundCertificates, 'anyWaits' | 'ofDevice'>;
  readonly life: Pick<DeviceLife, 'suspension' | 'succession'>;
  readonly places: Pick<Places, 'ofRegistration'>;
  readonly handed: Pick<HandedCertificates, 'isHanded'>;
  readonly changes: Pick<ChangeStream, 'lastOf'>;
}

/** The part that one rule needs: `Reads<'list' | 'tombstones'>`. */
export type Reads<K extends keyof JudgeReads> = Pick<JudgeReads, K>;

/**
 * What a group of registrations may write. Each method adds new rows or changes a row that the group has claimed, so
 * groups can run concurrently in several processes (docs/operations.md). Everything else is missing on purpose:
 * ending a binding, revoking, reopening a record and every other change of rows that another transaction may be using
 * needs a transaction of its own.
 */
export interface GroupWrites {
  readonly envelopes: Pick<Envelopes, 'prefetch' | 'byDigest' | 'receivedId' | 'keep' | 'answerAnew'>;
  readonly heads: Pick<Heads, 'report'>;
  readonly statements: Pick<StatementLog, 'log'>;
  readonly records: Pick<Records, 'add' | 'attach' | 'settle'>;
  readonly queue: Pick<DecisionQueue, 'claim' | 'lock'>;
  readonly changes: Pick<ChangeStream, 'append'>;
  readonly bindings: Pick<Bindings, 'open' | 'setState'>;
  readonly intents: Pick<Intents, 'intend'>;
  readonly certificates: Pick<Certificates, 'issue'>;
  readonly transfers: Pick<TransferCases, 'openCase'>;
  readonly rowClaims: Pick<RowClaims, 'open'>;
  readonly handed: Pick<HandedCertificates, 'hand'>;
  readonly audit: Pick<AuditLog, 'append'>;
}

/**
 * The stores of a group. Reads are sent together and show the state before the group; writes are sent at its end.
 * Envelopes are the exception: they are visible as soon as they are stored, since batches follow each other in a
 * chain.
 */
export type GroupStores = JudgeReads & GroupWrites;

/**
 * Runs one transaction for many registrations: all or nothing, durable when the promise resolves. Several of these
 * run concurrently, in other processes too; docs/operations.md says how they are kept apart.
 */
export type InGroup = <T>(work: (group: GroupStores) => Promise<T>) => Promise<T>;
