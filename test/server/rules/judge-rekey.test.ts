import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseCsr } from '../../../core/csr.ts';
import { fromInstant } from '../../../core/instant.ts';
import { judgeRekey, type RekeyCase } from '../../../server/authority/ra/contact/judge-rekey.ts';
import { nodeCrypto } from '../../../server/x509/node-crypto.ts';
import {
  bindingWith,
  bury,
  day,
  type Facts,
  facts,
  judgeReads,
  lineageWith,
  listed,
  SCHOOL_SCOPE,
} from '../../support/judge-reads.ts';
import { A_DIGEST, makeDevice, type TestDevice } from '../../support/server-device.ts';

let there: Facts;
/** The device with the key that it is bound with, and with the one that it asks for. */
let device: TestDevice;
let next: TestDevice;
let asked: RekeyCase;

beforeAll(async () => {
  device = await makeDevice({ udid: 'acme-1' });
  next = await makeDevice({ udid: 'acme-1' });
});
beforeEach(async () => {
  there = facts();
  asked = {
    binding: bindingWith({ keyDigest: await nodeCrypto.digest(device.spki) }),
    bound: device.spki,
    request: parseCsr(next.csr),
    keyDigest: await nodeCrypto.digest(next.spki),
    policy: { rekey: 'allow' },
    now: fromInstant(day(1)),
  };
});
const judged = (changes: Partial<RekeyCase> = {}) =>
  judgeRekey({ ...asked, ...changes }, judgeReads(there), nodeCrypto);
const requestOf = async (wanted: Parameters<typeof makeDevice>[0]) =>
  parseCsr((await makeDevice({ udid: 'acme-1', ...wanted })).csr);

