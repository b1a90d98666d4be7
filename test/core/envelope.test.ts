import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_RECORD_LENGTH } from '../../contract/envelope.ts';
import { fromBase64Url, toBase64Url, utf8 } from '../../core/bytes.ts';
import { CHAIN_START, type ChainHead, openRecord, sealRecord } from '../../core/envelope.ts';
import { parseJws, verifyJws } from '../../core/jws.ts';
import { AUD, crypto, digest, EPOCH, makeKey, ORG, registration } from '../support/records.ts';

const context = { aud: AUD, org: ORG, epoch: EPOCH, anchor: digest(1) };
const key = await makeKey();
const seal = (head: ChainHead = CHAIN_START, payload: object = registration()) =>
  sealRecord('registration+jws', payload, context, head, key.signer, crypto);

async function accepts(text: string): Promise<boolean> {
  const opened = await openRecord(text, crypto);
  return opened.ok && (await verifyJws(opened.jws, key.spki, crypto));
}

/** The same envelope with another header or payload, signed by nobody. */
function rewritten(jws: string, header: object, payload?: unknown): string {
  const [, body = '', signature = ''] = jws.split('.');
  const part = (value: unknown) => toBase64Url(utf8(JSON.stringify(value)));
  return [part(header), payload === undefined ? body : part(payload), signature].join('.');
}

describe('a sealed record', () => {
  test('opens to what was put in, and verifies', async () => {
    const sealed = await seal();
    const opened = await openRecord(sealed.jws, crypto);
    expect(opened).toMatchObject({
      ok: true,
      header: {
        ...context,
        alg: 'ES256',
        typ: 'registration+jws',
        v: 1,
        kid: key.signer.kid,
        seq: 1,
        prev: null,
      },
      jws: { payload: registration() },
      digest: sealed.digest,
    });
    expect(sealed.head).toEqual({ seq: 1, digest: sealed.digest });
    expect(await accepts(sealed.jws)).toBe(true);
  });

  test('carries the digest of the one before: a chain of many has no gap', async () => {
    let head: ChainHead = CHAIN_START;
    const digests: (string | null)[] = [null];
    for (let seq = 1; seq <= 20; seq++) {
      const sealed = await seal(head, { n: seq });
      const opened = await openRecord(sealed.jws, crypto);
      expect(opened).toMatchObject({ ok: true, header: { seq, prev: digests.at(-1) } });
      digests.push(sealed.digest);
      head = sealed.head;
    }
    expect(new Set(digests).size).toBe(21);
  });

  test('has the digest of its signing input, whatever the signature', async () => {
    const [one, two] = [await seal(), await seal()];
    expect(one.jws).not.toBe(two.jws);
    expect(one.digest).toBe(two.digest);
  });

  test('does not verify under another key', async () => {
    const opened = await openRecord((await seal()).jws, crypto);
    const other = await makeKey();
    expect(opened.ok && (await verifyJws(opened.jws, other.spki, crypto))).toBe(false);
  });
});

describe('tampering', () => {
  test('of 10,000 flipped bits of the text, none is accepted', async () => {
    const { jws } = await seal();
    const bytes = utf8(jws);
    for (let n = 0; n < 10_000; n++) {
      // Over the whole text evenly, every bit of each character.
      const flipped = bytes.slice();
      const at = Math.floor((n * bytes.length) / 10_000);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (n % 8));
      const text = new TextDecoder('latin1').decode(flipped);
      if (text !== jws && (await accepts(text))) expect.unreachable(`accepted with character ${at} changed`);
    }
  });

  test('every flipped bit of the signature is refused', async () => {
    const { jws } = await seal();
    const cut = jws.lastIndexOf('.') + 1;
    const signature = fromBase64Url(jws.slice(cut)) ?? new Uint8Array(0);
    for (let bit = 0; bit < 512; bit++) {
      const flipped = signature.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await accepts(jws.slice(0, cut) + toBase64Url(flipped))).toBe(false);
    }
  });

  test('another header or payload under the same signature is refused', async () => {
    const { jws } = await seal();
    const header = (parseJws(jws)?.header ?? {}) as object;
    expect(await accepts(rewritten(jws, header))).toBe(true);
    for (const change of [{ seq: 2 }, { typ: 'void+jws' }, { org: 'other-org' }, { prev: digest(3) }]) {
      expect(await accepts(rewritten(jws, { ...header, ...change }))).toBe(false);
    }
    expect(await accepts(rewritten(jws, header, registration({ udid: 'acme-2' })))).toBe(false);
  });
});

describe('what is no record of ours', () => {
  const header = {
    ...context,
    alg: 'ES256',
    typ: 'registration+jws',
    v: 1,
    kid: digest(2),
    seq: 1,
    prev: null,
  };
  const code = async (change: object) => {
    const opened = await openRecord(rewritten((await seal()).jws, { ...header, ...change }), crypto);
    return opened.ok ? 'opened' : opened.code;
  };

  test.each([
    ['none of it', {}, 'opened'],
    ['another version', { v: 2 }, 'version_unknown'],
    ['a version that is no number', { v: '1' }, 'envelope_malformed'],
    ['no signature algorithm', { alg: 'none' }, 'envelope_malformed'],
    ['a shared-key algorithm', { alg: 'HS256' }, 'envelope_malformed'],
    ['an unknown kind', { typ: 'receipt+jws' }, 'envelope_malformed'],
    ['a key in the header', { jwk: {} }, 'envelope_malformed'],
    ['critical extensions', { crit: ['b64'] }, 'envelope_malformed'],
    ['number 0', { seq: 0 }, 'envelope_malformed'],
    ['a fraction', { seq: 1.5 }, 'envelope_malformed'],
    ['no epoch', { epoch: undefined }, 'envelope_malformed'],
  ])('%s', async (_, change, expected) => {
    expect(await code(change)).toBe(expected);
  });

  test('text that is no JWS has no digest; a JWS with a bad header has one', async () => {
    expect(await openRecord('no jws', crypto)).toEqual({
      ok: false,
      code: 'envelope_malformed',
      digest: null,
    });
    const opened = await openRecord(rewritten((await seal()).jws, { v: 9 }), crypto);
    expect(opened).toMatchObject({ ok: false, digest: expect.stringMatching(/^[\w-]{43}$/) });
  });

  test('one over the bound is not even decoded', async () => {
    const { jws } = await seal(CHAIN_START, { text: 'x'.repeat(MAX_RECORD_LENGTH) });
    expect(jws.length).toBeGreaterThan(MAX_RECORD_LENGTH);
    expect(await openRecord(jws, crypto)).toMatchObject({ code: 'envelope_malformed', digest: null });
  });

  test('any text at all is answered, never thrown at', async () => {
    const dotted = fc.array(fc.base64String(), { maxLength: 5 }).map((parts) => parts.join('.'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), dotted), async (text) => {
        expect((await openRecord(text, crypto)).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
