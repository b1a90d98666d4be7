// All that may come back at step 0 stands beside each other, since their order is what is tested: so it is long.
import { describe, expect, test } from 'vitest';
import type { ListChanges } from '../../contract/list-changes.ts';
import type { Credential } from '../../contract/operator.ts';
import type { WorkPack } from '../../contract/work-pack.ts';
import { parseJws, verifyJws } from '../../core/jws.ts';
import { type KeyKeeper, type PreparePorts, prepare } from '../../src/effects/prepare.ts';
import type { BackendResult } from '../../src/ports/backend.ts';
import type { AccountBackend } from '../../src/ports/preparation.ts';
import { FakeClock } from '../support/device-clock.ts';
import {
  AUD,
  credential,
  crypto,
  digest,
  EPOCH,
  makeKey,
  ORG,
  session,
  type TestKey,
  workPack,
} from '../support/records.ts';
import { enrolmentOf, MemoryWork } from '../support/records-backend.ts';
import { digestOfJws, TestStatements } from '../support/records-statements.ts';

const DAY = 24 * 3600 * 1000;
const NOT_OURS = { ok: false, failure: { kind: 'not_our_backend' } };
const notUsed = async () => Promise.reject(new Error('not asked for in step 0'));

/** An answer about a list in which nothing is. */
const NO_CHANGES = {
  to: `${'l'.repeat(16)}.1.1`,
  more: false,
  whole: true,
  salt: digest(9),
  digests: await crypto.digest(new Uint8Array()),
  gone: '',
  moved: '',
  rows: [],
};

/** A phone without enrolment, and a backend that enrols it; `say` changes what the backend signs. */
async function office(
  say: { credential?: Partial<Credential>; pack?: Partial<WorkPack>; list?: Partial<ListChanges> } = {},
) {
  const statements = await TestStatements.create();
  const calls: string[] = [];
  const made: TestKey[] = [];
  const saved: { key: TestKey; credential: Credential; digest: string }[] = [];
  const proofs: string[] = [];
  const renewed: Credential[] = [];
  const work = new MemoryWork();
  let etag = '"1"';
  const asked: unknown[] = [];

  const backend: AccountBackend = {
    signInOptions: notUsed,
    signIn: notUsed,
    signOut: notUsed,
    session: notUsed,
    async enrolChallenge() {
      calls.push('challenge');
      return { ok: true, value: { nonce: digest(42), expiresAt: '2026-01-01T00:05:00.000Z' } };
    },
    async enrol(proof) {
      calls.push('enrol');
      proofs.push(proof);
      const [key] = made.slice(-1);
      if (key === undefined) throw new Error('the proof came before the key');
      const text = await statements.sign('credential+jws', credential(key, say.credential));
      return { ok: true, value: { credential: text, statementKeys: statements.chain } };
    },
    async knownKeys() {
      calls.push('keys');
      return { ok: true, value: statements.chain };
    },
    async listChanges(org, held) {
      asked.push(held);
      const changes = { aud: AUD, org, after: held?.cursor ?? '', ...NO_CHANGES, ...say.list };
      return {
        ok: true,
        value: { list: await statements.sign('list+jws', changes), digests: '', etag: `"${NO_CHANGES.to}"` },
      };
    },
    async workPack(org, held) {
      calls.push(`pack ${org} ${held}`);
      if (held === etag) return { ok: true, value: 'unchanged' };
      return {
        ok: true,
        value: { jws: await statements.sign('pack+jws', workPack({ org, ...say.pack })), etag },
      };
    },
  };
  const keys: KeyKeeper<TestKey> = {
    async make() {
      const key = await makeKey();
      made.push(key);
      return key;
    },
    async save(key, said, credentialDigest) {
      saved.push({ key, credential: said, digest: credentialDigest });
      work.enrolled = enrolmentOf(key, { credential: said, credentialDigest });
      return true;
    },
    async renew(said, credentialDigest) {
      const key = made.at(-1);
      if (key === undefined) throw new Error('no key to renew');
      renewed.push(said);
      work.enrolled = enrolmentOf(key, { credential: said, credentialDigest });
    },
    epoch: async () => EPOCH,
  };
  const clock = new FakeClock();
  const ports = { backend, work, keys, clock, crypto };
  return {
    ...{ statements, calls, made, saved, renewed, proofs, work, backend, clock, asked },
    prepare: (
      who = session(),
      over: Partial<AccountBackend> = {},
      more: Pick<PreparePorts<TestKey>, 'beforePacks' | 'isKeyUnknown'> = {},
    ) => prepare({ ...ports, ...more, backend: { ...backend, ...over } }, who),
    newPack: () => {
      etag = '"2"';
    },
  };
}

