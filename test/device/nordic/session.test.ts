import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { commonNames, parseCsr, verifyCsr } from '../../../core/csr.ts';
import { cryptoPort } from '../../../core/webcrypto.ts';
import { newDeviceState } from '../../../simulator/profiles/device-state.ts';
import type { NordicFirmware, NordicMisbehaviour } from '../../../simulator/profiles/nordic/firmware.ts';
import { NordicModemDevice } from '../../../simulator/profiles/nordic/nordic-modem.ts';
import { DRIVERS } from '../../../src/device/drivers/all.ts';
import type { WrittenPart } from '../../../src/ports/device.ts';
import { cutUart } from '../../support/cut-uart.ts';
import { bundleOf } from '../../support/device-bundle.ts';
import { codeOf, signal } from '../../support/device-code.ts';
import { open } from './byte-link.ts';

const UDID = 'imei-352656100367872';
const SETUPS: readonly { readonly name: string; readonly firmware: Partial<NordicFirmware> }[] = [
  { name: 'AT host, CR LF', firmware: {} },
  { name: 'AT host, LF', firmware: { termination: 'lf', mode: 4 } },
  { name: 'AT host, CR', firmware: { termination: 'cr', noise: false } },
  { name: 'behind a shell', firmware: { shell: true } },
];

async function deviceOf(firmware: Partial<NordicFirmware>, misbehaviour?: NordicMisbehaviour) {
  const base = { state: await newDeviceState(UDID), firmware };
  return NordicModemDevice.start(misbehaviour === undefined ? base : { ...base, misbehaviour });
}

const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1');

