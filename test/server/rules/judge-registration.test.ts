// All rulings of one function stand here beside each other, since their order of precedence is what is tested: so it is long.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Registration } from '../../../contract/registration.ts';
import { toBase64Url, toHex } from '../../../core/bytes.ts';
import { challengeOf } from '../../../core/possession.ts';
import type { Ruling } from '../../../server/authority/ra/binding/ruling.ts';
import { judgeRegistration } from '../../../server/authority/ra/records/judge-registration.ts';
import type { StoredRecord } from '../../../server/ports/records.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import {
  bindingWith,
  bury,
  certificateWith,
  day,
  type Facts,
  FIRST,
  facts,
  judgeReads,
  lineageWith,
  listed,
  NORTH,
  NORTH_DOMAIN,
  received,
  ruledBy,
  SCHOOL,
  SCHOOL_DOMAIN,
  SCHOOL_SCOPE,
  SECOND,
  SOUTH,
  SOUTH_DOMAIN,
} from '../../support/judge-reads.ts';
import {
  A_DIGEST,
  makeDevice,
  registrationOf,
  type TestDevice,
  type WantedDevice,
} from '../../support/server-device.ts';

type Said = Parameters<typeof registrationOf>[2];
interface Asked {
  readonly approved?: boolean;
  readonly org?: string;
  readonly domain?: string;
  readonly author?: string;
  readonly record?: Partial<Pick<StoredRecord, 'receivedAt' | 'capturedAt'>>;
}

/** Digest of a work pack. */
const PACK = `B${A_DIGEST.slice(1)}`;

let there: Facts;
let device: TestDevice;
beforeEach(async () => {
  there = facts();
  device = await makeDevice();
});

/** How the rules judge a registration of the device that says this. */
function judged(said: Said = {}, asked: Asked = {}, of = device): Promise<Ruling> {
  const { approved = false, org = NORTH, domain = NORTH_DOMAIN, author = 'ines', record } = asked;
  const registration = registrationOf(of, domain, { id: FIRST, capturedAt: day(0), ...said });
  const record_ = received(registration, { author, header: { org }, ...record });
  return judgeRegistration(record_, approved, judgeReads(there), nodeCrypto);
}

const digestOf = ({ spki }: TestDevice) => nodeCrypto.digest(spki);

/** The device as it is bound already, by its own key. */
async function bound(changes: Parameters<typeof bindingWith>[0] = {}) {
  const { maker, udid } = device;
  const binding = bindingWith({ maker, udid, keyDigest: await digestOf(device), ...changes });
  there.bindings.push(binding);
  return binding;
}

describe('who may bind where', () => {
  it.each<[string, string, Said, Asked]>([
    ['a name that is no UDID', 'udid_invalid', { udid: 'mqtt' }, {}],
    ['a domain that nobody has', 'domain_unknown', { domain: 'b.northfield.example' }, {}],
    ['another organisation’s domain', 'domain_not_entitled', {}, { domain: SOUTH_DOMAIN }],
    ['somebody who is no member', 'domain_not_entitled', {}, { author: 'otto' }],
    [
      'a member of another organisation only',
      'domain_not_entitled',
      {},
      { org: SOUTH, domain: SOUTH_DOMAIN },
    ],
    ['an organisation that is not there', 'domain_not_entitled', {}, { org: 'nobody' }],
    ['a simulated device in a real organisation', 'simulated_device', { device: { link: 'simulated' } }, {}],
  ])('refuses %s, approved or not', async (_, code, said, asked) => {
    listed(there, device);
    for (const approved of [false, true])
      expect(await judged(said, { ...asked, approved })).toMatchObject({ outcome: 'refused', code });
  });

  it('asks for the name first, then for the domain, then for the right to it', async () => {
    const simulated = { device: { link: 'simulated' } } as const;
    const nowhere = { ...simulated, domain: 'b.northfield.example' };
    expect(await judged({ ...nowhere, udid: 'mqtt' })).toMatchObject({ code: 'udid_invalid' });
    expect(await judged(nowhere, { author: 'otto' })).toMatchObject({ code: 'domain_unknown' });
    expect(await judged(simulated, { author: 'otto' })).toMatchObject({ code: 'domain_not_entitled' });
  });

  it('names the device as the record does, before it is known what the list says', async () => {
    const { maker, udid } = device;
    expect(await judged({}, { author: 'otto' })).toMatchObject({
      about: { maker, udid, domain: NORTH_DOMAIN },
    });
  });

  it('lets a training organisation practise on a simulated device, in its own scope', async () => {
    listed(there, device, {}, SCHOOL_SCOPE);
    const said = { device: { link: 'simulated' } } as const;
    expect(await judged(said, { org: SCHOOL, domain: SCHOOL_DOMAIN })).toMatchObject({
      outcome: 'bind',
      binding: { scope: SCHOOL_SCOPE, org: SCHOOL },
    });
  });

  it('finds no real row for practice and no practice row for a real device', async () => {
    listed(there, device);
    expect(await judged({}, { org: SCHOOL, domain: SCHOOL_DOMAIN })).toMatchObject({
      code: 'unknown_device',
    });
    there.list.length = 0;
    listed(there, device, {}, SCHOOL_SCOPE);
    expect(await judged()).toMatchObject({ code: 'unknown_device' });
  });
});

