// Every step that may be killed, and every answer that may lie, is one table over one phone and one backend: so it is long.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRecord } from '../../core/envelope.ts';
import type { AccordBackend, SyncBackend } from '../../src/ports/backend.ts';
import { PutBackBackend } from '../support/put-back-backend.ts';
import { AUD, certificate, change, credential, crypto, digest, ORG, recordId } from '../support/records.ts';
import { TestStatements } from '../support/records-statements.ts';
import { enrolledPhone, type Phone } from './phone.ts';

const DAY = 24 * 3600_000;
type Backend = SyncBackend & AccordBackend;

interface Stage {
  readonly phone: Phone;
  readonly backend: PutBackBackend;
  drain(over?: Partial<Backend>): ReturnType<Phone['drain']>;
  /** Somebody signs in: a new era ends every session. */
  signIn(): Promise<void>;
  saved(count: number): Promise<string[]>;
}

async function stage({ keepsCredential = true } = {}): Promise<Stage> {
  const phone = await enrolledPhone();
  const backend = new PutBackBackend(phone.statements, [phone.key.signer.kid]);
  const text = await phone.statements.sign('credential+jws', credential(phone.key));
  if (keepsCredential) phone.work.credentialTexts.push(text);
  phone.work.chain = phone.statements.chain;
  // The credential is what the first records name.
  const { signed } = backend;
  signed.add(digest(77));
  const through = (over: Partial<Backend>): Backend => ({
    postBatch: (request) => backend.postBatch(request),
    changes: (org, after) => backend.changes(org, after),
    statementKeys: () => backend.statementKeys(),
    chains: (chains) => backend.chains(chains),
    handBack: (what) => backend.handBack(what),
    probe: () => backend.probe(),
    ...over,
  });
  return {
    phone,
    backend,
    drain: (over = {}) => phone.drain({ backend: through(over), force: true }),
    signIn: () => phone.outbox.noteAccord({ signedIn: true, notBefore: 0 }),
    async saved(count) {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) ids.push((await phone.capture()).id);
      return ids;
    },
  };
}

/** Five records, a copy, seven more; each with an anchor of its own. Then the copy is put back. */
async function putBack(options: Parameters<typeof stage>[0] = {}) {
  const it = await stage(options);
  const before = await it.saved(5);
  await it.drain();
  const copy = it.backend.copy();
  const after: string[] = [];
  for (let i = 0; i < 7; i++) {
    after.push(...(await it.saved(1)));
    await it.drain();
  }
  const sent = it.backend.batches.flatMap(({ records }) => records);
  it.backend.batches.length = 0;
  await it.backend.putBack(copy);
  await it.signIn();
  return { ...it, copy, before, after, sent };
}

const numbers = async (records: readonly string[]) =>
  Promise.all(
    records.map(async (jws) => {
      const opened = await openRecord(jws, crypto);
      return opened.ok ? opened.header.seq : 0;
    }),
  );
const texts = (backend: PutBackBackend) => backend.batches.flatMap(({ records }) => records);