describe.each(SETUPS)('nordic-modem, $name', ({ firmware }) => {
  it('identifies the modem and changes nothing by it', async () => {
    const device = await deviceOf(firmware);
    const before = device.state;
    const { session, run, clock } = open(device, DRIVERS);
    const opened = await session;
    expect(opened.traits).toMatchObject({ name: 'nordic-modem', makesKey: true, possession: 'static' });
    expect(await run(opened.identify(signal()))).toEqual({
      driver: 'nordic-modem',
      model: 'nRF9160-SICA',
      firmware: 'mfw_nrf9160_1.3.5',
      aliases: [UDID, '352656100367872', `uuid-${device.modem.uuid}`, device.modem.uuid],
    });
    expect(device.state).toEqual(before);
    await opened.close();
    expect(clock.sleeping).toBe(0);
  });

  it('makes the key once, with a request that verifies and the modem back in its mode', async () => {
    const device = await deviceOf(firmware);
    const { mode } = device.modem;
    const { session, run } = open(device, DRIVERS);
    const opened = await session;
    const evidence = await run(opened.evidence(signal()));
    const request = parseCsr(evidence.csr);
    expect(Buffer.from(evidence.publicKey).toString('base64url')).toBe(device.publicKey);
    expect(await verifyCsr(request, cryptoPort(globalThis.crypto))).toBe('valid');
    expect(commonNames(request)).toEqual([device.modem.uuid]);
    expect(evidence.possession).toBe('static');
    expect(evidence.attestations?.map(({ kind }) => kind)).toEqual(['nordic-keygen', 'nordic-attesttoken']);
    expect(await run(opened.evidence(signal()))).toBe(evidence);
    expect(device.modem.mode).toBe(mode);
  });

  it('signs our challenge where it is given one', async () => {
    const device = await deviceOf(firmware);
    const challenge = new Uint8Array(32).fill(0xc5);
    const { session, run } = open(device, DRIVERS, { visit: { challenge } });
    const evidence = await run((await session).evidence(signal()));
    const request = parseCsr(evidence.csr);
    expect(evidence.possession).toBe('fresh');
    expect(commonNames(request)).toEqual([device.modem.uuid]);
    expect(request.subject.map(({ text }) => text)).toContain('c5'.repeat(32));
  });

  it('never makes a second key, unless the person wants an orphan replaced', async () => {
    const device = await deviceOf(firmware);
    await open(device, DRIVERS).session.then((one) => one.close());
    const first = open(device, DRIVERS);
    await first.run((await first.session).evidence(signal()));
    const key = device.stored('2');
    const second = open(device, DRIVERS);
    expect(await codeOf(second.run((await second.session).evidence(signal())))).toBe('key_exists');
    expect(device.stored('2')).toBe(key);

    const third = open(device, DRIVERS, { visit: { replaceOrphanKey: true } });
    await third.run((await third.session).evidence(signal()));
    await third.run((await third.session).install(bundleOf({ chain: 0 }), () => undefined, signal()));
    const fourth = open(device, DRIVERS, { visit: { replaceOrphanKey: true } });
    expect(await codeOf(fourth.run((await fourth.session).evidence(signal())))).toBe('key_exists');
  });

  it('installs and reads back, replaces, and writes nothing when asked again', async () => {
    const device = await deviceOf(firmware);
    const { session, run, sent } = open(device, DRIVERS);
    const opened = await session;
    const bundle = bundleOf({ chain: 0 });
    expect(await codeOf(run(opened.install(bundle, () => undefined, signal())))).toBe('no_key');
    await run(opened.evidence(signal()));
    await run(opened.install(bundleOf({ chain: 0 }), () => undefined, signal()));
    const told: WrittenPart[] = [];
    const written = await run(opened.install(bundle, (part) => told.push(part), signal()));
    const digest = (type: string) =>
      createHash('sha256')
        .update(textOf(device.stored(type)))
        .digest('hex');
    expect(textOf(device.stored('0'))).toBe(bundle.anchorPem);
    expect(textOf(device.stored('1'))).toBe(bundle.leafPem);
    expect(written).toEqual([
      { parts: ['anchor'], digest: digest('0') },
      { parts: ['leaf'], digest: digest('1') },
    ]);
    expect(told).toEqual(written);
    expect(await run(opened.installed(bundle, signal()))).toEqual(written);
    const before = sent();
    expect(await run(opened.install(bundle, () => undefined, signal()))).toEqual(written);
    expect(sent() - before).toBeLessThan(200);
    // Also where it was found in flight mode: it is done, and there to be used.
    expect(device.modem.mode).toBe(1);
  });

  it('hands a wrong key over as given, and stops at a digest that does not agree', async () => {
    const wrong = open(await deviceOf(firmware, { kind: 'wrong-key' }), DRIVERS);
    const evidence = await wrong.run((await wrong.session).evidence(signal()));
    expect(evidence.csr.length).toBeGreaterThan(200);
    const torn = open(await deviceOf(firmware, { kind: 'digest-mismatch' }), DRIVERS);
    expect(await codeOf(torn.run((await torn.session).evidence(signal())))).toBe('attestation_mismatch');
  });

  it('notices that the modem stored something else', async () => {
    const { session, run } = open(await deviceOf(firmware, { kind: 'corrupt-store' }), DRIVERS);
    const opened = await session;
    await run(opened.evidence(signal()));
    const work = opened.install(bundleOf({ chain: 0 }), () => undefined, signal());
    expect(await codeOf(run(work))).toBe('read_back_mismatch');
  });

  it('says so when nothing, or nonsense, comes back, and ends when it is aborted', async () => {
    const silent = open(await deviceOf(firmware, { kind: 'silent' }), DRIVERS);
    expect(await codeOf(silent.session)).toBe('device_silent');
    const garbage = open(await deviceOf(firmware, { kind: 'garbage' }), DRIVERS);
    // An AT host has nothing to say to a shell's wake-up, so that driver heard silence, and the search says so.
    const said = ['driver_unknown', 'device_garbage', 'timed_out', 'device_silent'];
    expect(said).toContain(await codeOf(garbage.session));
    const stop = new AbortController();
    const { session, run, clock } = open(await deviceOf(firmware), DRIVERS);
    const opened = await session;
    await run(opened.evidence(signal()));
    const work = opened.install(bundleOf({ chain: 0 }), () => stop.abort(), stop.signal);
    expect(await codeOf(run(work))).toBe('aborted');
    await run(opened.close());
    expect(clock.sleeping + silent.clock.sleeping + garbage.clock.sleeping).toBe(0);
  });

  it('is back in its mode when a stop closes the link at once, wherever it was stopped', async () => {
    for (let writes = 0; ; writes++) {
      const device = await deviceOf(firmware);
      const { mode } = device.modem;
      const { session, run, link, clock } = open(device, DRIVERS);
      const opened = await session;
      const stop = new AbortController();
      const write = link.write.bind(link);
      let left = writes;
      link.write = async (bytes, signal) => {
        if (left-- === 0) stop.abort();
        return write(bytes, signal);
      };
      let closing: Promise<void> | undefined;
      stop.signal.addEventListener('abort', () => {
        closing = opened.close();
      });
      const code = await run(codeOf(opened.evidence(stop.signal)));
      await run(closing ?? opened.close());
      expect(device.modem.mode).toBe(mode);
      expect(clock.sleeping).toBe(0);
      if (code === 'no error') return;
      expect(['aborted', 'link_lost']).toContain(code);
    }
  });

  it('holds the old certificate or the new one, wherever its replacement is stopped', async () => {
    const old = bundleOf({ leaf: 300, chain: 0 });
    const next = { ...old, leafPem: bundleOf({ leaf: 500, chain: 0 }).leafPem };
    for (let writes = 0; ; writes++) {
      const device = await deviceOf(firmware);
      const { session, run, link } = open(device, DRIVERS);
      const opened = await session;
      await run(opened.evidence(signal()));
      await run(opened.install(old, () => undefined, signal()));
      const stop = new AbortController();
      const write = link.write.bind(link);
      let left = writes;
      link.write = async (bytes, signal) => {
        await write(bytes, signal);
        if (left-- === 0) stop.abort();
      };
      const code = await run(codeOf(opened.install(next, () => undefined, stop.signal)));
      await run(opened.close());
      expect([old.leafPem, next.leafPem]).toContain(textOf(device.stored('1')));
      if (code === 'no error') return;
      expect(code).toBe('aborted');
    }
  });

  it('makes another key where an orphan is replaced', async () => {
    const device = await deviceOf(firmware);
    const first = open(device, DRIVERS);
    const { publicKey } = await first.run((await first.session).evidence(signal()));
    const second = open(device, DRIVERS, { visit: { replaceOrphanKey: true } });
    const other = await second.run((await second.session).evidence(signal()));
    expect(other.publicKey).not.toEqual(publicKey);
    expect(Buffer.from(other.publicKey).toString('base64url')).toBe(device.publicKey);
  });

  it.each([150, 350, 700, 900, 1_300, 1_700, 2_100])(
    'resumes after a cut %i bytes on the way',
    async (cutAfter) => {
      const device = await deviceOf(firmware);
      const first = open(device, DRIVERS);
      await first.run((await first.session).evidence(signal()));
      await (await first.session).close();
      const bundle = bundleOf({ chain: 0 });
      const cut = open(device, DRIVERS, {}, cutAfter);
      const work = cut.session.then((one) => cut.run(one.install(bundle, () => undefined, signal())));
      const code = await codeOf(work);
      expect(['link_lost', 'no error']).toContain(code);
      const again = open(device, DRIVERS);
      await again.run((await again.session).install(bundle, () => undefined, signal()));
      expect(textOf(device.stored('0'))).toBe(bundle.anchorPem);
      expect(textOf(device.stored('1'))).toBe(bundle.leafPem);
    },
  );
});