describe('a device that is on the list with its key', () => {
  it('is bound, unproven, with everything that the record and the list say', async () => {
    listed(there, device);
    const { maker, udid, spki } = device;
    const place = { photos: [], site: 'hall-3' };
    expect(await judged({ place })).toEqual({
      outcome: 'bind',
      about: { maker, udid, domain: NORTH_DOMAIN },
      binding: {
        scope: 'real',
        org: NORTH,
        domain: NORTH_DOMAIN,
        site: 'hall-3',
        maker,
        udid,
        keyDigest: await digestOf(device),
        registration: FIRST,
        state: 'issuing',
        unproven: true,
        firstUse: false,
        endedAt: null,
      },
      spki,
      profile: {},
      displaces: [],
      drops: undefined,
      renamed: false,
    });
  });

  it('is found by its key where the phone could not tell the maker', async () => {
    listed(there, device);
    const { maker: _, ...rest } = registrationOf(device, NORTH_DOMAIN, { id: FIRST });
    const ruling = await judgeRegistration(received(rest), false, judgeReads(there), nodeCrypto);
    expect(ruling).toMatchObject({ outcome: 'bind', binding: { maker: 'acme' }, about: { maker: 'acme' } });
  });

  it('throws for a payload that no longer fits its schema, so that the record stays undecided', async () => {
    const broken = received({ id: FIRST, udid: device.udid });
    await expect(judgeRegistration(broken, false, judgeReads(there), nodeCrypto)).rejects.toThrow('schema');
  });

  it('gets the lifetime and the subject of the policy', async () => {
    listed(there, device);
    ruledBy(there, { validityDays: 30, subject: 'CN=<udid>,O=<org>' });
    expect(await judged()).toMatchObject({
      outcome: 'bind',
      profile: {
        lifetime: 30 * 24 * 3_600_000,
        subject: [
          { attribute: 'CN', value: device.udid },
          { attribute: 'O', value: NORTH },
        ],
      },
    });
  });
});

describe('a device that is on another organisation’s list', () => {
  const south = { org: SOUTH };

  it('waits for that one’s people, approved or not, with a static proof or a fresh one', async () => {
    listed(there, device, {}, 'real', south);
    const challenge = { pack: PACK, nonce: A_DIGEST };
    there.statements.set(PACK, day(-1));
    const value = await challengeOf({ ...challenge, record: FIRST }, nodeCrypto);
    const unit = toHex(value ?? new Uint8Array());
    const { csr } = await makeDevice({ keys: device.keys, udid: device.udid, unit });
    const fresh = { device: { csr: toBase64Url(csr), possession: 'fresh', challenge } } as const;
    const { maker, udid } = device;
    const effect = { kind: 'row_claim', owner: SOUTH, scope: 'real', maker, udid };
    for (const said of [{}, fresh, { asFound: true }])
      for (const approved of [false, true])
        expect(await judged(said, { approved })).toMatchObject({
          outcome: 'held',
          code: 'transfer_case',
          effect,
        });
  });

  it('is refused where its key contradicts that row, or another check failed that was not submitted as found', async () => {
    listed(there, device, {}, 'real', south);
    const fake = await makeDevice({ udid: device.udid });
    for (const approved of [false, true])
      for (const asFound of [false, true])
        expect(await judged({ asFound }, { approved }, fake)).toMatchObject({
          outcome: 'refused',
          code: 'key_mismatch',
        });
    const renamed = await makeDevice({ keys: device.keys });
    for (const approved of [false, true])
      expect(await judged({}, { approved }, renamed)).toMatchObject({ outcome: 'refused' });
  });

  it('is renewed where it has been bound since before rows were anybody’s', async () => {
    listed(there, device, {}, 'real', south);
    await bound();
    there.certificates.push(certificateWith());
    expect(await judged()).toMatchObject({ outcome: 'same' });
  });
});

