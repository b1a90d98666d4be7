import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signJws } from '../../core/jws.ts';
import { extendStatementKeys, isByEndedKey, verifyStatement } from '../../core/statement.ts';
import { AUD, crypto, makeKey } from '../support/records.ts';
import { digestOfJws, keyAt, statementKeyJws, TestStatements } from '../support/records-statements.ts';

const extend = (known: ReadonlyMap<string, Uint8Array>, chain: readonly string[], aud = AUD) =>
  extendStatementKeys(known, chain, aud, crypto);

async function rotated(times: number): Promise<TestStatements> {
  const statements = await TestStatements.create();
  for (let i = 0; i < times; i++) await statements.rotate();
  return statements;
}

describe('a statement', () => {
  test('by a known key gives its payload and digest', async () => {
    const statements = await rotated(0);
    const text = await statements.sign('receipt+jws', { n: 1 });
    expect(await verifyStatement(text, 'receipt+jws', statements.known(), crypto)).toEqual({
      ok: true,
      payload: { n: 1 },
      digest: await digestOfJws(text),
    });
  });

  test('by an unknown key is not verified yet, which is not the same as invalid', async () => {
    const statements = await rotated(1);
    const text = await statements.sign('receipt+jws', {});
    const result = await verifyStatement(text, 'receipt+jws', statements.known(1), crypto);
    expect(result).toEqual({ ok: false, reason: 'unknown_key' });
  });

  test('of another type is invalid, though the signature holds', async () => {
    const statements = await rotated(0);
    const text = await statements.sign('pack+jws', {});
    for (const typ of ['receipt+jws', 'credential+jws', 'statement-key+jws'] as const) {
      expect(await verifyStatement(text, typ, statements.known(), crypto)).toEqual({
        ok: false,
        reason: 'invalid',
      });
    }
  });

  test("that names a known key but is another key's work is invalid", async () => {
    const statements = await rotated(0);
    const { kid } = statements.active.signer;
    const forger = (await makeKey()).signer;
    const text = await signJws({ alg: 'ES256', typ: 'receipt+jws', v: 1, kid }, {}, forger);
    const result = await verifyStatement(text, 'receipt+jws', statements.known(), crypto);
    expect(result).toEqual({ ok: false, reason: 'invalid' });
  });

  test.each([
    ['another version', { v: 2 }],
    ['another algorithm', { alg: 'none' }],
    ['a key of its own', { jwk: {} }],
  ])('with %s in its header is invalid', async (_, change) => {
    const statements = await rotated(0);
    const { signer } = statements.active;
    const header = { alg: 'ES256', typ: 'receipt+jws', v: 1, kid: signer.kid, ...change };
    const text = await signJws(header, {}, signer);
    const result = await verifyStatement(text, 'receipt+jws', statements.known(), crypto);
    expect(result).toEqual({ ok: false, reason: 'invalid' });
  });

  test('that is no JWS is invalid', async () => {
    expect(await verifyStatement('x', 'pack+jws', new Map(), crypto)).toMatchObject({ reason: 'invalid' });
  });
});

describe('the pin', () => {
  test('an empty set takes the first key that signs itself, and what follows from it', async () => {
    const statements = await rotated(3);
    expect(await extend(new Map(), statements.chain)).toEqual(statements.known());
  });

  test('is made only once: a second self-signed key is never added', async () => {
    const statements = await rotated(0);
    const stranger = await rotated(2);
    const keys = await extend(new Map(), [...statements.chain, ...stranger.chain]);
    expect([...keys.keys()]).toEqual([statements.active.signer.kid]);
    expect(await extend(statements.known(), stranger.chain)).toEqual(statements.known());
  });

  test('is not made by a key that another, unknown one vouches for', async () => {
    const statements = await rotated(1);
    expect((await extend(new Map(), statements.chain.slice(1))).size).toBe(0);
  });

  test('is not made for another installation', async () => {
    const statements = await rotated(1);
    expect((await extend(new Map(), statements.chain, 'elsewhere.example')).size).toBe(0);
  });
});

