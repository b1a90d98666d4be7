import { describe, expect, test, vi } from 'vitest';
import { Confirmation } from '../../contract/confirmation.ts';
import { parse } from '../../contract/parse.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import { openRecord } from '../../core/envelope.ts';
import {
  type CollectPorts,
  isWaiting,
  performCollect,
  type WaitingDevice,
} from '../../src/effects/install/collect-effects.ts';
import type { CollectEffect, CollectEvent } from '../../src/flow/collect.ts';
import type { CertificateFault, CheckCertificate } from '../../src/ports/certificate-check.ts';
import { DeviceError } from '../../src/ports/device.ts';
import type { OutboxView, QueuedRecord } from '../../src/ports/outbox.ts';
import { bundle, part } from '../flow/events.ts';
import { received } from '../ports/outbox.suite.ts';
import { memoryDevices } from '../support/memory-devices.ts';
import { PATIENCE } from '../support/patience.ts';
import {
  captureNext,
  certificate,
  change,
  crypto,
  DOMAIN,
  digest,
  LEAF_KEY,
  ORG,
  START,
  workPack,
} from '../support/records.ts';
import { eventsOf, stage } from './stage.ts';

/** A registration that is bound, with its certificate waiting. */
async function bound(
  over: { readonly fault?: CertificateFault; readonly device?: Partial<WaitingDevice> } = {},
) {
  const it = await stage();
  const { row } = await captureNext(it.outbox, { operator: 'anna' });
  await it.outbox.lease({ owner: 'x', now: START, until: START + 1, limit: 1, force: true, alone: false });
  await it.outbox.settle([received(row.id)]);
  await it.outbox.applyChanges(ORG, 'c1', [change(row.id, { certificate: certificate() })]);
  const registration = (await it.outbox.record(row.id)) ?? row;
  const devices = memoryDevices(it.outbox, 'anna');
  const waits = await devices.device(ORG, row.udid);
  if (!isWaiting(waits)) throw new Error('no certificate waits');
  const waiting = { ...waits, ...over.device };
  const check = vi.fn<CheckCertificate>(async () => over.fault ?? null);
  const ports: CollectPorts = {
    ...it.ports,
    pack: it.pack,
    waiting,
    devices: {
      device: async (...name) => {
        const now = await devices.device(...name);
        return now?.certificate === undefined ? now : { ...now, ...over.device };
      },
    },
    checkCertificate: async () => check,
  };
  const ask = (effect: CollectEffect, ends?: (event: CollectEvent) => boolean) =>
    eventsOf<CollectEvent>((send) => performCollect(ports, effect, send), ends);
  return { ...it, ports, registration, check, ask };
}

async function confirmationIn(outbox: OutboxView): Promise<QueuedRecord | undefined> {
  return (await outbox.page(10)).find((row) => row.typ === 'confirmation+jws');
}

describe('connecting', () => {
  test('opens the link', async () => {
    const it = await bound();
    expect(await it.ask({ do: 'connect', link: 'serial' })).toEqual([{ on: 'connected' }]);
    expect(it.devices.sessions).toHaveLength(1);
  });

  test('uses the session held since the registration, but not one on another link', async () => {
    const it = await bound();
    await it.ports.device.open('serial');
    it.ports.device.keepOpenFor(it.registration.id);
    await it.ask({ do: 'connect', link: 'serial' });
    expect(it.devices.sessions).toHaveLength(1);
    await it.ask({ do: 'connect', link: 'bluetooth' });
    expect(it.devices.sessions.map((session) => session.link)).toEqual(['serial', 'bluetooth']);
  });

  test('a fault of the device is a trouble with its code', async () => {
    const it = await bound();
    it.devices.choose = async () => Promise.reject(new DeviceError('no_device_chosen'));
    expect(await it.ask({ do: 'connect', link: 'serial' })).toEqual([
      { on: 'failed', trouble: { code: 'no_device_chosen' } },
    ]);
  });
});

