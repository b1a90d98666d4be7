import {
  Boolean as Flag,
  Array as List,
  Null,
  Object as Obj,
  type Static,
  String as Text,
  Union,
} from 'typebox/type';
import { Fingerprint } from './confirmation.ts';
import { LEAST_SEARCHED, MOST_DEVICES } from './device-limits.ts';
import { Digest, DomainName, Instant, Maker, Maybe, OneOf, RecordId, Udid, Words } from './scalars.ts';

/** Why a device is suspended. While it is, its certificate is on hold: CRL and OCSP say so, and nobody should trust it. */
export const SuspensionReason = OneOf('lost', 'maintenance', 'put_back');

/** A bound device as its organisation sees it. */
export const DeviceState = Obj({
  maker: Maker,
  udid: Udid,
  domain: DomainName,
  boundAt: Instant,
  fingerprint: Fingerprint,
  notAfter: Instant,
  state: OneOf('issued', 'installed', 'shown', 'revoked'),
  unproven: Flag(),
  firstUse: Flag(),
  revokedAt: Union([Instant, Null()]),
  site: Maybe(Words(64)),
  position: Maybe(Words(200)),
  siteTitle: Maybe(Words(120)),
  domainTitle: Maybe(Words(120)),
  model: Maybe(Words(128)),
  /** Digest of the place (core/place.ts), for an amendment. */
  place: Maybe(Digest),
  /** The record by which it stands there. */
  registration: Maybe(RecordId),
  /** Where it stood before, the newest first; where one device is asked for. */
  places: Maybe(
    List(
      Obj({
        domain: DomainName,
        siteTitle: Maybe(Words(120)),
        position: Maybe(Words(200)),
        at: Instant,
        by: Words(120),
        because: Maybe(Words(300)),
      }),
      { maxItems: 50 },
    ),
  ),
  suspended: Maybe(Obj({ reason: SuspensionReason, at: Instant, by: Words(120) })),
  /** UDID of the device in whose place it stands. */
  replaces: Maybe(Udid),
});
export type DeviceState = Static<typeof DeviceState>;
export const DeviceStates = Obj({ devices: List(DeviceState, { maxItems: MOST_DEVICES }) });
/** Words of which each is part of a device's UDID, maker, domain or site, in any case. */
export const DeviceSearch = Text({ minLength: LEAST_SEARCHED, maxLength: 253 });

/** The reason goes on the audit trail, so blanks are none. */
const Because = Text({ minLength: 1, maxLength: 300, pattern: '\\S' });

/** What may be done with a bound device. `reason` stands with suspend (lost, maintenance) and revoke (stolen, compromised). */
export const DeviceAct = Obj(
  {
    act: OneOf('suspend', 'resume', 'retire', 'replace', 'revoke'),
    because: Because,
    reason: Maybe(OneOf('lost', 'maintenance', 'stolen', 'compromised')),
    /** The new device, bound already; stands with replace. */
    with: Maybe(Obj({ maker: Maker, udid: Udid }, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
export type DeviceAct = Static<typeof DeviceAct>;

/** What a machine client may do, each by a right of its own. `give_up` offers the device to whoever claims it. */
export const ClientAct = Obj(
  {
    act: OneOf('suspend', 'revoke', 'give_up'),
    because: Because,
    reason: Maybe(OneOf('lost', 'maintenance', 'stolen', 'compromised')),
  },
  { additionalProperties: false },
);
export type ClientAct = Static<typeof ClientAct>;

/** Done: what was done, to which device. */
export const DeviceActed = Obj({ maker: Maker, udid: Udid, at: Instant });
