import { Boolean as Flag, Array as List, Null, Object as Obj, type Static, Union } from 'typebox/type';
import { Fingerprint } from './confirmation.ts';
import { DomainName, Instant, Maker, OneOf, Udid } from './scalars.ts';

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
});
export type DeviceState = Static<typeof DeviceState>;
export const DeviceStates = Obj({ devices: List(DeviceState, { maxItems: 1000 }) });