describe('the first time', () => {
  test('makes a key, proves it, pins the statement keys, and takes the pack along', async () => {
    const it = await office();
    expect(await it.prepare()).toEqual({ ok: true });
    expect(it.calls).toEqual(['challenge', 'enrol', `pack ${ORG} null`]);
    expect(it.work.keys).toEqual(it.statements.known());
    expect(it.saved).toMatchObject([{ key: it.made[0], credential: { operator: 'anna' } }]);
    expect(it.work.stored).toMatchObject([{ etag: '"1"', pack: { org: ORG } }]);
  });

  test("the proof is over the backend's nonce, by the key it names", async () => {
    const it = await office();
    await it.prepare();
    const proof = parseJws(it.proofs[0] ?? '');
    const [key] = it.made;
    expect(proof?.header).toEqual({ alg: 'ES256', typ: 'enrol+jws', v: 1, jwk: key?.jwk });
    expect(proof?.payload).toEqual({ aud: AUD, nonce: digest(42), epoch: EPOCH });
    expect(proof && key && (await verifyJws(proof, key.spki, crypto))).toBe(true);
  });

  test('what is held is known by the digests of what was signed', async () => {
    const it = await office();
    const texts: string[] = [];
    const workPackOnce: AccountBackend['workPack'] = async (org, etag) => {
      const answer = await it.backend.workPack(org, etag);
      if (answer.ok && answer.value !== 'unchanged') texts.push(answer.value.jws);
      return answer;
    };
    await it.prepare(session(), { workPack: workPackOnce });
    expect(it.work.stored[0]?.digest).toBe(await digestOfJws(texts[0] ?? ''));
    expect(it.saved[0]?.digest).toMatch(/^[\w-]{43}$/);
  });

  test('every organisation of the person gets its pack', async () => {
    const it = await office();
    const memberships = [ORG, 'training-org'].map((org) => ({
      org,
      title: org,
      role: 'installer' as const,
      training: org !== ORG,
    }));
    await it.prepare(session({ memberships }));
    expect(it.work.stored.map((stored) => stored.pack.org)).toEqual([ORG, 'training-org']);
  });
});

describe('statement keys', () => {
  test('that came meanwhile are learned before the pack that they sign', async () => {
    const it = await office();
    await it.prepare();
    await it.statements.rotate();
    it.newPack();
    expect(await it.prepare()).toEqual({ ok: true });
    expect(it.work.keys).toEqual(it.statements.known());
    expect(it.work.stored).toMatchObject([{ etag: '"2"' }]);
  });

  test('that have ended are believed no more, and a pack by one of them is fetched anew', async () => {
    const it = await office();
    await it.prepare();
    const stolen = it.statements.active;
    await it.statements.rotate();
    await it.statements.end(stolen);
    expect(await it.prepare()).toEqual({ ok: true });
    expect(it.work.keys.get(stolen.signer.kid)).toHaveLength(0);
    // What the store says of a pack whose key has ended (src/storage/work-store.ts).
    for (const pack of [...it.work.stored]) await it.work.savePack('', { ...pack, etag: '' });
    it.calls.length = 0;
    await it.prepare();
    expect(it.calls).toEqual(['keys', `pack ${ORG} null`]);
    const forged = await it.statements.sign('pack+jws', workPack({ org: ORG }), stolen);
    const workPackOf = async () => ({ ok: true, value: { jws: forged, etag: '"3"' } }) as const;
    expect(await it.prepare(session(), { workPack: workPackOf })).toEqual(NOT_OURS);
  });

  test('are asked for without a word of the pack where there is no answer', async () => {
    const it = await office();
    await it.prepare();
    it.calls.length = 0;
    const failure = { ok: false, failure: { kind: 'unreachable' } } as const;
    expect(await it.prepare(session(), { knownKeys: async () => failure })).toEqual(failure);
    expect(it.calls).toEqual([]);
  });
});

