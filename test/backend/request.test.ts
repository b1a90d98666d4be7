import { Object as Obj, String as Text } from 'typebox/type';
import { describe, expect, test } from 'vitest';
import { takeAnswerTime } from '../../src/backend/answer-time.ts';
import { newNonce, postJson, read, request } from '../../src/backend/request.ts';
import { realServer } from './server.ts';

const server = realServer();
const ask = (signal?: AbortSignal) => request('/api/x', {}, signal);
const failure = (kind: string) => ({ ok: false, failure: { kind } });

/** Sends `text` with this status and type. */
function say(
  status: number,
  type: string | null,
  text: string | Uint8Array,
  more: Record<string, string> = {},
) {
  server.answer((_, response) => {
    response.writeHead(status, { ...(type === null ? {} : { 'content-type': type }), ...more });
    response.end(text);
  });
}

describe('our backend', () => {
  test('JSON comes back with status and headers', async () => {
    server.json(200, { a: 1 }, { etag: '"7"' });
    const answer = await ask();
    expect(answer).toMatchObject({ ok: true, value: { status: 200, body: { a: 1 } } });
    expect(answer.ok && answer.value.headers.get('etag')).toBe('"7"');
  });

  test('its time is taken once, from an answer of ours only', async () => {
    const at = 'Tue, 01 Jun 2027 10:00:00 GMT';
    takeAnswerTime();
    server.json(200, {}, { date: at });
    await ask();
    expect(takeAnswerTime()).toBe(Date.parse(at));
    expect(takeAnswerTime()).toBeUndefined();
    // A captive portal has a clock of its own.
    say(200, 'text/html', '<p>Welcome', { date: at });
    await ask();
    expect(takeAnswerTime()).toBeUndefined();
    server.json(200, {}, { date: 'some day' });
    await ask();
    expect(takeAnswerTime()).toBeUndefined();
  });

  test.each([204, 304])('%i has no body', async (status) => {
    say(status, null, '');
    expect(await ask()).toMatchObject({ ok: true, value: { status, body: null } });
  });

  test('a body is JSON with its type, and nothing is cached on the way', async () => {
    server.json(200, {});
    await request('/api/x?a=b', postJson({ words: 'ä' }));
    expect(server.seen[0]).toMatchObject({ method: 'POST', url: '/api/x?a=b' });
    expect(server.seen[0]?.headers['content-type']).toBe('application/json');
    expect(server.seen[0]?.headers['cache-control']).toBe('no-cache');
    expect(JSON.parse(server.seen[0]?.body.toString() ?? '')).toEqual({ words: 'ä' });
  });
});

describe('something else that answers', () => {
  test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed', async (status) => {
    say(status, 'text/html', 'portal', { location: '/sign-in-here' });
    expect(await ask()).toEqual(failure('not_our_backend'));
    expect(server.seen).toHaveLength(1);
  });

  test.each([
    ['a page with 200', 200, 'text/html; charset=utf-8', '<h1>Welcome to the hotel</h1>'],
    ['text with 200', 200, 'text/plain', '{}'],
    ['no type at all', 200, null, '{}'],
    ['a type that only begins like ours', 200, 'application/jsonx', '{}'],
    ['a page with 404', 404, 'text/html', 'no'],
    ['a page that claims to be JSON', 200, 'application/json', '<h1>Welcome</h1>'],
    ['an empty body that claims to be JSON', 200, 'application/json', ''],
    ['bytes that are not UTF-8', 200, 'application/json', Uint8Array.of(0x22, 0xff, 0x22)],
    ['an error without problem document', 400, 'application/json', '{"error":"bad"}'],
    ['a problem of an unknown code', 400, 'application/problem+json', '{"code":"other"}'],
    ['a 401 of a proxy', 401, 'application/json', '{}'],
  ])('%s', async (_, status, type, text) => {
    say(status, type, text);
    expect(await ask()).toEqual(failure('not_our_backend'));
  });

  test('more than 32 MiB is no answer of ours', async () => {
    say(200, 'application/json', `"${'x'.repeat(32 * 1024 * 1024)}"`);
    expect(await ask()).toEqual(failure('not_our_backend'));
  });

  test('JSON of another shape', async () => {
    const Shape = Obj({ a: Text() });
    server.json(200, { a: 1 });
    expect(read(await ask(), Shape)).toEqual(failure('not_our_backend'));
    server.json(200, { a: 'x' });
    expect(read(await ask(), Shape)).toEqual({ ok: true, value: { a: 'x' } });
    say(204, null, '');
    expect(read(await ask(), Shape)).toEqual(failure('not_our_backend'));
  });
});

