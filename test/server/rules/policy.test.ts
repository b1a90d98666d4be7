import { webcrypto } from 'node:crypto';
import { encode } from 'cborg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { concat, toBase64Url } from '../../../core/bytes.ts';
import { judgePolicy, policyFor, profileOf } from '../../../server/authority/ra/binding/policy.ts';
import { parseSubject, subjectFor } from '../../../server/authority/ra/binding/subject-template.ts';
import { judgeAttestation } from '../../../server/authority/ra/records/judge-attestation.ts';
import { takeGroup } from '../../../server/authority/ra/records/take-group.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import {
  bindingWith,
  day,
  type Facts,
  facts,
  judgeReads,
  NORTH,
  NORTH_DOMAIN,
  received,
  ruledBy,
  SOUTH,
} from '../../support/judge-reads.ts';
import { listRow, recordId } from '../../support/records.ts';
import { makeDevice, registrationOf, type TestDevice } from '../../support/server-device.ts';

let there: Facts;
let device: TestDevice;
beforeAll(async () => {
  device = await makeDevice();
});
beforeEach(() => {
  there = facts();
});

const NAMES = { udid: 'acme-1', domain: NORTH_DOMAIN, org: NORTH };
const ABOUT = { udid: 'acme-1' };

describe('the policy of a domain', () => {
  it('is the organisation’s, overridden field by field', async () => {
    ruledBy(there, { approval: 'always', validityDays: 30 });
    ruledBy(there, { validityDays: 10 }, NORTH_DOMAIN);
    ruledBy(there, { validityDays: 5 }, 'b.northfield.example');
    ruledBy(there, { validityDays: 1 }, null, SOUTH);
    expect(await policyFor(NAMES, judgeReads(there))).toEqual({ approval: 'always', validityDays: 10 });
    expect(await policyFor({ ...NAMES, org: 'nobody' }, judgeReads(there))).toEqual({});
  });

  it('changes in a certificate only what it names', () => {
    expect(profileOf({}, NAMES)).toEqual({});
    expect(profileOf({ validityDays: 1 }, NAMES)).toEqual({ lifetime: 86_400_000 });
    expect(profileOf({ subject: 'CN=<udid>' }, NAMES)).toEqual({
      subject: [{ attribute: 'CN', value: 'acme-1' }],
    });
  });
});

describe('a device under a policy', () => {
  const judged = async (changes: Partial<Parameters<typeof judgePolicy>[0]> = {}) => {
    const asked = {
      ...NAMES,
      row: listRow({ model: 'm-1' }),
      spki: device.spki,
      fresh: false,
      approved: false,
    };
    const verdict = await judgePolicy({ ...asked, adds: true, ...changes }, ABOUT, judgeReads(there));
    if (verdict.kind === 'free') return 'free';
    return 'code' in verdict.ruling ? verdict.ruling.code : verdict.ruling.outcome;
  };

  it('is free where there is none', async () => {
    expect(await judged()).toBe('free');
  });

  it('must be of an allowed model, by its row', async () => {
    ruledBy(there, { models: ['m-1', 'm-2'] });
    expect(await judged()).toBe('free');
    expect(await judged({ row: listRow({ model: 'm-3' }) })).toBe('model_not_allowed');
    expect(await judged({ row: listRow() })).toBe('model_not_allowed');
    expect(await judged({ row: undefined, approved: true })).toBe('model_not_allowed');
  });

  it('is held for possession before approval, and neither once a person has looked', async () => {
    ruledBy(there, { possession: 'hold', approval: 'always' });
    expect(await judged()).toBe('possession_needed');
    expect(await judged({ fresh: true })).toBe('approval_needed');
    expect(await judged({ approved: true })).toBe('free');
    ruledBy(there, { possession: 'bind', approval: 'never' }, NORTH_DOMAIN);
    expect(await judged()).toBe('free');
  });

  it('needs a place in its domain and in its organisation, each by its own quota', async () => {
    ruledBy(there, { quota: 3 });
    ruledBy(there, { quota: 1 }, NORTH_DOMAIN);
    ruledBy(there, { quota: 0 }, 'b.northfield.example');
    expect(await judged()).toBe('free');
    there.bindings.push(bindingWith({ id: 'b0', endedAt: day(0) }), bindingWith({ id: 'b1' }));
    expect(await judged()).toBe('quota_reached');
    expect(await judged({ domain: 'b.northfield.example' })).toBe('quota_reached');
    expect(await judged({ domain: 'c.northfield.example' })).toBe('free');
    for (const id of ['b2', 'b3']) there.bindings.push(bindingWith({ id, domain: 'c.northfield.example' }));
    expect(await judged({ domain: 'c.northfield.example' })).toBe('quota_reached');
    expect(await judged({ adds: false })).toBe('free');
  });

  it('takes no place unless nothing else is in its way', async () => {
    ruledBy(there, { quota: 5, approval: 'always' });
    const asked: (string | null)[] = [];
    const quotas = {
      takePlace: async (_: string, domain: string | null) => {
        asked.push(domain);
        return true;
      },
    };
    const facts = { ...NAMES, row: undefined, spki: device.spki, fresh: true, adds: true };
    await judgePolicy({ ...facts, approved: false }, ABOUT, { ...judgeReads(there), quotas });
    expect(asked).toEqual([]);
    await judgePolicy({ ...facts, approved: true }, ABOUT, { ...judgeReads(there), quotas });
    expect(asked).toEqual([null]);
  });
});