describe('another key for a bound device', () => {
  it('is allowed where the policy says so, by that word alone', async () => {
    expect(await judged()).toBeUndefined();
    for (const policy of [{}, { rekey: 'refuse' } as const])
      expect(await judged({ policy })).toBe('rekey_not_allowed');
  });

  it('is not for practice, which must not touch a real device’s keys', async () => {
    const binding = { ...asked.binding, scope: SCHOOL_SCOPE };
    expect(await judged({ binding })).toBe('rekey_not_allowed');
  });

  it('is asked for by name: by the UDID, an alias of the row, the bare form', async () => {
    expect(await judged({ request: await requestOf({ commonName: 'SN 77' }) })).toBe('csr_subject_mismatch');
    listed(there, device, { anchor: 'udid-only', aliases: ['SN 77'] });
    expect(await judged({ request: await requestOf({ commonName: 'SN 77' }) })).toBeUndefined();
    const mac = { ...asked.binding, udid: 'mac-02000000aa01' as typeof asked.binding.udid };
    const bare = await requestOf({ commonName: '02000000AA01' });
    expect(await judged({ binding: mac, request: bare })).toBeUndefined();
    expect(await judged({ binding: mac })).toBe('csr_subject_mismatch');
  });

  it('must be strong, and of a kind that the policy takes', async () => {
    expect(await judged({ request: await requestOf({ algorithm: 'RSA-1024' }) })).toBe('key_weak');
    const policy = { rekey: 'allow', keyTypes: ['P-384'] } as const;
    expect(await judged({ policy })).toBe('key_type_not_allowed');
    expect(await judged({ policy, request: await requestOf({ algorithm: 'P-384' }) })).toBeUndefined();
  });

  it.each<[string, () => Promise<void>]>([
    ['the device', () => bury(there, { udid: 'acme-1' })],
    ['the new key', () => bury(there, { spki: next.spki })],
    ['the key that it would leave behind', () => bury(there, { spki: device.spki })],
    [
      'a name that an earlier maker gave',
      async () => {
        listed(there, device, { anchor: 'udid-only', derivedFrom: { maker: 'forge', udid: 'forge-9' } });
        await bury(there, { udid: 'forge-9' });
      },
    ],
  ])('is refused under a tombstone of %s', async (_, revoke) => {
    await revoke();
    expect(await judged()).toBe('tombstoned');
  });

  it('must not be bound, this device’s own bound key among them', async () => {
    there.bindings.push(bindingWith({ udid: 'acme-9', keyDigest: asked.keyDigest }));
    expect(await judged()).toBe('key_taken');
    there.bindings[0] = bindingWith({ udid: 'acme-9', keyDigest: asked.keyDigest, endedAt: day(0) });
    expect(await judged()).toBeUndefined();
  });

  it.each([
    ['its own pending key', { state: 'pending' }, undefined],
    ['a key that was dropped, whoever asked for it', { state: 'dropped', udid: 'acme-9' }, undefined],
    ['its own former key', { state: 'former' }, 'key_taken'],
    ['its own current key', { state: 'current' }, 'key_taken'],
    ['another device’s pending key', { state: 'pending', udid: 'acme-9' }, 'key_taken'],
    ['another maker’s pending key', { state: 'pending', maker: 'forge' }, 'key_taken'],
    ['another device’s former key', { state: 'former', udid: 'acme-9' }, 'key_taken'],
  ] as const)('may be, or not: %s', async (_, changes, refusal) => {
    there.lineage.push(lineageWith({ keyDigest: asked.keyDigest, ...changes }));
    expect(await judged()).toBe(refusal);
  });

  it('may be pending under a name that an earlier maker gave the device', async () => {
    there.lineage.push(lineageWith({ keyDigest: asked.keyDigest, maker: 'forge', udid: 'forge-9' }));
    expect(await judged()).toBe('key_taken');
    listed(there, device, { anchor: 'udid-only', derivedFrom: { maker: 'forge', udid: 'forge-9' } });
    expect(await judged()).toBeUndefined();
  });

  it('must not stand on the list for another device', async () => {
    listed(there, next);
    expect(await judged()).toBeUndefined();
    listed(there, { ...next, udid: 'acme-9' });
    expect(await judged()).toBe('key_taken');
  });

  it('must be vouched for by all that the row vouches by', async () => {
    const row = (voucher: NonNullable<Parameters<typeof listed>[2]>['voucher']) => {
      there.list.length = 0;
      if (voucher !== undefined) listed(there, device, { anchor: 'voucher', voucher });
    };
    row({ key: asked.keyDigest });
    expect(await judged()).toBeUndefined();
    row({ key: await nodeCrypto.digest(device.spki) });
    expect(await judged()).toBe('voucher_missing');
    // What cannot be shown over EST vouches for no other key.
    for (const voucher of [{ ca: A_DIGEST }, { certificate: A_DIGEST }, { attestation: [A_DIGEST] }]) {
      row({ ...voucher, key: asked.keyDigest });
      expect(await judged()).toBe('voucher_missing');
    }
    row({ tpm: A_DIGEST });
    expect(await judged()).toBe('voucher_missing');
    there.tpms.push({ ek: A_DIGEST, keyDigest: asked.keyDigest });
    expect(await judged()).toBeUndefined();
  });

  it('is a day after the one before, to the instant', async () => {
    const last = lineageWith({ keyDigest: asked.binding.keyDigest, state: 'current', at: day(0) });
    there.lineage.push(last);
    expect(await judged({ now: fromInstant(day(1)) - 1 })).toBe('rekey_too_soon');
    expect(await judged()).toBeUndefined();
    // The first key of a device has no entry that says since when.
    there.lineage[0] = { ...last, state: 'pending' };
    expect(await judged({ now: fromInstant(day(0)) })).toBeUndefined();
  });

  it('says first what is worse', async () => {
    there.lineage.push(
      lineageWith({ keyDigest: asked.keyDigest, state: 'former' }),
      lineageWith({ keyDigest: asked.binding.keyDigest, state: 'current', at: day(1) }),
    );
    listed(there, device, { anchor: 'voucher', voucher: { ca: A_DIGEST } });
    expect(await judged()).toBe('key_taken');
    await bury(there, { udid: 'acme-1' });
    expect(await judged()).toBe('tombstoned');
    there.tombstones.clear();
    there.lineage.shift();
    expect(await judged()).toBe('voucher_missing');
  });
});