describe('possession of the key', () => {
  const challenge = { pack: PACK, nonce: A_DIGEST };

  /** The device with our challenge in its request. */
  async function asked(id: string): Promise<Said> {
    const value = await challengeOf({ ...challenge, record: id }, nodeCrypto);
    const unit = toHex(value ?? new Uint8Array());
    const answered = await makeDevice({ keys: device.keys, udid: device.udid, unit });
    return { device: { csr: toBase64Url(answered.csr), possession: 'fresh', challenge } };
  }

  beforeEach(() => {
    listed(there, device);
    there.statements.set(PACK, day(-10));
  });

  it('is proven by our challenge in the request', async () => {
    expect(await judged(await asked(FIRST))).toMatchObject({ outcome: 'bind', binding: { unproven: false } });
  });

  it('is not proven by a challenge for another record', async () => {
    expect(await judged(await asked(SECOND))).toMatchObject({ outcome: 'refused', code: 'proof_wrong' });
  });

  it.each([
    ['of a pack that we never made', undefined],
    ['of a pack that was more than fifteen days old', day(-15.001)],
  ])('stays unproven by a challenge %s', async (_, issuedAt) => {
    there.statements.delete(PACK);
    if (issuedAt !== undefined) there.statements.set(PACK, issuedAt);
    expect(await judged(await asked(FIRST))).toMatchObject({ outcome: 'bind', binding: { unproven: true } });
  });

  it('is proven by a pack of fifteen days, and not claimed by the word of the phone', async () => {
    there.statements.set(PACK, day(-15));
    expect(await judged(await asked(FIRST))).toMatchObject({ binding: { unproven: false } });
    expect(await judged({ device: { possession: 'fresh' } })).toMatchObject({ binding: { unproven: true } });
  });
});

/** How a device fails each check, and whether an approval may pass over that. */
interface Failing {
  readonly code: string;
  readonly fatal: boolean;
  readonly make?: WantedDevice;
  say?(of: TestDevice): Said | Promise<Said>;
  know?(of: TestDevice): void | Promise<void>;
}

const onList = (of: TestDevice) => {
  listed(there, of);
};
const FAILING: readonly Failing[] = [
  { code: 'csr_malformed', fatal: true, say: () => ({ device: { csr: 'AAAA' } }) },
  {
    code: 'csr_signature_invalid',
    fatal: true,
    say: ({ csr }) => ({ device: { csr: toBase64Url(csr.with(-1, (csr.at(-1) ?? 0) ^ 1)) } }),
  },
  {
    code: 'csr_key_mismatch',
    fatal: true,
    say: async ({ udid }) => ({ device: { csr: toBase64Url((await makeDevice({ commonName: udid })).csr) } }),
  },
  { code: 'possession_missing', fatal: true, say: () => ({ device: { csr: '' } }) },
  { code: 'key_weak', fatal: true, make: { algorithm: 'RSA-1024' } },
  { code: 'tombstoned', fatal: true, know: async ({ udid }) => bury(there, { udid }) },
  {
    code: 'label_key_mismatch',
    fatal: false,
    say: async ({ udid }) => {
      const publicKey = toBase64Url((await makeDevice()).spki);
      return { label: { how: 'typed', kind: 'text', text: udid, aliases: [], publicKey } };
    },
  },
  {
    code: 'identity_mismatch',
    fatal: false,
    make: { udid: 'mac-02000000aa01' },
    say: () => ({ device: { aliases: ['mac-02000000aa02'] } }),
  },
  { code: 'csr_subject_mismatch', fatal: false, make: { commonName: 'acme-another' } },
];