describe('a backend that was put back to an older copy', () => {
  test('has every record again, byte for byte and in order, before anything new, and nothing for a person to do', async () => {
    const it = await putBack();
    const fresh = await it.saved(1);
    expect(await it.drain()).toEqual({ kind: 'done', sent: 1 });
    expect(texts(it.backend).slice(0, 7)).toEqual(it.sent.slice(5));
    expect(await numbers(texts(it.backend))).toEqual([6, 7, 8, 9, 10, 11, 12, 13]);
    expect(it.backend.places.size).toBe(13);
    expect(it.backend.unanchored).toEqual([]);
    for (const id of [...it.before, ...it.after, ...fresh]) expect(await it.phone.state(id)).toBe('received');
    expect((await it.phone.outbox.summary()).again).toEqual({ of: 7, done: 7, putBack: true, isOver: true });
    expect((await it.phone.outbox.accord()).era).toBe(it.backend.era?.era);
  });

  test('is asked once: the next drains only fetch', async () => {
    const it = await putBack();
    await it.drain();
    const asked = it.backend.asked.length;
    for (let i = 0; i < 3; i++) await it.drain();
    expect(it.backend.asked.length).toBe(asked);
    expect(it.backend.batches).toHaveLength(1);
  });

  test('that nobody signed in to since is noticed by what it says itself, after what was new', async () => {
    const it = await putBack();
    await it.phone.outbox.noteAccord({ signedIn: false });
    expect(await it.drain()).toEqual({ kind: 'done', sent: 0 });
    expect(it.backend.places.size).toBe(12);
  });

  test('is told first what it signed: packs, keys, credentials, certificates, receipts and anchors', async () => {
    const it = await putBack();
    const { phone, backend } = it;
    const pack = await phone.statements.sign('pack+jws', { aud: AUD, org: ORG });
    phone.work.texts.set(ORG, pack);
    const elsewhere = await phone.statements.sign('pack+jws', { aud: 'elsewhere.example', org: 'other' });
    phone.work.texts.set('other', elsewhere);
    phone.work.texts.set('long', 'x'.repeat(3 * 1024 * 1024 + 1));
    // Known to the copy, decided after it: its certificate is news.
    const [known = '', early = ''] = it.before;
    const [lost = ''] = it.after;
    for (const [id, at, pem] of [
      [known, '2026-01-02T00:00:00.000Z', 'known'],
      [early, '2025-11-01T00:00:00.000Z', 'early'],
      [lost, '2026-01-02T00:00:00.000Z', 'lost'],
    ] as const)
      await phone.outbox.applyChanges(ORG, 'c', [
        change(id, { at, certificate: certificate({ leafPem: `-----BEGIN ${pem}` }) }),
      ]);
    const order: string[] = [];
    await it.drain({
      handBack: (what) => {
        order.push('hand back');
        return backend.handBack(what);
      },
      postBatch: (request) => {
        order.push('send');
        return backend.postBatch(request);
      },
    });
    expect(order.lastIndexOf('hand back')).toBeLessThan(order.indexOf('send'));
    expect(backend.handedBack.flatMap(({ packs }) => packs)).toEqual([pack]);
    const certificates = backend.handedBack.flatMap((page) => page.certificates);
    expect(certificates.sort()).toEqual(['-----BEGIN known', '-----BEGIN lost']);
    const statements = backend.handedBack.flatMap((page) => page.statements);
    expect(new Set(statements).size).toBe(statements.length);
    expect(statements).toEqual(
      expect.arrayContaining([
        ...phone.statements.chain,
        ...phone.work.credentialTexts,
        ...it.after.map((id) => phone.storage.receipts.get(id)),
      ]),
    );
    expect(backend.unanchored).toEqual([]);
  });

  test('is told too what the records name that were not sent yet', async () => {
    const it = await stage();
    await it.drain();
    const copy = it.backend.copy();
    await it.drain();
    await it.saved(3); // they name an anchor that is younger than the copy
    await it.backend.putBack(copy);
    await it.signIn();
    expect(await it.drain()).toEqual({ kind: 'done', sent: 3 });
    expect(it.backend.unanchored).toEqual([]);
  });

  test('decides anew, and each outcome reaches its phone; what is in a device is not written again', async () => {
    const it = await putBack();
    const { phone, backend } = it;
    const [first = '', second = '', third = ''] = it.after;
    const at = (day: number) => `2026-01-0${day}T00:00:00.000Z`;
    const [one, two] = [certificate(), certificate({ fingerprint: 'cd'.repeat(32) })];
    await phone.outbox.applyChanges(ORG, 'old', [
      change(first, { certificate: one, at: at(2) }),
      change(second, { certificate: one, at: at(2) }),
      change(third, { outcome: 'refused', code: 'unknown_device', at: at(2) }),
    ]);
    for (const id of [first, second]) {
      const row = phone.storage.rows.get(id);
      if (row !== undefined) phone.storage.rows.set(id, { ...row, state: 'installed' });
    }
    backend.changesByOrg.set(ORG, [
      change(first, { outcome: 'held', code: 'operator_unconfirmed', at: at(3) }),
      change(second, { outcome: 'held', code: 'operator_unconfirmed', at: at(3) }),
      change(third, { outcome: 'held', code: 'operator_unconfirmed', at: at(3) }),
    ]);
    await it.drain();
    for (const id of [first, second, third]) expect(await phone.state(id)).toBe('held');
    backend.changesByOrg
      .get(ORG)
      ?.push(
        change(first, { certificate: one, at: at(4) }),
        change(second, { certificate: two, at: at(4) }),
        change(third, { certificate: two, at: at(4) }),
      );
    await it.drain();
    expect(await phone.state(first)).toBe('installed');
    for (const id of [second, third]) expect(await phone.state(id)).toBe('bound');
    expect((await phone.outbox.certificatesWaiting()).map(({ id }) => id).sort()).toEqual([second, third]);
  });

  test('a colleague’s records that this phone took by code are among them', async () => {
    const it = await putBack();
    const { phone, backend } = it;
    const other = await enrolledPhone();
    backend.keys.add(other.key.signer.kid);
    const theirs = await other.capture();
    const jws = other.storage.envelopes.get(theirs.id) ?? '';
    const row = { ...theirs, id: recordId(0x20_0000), state: 'received', origin: 'code' } as const;
    phone.storage.rows.set(row.id, row);
    phone.storage.envelopes.set(row.id, jws);
    await it.drain();
    expect([...backend.places.values()].map(({ kid }) => kid)).toContain(other.key.signer.kid);
  });

  test('that names its gaps in many answers is given them all', async () => {
    const it = await stage();
    const copy = it.backend.copy();
    await it.saved(40);
    await it.drain();
    const odd = new Map([...it.backend.places].filter(([, { seq }]) => seq % 2 === 1));
    await it.backend.putBack({ ...copy, places: odd });
    it.backend.most = 3;
    await it.signIn();
    await it.drain();
    expect(it.backend.places.size).toBe(40);
    expect((await it.phone.outbox.summary()).again).toEqual({
      of: 20,
      done: 20,
      putBack: true,
      isOver: true,
    });
  });

  test('more than once gets all of it each time', async () => {
    const it = await putBack();
    await it.drain();
    for (let i = 0; i < 2; i++) {
      await it.backend.putBack(it.copy);
      await it.signIn();
      await it.drain();
      expect(it.backend.places.size).toBe(12);
      expect(it.backend.unanchored).toEqual([]);
    }
  });
});

