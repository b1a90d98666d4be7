import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64Url } from '../../core/bytes.ts';
import { uncompressedSpki } from '../../core/label/compressed-point.ts';
import { udidFromKey } from '../../core/udid.ts';
import { lookUpLabel } from '../../src/effects/install/look-up-label.ts';
import type { DeviceAtPlace } from '../../src/ports/devices.ts';
import { known } from '../flow/events.ts';
import { crypto, digest, listRow, workPack } from '../support/records.ts';

const KEY_ONLY = 'DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAD0cTM6AQB5ofx7AV1fNeQftD6A/uSIhVuU7UB5CZ6kWk=;;';
const labelKey = (() => {
  const der = fromBase64(KEY_ONLY.slice('DPP:K:'.length, -2));
  const key = der && uncompressedSpki(der);
  if (key === undefined || !('spki' in key)) throw new Error('the vector holds no key');
  return key.spki;
})();

function phone(rows = [listRow()]) {
  const standing: DeviceAtPlace[] = [];
  const ports = {
    devices: { known: async (udid: string) => standing.filter((device) => device.udid === udid) },
    crypto,
    packs: [{ pack: workPack({ rows }), digest: digest(1), etag: '"1"' }],
  };
  return { standing, ports, lookUp: (text: string) => lookUpLabel(ports, text, 'camera') };
}

describe('a label', () => {
  test('of a device on the list brings its row', async () => {
    const row = listRow({ udid: 'imei-490154203237518' });
    expect(await phone([row]).lookUp('490154203237518')).toMatchObject({
      ok: true,
      label: { how: 'camera', kind: 'imei', udid: 'imei-490154203237518', row },
    });
  });

  test('of a device not on the list goes on without row', async () => {
    const found = await phone([]).lookUp('490154203237518');
    expect(found.ok && 'row' in found.label).toBe(false);
    expect(found).toMatchObject({ ok: true, label: { udid: 'imei-490154203237518' } });
  });

  test('that the list knows by another name goes by the name of the list', async () => {
    const row = listRow({ udid: 'acme-77', aliases: ['490154203237518'] });
    const found = await phone([row]).lookUp('490154203237518');
    expect(found).toMatchObject({ ok: true, label: { udid: 'acme-77', row } });
  });

  test('that carries only a key is found by it, or named by it', async () => {
    const row = listRow({ udid: 'acme-5', publicKey: toBase64Url(labelKey) });
    expect(await phone([row]).lookUp(KEY_ONLY)).toMatchObject({ ok: true, label: { udid: 'acme-5', row } });
    const unknown = await phone([]).lookUp(KEY_ONLY);
    expect(unknown).toMatchObject({
      ok: true,
      label: { udid: await udidFromKey(crypto, labelKey), publicKey: labelKey },
    });
  });

  test('that makes no sense is told by its code', async () => {
    expect(await phone().lookUp('')).toEqual({ ok: false, trouble: { code: 'label_unreadable' } });
    expect(await phone().lookUp('https://example.org/?x=1')).toEqual({
      ok: false,
      trouble: { code: 'label_unknown' },
    });
    expect(await phone().lookUp('490154203237519')).toEqual({
      ok: false,
      trouble: { code: 'imei_check_digit' },
    });
  });

  test('in no form of its own is found by exactly its text, typed or read, and by no other', async () => {
    const row = listRow({ udid: 'acme-sn-4711', aliases: ['SN-4711', 'X123'] });
    const { ports } = phone([row]);
    for (const text of ['SN-4711', 'X123'])
      for (const how of ['camera', 'typed'] as const)
        expect(await lookUpLabel(ports, text, how)).toMatchObject({ label: { udid: 'acme-sn-4711', row } });
    expect(await lookUpLabel(ports, 'X124', 'camera')).toMatchObject({ trouble: { code: 'udid_no_scheme' } });
  });

  test('whose row names no proper UDID is not followed', async () => {
    const row = listRow({ udid: '-bad-', aliases: ['490154203237518'] });
    expect(await phone([row]).lookUp('490154203237518')).toEqual({
      ok: false,
      trouble: { code: 'udid_no_scheme' },
    });
  });

  test('of a device that stands somewhere says where, and nothing of practice', async () => {
    const { standing, lookUp } = phone();
    const udid = 'imei-490154203237518';
    const at = { names: [], mine: true, correcting: false, undoing: false, unproven: false, decidedAt: null };
    standing.push({ ...known, ...at, udid, simulated: true }, { ...known, ...at, udid });
    expect(await lookUp('490154203237518')).toMatchObject({ label: { known: { ...known, udid } } });
    standing.pop();
    const found = await lookUp('490154203237518');
    expect(found.ok && 'known' in found.label).toBe(false);
  });

  test('of a device that ended in one organisation and stands in another says where it stands', async () => {
    const { standing, lookUp } = phone();
    const udid = 'imei-490154203237518';
    const at = { names: [], mine: true, correcting: false, undoing: false, unproven: false, decidedAt: null };
    const ended = { ...known, ...at, udid, standing: 'ended', need: 'ended' } as const;
    standing.push(ended);
    expect(await lookUp('490154203237518')).toMatchObject({ label: { known: { standing: 'ended' } } });
    standing.push({ ...known, ...at, udid, org: 'westside' });
    expect(await lookUp('490154203237518')).toMatchObject({ label: { known: { org: 'westside' } } });
  });

  test('is looked up although the phone’s own storage fails', async () => {
    const { ports } = phone();
    const devices = { known: async () => Promise.reject(new Error('gone')) };
    const found = await lookUpLabel({ ...ports, devices }, '490154203237518', 'camera');
    expect(found).toMatchObject({ ok: true, label: { udid: 'imei-490154203237518' } });
  });
});