describe('a subject template', () => {
  it.each([
    ['CN=<udid>', ['CN=acme-1']],
    ['CN=<udid>,O=<domain>', ['CN=acme-1', `O=${NORTH_DOMAIN}`]],
    ['OU=<org>, O=Northfield Works 2.0, CN=<udid>', [`OU=${NORTH}`, 'O=Northfield Works 2.0', 'CN=acme-1']],
  ])('fills %s', (template, parts) => {
    expect(subjectFor(template, NAMES)?.map(({ attribute, value }) => `${attribute}=${value}`)).toEqual(
      parts,
    );
  });

  it.each([
    ['without a common name', 'O=<domain>'],
    ['with a common name that is not the UDID', 'CN=<domain>'],
    ['with a common name that is a word', 'CN=device'],
    ['with the UDID elsewhere', 'CN=<udid>,O=<udid>'],
    ['with an attribute twice', 'CN=<udid>,CN=<udid>'],
    ['with an attribute that is none of ours', 'CN=<udid>,L=Hall'],
    ['with a name that is none of ours', 'CN=<udid>,O=<site>'],
    ['with an empty value', 'CN=<udid>,O='],
    ['with more than 64 characters', `CN=<udid>,O=${'x'.repeat(65)}`],
    ['with what DN syntax would take apart', 'CN=<udid>,O=a+b'],
    ['with nothing', ''],
  ])('is refused %s', (_, template) => {
    expect(parseSubject(template)).toBeUndefined();
  });

  it('may have 64 characters in a value', () => {
    expect(parseSubject(`CN=<udid>,O=${'x'.repeat(64)}`)).toHaveLength(2);
    expect(subjectFor(undefined, NAMES)).toBeUndefined();
  });
});

describe('records that are decided together', () => {
  const of = (n: number, udid: string | null, publicKey?: string, binding: string | null = null) => ({
    ...received({ id: recordId(n), udid: udid ?? '' }, { binding, udid }),
    payload: publicKey === undefined ? {} : { device: { publicKey } },
  });
  const group = (records: ReturnType<typeof of>[], blocked: string[] = []) =>
    takeGroup(records, new Set(blocked)).map(({ id }) => Number.parseInt(id.slice(-4), 16));

  it('are the first of each device and of each key', () => {
    expect(
      group([of(1, 'a', 'x'), of(2, 'a', 'y'), of(3, 'b', 'x'), of(4, 'c', 'z'), of(5, null), of(6, null)]),
    ).toEqual([1, 4, 5, 6]);
  });

  it('are none of a device that waits, or whose issuing was begun before', () => {
    expect(group([of(1, 'a'), of(2, 'b', 'x', 'b1'), of(3, 'b'), of(4, 'c', 'x')], ['a'])).toEqual([4]);
  });

  it('pass over the device of a key that is taken, so that its own records stay in order', () => {
    expect(group([of(1, 'a', 'x'), of(2, 'b', 'x'), of(3, 'b', 'y')])).toEqual([1]);
  });

  it('are 256 at most', () => {
    const many = Array.from({ length: 300 }, (_, n) => of(n, `d-${n}`));
    expect(group(many)).toHaveLength(256);
  });
});