describe('killed in the middle', () => {
  /** Every call that leaves the phone or changes it, in turn: before it, or after it and before its answer is heard. */
  test('at any step, before or after it: the next drains bring everything back, and nothing twice', async () => {
    let steps = 0;
    for (let n = 1; ; n++) {
      for (const when of ['before', 'after'] as const) {
        const it = await putBack();
        it.backend.most = 2;
        const odd = new Map([...it.backend.places].filter(([, { seq }]) => seq % 2 === 1));
        await it.backend.putBack({ ...it.copy, places: odd });
        const [fresh = ''] = await it.saved(1);
        const died = await dieAt(it, n, when);
        if (!died) {
          expect(steps).toBeGreaterThan(25);
          return;
        }
        steps += 1;
        for (let i = 0; i < 3; i++) await it.drain();
        expect(it.backend.places.size, `killed ${when} step ${n}`).toBe(13);
        for (const id of [...it.before, ...it.after, fresh])
          expect(await it.phone.state(id), `killed ${when} step ${n}`).toBe('received');
        expect(it.backend.unanchored).toEqual([]);
        const accord = await it.phone.outbox.accord();
        expect(accord.era).toBe(it.backend.era?.era);
        expect((await it.phone.outbox.summary()).again?.isOver).toBe(true);
      }
    }
  });
});