describe('again', () => {
  test('an address that answers for another installation changes nothing until a person decides', async () => {
    const it = await office();
    await it.prepare();
    it.calls.length = 0;
    expect(await it.prepare(session({ aud: 'elsewhere.example' }))).toEqual({
      ok: false,
      failure: { kind: 'other_installation' },
    });
    expect(it.calls).toEqual([]);
    expect(it.work.stored).toHaveLength(1);
  });

  test('the pack of an organisation that the person has left is forgotten', async () => {
    const it = await office();
    const member = (org: string) => ({ org, title: org, role: 'installer' as const, training: false });
    await it.prepare(session({ memberships: [member(ORG), member('other-org')] }));
    expect(it.work.stored).toHaveLength(2);
    await it.prepare(session({ memberships: [member(ORG)] }));
    expect(it.work.stored.map((stored) => stored.pack.org)).toEqual([ORG]);
  });

  test('a good credential is kept, and a pack that has not changed is not fetched', async () => {
    const it = await office();
    await it.prepare();
    it.calls.length = 0;
    expect(await it.prepare()).toEqual({ ok: true });
    expect(it.calls).toEqual(['keys', `pack ${ORG} "1"`]);
    expect(it.work.stored).toHaveLength(1);
    it.newPack();
    expect(await it.prepare()).toEqual({ ok: true });
    expect(it.work.stored).toMatchObject([{ etag: '"2"' }]);
  });

  test.each([
    ['another person', session({ operator: 'bert' }), 0],
    [
      'another role',
      session({ memberships: [{ org: ORG, title: 'Acme', role: 'approver', training: false }] }),
      0,
    ],
    ['little time left', session(), 23 * DAY],
  ])('with %s a new key is enrolled', async (_, who, later) => {
    const it = await office();
    await it.prepare();
    it.clock.advance(later);
    it.calls.length = 0;
    await it.prepare(who);
    expect(it.calls.slice(0, 2)).toEqual(['challenge', 'enrol']);
    expect(it.made).toHaveLength(2);
  });

  test('eight days left are enough', async () => {
    const it = await office();
    await it.prepare();
    it.clock.advance(22 * DAY);
    await it.prepare();
    expect(it.made).toHaveLength(1);
  });

  test('a new enrolment follows rotated statement keys from the pin, and pins nothing else', async () => {
    const it = await office();
    await it.prepare();
    await it.statements.rotate();
    it.clock.advance(25 * DAY);
    expect(await it.prepare()).toEqual({ ok: true });
    expect(it.work.keys).toEqual(it.statements.known());
    const stranger = await office();
    it.clock.advance(25 * DAY);
    const { enrol } = stranger.backend;
    const hijacked: AccountBackend['enrol'] = async (proof) => {
      stranger.made.push(...it.made.slice(-1));
      return enrol(proof);
    };
    expect(await it.prepare(session(), { enrol: hijacked })).toEqual(NOT_OURS);
    expect(it.work.keys).toEqual(it.statements.known());
    expect(it.saved).toHaveLength(2);
  });
});

describe('after the backend was put back to an older copy', () => {
  const needed = { kind: 'refused', code: 'confirmation_needed', detail: '' } as const;
  const unconfirmed: Partial<AccountBackend> = { enrol: async () => ({ ok: false, failure: needed }) };

  test('the same key is enrolled again where the backend does not know it', async () => {
    const it = await office();
    await it.prepare();
    const [key] = it.made;
    expect(await it.prepare(session(), {}, { isKeyUnknown: true })).toEqual({ ok: true });
    expect(it.made).toHaveLength(1);
    expect(it.renewed).toMatchObject([{ kid: key?.signer.kid }]);
    const proof = parseJws(it.proofs[1] ?? '');
    expect(proof && key && (await verifyJws(proof, key.spki, crypto))).toBe(true);
  });

  test('another person’s key is never enrolled for whoever signed in', async () => {
    const it = await office({ credential: {} });
    await it.prepare();
    await it.prepare(session({ operator: 'bert' }), {}, { isKeyUnknown: true });
    expect(it.renewed).toEqual([]);
    expect(it.made).toHaveLength(2);
  });

  test('whom nobody has confirmed goes on with the key that is here, and with fresh packs', async () => {
    const it = await office();
    await it.prepare();
    it.newPack();
    const result = await it.prepare(session(), unconfirmed, { isKeyUnknown: true });
    expect(result).toEqual({ ok: false, failure: needed });
    expect(it.work.stored).toMatchObject([{ etag: '"2"' }]);
    expect(it.saved).toHaveLength(1);
    // Without a key there is nothing to go on with.
    const other = await office();
    expect(await other.prepare(session(), unconfirmed)).toEqual({ ok: false, failure: needed });
    expect(other.work.stored).toEqual([]);
  });

  test('what the packs here say is told before others take their place, and never without', async () => {
    const it = await office();
    let told = 0;
    const beforePacks = async () => {
      told += 1;
      expect(it.work.stored.map(({ etag }) => etag)).toEqual(['"1"']);
      return undefined;
    };
    // A phone that is new to the backend has nothing to tell.
    await it.prepare(session(), {}, { beforePacks });
    expect(told).toBe(0);
    it.newPack();
    const failure = { kind: 'unreachable' } as const;
    const failed = await it.prepare(session(), {}, { beforePacks: async () => failure });
    expect(failed).toEqual({ ok: false, failure });
    expect(it.work.stored).toMatchObject([{ etag: '"1"' }]);
    expect(await it.prepare(session(), {}, { beforePacks })).toEqual({ ok: true });
    expect(told).toBe(1);
    expect(it.work.stored).toMatchObject([{ etag: '"2"' }]);
  });
});

