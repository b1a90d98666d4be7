/**
 * Why a third party's CA gave no certificate, for support: they stand in the audit trail and in docs/operations.md.
 *
 * The first six are about our way to it, and hold everything up: `not_reached`, `timed_out`, `not_trusted` (no side
 * believes the other), `not_authorized` (401, 403), `not_there` (404 and redirections), `busy` (429, 5xx). The others are
 * about one device: `request_refused` (any other 4xx), `request_missing` (no request of it is kept), and what came but
 * is not taken: `answer_unreadable`, `answer_key`, `answer_chain`, `answer_name`, `answer_life`, `answer_use`,
 * and `answer_old` where it does not begin after the one that is there.
 */
export const WAY_FAULTS = [
  'not_reached',
  'timed_out',
  'not_trusted',
  'not_authorized',
  'not_there',
  'busy',
] as const;
export const DEVICE_FAULTS = [
  'request_refused',
  'request_missing',
  'answer_unreadable',
  'answer_key',
  'answer_chain',
  'answer_name',
  'answer_life',
  'answer_use',
  'answer_old',
] as const;
export type WayFault = (typeof WAY_FAULTS)[number];
export type DeviceFault = (typeof DEVICE_FAULTS)[number];
export type EstFault = WayFault | DeviceFault;

export function isWayFault(fault: EstFault): fault is WayFault {
  return (WAY_FAULTS as readonly EstFault[]).includes(fault);
}