describe('checking the certificate', () => {
  test('asks nothing once the registration was decided otherwise, and writes nothing', async () => {
    const it = await bound();
    await it.outbox.applyChanges(ORG, 'c2', [
      change(it.registration.id, { outcome: 'refused', code: 'tombstoned' }),
    ]);
    expect(await it.ask({ do: 'check_certificate' })).toEqual([
      { on: 'failed', trouble: { code: 'certificate_revoked' } },
    ]);
    expect(it.check).not.toHaveBeenCalled();
  });

  test("asks with what the phone knows: the record's names, the key that the device holds, the pack's trust", async () => {
    const crl = utf8('crl');
    const it = await bound();
    const pack = workPack({ crl: toBase64Url(crl), bundlePem: '-----BEGIN bundle' });
    Object.assign(it.ports, { pack: { pack, digest: digest(1), etag: '"1"' } });
    await it.ask({ do: 'connect', link: 'serial' });
    it.devices.last.device = { ...it.devices.last.device, publicKey: LEAF_KEY };
    expect(await it.ask({ do: 'check_certificate' })).toEqual([
      {
        on: 'approved',
        bundle: {
          leafPem: certificate().leafPem,
          chainPem: '',
          anchorPem: pack.domains[0]?.anchorPem,
        },
      },
    ]);
    expect(it.check).toHaveBeenCalledWith(certificate(), {
      udid: 'acme-1',
      domain: DOMAIN,
      deviceKey: LEAF_KEY,
      bundlePem: pack.bundlePem,
      crl,
      now: START,
    });
  });

  test.each<CertificateFault>([
    'certificate_malformed',
    'certificate_chain_invalid',
    'certificate_key_mismatch',
    'certificate_domain_mismatch',
    'certificate_expired',
    'certificate_revoked',
    'certificate_fingerprint_mismatch',
  ])('%s stops before anything is written', async (fault) => {
    const it = await bound({ fault });
    await it.ask({ do: 'connect', link: 'serial' });
    it.devices.last.device = { ...it.devices.last.device, publicKey: LEAF_KEY };
    expect(await it.ask({ do: 'check_certificate' })).toEqual([{ on: 'failed', trouble: { code: fault } }]);
    expect(it.devices.last.written).toEqual([]);
  });

  test('a device with another key is not written to', async () => {
    const it = await bound();
    await it.ask({ do: 'connect', link: 'serial' });
    expect(await it.ask({ do: 'check_certificate' })).toEqual([
      { on: 'failed', trouble: { code: 'certificate_key_mismatch' } },
    ]);
    expect(it.check).not.toHaveBeenCalled();
  });

  test('firmware that shows its key only once must at least say that it is this device', async () => {
    const it = await bound();
    await it.ask({ do: 'connect', link: 'serial' });
    it.devices.last.shows = 'nothing';
    const answer = async () => (await it.ask({ do: 'check_certificate' }))[0]?.on;
    expect(await answer()).toBe('failed');
    it.devices.last.identity = { driver: 'nordic-modem', aliases: ['acme-1'] };
    expect(await answer()).toBe('approved');
  });

  test('a certificate that cannot be read is never asked about', async () => {
    const leafPem = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
    const it = await bound({ device: { certificate: certificate({ leafPem }) } });
    await it.ask({ do: 'connect', link: 'serial' });
    expect(await it.ask({ do: 'check_certificate' })).toEqual([
      { on: 'failed', trouble: { code: 'certificate_malformed' } },
    ]);
  });

  test('a domain that the pack lacks is never asked about', async () => {
    const it = await bound({ device: { domain: 'elsewhere.example' } });
    await it.ask({ do: 'connect', link: 'serial' });
    const code = 'domain_not_in_pack';
    expect(await it.ask({ do: 'check_certificate' })).toEqual([{ on: 'failed', trouble: { code } }]);
    expect(it.check).not.toHaveBeenCalled();
  });

  test('one that was written meanwhile is not written once more', async () => {
    const it = await bound();
    await it.ask({ do: 'connect', link: 'serial' });
    expect(await it.ask({ do: 'confirm', written: [part] })).toEqual([{ on: 'confirmed' }]);
    const code = 'certificate_written';
    expect(await it.ask({ do: 'check_certificate' })).toEqual([{ on: 'failed', trouble: { code } }]);
    expect(it.check).not.toHaveBeenCalled();
  });
});

describe('writing', () => {
  test('tells each part, then all of it', async () => {
    const it = await bound();
    await it.ask({ do: 'connect', link: 'serial' });
    const events = await it.ask({ do: 'write', bundle }, (event) => event.on === 'written');
    expect(events.map((event) => event.on)).toEqual(['part_written', 'part_written', 'written']);
    expect(it.devices.last.written).toEqual([bundle]);
  });

  test('what the device refuses is a trouble', async () => {
    const it = await bound();
    await it.ask({ do: 'connect', link: 'serial' });
    it.devices.last.fault = new DeviceError('read_back_mismatch');
    expect(await it.ask({ do: 'write', bundle })).toEqual([
      { on: 'failed', trouble: { code: 'read_back_mismatch' } },
    ]);
  });
});

describe('confirming', () => {
  test('captures a confirmation that fits the contract, and the registration counts as installed', async () => {
    const it = await bound();
    await it.ask({ do: 'connect', link: 'serial' });
    expect(await it.ask({ do: 'confirm', written: [part] })).toEqual([{ on: 'confirmed' }]);
    const row = await confirmationIn(it.outbox);
    const record = await openRecord(it.storage.envelopes.get(row?.id ?? '') ?? '', crypto);
    expect(record.ok && record.header.typ).toBe('confirmation+jws');
    expect(record.ok && parse(Confirmation, record.jws.payload)).toEqual({
      id: row?.id,
      app: '1.2.3',
      capturedAt: new Date(START).toISOString(),
      registration: it.registration.id,
      udid: 'acme-1',
      domain: DOMAIN,
      certificate: certificate().fingerprint,
      link: 'serial',
      written: [part],
    });
    expect(row).toMatchObject({ about: it.registration.id, typ: 'confirmation+jws', simulated: false });
    expect((await it.outbox.record(it.registration.id))?.state).toBe('installed');
    expect(it.saved()).toBe(1);
  });

  test('through a simulated link says so', async () => {
    const it = await bound();
    await it.ask({ do: 'connect', link: 'simulated' });
    await it.ask({ do: 'confirm', written: [part] });
    expect(await confirmationIn(it.outbox)).toMatchObject({ simulated: true });
  });

  test('that cannot be saved is a trouble, and the registration stays bound', async () => {
    const it = await bound();
    await it.ask({ do: 'connect', link: 'serial' });
    it.work.enrolled = undefined;
    expect(await it.ask({ do: 'confirm', written: [part] })).toEqual([
      { on: 'failed', trouble: { code: 'not_enrolled' } },
    ]);
    expect((await it.outbox.record(it.registration.id))?.state).toBe('bound');
    expect(it.saved()).toBe(0);
  });
});

test('stopping gives the device back and says nothing', async () => {
  const it = await bound();
  await it.ask({ do: 'connect', link: 'serial' });
  const send = vi.fn();
  performCollect(it.ports, { do: 'stop_device_work' }, send);
  await vi.waitFor(() => expect(it.devices.last.closed).toBe(1), PATIENCE);
  expect(send).not.toHaveBeenCalled();
});
