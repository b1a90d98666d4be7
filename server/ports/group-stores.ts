import type { AuditLog } from './audit-log.ts';
import type { Bindings, LiveBindings, Quotas } from './bindings.ts';
import type { Certificates, Intents } from './certificates.ts';
import type { ChangeStream } from './changes.ts';
import type { Domains } from './domains.ts';
import type { Envelopes } from './envelopes.ts';
import type { KeyLineages } from './key-lineage.ts';
import type { MakerList } from './maker-list.ts';
import type { Heads, OperatorKeys } from './operator-keys.ts';
import type { Orgs } from './orgs.ts';
import type { People } from './people.ts';
import type { Policies } from './policies.ts';
import type { DecisionQueue, Records } from './records.ts';
import type { StatementLog } from './statement-log.ts';
import type { Tombstones } from './tombstones.ts';
import type { Tpms } from './tpms.ts';
import type { TransferCases } from './transfer-cases.ts';

/** What the rules may read to judge a record: the same alone and in a group. */
export interface JudgeReads {
  readonly orgs: Pick<Orgs, 'org'>;
  readonly people: Pick<People, 'memberships'>;
  readonly operatorKeys: Pick<OperatorKeys, 'key' | 'credentials'>;
  readonly domains: Pick<Domains, 'domain'>;
  readonly policies: Pick<Policies, 'ofOrg'>;
  readonly quotas: Quotas;
  readonly statements: Pick<StatementLog, 'issuedAt'>;
  readonly list: Pick<MakerList, 'row' | 'byUdid' | 'byKey'>;
  readonly tpms: Pick<Tpms, 'holds'>;
  readonly tombstones: Pick<Tombstones, 'anyLive'>;
  readonly envelopes: Pick<Envelopes, 'inChain'>;
  readonly records: Pick<Records, 'record'>;
  readonly bindings: Pick<Bindings, 'binding'>;
  readonly liveBindings: Pick<LiveBindings, 'byKey' | 'byName'>;
  readonly certificates: Pick<Certificates, 'ofBinding' | 'byFingerprint'>;
  readonly lineage: Pick<KeyLineages, 'byKey' | 'ofDevice' | 'pendingOf'>;
  readonly intents: Pick<Intents, 'ofBinding'>;
}

/** The few of them that a rule takes: `Reads<'list' | 'tombstones'>`. */
export type Reads<K extends keyof JudgeReads> = Pick<JudgeReads, K>;

/**
 * What a group of registrations may write. Each adds rows of its own, or moves one that the group has claimed: so groups
 * can run beside each other in several processes (docs/operations.md). Ending a binding, revoking, reopening a record and
 * every other act on what somebody else may be at is missing here on purpose: it takes a transaction of its own.
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
  readonly audit: Pick<AuditLog, 'append'>;
}

/**
 * The stores of a group. Reads go out together and show what stood before the group; what the group writes is written at
 * its end. Envelopes are the exception: they are seen as soon as they are kept, since batches follow each other in a chain.
 */
export type GroupStores = JudgeReads & GroupWrites;

/**
 * One transaction for many registrations, all or nothing, durable when the promise resolves. Several of these run at
 * once, in other processes too; what keeps them apart is in docs/operations.md.
 */
export type InGroup = <T>(work: (group: GroupStores) => Promise<T>) => Promise<T>;
