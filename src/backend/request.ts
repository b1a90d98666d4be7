import type { Static, TSchema } from 'typebox/type';
import { parse } from '../../contract/parse.ts';
import { Problem } from '../../contract/problem.ts';
import { fromUtf8, toBase64Url } from '../../core/bytes.ts';
import type { BackendFailure, BackendResult } from '../ports/backend.ts';
import { noteAnswerTime } from './answer-time.ts';

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** A nonce that a captive portal cannot know: 128 random bits. */
export function newNonce(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}

/**
 * One request to our own origin. Redirects, other content types and bodies that are not JSON are "not our backend":
 * a captive portal answers 200 with a page of its own. Never rejects.
 */
export async function request(
  path: string,
  init: RequestInit,
  signal?: AbortSignal,
): Promise<BackendResult<Answer>> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'manual',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    if (response.type === 'opaqueredirect') return fail({ kind: 'not_our_backend' });
    if (response.status === 304 || response.status === 204) {
      return { ok: true, value: { status: response.status, body: null, headers: response.headers } };
    }
    const type = response.headers.get('content-type') ?? '';
    if (!/^application\/(problem\+)?json\b/.test(type)) {
      // A proxy in front of a stopped backend answers 502 to 504 with a page.
      return fail(
        response.status >= 502 && response.status <= 504 ? busy(response) : { kind: 'not_our_backend' },
      );
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = bytes.length <= MAX_ANSWER_BYTES ? fromUtf8(bytes) : undefined;
    if (text === undefined) return fail({ kind: 'not_our_backend' });
    const body = parseJson(text);
    return body === undefined ? fail({ kind: 'not_our_backend' }) : judge(response, body);
  } catch {
    return fail({ kind: 'unreachable' });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a page that only claims to be JSON
  }
}

function judge(response: Response, body: unknown): BackendResult<Answer> {
  if (response.ok) {
    noteAnswerTime(response.headers);
    return { ok: true, value: { status: response.status, body, headers: response.headers } };
  }
  const problem = parse(Problem, body);
  if (problem === undefined) return fail({ kind: 'not_our_backend' });
  // What a passkey is refused with has the same status, and ends no session.
  if (problem.code === 'unauthenticated') return fail({ kind: 'signed_out' });
  // Told to the person: it passes by itself, but not in a moment.
  if (problem.code === 'guessing_locked')
    return fail({ kind: 'refused', code: problem.code, detail: problem.detail });
  if (response.status === 429 || response.status === 503) return fail(busy(response));
  return fail({ kind: 'refused', code: problem.code, detail: problem.detail });
}

function busy(response: Response): BackendFailure {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return { kind: 'busy', retryAfterMs: seconds >= 0 ? Math.min(seconds, 3600) * 1000 : null };
}

export function fail<T>(failure: BackendFailure): BackendResult<T> {
  return { ok: false, failure };
}

/** The answer's body if it has this shape; anything else counts as no answer of ours. */
export function read<T extends TSchema>(result: BackendResult<Answer>, schema: T): BackendResult<Static<T>> {
  if (!result.ok) return result;
  const value = parse(schema, result.value.body);
  return value === undefined ? fail({ kind: 'not_our_backend' }) : { ok: true, value };
}

/** An answer of which nothing but that it came matters. */
export function done(answer: BackendResult<Answer>): BackendResult<null> {
  return answer.ok ? { ok: true, value: null } : answer;
}

export function postJson(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** An answer that brings our nonce back. */
export function ifEchoed<T extends { nonce: string }>(
  nonce: string,
  answer: BackendResult<T>,
): BackendResult<T> {
  return answer.ok && answer.value.nonce !== nonce ? fail({ kind: 'not_our_backend' }) : answer;
}
