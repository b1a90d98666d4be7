import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import { rowDigest, tombstoneDigests } from '../../core/list-lookup.ts';
import { type ChallengeParts, challengeOf } from '../../core/possession.ts';
import { checkDevice } from '../../src/effects/install/check-device.ts';
import type { DeviceReading, ReadLabel } from '../../src/flow/install.ts';
import type { PackList } from '../../src/ports/work.ts';
import { label, reading, traits } from '../flow/events.ts';
import { opensslDevice } from '../support/csr.ts';
import { crypto, digest, listRow, recordId, workPack } from '../support/records.ts';

const device = opensslDevice('P-256');
const row = listRow({ publicKey: toBase64Url(device.spki) });

async function results(
  over: {
    readonly pack?: Parameters<typeof workPack>[0];
    readonly list?: PackList;
    readonly label?: Partial<ReadLabel>;
    readonly reading?: Partial<DeviceReading>;
  } = {},
) {
  const checks = await checkDevice(
    {
      pack: workPack(over.pack ?? { rows: [row] }),
      ...{ digest: digest(1), etag: '"1"' },
      ...(over.list === undefined ? {} : { list: over.list }),
    },
    { ...label, ...over.label },
    {
      ...reading,
      evidence: { publicKey: device.spki, csr: device.csr, possession: 'static' },
      ...over.reading,
    },
    crypto,
  );
  return Object.fromEntries(
    checks.map((check) => [check.check, 'code' in check ? check.code : check.result]),
  );
}

describe('what the phone carries decides', () => {
  test('a listed device with its key and name passes', async () => {
    expect(await results({ label: { publicKey: device.spki } })).toEqual({
      csr_signature: 'passed',
      csr_key_is_device_key: 'passed',
      possession: 'possession_static',
      label_key_is_device_key: 'passed',
      device_identity: 'identity_not_told',
      csr_subject: 'passed',
      key_strength: 'passed',
      on_list: 'passed',
      list_key: 'passed',
      not_tombstoned: 'passed',
    });
  });

  test('a device of another order is known by digest', async () => {
    const digests = [await rowDigest(workPack().salt, 'acme-1', device.spki, crypto)];
    expect(await results({ pack: { digests } })).toMatchObject({ on_list: 'passed', list_key: 'passed' });
    const others = ['A'.repeat(16)];
    expect(await results({ pack: { digests: others } })).toMatchObject({ on_list: 'unknown_device' });
  });

  test('a list that may have been cut, or is not here at all, says of nobody that they are on none', async () => {
    const cut = { on_list: 'list_cut', list_key: 'list_cut' };
    expect(await results({ pack: {} })).toMatchObject(cut);
    const rows = Array.from({ length: 20_000 }, () => listRow({ udid: 'acme-7' }));
    expect(await results({ pack: { rows } })).toMatchObject(cut);
    expect(await results({ pack: { rows: rows.slice(1) } })).toMatchObject({ on_list: 'unknown_device' });
    const digests = Array.from({ length: 200_000 }, () => 'A'.repeat(16));
    expect(await results({ pack: { digests } })).toMatchObject(cut);
    const beside = {
      ...{ cursor: '', etag: '', salt: digest(8), size: 1, rows: [] },
      has: async () => false,
    };
    expect(await results({ list: { ...beside, whole: false } })).toMatchObject(cut);
    expect(await results({ list: { ...beside, whole: true } })).toMatchObject({ on_list: 'unknown_device' });
    expect(await results({ list: { ...beside, whole: false, has: async () => true } })).toMatchObject({
      on_list: 'passed',
    });
  });

  test.each([0, 1])('a tombstone of the UDID or of the key stops (%i)', async (which) => {
    const tombstones = (await tombstoneDigests('acme-1', device.spki, crypto)).slice(which, which + 1);
    expect(await results({ pack: { rows: [row], tombstones } })).toMatchObject({
      not_tombstoned: 'tombstoned',
    });
  });

  test("another device's tombstones do not", async () => {
    const tombstones = await tombstoneDigests('acme-2', utf8('another key'), crypto);
    expect(await results({ pack: { rows: [row], tombstones } })).toMatchObject({ not_tombstoned: 'passed' });
  });

  test('a signature over what this visit asked for is fresh, over anything else it is not', async () => {
    const challenge = { pack: digest(1), nonce: digest(2), record: recordId(1) };
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const evidence = async (over: ChallengeParts) => {
      const signature = sign('sha256', (await challengeOf(over, crypto)) ?? utf8(''), keys.privateKey);
      return {
        publicKey: new Uint8Array(keys.publicKey.export({ type: 'spki', format: 'der' })),
        csr: device.csr,
        possession: 'fresh' as const,
        proof: { over: 'challenge' as const, signature: new Uint8Array(signature) },
      };
    };
    const possession = async (over: ChallengeParts) =>
      (await results({ reading: { challenge, evidence: await evidence(over) } })).possession;
    expect(await possession(challenge)).toBe('passed');
    expect(await possession({ ...challenge, nonce: digest(3) })).toBe('proof_wrong');
    expect(await possession({ ...challenge, record: recordId(2) })).toBe('proof_wrong');
  });

  test("the CSR's subject may be a name from label, row or device", async () => {
    const named = opensslDevice('P-256', '/CN=SN 1');
    const evidence = { publicKey: named.spki, csr: named.csr, possession: 'static' } as const;
    const subject = async (over: Parameters<typeof results>[0]) =>
      (await results({ ...over, reading: { evidence, ...over?.reading } })).csr_subject;
    expect(await subject({})).toBe('csr_subject_mismatch');
    expect(await subject({ label: { aliases: ['SN 1'] } })).toBe('passed');
    expect(await subject({ label: { row: listRow({ aliases: ['SN 1'] }) } })).toBe('passed');
    expect(await subject({ reading: { identity: { driver: 'd', aliases: ['SN 1'] } } })).toBe('passed');
    const silent = { ...traits, csrSubject: 'says-nothing' } as const;
    expect(await subject({ reading: { traits: silent } })).toBe('subject_says_nothing');
  });
});
