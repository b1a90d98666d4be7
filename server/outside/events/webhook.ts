import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { DeliveryFault, DeliveryResult } from '../../ports/deliveries.ts';
import { faultOf } from './delivery-fault.ts';
import { mayConnect, publicLookup } from './public-address.ts';
import type { ReceiverFiles } from './receiver-files.ts';

const DAY = 24 * 3_600_000;

/**
 * Pushes one Security Event Token (RFC 8935): the token is the body, and any 2xx status means that it was accepted.
 * Node.js' client follows no redirection, and the body of the answer is not read.
 */
export async function pushEvent(
  target: string,
  jws: string,
  {
    allowed,
    files,
    patience,
  }: {
    readonly allowed: readonly string[];
    readonly files: ReceiverFiles;
    /** Time limit for the whole request, milliseconds. */
    readonly patience: number;
  },
): Promise<DeliveryResult> {
  const url = new URL(target);
  if (!mayConnect(url, allowed)) return { ok: false, fault: 'address_refused' };
  const { promise, resolve } = Promise.withResolvers<DeliveryResult>();
  const { ca, cert, key } = files;
  const options = {
    method: 'POST',
    signal: AbortSignal.timeout(patience),
    headers: {
      'content-type': 'application/secevent+jwt',
      'content-length': Buffer.byteLength(jws),
      accept: 'application/json',
    },
    ...(allowed.includes(url.host) ? {} : { lookup: publicLookup }),
    ...{ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
  };
  const sent: ClientRequest =
    url.protocol === 'https:' ? tlsRequest(url, options) : plainRequest(url, options);
  sent.once('response', (response) => {
    resolve(answerOf(response));
    // Closes the connection too, since an endless body would keep it open.
    response.destroy();
  });
  sent.once('error', (error) => {
    const late = error.name === 'AbortError' || error.name === 'TimeoutError';
    resolve({ ok: false, fault: late ? 'timed_out' : faultOf(error) });
  });
  sent.end(jws);
  return promise;
}

function answerOf({ statusCode = 0, headers }: IncomingMessage): DeliveryResult {
  if (statusCode >= 200 && statusCode < 300) return { ok: true };
  return { ok: false, fault: faultOfStatus(statusCode), retryAfter: waitOf(headers['retry-after']) };
}

function faultOfStatus(status: number): DeliveryFault {
  if (status >= 300 && status < 400) return 'redirected';
  switch (status) {
    // RFC 8935 section 2.3: the token itself was rejected.
    case 400:
    case 413:
    case 422:
      return 'not_taken';
    case 401:
    case 403:
      return 'not_authorized';
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

/** Retry-After in seconds or as a date (RFC 9110 section 10.2.3), milliseconds; never more than a day. */
function waitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), DAY);
}
