import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import { findRow, listInside, lookUp, rowDigest, rowKey, tombstoneDigests } from '../../core/list-lookup.ts';
import { crypto, digest, listRow, workPack } from '../support/records.ts';

const key = utf8('a key');
const row = listRow({ udid: 'acme-1', aliases: ['SN 1'], publicKey: toBase64Url(key) });
const salt = digest(8);

describe('the row of a label', () => {
  const second = listRow({ udid: 'acme-2', aliases: ['SN 2', 'acme-1'], publicKey: 'AAAA' });
  const pack = listInside(workPack({ rows: [second, row] }));

  test.each([
    ['by UDID, even where another row has it as alias', { udid: 'acme-1', aliases: [] }, row],
    ['by the key on the label', { aliases: [], publicKey: key }, row],
    ['by another name', { aliases: ['nobody', 'SN 1'] }, row],
    ['by a name that is a UDID', { aliases: ['acme-2'] }, second],
    ['by key before name', { aliases: ['SN 2'], publicKey: key }, row],
    ['by UDID before key', { udid: 'acme-2', aliases: [], publicKey: key }, second],
    ['not at all', { udid: 'acme-3', aliases: ['x'], publicKey: utf8('b') }, undefined],
    ['not by nothing', { aliases: [] }, undefined],
  ])('%s', (_, names, expected) => {
    expect(findRow(pack, names)).toBe(expected);
  });
});

describe('looking a device up', () => {
  test('its row wins over any digest', async () => {
    const digests = [await rowDigest(salt, 'acme-1', key, crypto)];
    expect(
      await lookUp(
        listInside(workPack({ rows: [row], digests })),
        { udid: 'acme-1', publicKey: key },
        crypto,
      ),
    ).toEqual({ kind: 'row', row });
  });

  test('a digest says whether the key stands on the list too', async () => {
    const device = { udid: 'acme-9', publicKey: key };
    const withKey = [await rowDigest(salt, 'acme-9', key, crypto)];
    const without = [await rowDigest(salt, 'acme-9', new Uint8Array(0), crypto)];
    expect(await lookUp(listInside(workPack({ digests: withKey })), device, crypto)).toEqual({
      kind: 'digest',
      keyMatched: true,
    });
    expect(await lookUp(listInside(workPack({ digests: without })), device, crypto)).toEqual({
      kind: 'digest',
      keyMatched: false,
    });
    const swapped = { ...device, publicKey: utf8('another') };
    expect(await lookUp(listInside(workPack({ digests: withKey })), swapped, crypto)).toEqual({
      kind: 'absent',
    });
  });

  test("another pack's salt tells nothing", async () => {
    const digests = [await rowDigest(digest(9), 'acme-9', key, crypto)];
    expect(
      await lookUp(listInside(workPack({ digests })), { udid: 'acme-9', publicKey: key }, crypto),
    ).toEqual({
      kind: 'absent',
    });
  });
});

test('a row digest is the first 12 bytes of SHA-256 over salt:udid:key', async () => {
  const expected = createHash('sha256').update('s:u:').update(key).digest().subarray(0, 12);
  expect(await rowDigest('s', 'u', key, crypto)).toBe(expected.toString('base64url'));
});

test('two devices share a row digest only if they are the same', async () => {
  const udid = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
  const spki = fc.uint8Array({ maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(udid, spki, udid, spki, async (u1, k1, u2, k2) => {
      const [one, two] = [await rowDigest(salt, u1, k1, crypto), await rowDigest(salt, u2, k2, crypto)];
      expect(one === two).toBe(u1 === u2 && toBase64Url(k1) === toBase64Url(k2));
    }),
  );
});

test('only a row that anchors a key vouches for one', () => {
  expect(rowKey(row)).toEqual(key);
  expect(rowKey({ ...row, anchor: 'voucher' })).toBeUndefined();
  expect(rowKey({ ...row, anchor: 'udid-only' })).toBeUndefined();
  expect(rowKey({ ...row, publicKey: 'AB' })).toBeUndefined();
  const { publicKey: _, ...keyless } = row;
  expect(rowKey(keyless)).toBeUndefined();
});

test('tombstones name a UDID and a key apart, so that neither can stand for the other', async () => {
  const [byUdid, byKey] = await tombstoneDigests('acme-1', utf8('acme-1'), crypto);
  expect(byUdid).toBe(createHash('sha256').update('udid:acme-1').digest('base64url'));
  expect(byKey).toBe(createHash('sha256').update('key:acme-1').digest('base64url'));
});