const act = fc.oneof(
  fc.record({ kind: fc.constant('capture' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.constant({ kind: 'drain' as const }),
  fc.record({
    kind: fc.constant('die' as const),
    step: fc.integer({ min: 1, max: 20 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  fc.constant({ kind: 'copy' as const }),
  fc.constant({ kind: 'put back' as const }),
  fc.record({ kind: fc.constant('cut short' as const), lost: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('hours' as const), hours: fc.integer({ min: 1, max: 30 }) }),
);

test('whatever order of work, kills, copies and losses: a day later the backend has it all, once, and no row is worse off', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 18 }), fc.integer({ min: 1, max: 3 }), async (acts, most) => {
      const it = await stage();
      it.backend.most = most;
      let copy = it.backend.copy();
      let isCutShort = false;
      for (const one of acts) {
        if (one.kind === 'capture') await it.saved(one.count);
        if (one.kind === 'drain') await it.drain();
        if (one.kind === 'die') await dieAt(it, one.step, one.when);
        if (one.kind === 'copy') copy = it.backend.copy();
        if (one.kind === 'hours') it.phone.clock.advance(one.hours * 3_600_000);
        if (one.kind === 'put back') {
          await it.backend.putBack(copy);
          await it.signIn();
        }
        if (one.kind === 'cut short') {
          // A failover without its last rows, and without a new era.
          isCutShort = true;
          for (const digest of [...it.backend.places.keys()].slice(-one.lost))
            it.backend.places.delete(digest);
        }
      }
      await it.drain();
      it.phone.clock.advance(DAY);
      for (let i = 0; i < 2; i++) await it.drain();
      const rows = [...it.phone.storage.rows.values()];
      const had = [...it.backend.places.values()].map(({ seq }) => seq).sort((a, b) => a - b);
      expect(had).toEqual(rows.map(({ seq }) => seq).sort((a, b) => a - b));
      expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(rows.length === 0 ? [] : ['received']));
      if (!isCutShort) expect(it.backend.unanchored).toEqual([]);
      expect((await it.phone.outbox.summary()).again?.isOver).not.toBe(false);
    }),
    { numRuns: 60 },
  );
});

class Died extends Error {}

/** Runs a drain that dies at its nth step; false if it has fewer. */
async function dieAt({ phone, backend }: Stage, n: number, when: 'before' | 'after'): Promise<boolean> {
  let at = 0;
  const mortal = <T extends object>(target: T, names: readonly string[]): T =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (typeof name !== 'string' || !names.includes(name)) return value.bind(target);
        return async (...given: unknown[]) => {
          const dies = ++at === n;
          if (dies && when === 'before') throw new Died();
          const result: unknown = await value.apply(target, given);
          if (dies) throw new Died();
          return result;
        };
      },
    });
  try {
    await phone.drain({
      force: true,
      backend: mortal(backend as Backend, ['postBatch', 'changes', 'chains', 'handBack']),
      outbox: mortal(phone.outbox, ['settle', 'applyChanges']),
      again: mortal(phone.outbox, ['noteAccord', 'settleAgain', 'revive']),
      kept: mortal(phone.work, ['saveAnchor']),
    });
    return false;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return true;
  }
}

