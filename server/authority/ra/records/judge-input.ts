import type { Registration } from '../../../../contract/registration.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { DomainName } from '../../../../core/name.ts';
import type { Udid } from '../../../../core/udid.ts';
import type { JudgeReads } from '../../../ports/group-stores.ts';
import type { Org } from '../../../ports/orgs.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { DeviceMention, Ruling } from '../binding/ruling.ts';

/** A registration under judgement: everything that the steps of its judgement may look at. */
export interface JudgeInput {
  readonly record: StoredRecord;
  readonly registration: Registration;
  /** A second person has looked at the record and accepts it. That overrides what would be held, never what is refused. */
  readonly approved: boolean;
  readonly stores: JudgeReads;
  readonly crypto: CryptoPort;
}

/** The organisation and domain where the device is to be bound, by an operator who may bind there. */
export interface Entitlement {
  readonly org: Org;
  readonly domain: DomainName;
  readonly udid: Udid;
  readonly about: DeviceMention;
}

/** Each step of the judgement returns either its finding or the ruling that ends the judgement. */
export function isRuling(found: object): found is Ruling {
  return 'outcome' in found;
}