describe('an attestation of the device, by a key of the row', () => {
  const UUID = '50503041-3633-4261-803d-1e2b8f70111a';
  const NAME = `uuid-${UUID}`;
  let keys: CryptoKeyPair;
  let vouching: string;
  beforeAll(async () => {
    const es256 = { name: 'ECDSA', namedCurve: 'P-256' };
    keys = (await webcrypto.subtle.generateKey(es256, true, ['sign', 'verify'])) as CryptoKeyPair;
    vouching = toBase64Url(new Uint8Array(await webcrypto.subtle.exportKey('spki', keys.publicKey)));
  });

  /** As the modem writes it, by a CBOR writer that is not ours; RFC 9052 section 4.4 says what is signed. */
  async function attested(about: number, subject: Uint8Array, uuid = UUID): Promise<string> {
    const bytes = new Uint8Array(Buffer.from(uuid.replaceAll('-', ''), 'hex'));
    const digest = await nodeCrypto.sha256(subject);
    const payload = encode([about, bytes, encode(17), digest, new Uint8Array(16)]);
    const header = encode(new Map([[1, -7]]));
    const signed = encode(['Signature1', header, new Uint8Array(), payload]);
    const use = { name: 'ECDSA', hash: 'SHA-256' };
    const signature = new Uint8Array(
      await webcrypto.subtle.sign(use, keys.privateKey, Uint8Array.from(signed)),
    );
    const whole = encode([header, new Map(), payload, signature]);
    return `${toBase64Url(device.csr)}.${toBase64Url(concat(whole))}`;
  }
  const judged = (
    texts: readonly string[],
    by = [vouching],
    names = [NAME],
    csr = toBase64Url(device.csr),
  ) => {
    const attestations = texts.map((text) => ({ kind: 'nordic-keygen', text }) as const);
    const registration = registrationOf(device, NORTH_DOMAIN, { device: { attestations, csr } });
    return judgeAttestation(registration, by, names, nodeCrypto);
  };

  it('vouches for the key, or for a request that holds it', async () => {
    expect(await judged([await attested(8, device.spki)])).toBe('vouched');
    expect(await judged([await attested(9, device.csr)])).toBe('vouched');
    const other = (await makeDevice()).spki;
    expect(await judged([await attested(8, other), await attested(9, device.csr)])).toBe('vouched');
  });

  it('is missing where none of its kind was given', async () => {
    expect(await judged([])).toBe('missing');
  });

  it('is wrong by another key, for another name, or of another subject', async () => {
    const stranger = await makeDevice();
    const right = await attested(9, device.csr);
    expect(await judged([right], [toBase64Url(stranger.spki)])).toBe('wrong');
    expect(await judged([right], [toBase64Url(stranger.spki), vouching])).toBe('vouched');
    expect(await judged([right], [vouching], ['uuid-00000000-0000-4000-8000-000000000001'])).toBe('wrong');
    expect(await judged([await attested(8, stranger.spki)])).toBe('wrong');
    expect(await judged([await attested(7, device.spki)])).toBe('wrong');
    // A request that it did sign, but for a key that is not to be bound.
    const foreign = await attested(9, stranger.csr);
    expect(await judged([foreign], [vouching], [NAME], toBase64Url(stranger.csr))).toBe('wrong');
    expect(await judged([await attested(9, Uint8Array.of(1))], [vouching], [NAME], 'AQ')).toBe('wrong');
  });

  it.each(['', 'AAAA', 'AAAA.', 'AAAA.AAAA', '.!', 'AAAA.gw'])(
    'is wrong where it cannot be read: %j',
    async (text) => {
      expect(await judged([text])).toBe('wrong');
    },
  );
});
