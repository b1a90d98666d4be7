import { describe, expect, test, vi } from 'vitest';
import { parse } from '../../contract/parse.ts';
import { Registration } from '../../contract/registration.ts';
import { parseJws } from '../../core/jws.ts';
import { certificateWaits } from '../../core/record-state.ts';
import { performInstall } from '../../src/effects/install/install-effects.ts';
import type { ChosenPlace, InstallEffect, InstallEvent } from '../../src/flow/install.ts';
import { DeviceError } from '../../src/ports/device.ts';
import { challenge, checked, failed, label, place, reading, traits } from '../flow/events.ts';
import { PATIENCE } from '../support/patience.ts';
import { certificate, DOMAIN, listRow, ORG, recordId, START } from '../support/records.ts';
import { eventsOf, stage } from './stage.ts';

type Stage = Awaited<ReturnType<typeof stage>>;

async function ask(at: Stage, effect: InstallEffect): Promise<InstallEvent | undefined> {
  const [event] = await eventsOf<InstallEvent>((send) => performInstall(at.ports, effect, send));
  return event;
}

const CONNECT: InstallEffect = { do: 'connect', link: 'serial', label, another: false, newKey: false };

const save = (over: Partial<Extract<InstallEffect, { do: 'save' }>> = {}): InstallEffect => ({
  do: 'save',
  checked,
  asFound: false,
  place,
  ...over,
});

async function payloadOf(at: Stage, effect: InstallEffect): Promise<unknown> {
  const event = await ask(at, effect);
  if (event?.on !== 'saved') throw new Error(JSON.stringify(event));
  return parseJws(at.storage.envelopes.get(event.record) ?? '')?.payload;
}