describe('a failed check', () => {
  it.each(FAILING)(
    '$code: refuses, holds what is submitted as found, lets approval pass: $fatal',
    async (row) => {
      const failing = await makeDevice(row.make);
      onList(failing);
      await row.know?.(failing);
      const said: Said = (await row.say?.(failing)) ?? {};
      const { code, fatal } = row;
      expect(await judged(said, {}, failing)).toMatchObject({ outcome: 'refused', code });
      const found = await judged({ ...said, asFound: true }, {}, failing);
      // A tombstone is no matter of how the device was found.
      expect(found).toMatchObject(
        code === 'tombstoned'
          ? { outcome: 'refused', code }
          : { outcome: 'held', code: 'submitted_as_found', detail: `failed: ${code}` },
      );
      const approved = await judged({ ...said, asFound: true }, { approved: true }, failing);
      expect(approved).toMatchObject(fatal ? { outcome: 'refused', code } : { outcome: 'bind' });
    },
  );

  it('believes a driver that the subject says nothing, of two drivers only', async () => {
    const silent = await makeDevice({ commonName: 'nothing' });
    onList(silent);
    const saying = (driver: string) => ({ device: { subjectSaysNothing: true, driver } });
    expect(await judged(saying('smp-files'), {}, silent)).toMatchObject({ outcome: 'bind' });
    expect(await judged(saying('esp-claim'), {}, silent)).toMatchObject({ code: 'csr_subject_mismatch' });
  });

  it('takes an alias of the row as the subject, and none that only the phone reports', async () => {
    const renamed = await makeDevice({ commonName: 'SN 77' });
    const reported = { device: { aliases: ['SN 77'] } };
    onList(renamed);
    expect(await judged(reported, {}, renamed)).toMatchObject({ code: 'csr_subject_mismatch' });
    there.list.length = 0;
    listed(there, renamed, { aliases: ['SN 77'] });
    expect(await judged(reported, {}, renamed)).toMatchObject({ outcome: 'bind' });
  });
});

describe('a tombstone', () => {
  beforeEach(() => onList(device));

  it('is said whatever else is wrong, so that no revoked device comes before a person', async () => {
    await bury(there, { udid: device.udid });
    const malformed = { device: { csr: toBase64Url(Uint8Array.of(1, 2, 3)) } };
    for (const said of [malformed, { ...malformed, asFound: true as const }])
      expect(await judged(said)).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
  });

  it('refuses the UDID, the key, and a name that an earlier maker gave', async () => {
    await bury(there, { spki: device.spki });
    expect(await judged()).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
    there.tombstones.clear();
    await bury(there, { udid: 'forge-9' });
    expect(await judged()).toMatchObject({ outcome: 'bind' });
    there.list.length = 0;
    listed(there, device, { derivedFrom: { maker: 'forge', udid: 'forge-9' } });
    expect(await judged()).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
    expect(await judged({}, { approved: true })).toMatchObject({ code: 'tombstoned' });
  });

  it('stands before a foreign key and before a transfer', async () => {
    await bound({ org: SOUTH, domain: SOUTH_DOMAIN });
    expect(await judged()).toMatchObject({ code: 'transfer_case' });
    there.lineage.push(
      lineageWith({ keyDigest: await digestOf(device), state: 'current', udid: 'acme-other' }),
    );
    expect(await judged()).toMatchObject({ code: 'key_mismatch' });
    await bury(there, { udid: device.udid });
    for (const approved of [false, true])
      expect(await judged({}, { approved })).toMatchObject({ code: 'tombstoned' });
  });

  it('does not stand in the way of another device of the same maker', async () => {
    await bury(there, { udid: `${device.udid}0` });
    expect(await judged()).toMatchObject({ outcome: 'bind' });
  });
});

