import type { Registration } from '../../../../contract/registration.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { DomainName } from '../../../../core/name.ts';
import type { Udid } from '../../../../core/udid.ts';
import type { JudgeReads } from '../../../ports/group-stores.ts';
import type { Org } from '../../../ports/orgs.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { About, Ruling } from '../binding/ruling.ts';

/** A registration under judgement: what every step of it may look at. */
export interface Judging {
  readonly record: StoredRecord;
  readonly registration: Registration;
  /** A second person has looked at it and takes it as it is. That passes over what is held, never over what is refused. */
  readonly approved: boolean;
  readonly stores: JudgeReads;
  readonly crypto: CryptoPort;
}

/** Where it is to be bound, by whom who may. */
export interface Entitled {
  readonly org: Org;
  readonly domain: DomainName;
  readonly udid: Udid;
  readonly about: About;
}

/** Each step of the judgement gives what it found out, or the ruling that ends it. */
export function isRuling(found: object): found is Ruling {
  return 'outcome' in found;
}