describe('each effect answers with its event', () => {
  test('look_up', async () => {
    const at = await stage();
    expect(await ask(at, { do: 'look_up', text: '490154203237518', how: 'typed' })).toMatchObject({
      on: 'label_read',
      label: { udid: 'imei-490154203237518', how: 'typed' },
    });
    expect(await ask(at, { do: 'look_up', text: '', how: 'typed' })).toEqual({
      on: 'failed',
      trouble: { code: 'label_unreadable' },
    });
  });

  test('connect, read_device, check', async () => {
    const at = await stage();
    expect(await ask(at, CONNECT)).toEqual({
      on: 'connected',
      traits,
      challenge: {
        pack: at.pack.digest,
        nonce: expect.stringMatching(/^[\w-]{43}$/),
        record: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    expect(at.devices.visit).toEqual({ udid: 'acme-1', challenge: expect.any(Uint8Array) });
    expect(await ask(at, { do: 'read_device', label, challenge })).toMatchObject({
      on: 'device_read',
      reading: { link: 'serial', challenge },
    });
    expect(await ask(at, { do: 'check', label, reading })).toMatchObject({ on: 'checked' });
  });

  test("a device's fault is a trouble with its code, an unforeseen one says nothing internal", async () => {
    const at = await stage();
    await ask(at, CONNECT);
    at.devices.last.fault = new DeviceError('device_silent');
    expect(await ask(at, { do: 'read_device', label, challenge })).toEqual({
      on: 'failed',
      trouble: { code: 'device_silent' },
    });
    at.ports.device.read = async () => Promise.reject(new TypeError('x is not a function'));
    expect(await ask(at, { do: 'read_device', label, challenge })).toEqual({
      on: 'failed',
      trouble: { code: 'unexpected' },
    });
  });

  test('stop_device_work says nothing', async () => {
    const at = await stage();
    await ask(at, CONNECT);
    const send = vi.fn();
    performInstall(at.ports, { do: 'stop_device_work' }, send);
    await vi.waitFor(() => expect(at.devices.last.closed).toBe(1), PATIENCE);
    expect(send).not.toHaveBeenCalled();
  });
});

describe('the secret of a label', () => {
  const text = '{"ver":"v1","name":"PROV_12ab","pop":"abcd1234","username":"wifiprov","transport":"ble"}';
  const secret = { secret: 'abcd1234', username: 'wifiprov' };

  test('reaches the driver and nothing else', async () => {
    const at = await stage();
    const event = await ask(at, { do: 'look_up', text, how: 'camera' });
    if (event?.on !== 'label_read') throw new Error(JSON.stringify(event));
    expect(JSON.stringify(event)).not.toContain('abcd1234');
    await ask(at, { ...CONNECT, label: event.label });
    expect(at.devices.visit).toMatchObject({ secret });
    expect(at.devices.visit).not.toHaveProperty('udid');
  });

  test('of one label is not told to the next device', async () => {
    const at = await stage();
    await ask(at, { do: 'look_up', text, how: 'camera' });
    await ask(at, { do: 'look_up', text: '490154203237518', how: 'typed' });
    await ask(at, CONNECT);
    expect(at.devices.visit).not.toHaveProperty('secret');
  });

  test('is at hand for the certificate, under the name that the device then had', async () => {
    const at = await stage();
    const event = await ask(at, { do: 'look_up', text, how: 'camera' });
    if (event?.on !== 'label_read') throw new Error(JSON.stringify(event));
    const aliases = ['02a1b2c3d4e5', 'mac-02a1b2c3d4e5'];
    const identity = { driver: 'esp-claim', aliases, openedBySecret: true };
    const known = await ask(at, { do: 'check', label: event.label, reading: { ...reading, identity } });
    if (known?.on !== 'checked') throw new Error(JSON.stringify(known));
    expect(known.label.udid).toBe('mac-02a1b2c3d4e5');
    expect(at.ports.device.secretFor('mac-02a1b2c3d4e5')).toEqual(secret);
  });

  test('a label with neither name nor secret is none, and a device that says nothing cannot take its place', async () => {
    const at = await stage();
    expect(await ask(at, { do: 'look_up', text: 'NP:PROV_12ab||b', how: 'camera' })).toEqual({
      on: 'failed',
      trouble: { code: 'udid_no_scheme' },
    });
    const { udid: _, ...nameless } = label;
    expect(await ask(at, { do: 'check', label: nameless, reading })).toEqual({
      on: 'failed',
      trouble: { code: 'label_not_tied' },
    });
  });
});

test('a security tag and the wish for a new key reach the driver', async () => {
  const at = await stage();
  await ask(at, { ...CONNECT, secTag: 42, newKey: true });
  expect(at.devices.visit).toMatchObject({ secTag: 42, replaceOrphanKey: true });
});

describe('before anything is done to a device', () => {
  const evidence = vi.fn(async () => reading.evidence);

  test('one that calls itself otherwise than its label is left as it is', async () => {
    const at = await stage();
    await ask(at, CONNECT);
    at.devices.last.identity = { driver: 'nordic-modem', aliases: ['imei-352656100367872'] };
    at.devices.last.evidence = evidence;
    const imei = { ...label, udid: 'imei-490154203237518' };
    expect(await ask(at, { do: 'read_device', label: imei, challenge })).toEqual({
      on: 'failed',
      trouble: { code: 'identity_mismatch' },
    });
    expect(evidence).not.toHaveBeenCalled();
  });

  test('one that did not ask for the secret of a nameless label is left as it is', async () => {
    const at = await stage();
    await ask(at, CONNECT);
    at.devices.last.evidence = evidence;
    const { udid: _, ...nameless } = label;
    for (const openedBySecret of [undefined, false]) {
      const told = openedBySecret === undefined ? {} : { openedBySecret };
      at.devices.last.identity = { driver: 'esp-claim', aliases: ['mac-02a1b2c3d4e5'], ...told };
      expect(await ask(at, { do: 'read_device', label: nameless, challenge })).toEqual({
        on: 'failed',
        trouble: { code: 'label_not_tied' },
      });
    }
    expect(evidence).not.toHaveBeenCalled();
  });
});

describe('save', () => {
  test('of what was saved already, a crash between saving and forgetting the draft, makes no second record', async () => {
    const at = await stage();
    const once = { ...checked, reading: { ...reading, challenge: { ...challenge, record: recordId(9) } } };
    const first = await ask(at, save({ checked: once }));
    expect(first).toEqual({ on: 'saved', record: recordId(9) });
    expect(await ask(at, save({ checked: once }))).toEqual(first);
    expect(at.storage.rows.size).toBe(1);
  });

  test('captures a registration that fits the contract, holds the device, and tells the drain', async () => {
    const at = await stage();
    await ask(at, CONNECT);
    const event = await ask(at, save());
    if (event?.on !== 'saved') throw new Error('not saved');
    const payload = parseJws(at.storage.envelopes.get(event.record) ?? '')?.payload;
    expect(parse(Registration, payload)).toMatchObject({
      id: event.record,
      app: '1.2.3',
      capturedAt: new Date(START).toISOString(),
      udid: 'acme-1',
      domain: DOMAIN,
      place: { position: 'Hall 3', photos: [] },
      label: { how: 'camera', text: 'acme-1' },
      device: {
        link: 'serial',
        publicKey: 'AA',
        csr: 'AAA',
        possession: 'static',
        subjectSaysNothing: false,
      },
      checks: checked.checks,
      // The pack of the checks, not one that came meanwhile.
      pack: checked.pack,
      asFound: false,
    });
    expect(payload).not.toHaveProperty('maker');
    expect(at.storage.rows.get(event.record)).toMatchObject({
      typ: 'registration+jws',
      org: ORG,
      title: 'Hall 3',
      about: null,
      simulated: false,
    });
    expect(at.ports.device.connectedLink(event.record)).toBe('serial');
    expect(at.saved()).toBe(1);
  });

  test('says what was failed and submitted as found, and who made it', async () => {
    const at = await stage();
    const found = { ...checked, checks: failed, label: { ...label, row: listRow() } };
    expect(await payloadOf(at, save({ checked: found, asFound: true }))).toMatchObject({
      maker: 'acme',
      asFound: true,
      checks: failed,
    });
  });

  test('a device that takes no certificate is never shown as waiting for one', async () => {
    const at = await stage();
    const bare = { ...checked, reading: { ...reading, traits: { ...traits, installs: false } } };
    expect(await payloadOf(at, save({ checked: bare }))).toMatchObject({ device: { installs: false } });
    const [row] = at.storage.rows.values();
    if (row === undefined) throw new Error('nothing was stored');
    const bound = { ...row, state: 'bound', certificate: certificate() } as const;
    expect(certificateWaits(bound)).toBe(false);
    expect(certificateWaits({ ...bound, takesCertificate: true })).toBe(true);
    expect(certificateWaits({ ...bound, takesCertificate: true, certificate: null })).toBe(false);
  });

  test('marks a simulated device in the record and in its row', async () => {
    const at = await stage();
    const simulated = { ...checked, reading: { ...reading, link: 'simulated' as const } };
    const payload = await payloadOf(at, save({ checked: simulated }));
    expect(payload).toMatchObject({ device: { link: 'simulated' } });
    expect([...at.storage.rows.values()]).toMatchObject([{ simulated: true }]);
  });

  test.each<[ChosenPlace, string]>([
    [{ domain: DOMAIN }, ''],
    [{ domain: DOMAIN, site: 's', siteTitle: 'Site 12', position: 'Hall 3' }, 'Site 12, Hall 3'],
    [{ domain: DOMAIN, site: 's', siteTitle: 'Site 12', position: '' }, 'Site 12'],
  ])('calls the place %o "%s"', async (where, title) => {
    const at = await stage();
    await ask(at, save({ place: where }));
    expect([...at.storage.rows.values()].map((row) => row.title)).toEqual([title]);
  });

  test('cuts what the contract has no room for, so that the backend can take the record', async () => {
    const at = await stage();
    const many = ['x'.repeat(129), ...Array.from({ length: 20 }, (_, i) => `SN ${i}`)];
    const long = 'y'.repeat(500);
    const payload = await payloadOf(
      at,
      save({
        place: { domain: DOMAIN, position: long },
        checked: {
          ...checked,
          label: { ...label, aliases: many, model: long },
          reading: { ...reading, identity: { driver: 'd', aliases: many, firmware: long, model: long } },
        },
      }),
    );
    const record = parse(Registration, payload);
    expect(record?.label.aliases).toEqual(many.slice(1, 17));
    expect(record?.device.aliases).toEqual(many.slice(1, 17));
    expect(record?.place.position).toHaveLength(200);
  });

  test('never signs what the backend could only reject', async () => {
    const at = await stage();
    const huge = { ...reading, evidence: { ...reading.evidence, csr: new Uint8Array(8000) } };
    expect(await ask(at, save({ checked: { ...checked, reading: huge } }))).toEqual({
      on: 'failed',
      trouble: { code: 'unexpected' },
    });
    expect(at.storage.rows.size).toBe(0);
    expect(at.saved()).toBe(0);
  });

  test('that the phone has no room for is a trouble, and nothing is told to the drain', async () => {
    const at = await stage();
    const full = Object.assign(new Error('x'), { code: 'phone_storage_full' });
    at.outbox.append = async () => Promise.reject(full);
    expect(await ask(at, save())).toEqual({ on: 'failed', trouble: { code: 'phone_storage_full' } });
    expect(at.saved()).toBe(0);
  });
});
