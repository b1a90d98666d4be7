import { expect, test } from 'vitest';
import { toBase64Url } from '../../core/bytes.ts';
import { attestationTokensCsv, listCsv } from '../../core/list-csv.ts';
import { performBenchList } from '../../src/effects/bench-list-effects.ts';
import type { BenchEffect, BenchEvent, BenchRow } from '../../src/flow/bench-list.ts';
import { traits } from '../flow/events.ts';
import { opensslDevice } from '../support/csr.ts';
import { rowsIn } from '../support/list-rows.ts';
import { crypto, START } from '../support/records.ts';
import { eventsOf, stage } from './stage.ts';

const device = opensslDevice('P-256', '/CN=whoever');

async function bench(about = { maker: 'acme', model: 'Meter 42' }) {
  const it = await stage();
  const kept: (readonly BenchRow[])[] = [];
  const ports = {
    device: it.ports.device,
    crypto,
    clock: it.ports.clock,
    about: () => about,
    keep: async (rows: readonly BenchRow[]) => void kept.push(rows),
  };
  const ask = async (effect: BenchEffect): Promise<BenchEvent | undefined> =>
    (await eventsOf<BenchEvent>((send) => performBenchList(ports, effect, send)))[0];
  await ask({ do: 'connect', link: 'serial' });
  it.devices.last.has(device);
  return { ...it, ask, kept };
}

test('a device that names itself gives its row, which the importer takes as it is', async () => {
  const it = await bench();
  it.devices.last.identity = { driver: 'nordic-modem', aliases: ['imei-490154203237518', '490154203237518'] };
  const read = await it.ask({ do: 'read_device' });
  if (read?.on !== 'device_read') throw new Error(JSON.stringify(read));
  expect(read.row).toEqual({
    row: {
      maker: 'acme',
      udid: 'imei-490154203237518',
      aliases: ['490154203237518'],
      anchor: 'key',
      publicKey: toBase64Url(device.spki),
      model: 'Meter 42',
    },
    readAt: START,
  });
  const { rows, faults } = await rowsIn(listCsv([read.row.row]), undefined, crypto);
  expect(faults).toEqual([]);
  expect(rows.map(({ row }) => row)).toEqual([read.row.row]);
});

test('a nameless one asks for its label: an identity in a known form, or a serial of this maker', async () => {
  const it = await bench();
  expect(await it.ask({ do: 'read_device' })).toEqual({ on: 'nameless' });
  const named = async (label: string) => {
    const event = await it.ask({ do: 'read_device', label });
    return event?.on === 'device_read' ? event.row.row : event;
  };
  expect(await named('02:A1:B2:C3:D4:E5')).toMatchObject({ udid: 'mac-02a1b2c3d4e5' });
  expect(await named('SN-4711')).toMatchObject({ udid: expect.stringMatching(/^h-|^acme-/) });
  expect(await named('490154203237519')).toEqual({ on: 'failed', trouble: { code: 'imei_check_digit' } });
});

test('a broken request makes no row, and neither does a maker without a name', async () => {
  const it = await bench();
  const csr = device.csr.slice();
  csr[csr.length - 1] = (csr.at(-1) ?? 0) ^ 1;
  it.devices.last.device = { publicKey: device.spki, csr, possession: 'static' };
  expect(await it.ask({ do: 'read_device', label: 'SN-1' })).toEqual({
    on: 'failed',
    trouble: { code: 'csr_signature_invalid' },
  });
  const nobody = await bench({ maker: '', model: '' });
  expect(await nobody.ask({ do: 'read_device', label: 'SN-1' })).toEqual({
    on: 'failed',
    trouble: { code: 'bench_maker' },
  });
});

test('firmware that shows its key only when it makes one keeps it, and is vouched for', async () => {
  const it = await bench();
  const uuid = '50363154-3931-44f0-8022-121b6401627d';
  const session = it.devices.last;
  session.traits = { ...traits, rowKind: 'voucher', makesKey: true };
  session.identity = { driver: 'nordic-modem', aliases: ['imei-490154203237518', `uuid-${uuid}`] };
  session.attest = async () => [{ kind: 'nordic-attesttoken', text: 'abc.def' }];
  session.evidence = async () => Promise.reject(new Error('no key may be made at the bench'));
  const read = await it.ask({ do: 'read_device' });
  if (read?.on !== 'device_read' || read.row.attestation === undefined) throw new Error(JSON.stringify(read));
  expect(read.row.row).toMatchObject({ udid: 'imei-490154203237518', anchor: 'voucher' });
  expect(read.row.row).not.toHaveProperty('publicKey');
  expect(attestationTokensCsv([{ ...read.row.attestation, at: '2026-01-01T00:00:00.000Z' }])).toBe(
    `490154203237518,${uuid},abc.def,2026-01-01T00:00:00.000Z\r\n`,
  );
});

test('a device that asks for the secret of its label gets the one that was given here', async () => {
  const it = await bench();
  it.ports.device.keepSecret('bench', { secret: 'abcd1234' });
  await it.ask({ do: 'connect', link: 'bluetooth' });
  expect(it.devices.visit).toEqual({ secret: { secret: 'abcd1234' } });
});