describe('whose key it is', () => {
  beforeEach(() => onList(device));
  const recorded = async (changes: Partial<ReturnType<typeof lineageWith>>) => {
    const { maker, udid } = device;
    there.lineage.push(lineageWith({ keyDigest: await digestOf(device), maker, udid, ...changes }));
  };

  it('refuses another device’s key, and no approval passes over that', async () => {
    await recorded({ udid: 'acme-other', state: 'current' });
    for (const approved of [false, true])
      expect(await judged({ asFound: true }, { approved })).toMatchObject({
        outcome: 'refused',
        code: 'key_mismatch',
      });
  });

  it('says a fatal fault before that, where a person approved', async () => {
    await recorded({ udid: 'acme-other', state: 'current' });
    const malformed = { device: { csr: 'AAAA' } };
    expect(await judged(malformed)).toMatchObject({ code: 'key_mismatch' });
    expect(await judged(malformed, { approved: true })).toMatchObject({ code: 'csr_malformed' });
  });

  it('refuses a former key, holds it as found, and binds it once a person approves', async () => {
    await recorded({ state: 'former' });
    expect(await judged()).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
    expect(await judged({ asFound: true })).toMatchObject({
      outcome: 'held',
      detail: 'failed: key_mismatch',
    });
    // The row names the key, but the key was replaced: nothing vouches for it any more.
    expect(await judged({}, { approved: true })).toMatchObject({
      outcome: 'bind',
      binding: { firstUse: true },
    });
  });

  it('refuses a row’s other key', async () => {
    there.list.length = 0;
    listed(there, device, { publicKey: toBase64Url((await makeDevice()).spki) });
    expect(await judged()).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
    expect(await judged({}, { approved: true })).toMatchObject({
      outcome: 'bind',
      binding: { firstUse: true },
    });
  });

  it('gives a key that only waits for another device to whoever proves it now', async () => {
    await recorded({ udid: 'acme-other', binding: 'b9' });
    expect(await judged()).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
    there.statements.set(PACK, day(-1));
    const challenge = { pack: PACK, nonce: A_DIGEST };
    const value = await challengeOf({ ...challenge, record: FIRST }, nodeCrypto);
    const { csr } = await makeDevice({
      keys: device.keys,
      udid: device.udid,
      unit: toHex(value ?? new Uint8Array()),
    });
    const fresh = { device: { csr: toBase64Url(csr), possession: 'fresh', challenge } } as const;
    expect(await judged(fresh)).toMatchObject({
      outcome: 'bind',
      drops: { udid: 'acme-other', binding: 'b9' },
    });
  });

  it('lets the device’s next key stand for its first, which list and label go on naming', async () => {
    const next = await makeDevice({ udid: device.udid });
    const { maker, udid } = device;
    const both = { maker, udid, firstUse: false };
    there.lineage.push(
      lineageWith({ ...both, keyDigest: await digestOf(device), state: 'former' }),
      lineageWith({ ...both, keyDigest: await digestOf(next), state: 'current' }),
    );
    const publicKey = toBase64Url(device.spki);
    const label = { how: 'typed' as const, kind: 'text', text: udid, aliases: [], publicKey };
    expect(await judged({ label }, {}, next)).toMatchObject({
      outcome: 'bind',
      binding: { firstUse: false },
    });
    const stranger = await makeDevice({ udid });
    expect(await judged({ label }, {}, stranger)).toMatchObject({ code: 'label_key_mismatch' });
  });
});

describe('what the row vouches for', () => {
  const udidOnly = { outcome: 'held', code: 'udid_only_row' } as const;

  it('holds a row that names the UDID only, and binds it at first use once approved', async () => {
    listed(there, device, { anchor: 'udid-only' });
    const ruling = await judged();
    expect(ruling).toMatchObject(udidOnly);
    expect(ruling).not.toHaveProperty('detail');
    expect(await judged({}, { approved: true })).toMatchObject({
      outcome: 'bind',
      binding: { firstUse: true },
    });
  });

  it('holds a row whose voucher nobody has shown, and says so', async () => {
    listed(there, device, { anchor: 'voucher', voucher: { tpm: A_DIGEST } });
    expect(await judged()).toMatchObject({ ...udidOnly, detail: expect.stringContaining('voucher') });
    there.tpms.push({ ek: A_DIGEST, keyDigest: await digestOf(device) });
    expect(await judged()).toMatchObject({ outcome: 'bind', binding: { firstUse: false } });
  });

  it('refuses a voucher for another key, holds it as found, binds it unanchored once approved', async () => {
    listed(there, device, { anchor: 'voucher', voucher: { key: A_DIGEST } });
    expect(await judged()).toMatchObject({ outcome: 'refused', code: 'voucher_wrong' });
    expect(await judged({ asFound: true })).toMatchObject({
      outcome: 'held',
      code: 'submitted_as_found',
      detail: 'failed: voucher_wrong',
    });
    expect(await judged({}, { approved: true })).toMatchObject({
      outcome: 'bind',
      binding: { firstUse: true },
    });
  });

  it('holds a device of no row only as found, under a maker that nobody has', async () => {
    const { maker: _, ...rest } = registrationOf(device, NORTH_DOMAIN, { id: FIRST });
    const ask = (asFound: boolean, approved: boolean) =>
      judgeRegistration(
        received({ ...rest, asFound } as Registration),
        approved,
        judgeReads(there),
        nodeCrypto,
      );
    expect(await ask(false, false)).toMatchObject({ outcome: 'refused', code: 'unknown_device' });
    expect(await ask(true, false)).toMatchObject({ outcome: 'held', about: { maker: 'unknown' } });
    expect(await ask(true, true)).toMatchObject({
      outcome: 'bind',
      binding: { maker: 'unknown', firstUse: true },
    });
  });

  it('holds a stale row, after an unanchored one and before the policy', async () => {
    ruledBy(there, { models: ['m-1'], approval: 'always' });
    listed(there, device, { stale: true, anchor: 'udid-only' });
    expect(await judged()).toMatchObject(udidOnly);
    there.list.length = 0;
    listed(there, device, { stale: true });
    expect(await judged()).toMatchObject({ outcome: 'held', code: 'row_stale' });
    // The approval passes over the stale row, and not over what the policy refuses.
    expect(await judged({}, { approved: true })).toMatchObject({
      outcome: 'refused',
      code: 'model_not_allowed',
    });
  });
});

