import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { fromBase64, toBase64 } from '../../../core/bytes.ts';
import { DerError } from '../../../core/der.ts';
import type { EstFault } from './est-faults.ts';
import { readCertsOnly } from './read-certs-only.ts';

const DAY = 24 * 3_600_000;
/** Most bytes of an answer; a certificate has some two thousand. */
const LONGEST = 64 * 1024;

export interface EstAccess {
  /** PEM: trust anchors for the CA's server. */
  readonly ca: string;
  /** PEM: our client certificate. */
  readonly cert: string;
  readonly key: string;
}

export type EstAnswer =
  | { readonly kind: 'certificates'; readonly ders: readonly Uint8Array[] }
  /** Status 202: the same request must be sent again later (RFC 7030 section 4.2.3). Milliseconds. */
  | { readonly kind: 'wait'; readonly after: number }
  | { readonly kind: 'fault'; readonly fault: EstFault; readonly status?: number; readonly after?: number };

export interface EstClient {
  /** simpleenroll below `base` (RFC 7030 section 4.2). Never rejects. */
  enroll(base: string, csr: Uint8Array, signal: AbortSignal): Promise<EstAnswer>;
  close(): void;
}

/**
 * An EST client over a few keep-alive connections, with TLS 1.2 or later. Redirections are not followed: which server
 * signs must be settled by the configuration.
 */
export function estClient(
  access: EstAccess,
  limits: { readonly connections: number; readonly patience: number },
): EstClient {
  const agent = new Agent({
    ...access,
    keepAlive: true,
    maxSockets: limits.connections,
    minVersion: 'TLSv1.2',
  });
  return {
    async enroll(base, csr, signal) {
      const { promise, resolve } = Promise.withResolvers<EstAnswer>();
      const body = toBase64(csr).replace(/.{1,76}/g, '$&\n');
      const late = AbortSignal.timeout(limits.patience);
      const sent = request(`${base}/simpleenroll`, {
        agent,
        method: 'POST',
        signal: AbortSignal.any([signal, late]),
        headers: {
          'content-type': 'application/pkcs10',
          'content-transfer-encoding': 'base64',
          'content-length': Buffer.byteLength(body),
          accept: 'application/pkcs7-mime',
        },
      });
      const failed = (error: unknown) => resolve({ kind: 'fault', fault: faultOf(error, late.aborted) });
      sent.once('error', failed);
      sent.once('response', (response) => {
        answerOf(response).then(resolve, failed);
      });
      sent.end(body);
      return promise;
    },
    close: () => agent.destroy(),
  };
}

async function answerOf(response: IncomingMessage): Promise<EstAnswer> {
  const { statusCode: status = 0, headers } = response;
  const after = waitOf(headers['retry-after']);
  if (status === 200) {
    const ders = certificatesIn(await textOf(response));
    return ders === undefined
      ? { kind: 'fault', fault: 'answer_unreadable', status }
      : { kind: 'certificates', ders };
  }
  response.resume();
  // If the answer has no Retry-After, a minute is polite.
  if (status === 202) return { kind: 'wait', after: after ?? 60_000 };
  return { kind: 'fault', fault: faultOfStatus(status), status, ...(after === undefined ? {} : { after }) };
}

/** The body is base64 whatever the header says (RFC 8951 section 3.1). */
function certificatesIn(text: string | undefined): Uint8Array[] | undefined {
  const der = text === undefined ? undefined : fromBase64(text.replace(/\s+/g, ''));
  if (der === undefined) return undefined;
  try {
    return readCertsOnly(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

async function textOf(response: IncomingMessage): Promise<string | undefined> {
  let text = '';
  response.setEncoding('latin1');
  for await (const part of response) {
    text += part;
    if (text.length > LONGEST) return undefined;
  }
  return text;
}

function faultOfStatus(status: number): EstFault {
  if (status === 401 || status === 403) return 'not_authorized';
  if (status === 404 || status === 405 || status === 410) return 'not_there';
  if (status === 408 || status === 429 || status >= 500) return 'busy';
  return status >= 400 ? 'request_refused' : 'not_there';
}

function faultOf(error: unknown, late: boolean): EstFault {
  if (late) return 'timed_out';
  // Several addresses were tried, and each failed in its own way (Happy Eyeballs); the first one counts.
  if (error instanceof AggregateError && error.errors.length > 0) return faultOf(error.errors[0], late);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:ERR_SSL|ERR_TLS|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code)
    ? 'not_trusted'
    : 'not_reached';
}

/** Retry-After (RFC 9110 section 10.2.3), milliseconds: at least a second, at most a day. */
function waitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(1_000, ms), DAY);
}
