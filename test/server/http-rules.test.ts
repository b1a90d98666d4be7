import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { viewChange } from '../../server/faces/http/change-view.ts';
import { fromCursor, toCursor } from '../../server/faces/http/cursor.ts';
import { checkOrigin, ownOrigins } from '../../server/faces/http/origin.ts';
import type { StoredChange } from '../../server/ports/changes.ts';
import { certificateWith, day } from '../support/judge-reads.ts';
import { caOver, ledger, ruleStores } from '../support/rule-stores.ts';

describe('where a request came from', () => {
  const own = ownOrigins(['https://field.example', 'http://localhost:4600/app']);
  const OURS = { host: 'field.example', origin: 'https://field.example' };
  const allowed = (method: string, headers: Readonly<Record<string, string>>, open = false) => {
    try {
      // As Fastify gives it where no proxy is trusted.
      checkOrigin({ method, headers, host: headers.host ?? '' } as FastifyRequest, own, open);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'origin_refused' });
      return false;
    }
  };

  it.each<[string, boolean, Readonly<Record<string, string>>]>([
    ['our page', true, { ...OURS, 'sec-fetch-site': 'same-origin' }],
    ['our page in a browser without Fetch Metadata', true, OURS],
    ['our other address', true, { host: 'localhost:4600', origin: 'http://localhost:4600' }],
    ['another page', false, { ...OURS, origin: 'https://evil.example' }],
    ['another port', false, { ...OURS, origin: 'https://field.example:8443' }],
    ['our page in the clear', false, { ...OURS, origin: 'http://field.example' }],
    ['a page without an origin', false, { ...OURS, origin: 'null' }],
    ['no browser of ours', false, { host: 'field.example' }],
    ['another site that names our origin', false, { ...OURS, 'sec-fetch-site': 'cross-site' }],
    ['a neighbour of our site', false, { ...OURS, 'sec-fetch-site': 'same-site' }],
    ['a name that only resolves to us', false, { ...OURS, host: 'evil.example' }],
    ['no host', false, { origin: OURS.origin }],
    ['a machine client', true, { host: OURS.host, authorization: 'Bearer x' }],
    ['a machine client with a cookie', false, { host: OURS.host, authorization: 'Bearer x', cookie: 's=1' }],
    [
      'a page that adds a token',
      false,
      { host: OURS.host, authorization: 'x', origin: 'https://evil.example' },
    ],
    [
      'a page that adds a token and hides',
      false,
      { host: OURS.host, authorization: 'x', 'sec-fetch-site': 'none' },
    ],
  ])('%s may change things: %s', (_, expected, headers) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) expect(allowed(method, headers)).toBe(expected);
  });

  it('is not asked for what changes nothing, but by which name we are called is', () => {
    const foreign = { host: OURS.host, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    for (const method of ['GET', 'HEAD']) expect(allowed(method, foreign)).toBe(true);
    expect(allowed('POST', foreign, true)).toBe(true);
    expect(allowed('GET', { host: 'evil.example' })).toBe(false);
    expect(allowed('POST', { ...foreign, host: 'evil.example' }, true)).toBe(false);
  });
});

const ERA = { era: 'a-Z_09'.padEnd(22, 'e'), copyAt: '', at: '', jws: '' };

describe('a place in the stream of changes', () => {
  it('is read back as it was written, by its own organisation alone', () => {
    for (const n of [0, 1, 4711, 999_999_999_999_999])
      for (const era of [undefined, ERA])
        expect(fromCursor('northfield', toCursor('northfield', n, era), era)).toBe(n);
    expect(fromCursor('southbank', toCursor('northfield', 3, ERA), ERA)).toBeUndefined();
    expect(fromCursor('north', toCursor('northfield', 3, undefined), undefined)).toBeUndefined();
    expect(fromCursor('northfield', '', ERA)).toBe(0);
  });

  it('of another life of the database is the beginning', () => {
    const other = { ...ERA, era: 'x'.repeat(22) };
    expect(fromCursor('northfield', toCursor('northfield', 14, undefined), ERA)).toBe(0);
    expect(fromCursor('northfield', toCursor('northfield', 14, other), ERA)).toBe(0);
    expect(fromCursor('northfield', toCursor('northfield', 14, ERA), undefined)).toBe(0);
  });

  it('fits the contract for the longest name and the largest number', () => {
    const longest = `n${'o'.repeat(30)}`;
    expect(toCursor(longest, 999_999_999, ERA).length).toBeLessThanOrEqual(64);
  });

  it.each([
    '!',
    'AAAA',
    Buffer.from('northfield:-1').toString('base64url'),
    Buffer.from('northfield:1e3').toString('base64url'),
    Buffer.from('northfield:1:2').toString('base64url'),
    Buffer.from('northfield:1234567890123456').toString('base64url'),
  ])('is none of ours: %s', (cursor) => {
    expect(fromCursor('northfield', cursor, undefined)).toBeUndefined();
    expect(fromCursor('northfield', cursor, ERA)).toBeUndefined();
  });
});

describe('a change, as phones see it', () => {
  const change: StoredChange = {
    record: 'r1',
    outcome: 'bound',
    code: null,
    detail: null,
    at: day(1),
    maker: 'acme',
    udid: 'acme-1',
    domain: null,
    unproven: false,
    fingerprint: 'ab'.repeat(32),
  };
  const there = ledger();
  const viewed = (changes: Partial<StoredChange> = {}, ...missing: string[]) =>
    viewChange(
      'northfield',
      { ...change, ...changes },
      { stores: ruleStores(there), ca: caOver(there, ...missing) },
    );
  const BARE = { record: 'r1', outcome: 'bound', at: day(1), maker: 'acme', udid: 'acme-1', unproven: false };

  it('has its certificate only while that is good and its CA is here', async () => {
    expect(await viewed()).toEqual(BARE);
    there.certificates.push(certificateWith());
    expect(await viewed()).toMatchObject({
      certificate: { fingerprint: change.fingerprint, notAfter: day(89) },
    });
    expect(await viewed({}, 'northfield')).toEqual(BARE);
    expect(await viewed({ fingerprint: null })).toEqual(BARE);
    there.certificates[0] = certificateWith({ revokedAt: day(2), onHold: true });
    expect(await viewed()).toEqual(BARE);
  });

  it('leaves out what nobody said, and cuts a long word', async () => {
    const said = await viewed({ maker: null, unproven: null, code: 'key_weak', detail: 'x'.repeat(400) });
    expect(said).toEqual({
      ...{ record: 'r1', outcome: 'bound', at: day(1), udid: 'acme-1', code: 'key_weak' },
      detail: 'x'.repeat(300),
    });
  });
});