describe('problem documents', () => {
  test('401 means signed out', async () => {
    server.problem(401, 'unauthenticated');
    expect(await ask()).toEqual(failure('signed_out'));
  });

  test.each(['passkey_unknown', 'passkey_refused', 'passkey_cloned'])(
    'a passkey that does not let anybody in (%s) ends no session',
    async (code) => {
      server.problem(401, code);
      expect(await ask()).toMatchObject({ ok: false, failure: { kind: 'refused', code } });
    },
  );

  test('guessing that was stopped is said, since it does not pass in a moment', async () => {
    server.problem(429, 'guessing_locked');
    expect(await ask()).toMatchObject({ ok: false, failure: { kind: 'refused', code: 'guessing_locked' } });
  });

  test.each([400, 403, 404, 409, 413, 500])('%i is a refusal with its code and words', async (status) => {
    server.problem(status, 'conflict');
    expect(await ask()).toEqual({ ok: false, failure: { kind: 'refused', code: 'conflict', detail: 'why' } });
  });

  test.each([
    ['7', 7000],
    ['0', 0],
    ['86400', 3_600_000],
    ['-5', null],
    ['soon', null],
    ['Wed, 21 Oct 2026 07:28:00 GMT', null],
    [undefined, null],
  ])('503 with Retry-After %s waits %s', async (retryAfter, retryAfterMs) => {
    for (const status of [429, 503]) {
      server.problem(status, 'unavailable', retryAfter === undefined ? {} : { 'retry-after': retryAfter });
      expect(await ask()).toEqual({ ok: false, failure: { kind: 'busy', retryAfterMs } });
    }
  });

  test.each([502, 503, 504])("a proxy's page with %i means that the backend is away", async (status) => {
    say(status, 'text/html', 'Bad gateway', { 'retry-after': '3' });
    expect(await ask()).toEqual({ ok: false, failure: { kind: 'busy', retryAfterMs: 3000 } });
  });
});

describe('no answer', () => {
  test('a connection cut before or within the answer', async () => {
    server.answer((_, response) => void response.destroy());
    expect(await ask()).toEqual(failure('unreachable'));
    server.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"a":');
      response.destroy();
    });
    expect(await ask()).toEqual(failure('unreachable'));
  });

  test('an abort ends the wait for an answer that never comes', async () => {
    const controller = new AbortController();
    server.answer(() => controller.abort());
    expect(await ask(controller.signal)).toEqual(failure('unreachable'));
  });

  test('an abort ends an answer that never ends', async () => {
    const controller = new AbortController();
    server.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{', () => controller.abort());
    });
    expect(await ask(controller.signal)).toEqual(failure('unreachable'));
  });

  test('one aborted beforehand asks nobody', async () => {
    expect(await ask(AbortSignal.abort())).toEqual(failure('unreachable'));
    expect(server.seen).toEqual([]);
  });
});

test('nonces are 128 random bits', () => {
  const made = Array.from({ length: 100 }, newNonce);
  expect(new Set(made).size).toBe(100);
  expect(made.every((nonce) => /^[\w-]{22}$/.test(nonce))).toBe(true);
});
