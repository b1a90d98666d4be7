import type { DeliveryFault } from '../../ports/deliveries.ts';
import { AddressRefused } from './public-address.ts';

/** What a failed connection means. Its own words are left out: they may name what is not to be told. */
export function faultOf(error: unknown): DeliveryFault {
  if (error instanceof AddressRefused) return 'address_refused';
  // Of several addresses tried, each fails in its own way (Happy Eyeballs, net.setDefaultAutoSelectFamily).
  if (error instanceof AggregateError && error.errors.length > 0) return faultOf(error.errors[0]);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(?:ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)|_CERT_/.test(code)) return 'not_trusted';
  return code === 'ETIMEDOUT' ? 'timed_out' : 'not_reached';
}
