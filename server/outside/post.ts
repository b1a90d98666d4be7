import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { DeliveryFault } from '../ports/deliveries.ts';
import { faultOf } from './delivery-fault.ts';
import { mayConnect, publicLookup } from './public-address.ts';

const DAY = 24 * 3_600_000;

export interface PostOptions {
  /** `host` or `host:port` that may have a private address. */
  readonly allowed: readonly string[];
  /** PEM: trust anchors that replace the system's; our client certificate and key. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Time limit for the whole request, milliseconds. */
  readonly patience: number;
}

export type PostAnswer =
  | {
      readonly status: number;
      /** The delay that was asked for (Retry-After), milliseconds. */
      readonly retryAfter: number | undefined;
    }
  | { readonly fault: DeliveryFault };

/**
 * Posts to an address that somebody else chose, and to none of this machine's network. Node.js' client follows no redirection,
 * and the body of the answer is not read.
 */
export async function post(
  target: string,
  { body, headers }: { readonly body: string | Buffer; readonly headers: Readonly<Record<string, string>> },
  { allowed, ca, cert, key, patience }: PostOptions,
): Promise<PostAnswer> {
  const url = new URL(target);
  if (!mayConnect(url, allowed)) return { fault: 'address_refused' };
  const { promise, resolve } = Promise.withResolvers<PostAnswer>();
  const options = {
    method: 'POST',
    signal: AbortSignal.timeout(patience),
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    ...(allowed.includes(url.host) ? {} : { lookup: publicLookup }),
    ...{ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
  };
  const sent: ClientRequest =
    url.protocol === 'https:' ? tlsRequest(url, options) : plainRequest(url, options);
  sent.once('response', (response) => {
    resolve({ status: response.statusCode ?? 0, retryAfter: waitOf(response.headers) });
    // Closes the connection too, since an endless body would keep it open.
    response.destroy();
  });
  sent.once('error', (error) => {
    const late = error.name === 'AbortError' || error.name === 'TimeoutError';
    resolve({ fault: late ? 'timed_out' : faultOf(error) });
  });
  sent.end(body);
  return promise;
}

/** Retry-After in seconds or as a date (RFC 9110 section 10.2.3), milliseconds; never more than a day. */
function waitOf({ 'retry-after': text }: IncomingHttpHeaders): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), DAY);
}

/** What an answer that is no success means, for push services (RFC 8030) and receivers of events (RFC 8935) alike. */
export function faultOfStatus(status: number): DeliveryFault {
  if (status >= 300 && status < 400) return 'redirected';
  switch (status) {
    // What was sent was itself rejected (RFC 8935 section 2.3); 422 is what many receivers say of a body they cannot read.
    case 400:
    case 413:
    case 422:
      return 'not_taken';
    case 401:
    case 403:
      return 'not_authorized';
    // For a push subscription: it is over (RFC 8030, section 7.3).
    case 404:
    case 410:
      return 'not_there';
    case 429:
    case 503:
      return 'busy';
    default:
      return 'failed';
  }
}