describe('who has the device now', () => {
  beforeEach(() => onList(device));

  it('opens a transfer case where another organisation has it, whatever else holds the record', async () => {
    there.list.length = 0;
    listed(there, device, { anchor: 'udid-only', stale: true });
    ruledBy(there, { approval: 'always' });
    await bound({ id: 'b7', org: SOUTH, domain: SOUTH_DOMAIN });
    for (const approved of [false, true])
      expect(await judged({}, { approved })).toMatchObject({
        outcome: 'refused',
        code: 'transfer_case',
        effect: { kind: 'transfer_case', binding: 'b7' },
      });
  });

  it('answers the same registration again with the same binding', async () => {
    const binding = await bound();
    const keyDigest = await digestOf(device);
    expect(await judged()).toMatchObject({ outcome: 'same', binding, keyDigest });
  });

  it('refuses the device where its own organisation has it elsewhere, and says where', async () => {
    there.domains.push({ name: SOUTH_DOMAIN, org: NORTH, title: '' });
    await bound({ domain: 'b.northfield.example', site: 'hall-3' });
    expect(await judged()).toMatchObject({
      outcome: 'refused',
      code: 'taken_same_org',
      detail: 'bound to b.northfield.example, hall-3',
    });
  });

  it('renews the certificate that is due, by the policy as it is now', async () => {
    const binding = await bound();
    there.certificates.push(certificateWith());
    expect(await judged({}, { record: { receivedAt: day(58) } })).toMatchObject({ outcome: 'same' });
    const due = { record: { receivedAt: day(60) } };
    expect(await judged({}, due)).toMatchObject({ outcome: 'renew', binding, drops: undefined });
    ruledBy(there, { validityDays: 10 });
    expect(await judged({}, due)).toMatchObject({ profile: { lifetime: 10 * 24 * 3_600_000 } });
    ruledBy(there, { approval: 'always' }, NORTH_DOMAIN);
    expect(await judged({}, due)).toMatchObject({ outcome: 'held', code: 'approval_needed' });
  });

  it('ends practice on a device that is bound for real, and never the other way round', async () => {
    const practice = await bound({ id: 'b8', scope: SCHOOL_SCOPE, org: SCHOOL, domain: SCHOOL_DOMAIN });
    expect(await judged()).toMatchObject({ outcome: 'bind', displaces: [practice] });
    there.bindings.length = 0;
    await bound();
    listed(there, device, {}, SCHOOL_SCOPE);
    const ruling = await judged({}, { org: SCHOOL, domain: SCHOOL_DOMAIN });
    expect(ruling).toMatchObject({ outcome: 'refused', code: 'transfer_case' });
    expect(ruling).not.toHaveProperty('effect');
  });

  it('says that a device has had other names, under which somebody may be binding it', async () => {
    there.list.length = 0;
    listed(there, device, { derivedFrom: { maker: 'forge', udid: 'forge-9' } });
    expect(await judged()).toMatchObject({ outcome: 'bind', renamed: true });
  });
});

describe('the policy', () => {
  it.each([
    ['a model that is not allowed', 'refused', 'model_not_allowed', { models: ['m-2'] }],
    ['a kind of key that is not allowed', 'refused', 'key_type_not_allowed', { keyTypes: ['P-384'] }],
    ['a request that may be a copy', 'held', 'possession_needed', { possession: 'hold' }],
    ['every device until somebody looks', 'held', 'approval_needed', { approval: 'always' }],
    ['one device too many', 'refused', 'quota_reached', { quota: 0 }],
  ] as const)('has its word about %s: %s', async (_, outcome, code, policy) => {
    listed(there, device, { model: 'm-1' });
    ruledBy(there, policy);
    expect(await judged()).toMatchObject({ outcome, code });
    const approved = await judged({}, { approved: true });
    expect(approved).toMatchObject(outcome === 'held' ? { outcome: 'bind' } : { outcome, code });
  });
});