describe('an operator key that the copy does not know', () => {
  test('is known again by its credential, and its records go, the new ones too', async () => {
    const it = await putBack();
    it.backend.keys.clear();
    const [fresh = ''] = await it.saved(1);
    expect(await it.drain()).toEqual({ kind: 'done', sent: 1 });
    expect(it.backend.places.size).toBe(13);
    expect(await it.phone.state(fresh)).toBe('received');
  });

  test('of which no credential was kept is not rejected: it waits until the same key is enrolled again', async () => {
    const it = await putBack({ keepsCredential: false });
    it.backend.keys.clear();
    const [fresh = ''] = await it.saved(1);
    const failure = { kind: 'refused', code: 'operator_key_unknown', detail: '' };
    for (let i = 0; i < 3; i++) expect(await it.drain()).toEqual({ kind: 'stopped', sent: 0, failure });
    expect(await it.phone.outbox.record(fresh)).toMatchObject({
      state: 'saved',
      fault: { code: 'operator_key_unknown' },
    });
    // Asked for it again only now and then.
    expect(it.backend.asked.length).toBeLessThanOrEqual(8);
    it.backend.keys.add(it.phone.key.signer.kid);
    await it.phone.outbox.noteAccord({ signedIn: true, at: 0 });
    expect(await it.drain()).toEqual({ kind: 'done', sent: 1 });
    expect(it.backend.places.size).toBe(13);
  });

  test('that is found out only from the answer to a batch is told of in the same drain', async () => {
    const it = await stage();
    await it.drain();
    it.backend.keys.clear();
    const [id = ''] = await it.saved(1);
    expect(await it.drain()).toEqual({ kind: 'done', sent: 1 });
    expect(await it.phone.state(id)).toBe('received');
  });

  test('records that an earlier version took for rejected go again by themselves, skips alike', async () => {
    const it = await stage();
    const ids = await it.saved(2);
    for (const [i, id] of ids.entries()) {
      const row = it.phone.storage.rows.get(id);
      const typ = i === 1 ? ('skip+jws' as const) : ('registration+jws' as const);
      if (row !== undefined)
        it.phone.storage.rows.set(id, { ...row, typ, state: 'rejected', code: 'operator_key_unknown' });
    }
    expect(await it.drain()).toEqual({ kind: 'done', sent: 2 });
    for (const id of ids) expect(await it.phone.state(id)).toBe('received');
  });

  test('of a colleague does not hold up what this phone has signed', async () => {
    const it = await stage();
    const other = await enrolledPhone();
    const theirs = await other.capture({ udid: 'theirs' });
    const jws = other.storage.envelopes.get(theirs.id) ?? '';
    await it.phone.outbox.take({ row: { ...theirs, id: recordId(0x20_0001) }, jws });
    const [id = ''] = await it.saved(1);
    await it.drain();
    expect(await it.phone.state(id)).toBe('received');
    expect(await it.phone.outbox.record(recordId(0x20_0001))).toMatchObject({
      state: 'saved',
      fault: { code: 'operator_key_unknown' },
    });
  });
});