it.each(['cr', 'lf', 'crlf'] as const)(
  'is found after a cut within quotes, and stores nothing of it: %s',
  async (termination) => {
    const device = await deviceOf({ termination, mode: 4 });
    const end = device.attachUart(
      () => undefined,
      () => undefined,
    );
    await end.send(new Uint8Array(Buffer.from('AT%CMNG=0,16842753,1,"-----BEGIN CERTIFICATE-----\nMIIB')));
    end.detach();
    const { session } = open(device, DRIVERS);
    expect((await session).traits.name).toBe('nordic-modem');
    expect(device.stored('1')).toBeUndefined();
  },
);

/** What a session that was cut left in the host: quotes still open, half a command, or all of one but its end. */
const LEFT = [
  'AT%CMNG=0,16842753,1,"-----BEGIN CERTIFICATE-----\nMIIB',
  'AT%CMNG=0,16842753,1',
  'AT+CGSN',
] as const;

it.each(
  (['cr', 'lf', 'crlf'] as const).flatMap((termination) => LEFT.map((left) => ({ termination, left }))),
)('is found after a cut at any byte of finding it: $termination, $left', async ({ termination, left }) => {
  for (let cutAfter = 1, isCut = true; isCut; cutAfter++) {
    const device = await deviceOf({ termination, mode: 4 });
    const end = device.attachUart(
      () => undefined,
      () => undefined,
    );
    await end.send(new Uint8Array(Buffer.from(left)));
    end.detach();
    const uart = cutUart(device);
    uart.cutAfter(cutAfter);
    const first = open(uart, DRIVERS);
    await codeOf(first.session.then((opened) => opened.close()));
    isCut = uart.cuts() > 0;
    const second = open(uart, DRIVERS);
    if (isCut) expect((await second.session).traits.name, `after ${cutAfter} bytes`).toBe('nordic-modem');
    else await codeOf(second.session);
  }
});