describe('an anchor that comes with a pack', () => {
  const withAnchor = async (it: Awaited<ReturnType<typeof office>>, anchor: string) => {
    const workPackOf: AccountBackend['workPack'] = async (org, etag) => {
      const answer = await it.backend.workPack(org, etag);
      return answer.ok && answer.value !== 'unchanged'
        ? { ok: true, value: { ...answer.value, anchor } }
        : answer;
    };
    await it.prepare(session(), { workPack: workPackOf });
    return it.work.newestStatement();
  };
  const at = '2026-01-01T00:00:00.000Z';

  test('is what records name, and not the pack, which cannot be shown once there is another', async () => {
    const it = await office();
    const jws = await it.statements.sign('anchor+jws', { aud: AUD, at });
    expect(await withAnchor(it, jws)).toEqual({ digest: await digestOfJws(jws), jws });
    expect(it.work.stored).toHaveLength(1);
  });

  test.each([
    ['a stranger', async () => (await TestStatements.create()).sign('anchor+jws', { aud: AUD, at })],
    [
      'another installation',
      async (it: TestStatements) => it.sign('anchor+jws', { aud: 'elsewhere.example', at }),
    ],
    ['another kind', async (it: TestStatements) => it.sign('credential+jws', { aud: AUD, at })],
    ['another shape', async (it: TestStatements) => it.sign('anchor+jws', { aud: AUD })],
  ])('by or for %s is none', async (_, sign) => {
    const it = await office();
    const newest = await withAnchor(it, await sign(it.statements));
    expect(newest).toEqual({ digest: it.work.stored[0]?.digest });
  });
});

describe('an enrolment that is not believed leaves nothing behind', () => {
  test.each([
    ['for another key', { kid: digest(9) }],
    ['for another installation', { aud: 'elsewhere.example' }],
    ['of another shape', { maxOfflineSeconds: 1 }],
  ])('a credential %s', async (_, change) => {
    const it = await office({ credential: change });
    expect(await it.prepare()).toEqual(NOT_OURS);
    expect(it.saved).toEqual([]);
    expect(it.work.keys.size).toBe(0);
    expect(it.work.stored).toEqual([]);
  });

  test('a credential by a key that no chain leads to', async () => {
    const it = await office();
    const stranger = await TestStatements.create();
    const enrol: AccountBackend['enrol'] = async (proof) => {
      const answer = await it.backend.enrol(proof);
      return answer.ok ? { ok: true, value: { ...answer.value, statementKeys: stranger.chain } } : answer;
    };
    expect(await it.prepare(session(), { enrol })).toEqual(NOT_OURS);
    expect(it.work.keys.size).toBe(0);
  });

  test.each(['enrolChallenge', 'enrol', 'workPack'] as const)('no answer to %s', async (call) => {
    const it = await office();
    const failure = { ok: false, failure: { kind: 'unreachable' } } as const satisfies BackendResult<never>;
    expect(await it.prepare(session(), { [call]: async () => failure })).toEqual(failure);
    expect(it.work.stored).toEqual([]);
    // What was enrolled before the pack failed stays enrolled.
    expect(it.saved).toHaveLength(call === 'workPack' ? 1 : 0);
  });
});

describe('a pack that is not believed leaves the one held', () => {
  test.each([
    ['for another installation', { aud: 'elsewhere.example' }],
    ['of another organisation', { org: 'other-org' }],
    ['of another shape', { salt: 'short' }],
  ])('%s', async (_, pack) => {
    const it = await office({ pack });
    const old = { pack: workPack(), digest: digest(1), etag: '"0"' };
    it.work.stored.push(old);
    expect(await it.prepare()).toEqual(NOT_OURS);
    expect(it.work.stored).toEqual([old]);
  });

  test('signed by a stranger, or as another kind of statement', async () => {
    const it = await office();
    await it.prepare();
    it.newPack();
    const stranger = await TestStatements.create();
    for (const jws of [
      await stranger.sign('pack+jws', workPack()),
      await it.statements.sign('credential+jws', workPack()),
    ]) {
      const forged: AccountBackend['workPack'] = async () => ({ ok: true, value: { jws, etag: '"9"' } });
      expect(await it.prepare(session(), { workPack: forged })).toEqual(NOT_OURS);
    }
    expect(it.work.stored).toMatchObject([{ etag: '"1"' }]);
  });
});

