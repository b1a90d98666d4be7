import type { DeliveryFault } from '../ports/deliveries.ts';
import { AddressRefused } from './public-address.ts';

/** Maps a failed connection to a fault. The error's text is dropped, since it may name what must not be told. */
export function faultOf(error: unknown): DeliveryFault {
  if (error instanceof AddressRefused) return 'address_refused';
  // Several addresses were tried, and each failed in its own way (Happy Eyeballs, net.setDefaultAutoSelectFamily);
  // the first one counts.
  if (error instanceof AggregateError && error.errors.length > 0) return faultOf(error.errors[0]);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(?:ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)|_CERT_/.test(code)) return 'not_trusted';
  return code === 'ETIMEDOUT' ? 'timed_out' : 'not_reached';
}