describe('a modem with limits', () => {
  it.each([
    { shell: false, reads: true },
    { shell: true, reads: true },
    { shell: false, reads: false },
  ])(
    'keeps the certificate it had where the new one has no room, if it can be read: %o',
    async (firmware) => {
      // All but what the old ones take is full.
      const full = { '7/0': Buffer.alloc(9_900, 'x').toString('base64') };
      const state = { ...(await newDeviceState(UDID)), credentials: full };
      const device = await NordicModemDevice.start({ state, firmware });
      const { session, run } = open(device, DRIVERS, { visit: { secTag: 8 } });
      const opened = await session;
      await run(opened.evidence(signal()));
      const old = bundleOf({ leaf: 300, chain: 0 });
      await run(opened.install(old, () => undefined, signal()));
      const larger = { ...old, leafPem: bundleOf({ leaf: 1_500, chain: 0 }).leafPem };
      expect(await codeOf(run(opened.install(larger, () => undefined, signal())))).toBe('storage_full');
      expect(textOf(device.stored('1', 8))).toBe(firmware.reads ? old.leafPem : '');
      expect(device.modem.mode).toBe(1);
    },
  );

  it('takes leaf and chain where the line is long enough, and the leaf alone behind a shell', async () => {
    for (const [shell, parts] of [
      [false, ['leaf', 'chain']],
      [true, ['leaf']],
    ] as const) {
      const { session, run } = open(await deviceOf({ shell }), DRIVERS);
      const opened = await session;
      await run(opened.evidence(signal()));
      const written = await run(opened.install(bundleOf({ chain: 1_100 }), () => undefined, signal()));
      expect(written.map((part) => part.parts)).toEqual([['anchor'], parts]);
    }
  });

  it('says storage_full where not even that fits', async () => {
    const { session, run } = open(await deviceOf({}), DRIVERS);
    const opened = await session;
    await run(opened.evidence(signal()));
    const work = opened.install(bundleOf({ leaf: 3_500 }), () => undefined, signal());
    expect(await codeOf(run(work))).toBe('storage_full');
  });

  it('falls back to the firmware’s subject, and says static', async () => {
    const device = await deviceOf({ subjects: false });
    const { session, run } = open(device, DRIVERS, { visit: { challenge: new Uint8Array(32) } });
    const evidence = await run((await session).evidence(signal()));
    expect(evidence.possession).toBe('static');
    expect(commonNames(parseCsr(evidence.csr))).toEqual([device.modem.uuid]);
  });

  it('asks for the tag where several are in use, and takes the site’s', async () => {
    const state = { ...(await newDeviceState(UDID)), credentials: { '7/0': 'QQ==', '8/0': 'QQ==' } };
    const device = await NordicModemDevice.start({ state });
    const { session, run } = open(device, DRIVERS);
    expect(await codeOf(run((await session).evidence(signal())))).toBe('sec_tag_unknown');
    const told = open(device, DRIVERS, { visit: { secTag: 8 } });
    await told.run((await told.session).evidence(signal()));
    expect(device.stored('2', 8)).toBeDefined();
  });
});
