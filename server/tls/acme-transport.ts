import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { axios } from 'acme-client';
import { ConfigError } from '../config/config-error.ts';
import { AcmeFault, faultOfProblem } from './acme-fault.ts';
import { LONGEST_WAIT } from './next-acme-try.ts';

/** Most bytes of an answer; a chain has some ten thousand. */
const LONGEST = 256 * 1024;
/** Time limit of one answer, milliseconds. */
const PATIENCE = 30_000;

/** How often the library brings a nonce anew. */
const MOST_NONCES = 5;

/** The way to one CA. */
export interface AcmeTransport {
  /** Runs `work`, whose calls of the client library go this way. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** `Retry-After` of the last answer, milliseconds. */
  readonly wait: () => number | undefined;
  close(): void;
}

interface Way {
  readonly agent: Agent;
  readonly signal: AbortSignal;
  wait: number | undefined;
  /** Nonces in a row that the CA did not take. */
  badNonces: number;
}

const ways = new AsyncLocalStorage<Way>();

/**
 * The client library sends by axios, tries again by itself without an end that we know of, and gives errors as bare text. This
 * takes axios's place below it: one request each, with a time limit, a bound on its size, the trust that is set, and no
 * redirection. What a CA refuses is thrown as AcmeFault, which the library hands on untouched since it names no `config`.
 */
axios.defaults.adapter = async (config) => {
  const way = ways.getStore();
  if (way === undefined) throw new Error('a call of the ACME client outside a transport');
  const body = typeof config.data === 'string' ? config.data : undefined;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const late = AbortSignal.timeout(PATIENCE);
  const signal = AbortSignal.any([way.signal, late]);
  try {
    const { url = '', method = 'get' } = config;
    if (URL.parse(url)?.protocol !== 'https:') throw new AcmeFault('answer_unreadable');
    const sent = request(url, {
      agent: way.agent,
      method: method.toUpperCase(),
      signal,
      headers: {
        'user-agent': 'Fieldbind (acme-client)',
        accept: '*/*',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    sent.once('error', reject).once('response', resolve).end(body);
    const response = await promise;
    const { statusCode: status = 0, statusMessage: statusText = '', headers } = response;
    way.wait = waitOf(headers['retry-after']);
    const data = await textOf(response);
    demandTaken(status, data, way);
    return { data, status, statusText, headers: plainHeaders(headers), config };
  } catch (error) {
    throw error instanceof AcmeFault ? error : faultOfWay(error, late.aborted);
  }
};

/** Throws ConfigError if the file with the CA's root cannot be read. */
export function acmeTransport(trustFile: string | undefined): AcmeTransport {
  const agent = new Agent({
    keepAlive: false,
    minVersion: 'TLSv1.2',
    ...(trustFile ? { ca: trustIn(trustFile) } : {}),
  });
  let way: Way | undefined;
  return {
    run(work, signal) {
      way = { agent, signal, wait: undefined, badNonces: 0 };
      return ways.run(way, work);
    },
    wait: () => way?.wait,
    close: () => agent.destroy(),
  };
}

function trustIn(file: string): string {
  let text = '';
  try {
    text = readFileSync(file, 'latin1');
  } catch {}
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new ConfigError('FIELDBIND_ACME_TRUST names a file without a certificate in PEM');
  return text;
}

/** Throws AcmeFault. A nonce that was not taken is the library's to bring anew (RFC 8555 section 6.5), as often as it does. */
function demandTaken(status: number, data: string, way: Way): void {
  const { wait } = way;
  if (status < 300) {
    if (data !== '') way.badNonces = 0;
    return;
  }
  const problem = jsonOf(data);
  if (status === 400 && isBadNonce(problem)) {
    if (++way.badNonces > MOST_NONCES) throw new AcmeFault('busy', detailOf(problem), wait);
    return;
  }
  if (status === 429) throw new AcmeFault('rate_limited', detailOf(problem), wait);
  if (status >= 500) throw new AcmeFault('busy', detailOf(problem), wait);
  if (status < 400) throw new AcmeFault('answer_unreadable', 'a redirection', wait);
  throw faultOfProblem(problem, wait);
}

function isBadNonce(problem: unknown): boolean {
  return (problem as { type?: unknown } | undefined)?.type === 'urn:ietf:params:acme:error:badNonce';
}

function detailOf(problem: unknown): string | undefined {
  const detail = (problem as { detail?: unknown } | undefined)?.detail;
  return typeof detail === 'string' ? detail : undefined;
}

function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) {
    text += part;
    if (text.length > LONGEST) throw new AcmeFault('answer_unreadable');
  }
  return text;
}

function plainHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]],
    ),
  );
}

function faultOfWay(error: unknown, late: boolean): AcmeFault {
  if (late) return new AcmeFault('timed_out');
  // Several addresses were tried, and each failed in its own way (Happy Eyeballs); the first one counts.
  if (error instanceof AggregateError && error.errors.length > 0) return faultOfWay(error.errors[0], late);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isTrust = /^(?:ERR_SSL|ERR_TLS|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code);
  return new AcmeFault(isTrust ? 'not_trusted' : 'not_reached', code);
}

/** Retry-After (RFC 9110 section 10.2.3), milliseconds. */
function waitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), LONGEST_WAIT);
}
