/**
 * Why a third party's CA gave no certificate, for support. The codes stand in the audit trail and in
 * docs/operations.md.
 *
 * The first six are faults of the connection, and hold up every device: `not_reached`, `timed_out`, `not_trusted`
 * (one side does not trust the other), `not_authorized` (401, 403), `not_there` (404 and redirections), `busy` (429,
 * 5xx). The others concern one device: `request_refused` (any other 4xx), `request_missing` (no CSR of the device is
 * stored), and answers that are not accepted: `answer_unreadable`, `answer_key`, `answer_chain`, `answer_name`,
 * `answer_life`, `answer_use`, and `answer_old` if it does not begin after the current certificate.
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