describe('the list', () => {
  const part = (n: number, more: boolean, after = '') => ({
    ...NO_CHANGES,
    ...{ after, to: `${'l'.repeat(16)}.${n}.3`, more },
  });

  test('comes piece by piece, each after the one before, and is whole with the last', async () => {
    const it = await office();
    const wholeAt: (boolean | undefined)[] = [];
    let n = 0;
    await it.prepare(session(), {
      async listChanges(org, held) {
        wholeAt.push(it.work.lists.get(org)?.whole);
        it.asked.push(held?.cursor);
        n++;
        const said = { aud: AUD, org, ...part(n, n < 3, held?.cursor) };
        return {
          ok: true,
          value: { list: await it.statements.sign('list+jws', said), digests: '', etag: `"${said.to}"` },
        };
      },
    });
    expect(it.asked).toEqual([undefined, part(1, true).to, part(2, true).to]);
    expect(wholeAt).toEqual([undefined, false, false]);
    expect(it.work.lists.get(ORG)?.whole).toBe(true);
  });

  test('that breaks off is cut, goes on where it was, and leaves the pack as it is', async () => {
    const it = await office();
    const broken: AccountBackend['listChanges'] = async (org, held) => {
      if (held !== null) return { ok: false, failure: { kind: 'unreachable' } };
      const list = await it.statements.sign('list+jws', { aud: AUD, org, ...part(1, true) });
      return { ok: true, value: { list, digests: '', etag: '"1"' } };
    };
    expect(await it.prepare(session(), { listChanges: broken })).toMatchObject({ ok: false });
    expect(it.work.lists.get(ORG)?.whole).toBe(false);
    expect(it.work.stored).toEqual([]);
    await it.prepare();
    expect(it.work.lists.get(ORG)?.whole).toBe(true);
    expect(it.work.stored).toHaveLength(1);
  });

  test('is asked for by what is here, and not taken again while nothing changed', async () => {
    const it = await office();
    await it.prepare();
    const held: unknown[] = [];
    const before = it.work.lists.get(ORG);
    await it.prepare(session(), {
      async listChanges(_, known) {
        held.push(known?.cursor);
        return { ok: true, value: 'unchanged' };
      },
    });
    expect(held).toEqual([NO_CHANGES.to]);
    expect(it.work.lists.get(ORG)).toBe(before);
  });

  const other = async (
    say: Partial<ListChanges>,
    digests = '',
    typ: 'list+jws' | 'pack+jws' = 'list+jws',
  ) => {
    const it = await office();
    const result = await it.prepare(session(), {
      async listChanges(org) {
        const said = { aud: AUD, org, ...part(1, false), ...say };
        return { ok: true, value: { list: await it.statements.sign(typ, said), digests, etag: '"1"' } };
      },
    });
    return { result, lists: it.work.lists.size };
  };

  test.each<[string, Partial<ListChanges>, string?, 'pack+jws'?]>([
    ['of another installation', { aud: 'elsewhere.example' }],
    ['of another organisation', { org: 'somebody' }],
    ['that begins where this phone is not', { after: `${'l'.repeat(16)}.7.7` }],
    ['with other digests than were signed', {}, 'A'.repeat(16)],
    ['with digests that are none', {}, '****'],
    ['that was signed as something else', {}, '', 'pack+jws'],
    ['that does not fit', { salt: 'short' }],
  ])('%s changes nothing', async (_, say, digests, typ) => {
    expect(await other(say, digests, typ)).toEqual({ result: NOT_OURS, lists: 0 });
  });

  test('by a key that nobody vouched for changes nothing', async () => {
    const [it, stranger] = [await office(), await TestStatements.create()];
    const result = await it.prepare(session(), {
      async listChanges(org) {
        const list = await stranger.sign('list+jws', { aud: AUD, org, ...part(1, false) });
        return { ok: true, value: { list, digests: '', etag: '"1"' } };
      },
    });
    expect([result, it.work.lists.size]).toEqual([NOT_OURS, 0]);
  });
});