describe('an answer that is hostile or broken', () => {
  const noEra = async (it: Stage, text: string | undefined, hint?: string) => {
    const real = it.backend.eraText;
    it.backend.eraText = text;
    const posted = it.backend.batches.length;
    for (let i = 0; i < 3; i++)
      await it.drain({
        changes: async (org, after) => {
          const answer = await it.backend.changes(org, after);
          return answer.ok && hint !== undefined
            ? { ok: true, value: { ...answer.value, era: hint } }
            : answer;
        },
      });
    it.backend.eraText = real;
    return it.backend.batches.length - posted;
  };

  test.each([
    ['by a stranger', async () => (await TestStatements.create()).sign('era+jws', eraOf({}))],
    ['for another installation', async (it: Stage) => sign(it, eraOf({ aud: 'elsewhere.example' }))],
    ['of another shape', async (it: Stage) => sign(it, { ...eraOf({}), era: 'short' })],
    ['of another type', async (it: Stage) => it.phone.statements.sign('anchor+jws', eraOf({}))],
    ['that is no JWS', async () => 'a.b.c'],
  ])('an era %s moves nothing, and is not asked about at every turn', async (_, text) => {
    const it = await putBack();
    const asked = it.backend.asked.length;
    const known = await it.phone.outbox.accord();
    expect(await noEra(it, await text(it))).toBe(0);
    expect(it.backend.handedBack).toEqual([]);
    expect(it.backend.asked.length).toBe(asked + 1);
    expect((await it.phone.outbox.accord()).era).toBe(known.era);
    // The real one is believed when its time has come.
    it.phone.clock.advance(3_600_001);
    await it.drain();
    expect(it.backend.places.size).toBe(12);
  });

  test('that claims that all is missing costs one round an era, and one a day', async () => {
    const it = await putBack();
    const everything: Partial<Backend> = {
      chains: async (chains) => {
        const answer = await it.backend.chains(chains);
        if (!answer.ok) return answer;
        const all = answer.value.chains.map((one) => ({
          ...one,
          missing: [{ from: 1, to: 0xffffffff }],
          more: true,
        }));
        const others = { kid: digest(404), known: true, missing: [{ from: 1, to: 0xffffffff }], more: true };
        return { ok: true, value: { ...answer.value, chains: [others, ...all, others] } };
      },
    };
    const rounds: number[] = [];
    for (let i = 0; i < 4; i++) {
      await it.drain(everything);
      rounds.push(it.backend.batches.length);
      if (i === 1) await it.signIn();
    }
    expect(rounds).toEqual([1, 1, 1, 1]);
    expect(await numbers(texts(it.backend))).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    it.phone.clock.advance(DAY);
    for (let i = 0; i < 3; i++) await it.drain(everything);
    expect(it.backend.batches).toHaveLength(2);
  });

  test('that calls its era another name each time costs a question, never a round', async () => {
    const it = await putBack();
    await it.drain();
    const [posted, handed] = [it.backend.batches.length, it.backend.handedBack.length];
    for (let i = 0; i < 5; i++)
      await it.drain({
        changes: async (org, after) => {
          const answer = await it.backend.changes(org, after);
          return answer.ok ? { ok: true, value: { ...answer.value, era: `other-${i}` } } : answer;
        },
      });
    expect([it.backend.batches.length, it.backend.handedBack.length]).toEqual([posted, handed]);
  });

  test('that names no chain of ours, or answers for other keys, gets nothing', async () => {
    const it = await putBack();
    await it.drain({
      chains: async () => ({
        ok: true,
        value: {
          nonce: digest(2),
          ...(it.backend.eraText === undefined ? {} : { era: it.backend.eraText }),
          chains: Array.from({ length: 64 }, (_, n) => ({
            kid: digest(5000 + n),
            known: true,
            missing: Array.from({ length: 200 }, (_, m) => ({ from: m + 1, to: 0xffffffff })),
            more: true,
          })),
        },
      }),
    });
    expect(it.backend.batches).toEqual([]);
  });

  test('that does not know the question leaves everything as it was', async () => {
    const it = await putBack();
    const notFound = { ok: false, failure: { kind: 'refused', code: 'not_found', detail: '' } } as const;
    const [fresh = ''] = await it.saved(1);
    expect(await it.drain({ chains: async () => notFound })).toEqual({ kind: 'done', sent: 1 });
    expect(await it.phone.state(fresh)).toBe('received');
    expect(it.backend.places.size).toBe(6);
  });

  test.each([
    [{ kind: 'refused', code: 'not_found', detail: '' } as const, false],
    [{ kind: 'refused', code: 'internal', detail: '' } as const, true],
    [{ kind: 'not_our_backend' } as const, true],
  ])(
    '%j to the question after a sign-in: records go, and packs are not replaced where that may matter',
    async (failure, waits) => {
      const it = await putBack();
      await it.saved(1);
      await it.drain({ chains: async () => ({ ok: false, failure }) });
      expect(it.backend.places.size).toBe(6);
      expect((await it.phone.outbox.accord()).signedIn).toBe(waits);
    },
  );

  test.each(['chains', 'handBack', 'postBatch'] as const)(
    'no answer to %s: the next drain goes on',
    async (call) => {
      const it = await putBack();
      const failure = { kind: 'unreachable' } as const;
      const none = async () => ({ ok: false, failure }) as const;
      expect(await it.drain({ [call]: none })).toEqual({ kind: 'stopped', sent: 0, failure });
      expect(await it.drain()).toEqual({ kind: 'done', sent: 0 });
      expect(it.backend.places.size).toBe(12);
    },
  );

  test('a hand-back that is refused does not hold the records up', async () => {
    const it = await putBack();
    const refused = { ok: false, failure: { kind: 'refused', code: 'request_invalid', detail: '' } } as const;
    expect(await it.drain({ handBack: async () => refused })).toEqual({ kind: 'done', sent: 0 });
    expect(it.backend.places.size).toBe(12);
  });

  test('a hand-back at which the backend fails holds the records up once, and then without what it fails at', async () => {
    const it = await putBack();
    const poison = it.phone.storage.receipts.get(it.after[3] ?? '') ?? '';
    const failure = { kind: 'refused', code: 'internal', detail: '' } as const;
    const failing: Partial<Backend> = {
      handBack: async (what) =>
        what.statements.includes(poison) ? { ok: false, failure } : it.backend.handBack(what),
    };
    expect(await it.drain(failing)).toEqual({ kind: 'stopped', sent: 0, failure });
    expect(it.backend.places.size).toBe(5);
    expect(await it.drain(failing)).toEqual({ kind: 'done', sent: 0 });
    expect(it.backend.places.size).toBe(12);
    const statements = it.backend.handedBack.flatMap((page) => page.statements);
    for (const id of it.after.filter((_, i) => i !== 3))
      expect(statements).toContain(it.phone.storage.receipts.get(id));
  });

  test('a record on which the backend chokes does not hold the others up', async () => {
    const it = await putBack();
    const poison = it.sent[8] ?? '';
    const choking: Partial<Backend> = {
      postBatch: async (request) =>
        request.records.includes(poison)
          ? { ok: false, failure: { kind: 'refused', code: 'internal', detail: '' } }
          : it.backend.postBatch(request),
    };
    for (let i = 0; i < 3; i++) await it.drain(choking);
    expect(it.backend.places.size).toBe(11);
    it.phone.clock.advance(DAY);
    await it.drain();
    expect(it.backend.places.size).toBe(12);
  });

  test('what is signed as rejected now shows, what only says so does not', async () => {
    const it = await putBack();
    const [first = '', second = ''] = it.after;
    await it.drain({
      postBatch: async (request) => {
        const answer = await it.backend.postBatch(request);
        if (!answer.ok) return answer;
        const [one, two, ...rest] = answer.value.results;
        if (one === undefined || two === undefined) throw new Error('two were sent');
        const row = await it.phone.outbox.record(first);
        const receipt = await it.phone.statements.sign('receipt+jws', {
          aud: AUD,
          id: first,
          digest: one.digest,
          kid: row?.kid,
          seq: row?.seq,
          status: 'rejected',
          at: '2026-01-03T00:00:00.000Z',
        });
        const results = [
          { digest: one.digest, status: 'rejected' as const, code: 'org_not_entitled' as const, receipt },
          { digest: two.digest, status: 'rejected' as const, code: 'payload_invalid' as const },
          ...rest,
        ];
        return { ok: true, value: { ...answer.value, results } };
      },
    });
    expect(await it.phone.outbox.record(first)).toMatchObject({
      state: 'rejected',
      code: 'org_not_entitled',
    });
    expect(await it.phone.state(second)).toBe('received');
  });
});

function eraOf(over: { readonly aud?: string }) {
  const at = '2026-01-03T00:00:00.000Z';
  return { aud: AUD, era: 'x'.repeat(22), before: null, copyAt: at, at, ...over };
}

const sign = (it: Stage, payload: object) => it.phone.statements.sign('era+jws', payload);
