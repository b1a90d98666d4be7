// Every effect of the flow, each over the same stage: so it is long.
import { describe, expect, test, vi } from 'vitest';
import { parse } from '../../contract/parse.ts';
import { Registration } from '../../contract/registration.ts';
import { parseJws } from '../../core/jws.ts';
import { certificateWaits } from '../../core/record-state.ts';
import { performInstall } from '../../src/effects/install/install-effects.ts';
import type { ChosenPlace, InstallEffect, InstallEvent } from '../../src/flow/install.ts';
import type { StandingDevice } from '../../src/flow/known-device.ts';
import { DeviceError } from '../../src/ports/device.ts';
import {
  challenge,
  checked,
  failed,
  known,
  label,
  reading,
  place as somewhere,
  traits,
} from '../flow/events.ts';
import { PATIENCE } from '../support/patience.ts';
import { certificate, DOMAIN, digest, listRow, ORG, recordId, START, workPack } from '../support/records.ts';
import { eventsOf, stage } from './stage.ts';

const place = { ...somewhere, org: ORG };

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

describe('several organisations', () => {
  const other = { pack: workPack({ org: 'westside' }), digest: digest(2), etag: '"2"' };

  test('another one’s list and pack are what a device is held against in its domain', async () => {
    const at = await stage();
    at.ports.packs = () => [at.pack, other];
    const event = await ask(at, { do: 'check', label, reading, org: 'westside' });
    expect(event).toMatchObject({
      on: 'checked',
      org: 'westside',
      pack: other.digest,
      label: { org: 'westside' },
    });
    expect(await ask(at, { do: 'check', label, reading })).toMatchObject({ org: ORG, pack: at.pack.digest });
  });

  test('the record goes to the organisation whose domain it is', async () => {
    const at = await stage();
    at.ports.packs = () => [at.pack, other];
    await payloadOf(at, save({ place: { ...place, org: 'westside' } }));
    expect([...at.storage.rows.values()].map(({ org }) => org)).toEqual(['westside']);
  });

  test('the one that lists a device is the one that its label is looked up in', async () => {
    const at = await stage();
    const row = listRow({ udid: 'imei-490154203237518' });
    at.ports.packs = () => [
      { ...at.pack, pack: workPack({ rows: [] }) },
      { ...other, pack: workPack({ org: 'westside', rows: [row] }) },
    ];
    expect(await ask(at, { do: 'look_up', text: '490154203237518', how: 'typed' })).toMatchObject({
      label: { org: 'westside', row },
    });
  });
});

test('a nameless label that was read for one device stops at another', async () => {
  const at = await stage();
  const { udid: _, ...nameless } = label;
  const identity = { driver: 'esp-claim', aliases: ['mac-02a1b2c3d4e5'], openedBySecret: true };
  for (const [act, wanted] of [
    ['move', 'mac-02a1b2c3d4ff'],
    ['replace', 'mac-02a1b2c3d4e5'],
  ] as const) {
    const wish = { act, device: { ...known, udid: wanted } };
    const effect = { do: 'check', label: { ...nameless, wish }, reading: { ...reading, identity } } as const;
    expect(await ask(at, effect)).toEqual({ on: 'failed', trouble: { code: 'another_device' } });
  }
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
    const because = 'Seen on the delivery note';
    const payload = await payloadOf(at, save({ checked: found, asFound: true, because }));
    expect(payload).toMatchObject({ maker: 'acme', asFound: true, because, checks: failed });
  });

  test.each<[string, StandingDevice['standing'], Partial<ChosenPlace>, boolean]>([
    ['another position', 'installed', { site: 'hall', siteTitle: 'Hall', position: 'Shelf 9' }, true],
    ['another domain', 'shown', { domain: 'depot.example.org' }, true],
    ['another domain, before anything was decided', 'saved', { domain: 'depot.example.org' }, true],
    [
      'its own place, spelt as tidily',
      'installed',
      { site: 'hall', siteTitle: 'Hall', position: ' Shelf  1' },
      false,
    ],
    ['another domain, though it stands nowhere any more', 'ended', { domain: 'depot.example.org' }, false],
    ['another organisation', 'installed', { org: 'westside', domain: 'depot.example.org' }, false],
  ])('at %s says from where it comes only where something changes (%s)', async (_, standing, to, says) => {
    const at = await stage();
    const stands = { ...known, org: ORG, domain: DOMAIN, standing };
    const payload = await payloadOf(
      at,
      save({
        checked: { ...checked, label: { ...label, known: stands } },
        place: { org: ORG, domain: DOMAIN, ...to },
      }),
    );
    const from = { domain: DOMAIN, place: known.place };
    expect(Object(payload).from).toEqual(says ? from : undefined);
    // Its row says so too, without opening the envelope.
    expect([...at.storage.rows.values()].at(-1)?.corrects).toBe(says ? true : undefined);
    expect(parse(Registration, payload)).toBeDefined();
  });

  test('names the device whose place it takes, only where that one stands', async () => {
    const instead = { ...known, org: ORG, domain: DOMAIN, udid: 'acme-old' };
    const here = await payloadOf(await stage(), save({ place: { ...place, instead } }));
    expect(here).toMatchObject({ replaces: { maker: 'acme', udid: 'acme-old' } });
    const elsewhere = { ...place, instead: { ...instead, domain: 'depot.example.org' } };
    expect(await payloadOf(await stage(), save({ place: elsewhere }))).not.toHaveProperty('replaces');
    const { maker: _, ...nameless } = instead;
    const unmade = { ...place, instead: nameless };
    expect(await payloadOf(await stage(), save({ place: unmade }))).not.toHaveProperty('replaces');
  });

  test('says where the phone was, as the person added it', async () => {
    const location = { latitude: 52.5, longitude: 13.4, accuracyMetres: 12 };
    const payload = await payloadOf(await stage(), save({ place: { ...place, location } }));
    expect(parse(Registration, payload)?.place.location).toEqual(location);
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
    [{ org: ORG, domain: DOMAIN }, ''],
    [{ org: ORG, domain: DOMAIN, site: 's', siteTitle: 'Site 12', position: 'Hall 3' }, 'Site 12, Hall 3'],
    [{ org: ORG, domain: DOMAIN, site: 's', siteTitle: 'Site 12', position: '' }, 'Site 12'],
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
        place: { org: ORG, domain: DOMAIN, position: long },
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