describe('rotation', () => {
  test('is followed over several keys, in whatever order they come', async () => {
    const statements = await rotated(5);
    const shuffled = [5, 3, 1, 4, 0, 2].map((i) => statements.chain[i] ?? '');
    const keys = await extend(statements.known(1), shuffled);
    expect(new Set(keys.keys())).toEqual(new Set(statements.known().keys()));
    expect(keys.get(statements.active.signer.kid)).toEqual(statements.active.spki);
  });

  test('stops at a missing link, and goes on when it comes', async () => {
    const statements = await rotated(3);
    const gap = statements.chain.filter((_, i) => i !== 2);
    const before = await extend(statements.known(1), gap);
    expect(before).toEqual(statements.known(2));
    expect(await extend(before, statements.chain)).toEqual(statements.known());
  });

  test('leaves what was known as it was, and known keys stay when the chain lacks them', async () => {
    const statements = await rotated(2);
    const known = statements.known(2);
    const keys = await extend(known, statements.chain.slice(2));
    expect(known.size).toBe(2);
    expect(keys.size).toBe(3);
  });

  test.each([
    ['under another name', async (_: TestStatements) => ({ kid: 'A'.repeat(43) })],
    ['for another installation', async (_: TestStatements) => ({ aud: 'elsewhere.example' })],
    ["with a stranger's key under its name", async (_: TestStatements) => ({ jwk: (await makeKey()).jwk })],
  ])('a key %s is left out, though a known key signed it', async (_, change) => {
    const statements = await rotated(0);
    const fresh = await makeKey();
    const text = await statementKeyJws(fresh, statements.active, await change(statements));
    expect(await extend(statements.known(), [text])).toEqual(statements.known());
  });

  test('a key nobody vouches for is left out, whoever it says vouches', async () => {
    const statements = await rotated(0);
    const [fresh, forger] = [await makeKey(), await makeKey()];
    const lying = { ...forger, signer: { ...forger.signer, kid: statements.active.signer.kid } };
    const texts = [await statementKeyJws(fresh, forger), await statementKeyJws(fresh, lying), 'nonsense'];
    expect(await extend(statements.known(), texts)).toEqual(statements.known());
  });

  test('a receipt cannot pass for a statement key', async () => {
    const statements = await rotated(0);
    const fresh = await makeKey();
    const payload = { aud: AUD, kid: fresh.signer.kid, jwk: fresh.jwk, from: '2026-01-01T00:00:00.000Z' };
    const text = await statements.sign('receipt+jws', payload, keyAt(statements.keys, 0));
    expect(await extend(statements.known(), [text])).toEqual(statements.known());
  });
});

describe('a successor', () => {
  test('is the first that a key vouched for: who stole an older key brings in no other', async () => {
    const statements = await rotated(2);
    const thief = await makeKey();
    for (const stolen of [0, 1]) {
      const word = await statementKeyJws(thief, keyAt(statements.keys, stolen));
      expect(await extend(statements.known(), [word])).toEqual(statements.known());
      expect(await extend(statements.known(), [word, ...statements.chain])).toEqual(statements.known());
    }
  });
});

describe('the end of a key', () => {
  test('leaves nothing that verifies by it, and the rest as it was', async () => {
    const statements = await rotated(2);
    const stolen = keyAt(statements.keys, 1);
    const before = await statements.sign('receipt+jws', { x: 1 }, stolen);
    await statements.end(stolen);
    const keys = await extend(statements.known(1), statements.chain);
    expect(await verifyStatement(before, 'receipt+jws', keys, crypto)).toEqual({
      ok: false,
      reason: 'invalid',
    });
    for (const other of [0, 2]) {
      const text = await statements.sign('receipt+jws', {}, keyAt(statements.keys, other));
      expect(await verifyStatement(text, 'receipt+jws', keys, crypto)).toMatchObject({ ok: true });
    }
    expect([...keys.keys()]).toEqual([...statements.known().keys()]);
    expect(isByEndedKey(before, keys)).toBe(true);
    expect(isByEndedKey(await statements.sign('receipt+jws', {}), keys)).toBe(false);
  });

  test('stays, whatever is said afterwards: the key cannot be brought back, nor vouch for another', async () => {
    const statements = await rotated(1);
    const stolen = keyAt(statements.keys, 0);
    await statements.end(stolen);
    const keys = await extend(statements.known(), statements.chain);
    const again = await statementKeyJws(stolen, statements.active);
    const thief = await statementKeyJws(await makeKey(), stolen);
    expect(await extend(keys, [again, thief, ...statements.chain.slice(0, 1)])).toEqual(keys);
  });

  test('is told in one answer with the keys that lead to who says it', async () => {
    const statements = await rotated(3);
    for (const at of [0, 1, 2]) await statements.end(keyAt(statements.keys, at));
    const keys = await extend(statements.known(1), [...statements.chain].reverse());
    expect([...keys.values()].map(({ length }) => length > 0)).toEqual([false, false, false, true]);
  });

  test.each([
    ['by itself', 0, 0, {}],
    ['by a key before it', 1, 0, {}],
    ['for another installation', 0, 1, { aud: 'elsewhere.example' }],
    ['without a seal up to which it counts', 0, 1, { seal: { n: 0, digest: 'A'.repeat(43) } }],
  ])('is not believed %s', async (_, key, by, over) => {
    const statements = await rotated(1);
    await statements.end(keyAt(statements.keys, key), keyAt(statements.keys, by), over);
    expect(await extend(statements.known(), statements.chain)).toEqual(statements.known());
  });

  test('is not believed by a key that has ended, nor by a stranger', async () => {
    const statements = await rotated(2);
    const [first, second] = [keyAt(statements.keys, 0), keyAt(statements.keys, 1)];
    await statements.end(second);
    const keys = await extend(statements.known(), statements.chain);
    const stranger = await rotated(0);
    expect(await extend(keys, [await statements.end(first, second)])).toEqual(keys);
    expect(await extend(keys, [await statements.end(first, stranger.active)])).toEqual(keys);
  });

  test('holds in whatever order keys and ends come, and however often', async () => {
    const statements = await rotated(4);
    await statements.end(keyAt(statements.keys, 1), keyAt(statements.keys, 3));
    await statements.end(keyAt(statements.keys, 3));
    const all = await extend(new Map(), statements.chain);
    const orders = fc.shuffledSubarray([...statements.chain, ...statements.chain], { minLength: 14 });
    await fc.assert(
      fc.asyncProperty(orders, async (chain) => {
        expect(await extend(new Map(), chain)).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });
});
